/* SPDX-License-Identifier: MIT */
/* Programs in a batch of the PPGTT, as users have them, on a render engine: for tests
 * of what commands do. */
#ifndef GUCEMU_TESTS_ENG_PROGRAM_H
#define GUCEMU_TESTS_ENG_PROGRAM_H

#include <check.h>

#include "guc_ppgtt.h"

extern struct fx *f;
extern struct px p;

/* Commands, by their dwords. */
#define STORE(off, v)  MI_CMD(MI_OP_STORE_DATA_IMM) | 2, lo32(PX_DATA + (off)), hi32(PX_DATA), v
#define LRI(reg, v)    MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_CS | 1, reg, v
#define SRM(reg, off)  MI_CMD(MI_OP_STORE_REGISTER_MEM) | MI_SRM_CS | 2, reg, \
		       lo32(PX_DATA + (off)), hi32(PX_DATA)
#define LRM(reg, off)  MI_CMD(MI_OP_LOAD_REGISTER_MEM) | MI_SRM_CS | 2, reg, \
		       lo32(PX_DATA + (off)), hi32(PX_DATA)
#define LRR(src, dst)  MI_CMD(MI_OP_LOAD_REGISTER_REG) | MI_LRR_SRC_CS | MI_LRR_DST_CS | 1, src, dst
#define START(at, fl)  MI_BBS_GGTT | MI_BBS_PPGTT | (fl), lo32(at), hi32(at)
#define SET_PREDICATE(v) MI_CMD(MI_OP_SET_PREDICATE) | (v)
#define GPR(i)         (0x600 + 8 * (i))
#define RUN(...)                                                               \
	do {                                                                   \
		const uint32_t program[] = { __VA_ARGS__ };                    \
		px_run(&p, program, sizeof(program) / 4);                      \
	} while (0)

#define LOOP(t, test, n) tcase_add_loop_test(t, test, 0, (int)(n))
#define EACH(t, test, table) LOOP(t, test, sizeof(table) / sizeof((table)[0]))

void eng_setup(void);
void eng_teardown(void);
/* The context was not killed, and its ring is empty. */
void alive(void);

#endif
