/* SPDX-License-Identifier: MIT */
/* Names and texts of states, steps and quirks, from the lists in vfc.h. */
#include "vfc.h"

#include <errno.h>
#include <string.h>

struct named {
	const char *name, *text;
};

static const struct named steps[VFC_STEP_COUNT] = {
#define X(sym, name, text) [VFC_STEP_##sym] = { name, text },
	VFC_STEP_LIST(X)
#undef X
};

static const struct named quirks[VFC_QUIRK_COUNT] = {
#define X(sym, name, text) [VFC_QUIRK_##sym] = { name, text },
	VFC_QUIRK_LIST(X)
#undef X
};

const char *vfc_state_name(enum vfc_state s)
{
	switch (s) {
	case VFC_STATE_OFF:
		return "off";
	case VFC_STATE_BOOTING:
		return "booting";
	case VFC_STATE_READY:
		return "ready";
	case VFC_STATE_RECOVERING:
		return "recovering";
	case VFC_STATE_SUSPENDED:
		return "suspended";
	case VFC_STATE_WEDGED:
		return "wedged";
	}
	return NULL;
}

const char *vfc_step_name(enum vfc_step_id s)
{
	return s < VFC_STEP_COUNT ? steps[s].name : NULL;
}

const char *vfc_step_text(enum vfc_step_id s)
{
	return s < VFC_STEP_COUNT ? steps[s].text : NULL;
}

const char *vfc_quirk_name(enum vfc_quirk q)
{
	return q < VFC_QUIRK_COUNT ? quirks[q].name : NULL;
}

const char *vfc_quirk_text(enum vfc_quirk q)
{
	return q < VFC_QUIRK_COUNT ? quirks[q].text : NULL;
}

int vfc_quirk_find(const char *name)
{
	for (int q = 0; q < VFC_QUIRK_COUNT; q++)
		if (!strcmp(quirks[q].name, name))
			return q;
	return -ENOENT;
}
