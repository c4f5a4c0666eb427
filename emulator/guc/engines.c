/* SPDX-License-Identifier: MIT */
/* The engines of a GT: which instances of each class there are, as drivers work
 * it out from fuses (xe_hw_engine.c), their numbers among all, their sources of
 * interrupts (guc-abi 9.1). A context names logical instances: they count those
 * that are there, lowest first. Those that are not there follow, so that a mask
 * beyond them names engines, too, which a driver that reads fuses never does. */
#include "sched.h"

#define FUSE_CCS      0x9114u
#define FUSE_MIRROR3  0x9118u
#define FUSE_MEDIA    0x9140u
#define FUSE_SVCCOPY  0x9170u
#define CCS_ENABLED   BITS(19, 16)
#define MEML3_ENABLED BITS(3, 0)
#define VDBOX         BITS(7, 0)
#define VEBOX         BITS(19, 16)
#define SVCCOPY       BITS(7, 0)

#define BCS0 BITS(0, 0)
#define BCS8 BITS(8, 8)

/* Engines by class: how many there can be, the first's number among all. */
static const struct {
	uint8_t count, first;
} engines[GUC_CLASS_COUNT] = {
	[GUC_CLASS_RENDER] = { 1, 0 },
	[GUC_CLASS_VIDEO] = { 8, 1 },
	[GUC_CLASS_VIDEO_ENHANCE] = { 4, 9 },
	[GUC_CLASS_BLITTER] = { 9, 13 },
	[GUC_CLASS_COMPUTE] = { 4, 22 },
	[GUC_CLASS_OTHER] = { 1, 26 },
};

/* A bit of MEML3 stands for two copy engines. */
static uint32_t copy_by_meml3(uint32_t meml3)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < 4; i++)
		if (meml3 >> i & 1)
			mask |= 3u << (2 * i);
	return mask;
}

static uint32_t copy_engines(const struct guc_card *c)
{
	uint32_t version = guc_graphics_version(c);

	if (version >= 3500)
		return BCS0 | field_get(SVCCOPY, guc_fuse(c, FUSE_SVCCOPY)) << 1;
	if (version >= 2000)
		return BCS0 | BCS8;
	if (version == 1260)
		return BCS0 |
		       copy_by_meml3(field_get(MEML3_ENABLED, guc_fuse(c, FUSE_MIRROR3))) << 1;
	return BCS0;
}

static uint32_t media_engines(const struct guc_card *c, uint32_t field)
{
	uint32_t fuse = guc_fuse(c, FUSE_MEDIA);

	/* Earlier fuses say what is disabled. */
	return field_get(field, guc_graphics_version(c) < 1250 ? ~fuse : fuse);
}

uint32_t guc_engines_present(const struct guc_card *c, unsigned class)
{
	switch ((enum guc_engine_class)class) {
	case GUC_CLASS_VIDEO:
		return media_engines(c, VDBOX);
	case GUC_CLASS_VIDEO_ENHANCE:
		return media_engines(c, VEBOX);
	case GUC_CLASS_BLITTER:
		return copy_engines(c);
	case GUC_CLASS_COMPUTE:
		if (guc_graphics_version(c) < 1250)
			return 0;
		return guc_graphics_version(c) < 2000 ?
			       1 : field_get(CCS_ENABLED, guc_fuse(c, FUSE_CCS));
	case GUC_CLASS_RENDER:
	case GUC_CLASS_OTHER:
		return 1;
	}
	return 1;
}

unsigned guc_engine_number(const struct guc_card *c, unsigned class, unsigned logical)
{
	uint32_t all = (1u << engines[class].count) - 1;
	uint32_t present = guc_engines_present(c, class) & all;
	unsigned n = (unsigned)__builtin_popcount(present);
	uint32_t among = present;

	logical %= engines[class].count;
	if (logical >= n) {
		logical -= n;
		among = all & ~present;
	}
	while (logical--)
		among &= among - 1;
	return engines[class].first + (unsigned)__builtin_ctz(among);
}

uint32_t guc_engines_of_class(unsigned class)
{
	return ((1u << engines[class].count) - 1) << engines[class].first;
}

unsigned guc_engine_record(unsigned class, unsigned instance)
{
	return engines[class].first + instance;
}

unsigned guc_engine_count(unsigned class)
{
	return engines[class].count;
}

unsigned guc_engine_instance(unsigned class, unsigned number)
{
	return number - engines[class].first;
}

unsigned guc_engine_class(unsigned number)
{
	unsigned class = GUC_CLASS_COUNT - 1;

	while (number < engines[class].first)
		class--;
	return class;
}

unsigned guc_lrc_engine(const struct guc_card *c, const struct guc_context *ctx, unsigned child)
{
	unsigned logical = ctx->engines ? ctx->logical :
					  (unsigned)__builtin_ctz(ctx->submit_mask | 1u << 31);

	return guc_engine_number(c, ctx->engine_class, logical + (ctx->width > 1 ? child : 0));
}

uint8_t guc_engine_source(unsigned class, unsigned number)
{
	unsigned instance = guc_engine_instance(class, number);

	switch ((enum guc_engine_class)class) {
	case GUC_CLASS_RENDER:
		return 0;
	case GUC_CLASS_VIDEO:
		return (uint8_t)(32 + instance);
	case GUC_CLASS_VIDEO_ENHANCE:
		return (uint8_t)(63 - instance);
	case GUC_CLASS_BLITTER:
		return (uint8_t)(instance == 8 ? 23 : 15 - instance);
	case GUC_CLASS_COMPUTE:
		return (uint8_t)(4 + instance);
	case GUC_CLASS_OTHER:
		return 31;
	}
	return 0;
}
