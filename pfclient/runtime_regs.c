/* SPDX-License-Identifier: MIT */
/* Runtime registers that the PF reads for its VFs (vf-lifecycle 7.5): which ones a
 * platform lists, by the graphics version of the device, also for the media GT.
 * They are read once, when a GT comes up (7.4). */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"

#define MEDIA_SHIFT 0x380000u /* of register offsets below 0x40000 */
#define MEDIA_BELOW 0x40000u

static const uint32_t regs_1200[] = {
	0x0D00, 0x9118, 0x9134, 0x9138, 0x913C, 0x9140, 0xC1DC,
};
static const uint32_t regs_1255[] = {
	0x0D00, 0x9118, 0x911C, 0x9134, 0x913C, 0x9140, 0x9144, 0xC1DC,
};
static const uint32_t regs_1260[] = {
	0x0D00, 0x9118, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148, 0xC1DC,
};
static const uint32_t regs_1270[] = {
	0x0D00, 0x9114, 0x9118, 0x911C, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148, 0xC1DC,
};
static const uint32_t regs_2000[] = {
	0x0D00, 0x9114, 0x9118, 0x911C, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148, 0x914C,
	0x9150, 0x9154, 0xC1DC,
};
static const uint32_t regs_3000[] = {
	0x0D00, 0x9114, 0x9118, 0x911C, 0x9130, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148,
	0x914C, 0x9150, 0x9154, 0xC1DC,
};
static const uint32_t regs_3500[] = {
	0x0D00, 0x9114, 0x9118, 0x9130, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148, 0x914C,
	0x9150, 0x9154, 0x915C, 0x9160, 0x9170,
};

/* Newest first; `only`: no other version of this generation has the list. */
static const struct {
	uint32_t version, count;
	bool only;
	const uint32_t *regs;
} platforms[] = {
#define PLATFORM(v, only) { v, sizeof(regs_##v) / sizeof(regs_##v[0]), only, regs_##v }
	PLATFORM(3500, false), PLATFORM(3000, false), PLATFORM(2000, false),
	PLATFORM(1270, false), PLATFORM(1260, true), PLATFORM(1255, true), PLATFORM(1200, true),
#undef PLATFORM
};

const uint32_t *pfc_runtime_list(uint32_t graphics_ver, uint32_t *count)
{
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		if (platforms[i].only ? graphics_ver != platforms[i].version :
					graphics_ver < platforms[i].version)
			continue;
		*count = platforms[i].count;
		return platforms[i].regs;
	}
	*count = 0;
	return NULL;
}

static uint32_t register_offset(const struct pfc_gt *gt, uint32_t off)
{
	return gt->media && off < MEDIA_BELOW ? off + MEDIA_SHIFT : off;
}

static void take_override(const struct pfc *p, struct pfc_gt *gt)
{
	gt->runtime_n = p->opt.runtime_n;
	for (uint32_t i = 0; i < gt->runtime_n; i++) {
		gt->runtime[i][0] = register_offset(gt, p->opt.runtime[i][0]);
		gt->runtime[i][1] = p->opt.runtime[i][1];
	}
}

int pfc_step_runtime(struct pfc *p, struct pfc_unit *u)
{
	struct pfc_gt *gt = pfc_gt(p, u);
	uint32_t n;
	const uint32_t *list = pfc_runtime_list(p->opt.graphics_ver, &n);

	if (p->opt.runtime) {
		take_override(p, gt);
		return PFC_DONE;
	}
	if (u->read == PFC_SENT)
		return PFC_WAIT;
	gt->runtime_n = u->pos;
	if (u->pos == n)
		return PFC_DONE;
	gt->runtime[u->pos][0] = register_offset(gt, list[u->pos]);
	u->read = PFC_SENT;
	p->port->read(p->port->user,
		      (uint64_t)gt->tile * REG_TILE_STRIDE + gt->runtime[u->pos][0], 4, 1,
		      pfc_read_cookie(u));
	return PFC_MORE;
}

void pfc_runtime_words(struct pfc *p, struct pfc_unit *u, const uint8_t *words, unsigned n)
{
	if (n != 1 || u->pos >= PFC_MAX_RUNTIME)
		return;
	pfc_gt(p, u)->runtime[u->pos++][1] = le32_get(words);
	u->read = PFC_IDLE;
	u->ready = true;
}
