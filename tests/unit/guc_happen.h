/* SPDX-License-Identifier: MIT */
/* Everything that can happen to VF 1 on GT 0, by requests of PF and VF over CTB and
 * MMIO or a function level reset, and a world that can be put back, so that each is
 * tried in the same place. On top of guc_fixture.h. */
#ifndef GUCEMU_TESTS_GUC_HAPPEN_H
#define GUCEMU_TESTS_GUC_HAPPEN_H

#include "emulator/guc/core.h"
#include "emulator/guc/lifecycle.h"
#include "guc_fixture.h"

/* Let `input` happen: the error of its reply, 0, GUC_LIFE_HELD or GUC_LIFE_LOST.
 * `arg` is a marker; RESTORE takes a blob of `blob_dwords` at FX_BLOB. */
uint16_t fx_happen(struct fx *f, enum guc_vf_input input, uint32_t arg, uint32_t blob_dwords);
/* Of a reply's header. */
uint16_t fx_error(uint32_t header);

/* A copy of card, memory and counters; take it anew, put it back, free it. */
struct fx_copy;
struct fx_copy *fx_copy_new(const struct fx *f);
void fx_copy_take(struct fx_copy *copy, const struct fx *f);
void fx_copy_back(struct fx *f, const struct fx_copy *copy);
void fx_copy_free(struct fx_copy *copy);

#endif
