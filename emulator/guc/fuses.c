/* SPDX-License-Identifier: MIT */
/* Read-only registers that tell what a GT has, for the PF, which passes them on to
 * its VFs (vf-lifecycle 7.5). Values are those of a small card with a render, a
 * compute, a copy, two video and a video enhancement engine. A VF reads none. */
#include "core.h"

#define MEDIA_SHIFT 0x380000u /* of a media GT's registers below 0x40000 */
#define MEDIA_BELOW 0x40000u
#define GMD_ARCH    BITS(31, 22)
#define GMD_RELEASE BITS(21, 14)

static const struct fuse {
	uint32_t off, value;
	uint32_t before_1250; /* where these bits say what is disabled */
} fuses[] = {
	{ 0x0D00, 0x16, 0x16 },             /* 38.4 MHz, shift 3 */
	{ 0x9114, 0x00010000, 0 },          /* one compute engine */
	{ 0x9118, 0x00010001, 0x00010001 }, /* one node */
	{ 0x911C, 0, 0 },
	{ 0x9130, 0xFF, 0 },                /* L3 banks */
	{ 0x9134, 0xFF, 0 },                /* EUs */
	{ 0x9138, 1, 1 },                   /* slices */
	{ 0x913C, 0x0F, 0x0F },             /* geometry DSS 0 to 3 */
	{ 0x9140, 0x00010003, 0x000E00FC }, /* one VEBOX, two VDBOXes */
	{ 0x9144, 0x0F, 0 },                /* compute DSS 0 to 3 */
	{ 0x9170, 1, 0 },                   /* a service copy engine */
	{ 0xC1DC, 1, 1 },                   /* HuC is loaded */
};

uint32_t guc_graphics_version(const struct guc_card *c)
{
	uint32_t gmd = c->block->options.gmd_id[0];

	return field_get(GMD_ARCH, gmd) * 100 + field_get(GMD_RELEASE, gmd);
}

uint32_t guc_fuse(const struct guc_card *c, uint32_t off)
{
	if (off >= MEDIA_SHIFT && off < MEDIA_SHIFT + MEDIA_BELOW)
		off -= MEDIA_SHIFT;
	for (size_t i = 0; i < sizeof(fuses) / sizeof(fuses[0]); i++)
		if (fuses[i].off == off)
			return guc_graphics_version(c) < 1250 ? fuses[i].before_1250 : fuses[i].value;
	return 0;
}
