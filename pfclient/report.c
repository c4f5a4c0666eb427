/* SPDX-License-Identifier: MIT */
/* What the PF tells its user: events, log lines, and the names that go with
 * them. See pfc.h. */
#include <string.h>

#include "pfc_priv.h"
#include "proto/text.h"

const char *pfc_vf_state_name(enum pfc_vf_state s)
{
	static const char *const names[] = {
#define X(sym, name) [PFC_VF_##sym] = name,
		PFC_VF_STATE_LIST(X)
#undef X
	};

	return (unsigned)s < PFC_VF_STATE_COUNT ? names[s] : "?";
}

static const char *const verb_names[PFC_VERB_COUNT] = {
	[PFC_PROVISION] = "provision",
	[PFC_UNPROVISION] = "unprovision",
	[PFC_FLR] = "flr",
	[PFC_PAUSE] = "pause",
	[PFC_RESUME] = "resume",
	[PFC_STOP] = "stop",
	[PFC_SAVE] = "save",
	[PFC_RESTORE] = "restore",
	[PFC_SET] = "set",
};

const char *pfc_verb_name(enum pfc_verb v)
{
	return (unsigned)v < PFC_VERB_COUNT ? verb_names[v] : "?";
}

int pfc_verb_find(const char *name)
{
	for (int v = 0; v < PFC_VERB_COUNT; v++)
		if (strcmp(verb_names[v], name) == 0)
			return v;
	return -1;
}

static const struct {
	const char *name, *text;
} quirks[PFC_QUIRK_COUNT] = {
#define X(sym, name, text) [PFC_QUIRK_##sym] = { name, text },
	PFC_QUIRK_LIST(X)
#undef X
};

const char *pfc_quirk_name(enum pfc_quirk q)
{
	return (unsigned)q < PFC_QUIRK_COUNT ? quirks[q].name : "?";
}

const char *pfc_quirk_text(enum pfc_quirk q)
{
	return (unsigned)q < PFC_QUIRK_COUNT ? quirks[q].text : "?";
}

int pfc_quirk_find(const char *name)
{
	for (int q = 0; q < PFC_QUIRK_COUNT; q++)
		if (strcmp(quirks[q].name, name) == 0)
			return q;
	return -1;
}

void pfc_report(struct pfc *p, const struct pfc_event *ev)
{
	if (p->opt.on_event)
		p->opt.on_event(p->opt.user, ev);
}

void pfc_log(struct pfc *p, enum pfc_log_level level, unsigned vf, unsigned gt,
	     const char *fmt, ...)
{
	char text[160];
	struct pfc_event ev = {
		.kind = PFC_EV_LOG,
		.level = (uint8_t)level,
		.vf = (uint8_t)vf,
		.gt = (uint8_t)gt,
		.text = text,
	};
	va_list ap;

	if (!p->opt.on_event)
		return;
	va_start(ap, fmt);
	text_vfmt(text, sizeof(text), fmt, ap);
	va_end(ap);
	pfc_report(p, &ev);
}

void pfc_set_state(struct pfc *p, struct pfc_unit *u, enum pfc_vf_state state)
{
	struct pfc_event ev = {
		.kind = PFC_EV_VF_STATE,
		.vf = u->vf,
		.gt = u->gt,
		.from = u->state,
		.to = state,
	};

	if (u->state == state)
		return;
	u->state = state;
	if (u->vf != 0)
		pfc_report(p, &ev);
}
