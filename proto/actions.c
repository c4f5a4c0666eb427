/* SPDX-License-Identifier: MIT */
/* Names of the GuC actions, from the one list in actions.h. */
#include "actions.h"

const char *guc_action_name(uint32_t code)
{
	switch (code) {
#define X(name, value)                                                         \
	case value:                                                            \
		return #name;
		GUC_ACTION_LIST(X)
#undef X
	}
	return NULL;
}
