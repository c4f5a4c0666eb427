/* SPDX-License-Identifier: MIT */
/* A card's geometry and options in a trace file; see trace.h. Every field of
 * both structures is here, or a replay would run on another card. */
#include "view/trace.h"

#include <errno.h>
#include <string.h>

#include "proto/text.h"

/* Whoever adds a field adds it to proto/trace.proto and both functions, too. */
_Static_assert(sizeof(struct guc_geometry) == 16, "a card's geometry is in its trace");
_Static_assert(sizeof(struct guc_options) == 112, "a card's options are in its trace");

void trace_from_card(gucemu_TraceCard *t, const char *name, const struct guc_geometry *g,
		     const struct guc_options *o)
{
	*t = (gucemu_TraceCard){
		.tiles = g->tiles,
		.gts = g->gts,
		.vfs = g->vfs,
		.contexts = g->contexts,
		.ggtt_size = g->ggtt_size,
		.abi_minor = o->abi_minor,
		.strict_resfix = o->strict_resfix,
		.no_drain = o->no_drain,
		.strict_detector = o->strict_detector,
		.gap_profile = o->gap_profile,
		.ggtt_tlb = o->ggtt_tlb,
		.gmd_id_main = o->gmd_id[0],
		.gmd_id_media = o->gmd_id[1],
		.devid = o->devid,
		.revid = o->revid,
		.engine_budget = o->engine_budget,
		.vf_stride = o->vf_stride,
		.lmem_size = o->lmem_size,
		.ccs_ratio = o->ccs_ratio,
		.irq_registers = o->irq_registers,
	};
	text_fmt(t->name, sizeof(t->name), "%s", name);
	t->vf_abi_minor.size = sizeof(o->vf_abi_minor);
	memcpy(t->vf_abi_minor.bytes, o->vf_abi_minor, sizeof(o->vf_abi_minor));
}

int trace_to_card(const gucemu_TraceCard *t, struct guc_geometry *g, struct guc_options *o)
{
	if (t->tiles > UINT8_MAX || t->gts > UINT8_MAX || t->vfs > UINT8_MAX ||
	    t->abi_minor > UINT8_MAX || t->devid > UINT16_MAX || t->revid > UINT8_MAX ||
	    t->ccs_ratio > UINT16_MAX || t->vf_abi_minor.size > sizeof(o->vf_abi_minor))
		return -EBADMSG;
	*g = (struct guc_geometry){
		.tiles = (uint8_t)t->tiles,
		.gts = (uint8_t)t->gts,
		.vfs = (uint8_t)t->vfs,
		.contexts = t->contexts,
		.ggtt_size = t->ggtt_size,
	};
	*o = (struct guc_options){
		.abi_minor = (uint8_t)t->abi_minor,
		.strict_resfix = t->strict_resfix,
		.no_drain = t->no_drain,
		.strict_detector = t->strict_detector,
		.gap_profile = t->gap_profile,
		.ggtt_tlb = t->ggtt_tlb,
		.gmd_id = { t->gmd_id_main, t->gmd_id_media },
		.devid = (uint16_t)t->devid,
		.revid = (uint8_t)t->revid,
		.engine_budget = t->engine_budget,
		.vf_stride = t->vf_stride,
		.lmem_size = t->lmem_size,
		.ccs_ratio = (uint16_t)t->ccs_ratio,
		.irq_registers = t->irq_registers,
	};
	memcpy(o->vf_abi_minor, t->vf_abi_minor.bytes, t->vf_abi_minor.size);
	return 0;
}
