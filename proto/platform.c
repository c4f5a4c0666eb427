/* SPDX-License-Identifier: MIT */
/* The table of platforms. See platform.h. Device ids and versions are those of
 * the xe driver; memory sizes those of a card that is sold: BMG the Arc Pro B50,
 * ATS-M the Flex 140 (half of it). The ratio of compression metadata is 512 from
 * graphics 20 on, 256 before (NUM_BYTES_PER_CCS_BYTE of xe_gpu_commands.h). */
#include "platform.h"

#include <string.h>

#include "mi.h"

#define GIB (1ull << 30)

static const struct platform table[] = {
	{ .name = "ptl", .text = "Panther Lake, integrated", .devid = 0xB080, .graphics = 3000,
	  .media = 3000, .tiles = 1, .gts = 2, .memirq = true, .ccs_ratio = CCS_RATIO_XE2 },
	{ .name = "wcl", .text = "Wildcat Lake, integrated", .devid = 0xFD80, .graphics = 3000,
	  .media = 3000, .tiles = 1, .gts = 2, .memirq = true, .ccs_ratio = CCS_RATIO_XE2 },
	{ .name = "bmg", .text = "Battlemage, discrete", .devid = 0xE212, .graphics = 2001,
	  .media = 1301, .tiles = 1, .gts = 2, .lmem_size = 16 * GIB, .memirq = true,
	  .ccs_ratio = CCS_RATIO_XE2 },
	{ .name = "atsm", .text = "Arctic Sound M, discrete", .devid = 0x56C1, .graphics = 1255,
	  .tiles = 1, .gts = 1, .lmem_size = 6 * GIB, .memirq = true,
	  .ccs_ratio = CCS_RATIO_BEFORE },
	{ .name = "tgl", .text = "Tiger Lake, integrated, no memory interrupts", .devid = 0x9A49,
	  .revid = 1, .graphics = 1200, .tiles = 1, .gts = 1 },
	{ .name = "adlp", .text = "Alder Lake P, integrated, no memory interrupts", .devid = 0x46A6,
	  .revid = 12, .graphics = 1200, .tiles = 1, .gts = 1 },
};
#define ROWS (sizeof(table) / sizeof(table[0]))

const struct platform *platform_row(size_t index)
{
	return index < ROWS ? &table[index] : NULL;
}

const struct platform *platform_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const struct platform *platform_of(uint16_t devid)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].devid == devid)
			return &table[i];
	return NULL;
}

uint32_t platform_gmd_id(uint16_t version)
{
	return (uint32_t)(version / 100) << 22 | (uint32_t)(version % 100) << 14;
}
