/* SPDX-License-Identifier: MIT */
/* Names of the GuC actions, from the one list in actions.h. */
#include "actions.h"

static const struct {
	uint16_t code;
	const char *name, *text;
} actions[] = {
#define X(name, code, text) { code, #name, text },
	GUC_ACTION_LIST(X)
#undef X
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* Index of a code in the sorted list, or negative. */
static int find(uint32_t code)
{
	size_t lo = 0, hi = ACTIONS;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (actions[mid].code == code)
			return (int)mid;
		if (actions[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

const char *guc_action_name(uint32_t code)
{
	int i = find(code);

	return i < 0 ? NULL : actions[i].name;
}

const char *guc_action_text(uint32_t code)
{
	int i = find(code);

	return i < 0 ? NULL : actions[i].text;
}

int guc_action_code(size_t index)
{
	return index < ACTIONS ? actions[index].code : -1;
}
