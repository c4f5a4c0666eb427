/* SPDX-License-Identifier: MIT */
/* Names and rows of the fixups, from the one list in fixup.h. */
#include "fixup.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *text;
	unsigned row;
} fixups[FIXUP_COUNT] = {
#define X(sym, name, text, row) [FIXUP_##sym] = { name, text, row },
	FIXUP_LIST(X)
#undef X
};

const char *fixup_name(enum fixup f)
{
	return f < FIXUP_COUNT ? fixups[f].name : NULL;
}

const char *fixup_text(enum fixup f)
{
	return f < FIXUP_COUNT ? fixups[f].text : NULL;
}

unsigned fixup_row(enum fixup f)
{
	return f < FIXUP_COUNT ? fixups[f].row : 0;
}

int fixup_find(const char *name)
{
	for (int f = 0; f < FIXUP_COUNT; f++)
		if (!strcmp(fixups[f].name, name))
			return f;
	return -ENOENT;
}
