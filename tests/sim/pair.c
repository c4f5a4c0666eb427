/* SPDX-License-Identifier: MIT */
/* See pair.h. */
#include "pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/platform.h"
#include "proto/regs.h"
#include "proto/text.h"

/* Of the world made last: a test has one at a time. */
static struct sim_options made;

static void die(const char *what, int err)
{
	fprintf(stderr, "sim: %s: %s\n", what, text_errno(err));
	exit(99);
}

void sim_defaults(struct sim_options *o)
{
	memset(o, 0, sizeof(*o));
	o->seed = 1;
	o->gts = 1;
	o->vfs = 1;
	o->abi_minor[0] = o->abi_minor[1] = GUC_ABI_MAX_MINOR;
	o->ggtt_size = 512ull << 20;
	o->vf_ggtt = 16ull << 20;
	o->ggtt_offset[1] = 64ull << 20;
	o->contexts = 4096;
	o->vf_contexts = 64;
	o->vf_mem = 8u << 20;
	o->engine_budget = 64;
	vfc_options_default(&o->vf);
}

static void card_new(struct sim *s, unsigned index)
{
	struct sim_card_options o;
	struct sim_card *c;
	int err;

	sim_card_defaults(&o);
	o.geometry.gts = made.gts;
	o.geometry.vfs = made.vfs;
	o.geometry.contexts = made.contexts;
	o.geometry.ggtt_size = made.ggtt_size;
	o.guc.abi_minor = made.abi_minor[index];
	o.guc.no_drain = made.no_drain;
	o.guc.strict_resfix = made.strict_resfix;
	o.guc.engine_budget = made.engine_budget;
	o.guc.lmem_size = made.lmem[index];
	o.guc.ccs_ratio = made.ccs_ratio;
	if (made.irq_registers) {
		const struct platform *p = platform_find("tgl");

		o.guc.irq_registers = true;
		o.guc.devid = p->devid;
		o.guc.gmd_id[0] = platform_gmd_id(p->graphics);
		o.guc.vf_stride = REG_VF_STRIDE_GEN12;
		o.pf.graphics_ver = p->graphics;
	}
	o.pf.ggtt_offset = made.ggtt_offset[index];
	o.pf.disclose_errors = made.disclose;
	o.sink = made.sink;
	o.sink_user = made.sink_user[index];
	o.on_power = made.on_power;
	err = sim_card_add(s, &o, &c);
	if (err)
		die("card", err);
}

static bool pf_started(void *arg)
{
	return ((struct sim_card *)arg)->pf_started;
}

static struct pfc_provision share(unsigned card, unsigned vf)
{
	return (struct pfc_provision){ .ggtt_size = made.vf_ggtt,
				       .ggtt_start = vf == 1 ? made.vf_start[card] : 0,
				       .contexts = made.vf_contexts,
				       .lmem_size = made.vf_lmem[card] };
}

struct sim *sim_new(const struct sim_options *o)
{
	struct sim *s = sim_create(o->seed);

	if (!s)
		die("memory", -ENOMEM);
	made = *o;
	s->random_order = o->random_order;
	for (unsigned i = 0; i < SIM_CARDS; i++)
		card_new(s, i);
	for (unsigned i = 0; i < SIM_CARDS; i++) {
		if (!sim_until(s, pf_started, &s->card[i], 1000 * SIM_MS))
			die("PF does not come up", -ETIME);
		if (s->card[i].pf_start_err)
			die("PF start", s->card[i].pf_start_err);
	}
	for (unsigned fn = 1; fn <= o->vfs; fn++) {
		const struct pfc_provision p = share(0, fn);
		struct sim_vf *v;
		int err = sim_pf(s, 0, PFC_PROVISION, fn, &p);

		if (err)
			die("provision", err);
		err = sim_vf_add(s, 0, fn, &o->vf, o->vf_mem, &v);
		if (err)
			die("VF", err);
	}
	return s;
}

struct sim_options *sim_made_with(void)
{
	return &made;
}

int sim_migrate_out(struct sim *s, struct sim_vf *v, uint8_t **image, size_t *len)
{
	return sim_move_out(s, v, image, len);
}

int sim_migrate_in(struct sim *s, struct sim_vf *v, const uint8_t *image, size_t len)
{
	const struct pfc_provision p = share(1 - v->card, v->fn);

	return sim_move_in(s, v, 1 - v->card, &p, image, len);
}

int sim_migrate(struct sim *s, struct sim_vf *v)
{
	uint8_t *image = NULL;
	size_t len;
	int err = sim_migrate_out(s, v, &image, &len);

	if (!err)
		err = sim_migrate_in(s, v, image, len);
	free(image);
	return err;
}
