/* SPDX-License-Identifier: MIT */
/* Runtime registers that the PF reads for its VFs (vf-lifecycle 7.5): which
 * ones a platform lists, and values that a small Panther Lake would have: a
 * render, a compute, a copy, a video and a video enhancement engine. */
#include "pfc_priv.h"

/* Values: RPM_CONFIG0 says 38.4 MHz, FUSE4 one compute engine, FUSE3 one node,
 * VEBOX_VDBOX one of each, HuC loaded; DSS 0..3. */
#define RPM_CONFIG0       { 0x0D00, 0x16 }
#define FUSE4             { 0x9114, 0x00010000 }
#define FUSE3             { 0x9118, 0x00010001 }
#define FUSE1             { 0x911C, 0 }
#define L3BANK_ENABLE     { 0x9130, 0xFF }
#define EU_ENABLE         { 0x9134, 0xFF }
#define SLICE_ENABLE      { 0x9138, 1 }
#define GEOMETRY_DSS      { 0x913C, 0x0F }
#define VEBOX_VDBOX       { 0x9140, 0x00010001 }
#define COMPUTE_DSS       { 0x9144, 0x0F }
#define COMPUTE_DSS_EXT   { 0x9148, 0 }
#define COMPUTE_DSS_2     { 0x914C, 0 }
#define GEOMETRY_DSS_1    { 0x9150, 0 }
#define GEOMETRY_DSS_2    { 0x9154, 0 }
#define GEOMETRY_DSS_3    { 0x915C, 0 }
#define COMPUTE_DSS_3     { 0x9160, 0 }
#define SERVICE_COPY      { 0x9170, 1 }
#define HUC_LOAD_INFO     { 0xC1DC, 1 }

/* Before 12.50 VEBOX_VDBOX and EU_ENABLE say what is disabled. */
static const uint32_t regs_1200[][2] = {
	RPM_CONFIG0, FUSE3, { 0x9134, 0 }, SLICE_ENABLE, GEOMETRY_DSS, { 0x9140, 0x000E00FE },
	HUC_LOAD_INFO,
};
static const uint32_t regs_1255[][2] = {
	RPM_CONFIG0, FUSE3, FUSE1, EU_ENABLE, GEOMETRY_DSS, VEBOX_VDBOX, COMPUTE_DSS,
	HUC_LOAD_INFO,
};
static const uint32_t regs_1260[][2] = {
	RPM_CONFIG0, FUSE3, EU_ENABLE, GEOMETRY_DSS, VEBOX_VDBOX, COMPUTE_DSS, COMPUTE_DSS_EXT,
	HUC_LOAD_INFO,
};
static const uint32_t regs_1270[][2] = {
	RPM_CONFIG0, FUSE4, FUSE3, FUSE1, EU_ENABLE, GEOMETRY_DSS, VEBOX_VDBOX, COMPUTE_DSS,
	COMPUTE_DSS_EXT, HUC_LOAD_INFO,
};
static const uint32_t regs_2000[][2] = {
	RPM_CONFIG0, FUSE4, FUSE3, FUSE1, EU_ENABLE, GEOMETRY_DSS, VEBOX_VDBOX, COMPUTE_DSS,
	COMPUTE_DSS_EXT, COMPUTE_DSS_2, GEOMETRY_DSS_1, GEOMETRY_DSS_2, HUC_LOAD_INFO,
};
static const uint32_t regs_3000[][2] = {
	RPM_CONFIG0, FUSE4, FUSE3, FUSE1, L3BANK_ENABLE, EU_ENABLE, GEOMETRY_DSS, VEBOX_VDBOX,
	COMPUTE_DSS, COMPUTE_DSS_EXT, COMPUTE_DSS_2, GEOMETRY_DSS_1, GEOMETRY_DSS_2,
	HUC_LOAD_INFO,
};
static const uint32_t regs_3500[][2] = {
	RPM_CONFIG0, FUSE4, FUSE3, L3BANK_ENABLE, EU_ENABLE, GEOMETRY_DSS, VEBOX_VDBOX,
	COMPUTE_DSS, COMPUTE_DSS_EXT, COMPUTE_DSS_2, GEOMETRY_DSS_1, GEOMETRY_DSS_2,
	GEOMETRY_DSS_3, COMPUTE_DSS_3, SERVICE_COPY,
};

/* Newest first; `only`: no other version of this generation has the list. */
static const struct {
	uint32_t version, count;
	bool only;
	const uint32_t (*regs)[2];
} platforms[] = {
#define PLATFORM(v, only) { v, sizeof(regs_##v) / sizeof(regs_##v[0]), only, regs_##v }
	PLATFORM(3500, false), PLATFORM(3000, false), PLATFORM(2000, false),
	PLATFORM(1270, false), PLATFORM(1260, true), PLATFORM(1255, true), PLATFORM(1200, true),
#undef PLATFORM
};

const uint32_t (*pfc_runtime_regs(const struct pfc_options *o, uint32_t *count))[2]
{
	*count = 0;
	if (o->runtime) {
		*count = o->runtime_n;
		return o->runtime;
	}
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		if (platforms[i].only ? o->graphics_ver != platforms[i].version :
					o->graphics_ver < platforms[i].version)
			continue;
		*count = platforms[i].count;
		return platforms[i].regs;
	}
	return NULL;
}
