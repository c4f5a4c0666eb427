/* SPDX-License-Identifier: MIT */
/* Settings: policies of the card's GuCs and thresholds of a VF, one KLV each
 * (vf-lifecycle 2.3, guc-abi 4.2, 4.5). A value goes to every GuC; when one refuses
 * it, all get the old one again. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/klv.h"

static const struct {
	const char *name, *text;
	uint16_t key;
	bool of_vf;
} table[PFC_SETTING_COUNT] = {
#define X(sym, key, of_vf, name, text) [PFC_SET_##sym] = { name, text, GUC_KLV_##key, of_vf },
	PFC_SETTING_LIST(X)
#undef X
};

const char *pfc_setting_name(enum pfc_setting s)
{
	return (unsigned)s < PFC_SETTING_COUNT ? table[s].name : "?";
}

const char *pfc_setting_text(enum pfc_setting s)
{
	return (unsigned)s < PFC_SETTING_COUNT ? table[s].text : "?";
}

bool pfc_setting_of_vf(enum pfc_setting s)
{
	return (unsigned)s < PFC_SETTING_COUNT && table[s].of_vf;
}

uint16_t pfc_setting_key(enum pfc_setting s)
{
	return table[s].key;
}

int pfc_setting_find_name(const char *name)
{
	for (int s = 0; s < PFC_SETTING_COUNT; s++)
		if (strcmp(table[s].name, name) == 0)
			return s;
	return -1;
}

int pfc_threshold_index(uint32_t key)
{
	for (int s = 0; s < PFC_SETTING_COUNT; s++)
		if (table[s].of_vf && table[s].key == key)
			return s - PFC_SET_THRESHOLD_FIRST;
	return -1;
}

const uint32_t *pfc_setting_find(const struct pfc_settings *all, enum pfc_setting s, uint32_t *n)
{
	*n = s == PFC_SET_ENGINE_GROUPS ? all->groups_n : 1;
	return s == PFC_SET_ENGINE_GROUPS ? all->groups : &all->value[s];
}

void pfc_setting_store(struct pfc_settings *all, enum pfc_setting s, const uint32_t *value,
		       uint32_t n)
{
	if (s != PFC_SET_ENGINE_GROUPS) {
		all->value[s] = value[0];
		return;
	}
	memset(all->groups, 0, sizeof(all->groups));
	memcpy(all->groups, value, n * sizeof(*value));
	all->groups_n = n;
}

/* The value under way, or, when that was refused, the one before. */
static int step_set(struct pfc *p, struct pfc_unit *u)
{
	const struct pfc_setting_op *o = &p->setting;
	const uint32_t *value = o->value;
	uint32_t n = o->n;

	if (p->vf[u->vf].op.undo != PFC_UNDO_NONE)
		value = pfc_setting_find(&p->vf[u->vf].settings, o->setting, &n);
	return pfc_push_setting(p, u, table[o->setting].key, value, n);
}

static const struct pfc_step_def set_steps[] = {
	{ .name = "setting", .run = step_set },
};
const struct pfc_seq pfc_seq_set = {
	.kind = PFC_SEQ_CONFIG, .during = PFC_VF_STATE_COUNT, .after = PFC_VF_STATE_COUNT,
	PFC_STEPS(set_steps)
};

void pfc_setting_done(struct pfc *p, unsigned vf, int err)
{
	if (!err)
		pfc_setting_store(&p->vf[vf].settings, p->setting.setting, p->setting.value, p->setting.n);
	p->setting.active = false;
}

int pfc_set(struct pfc *p, unsigned vf, enum pfc_setting s, const uint32_t *value, unsigned n,
	    uint64_t tag)
{
	unsigned most = s == PFC_SET_ENGINE_GROUPS ? PFC_MAX_GROUP_WORDS : 1;

	if ((unsigned)s >= PFC_SETTING_COUNT || vf > p->opt.vfs || table[s].of_vf != (vf != 0) ||
	    n > most || (most == 1 ? n != 1 : n % 16))
		return -EINVAL;
	if (p->phase != PFC_UP)
		return -ENODEV;
	if (vf && pfc_vf_valid(p, vf))
		return pfc_vf_valid(p, vf);
	if (p->setting.active || p->vf[vf].op.active)
		return -EBUSY;
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (pfc_unit(p, vf, gt)->seq)
			return -EBUSY;
	p->setting.active = true;
	p->setting.setting = s;
	p->setting.n = n;
	memcpy(p->setting.value, value, n * sizeof(*value));
	pfc_op_start(p, vf, PFC_SET, tag, 0, (1u << p->gts) - 1);
	for (unsigned gt = 0; gt < p->gts; gt++)
		pfc_unit_start(p, pfc_unit(p, vf, gt), &pfc_seq_set);
	return 0;
}

int pfc_get(const struct pfc *p, unsigned vf, enum pfc_setting s, uint32_t *value, unsigned cap)
{
	const uint32_t *at;
	uint32_t n;

	if ((unsigned)s >= PFC_SETTING_COUNT || vf > p->opt.vfs || table[s].of_vf != (vf != 0))
		return -EINVAL;
	at = pfc_setting_find(&p->vf[vf].settings, s, &n);
	if (n > cap)
		return -ENOBUFS;
	memcpy(value, at, n * sizeof(*at));
	return (int)n;
}
