/* SPDX-License-Identifier: MIT */
/* Names of the GuC response codes, from the one list in errors.h. */
#include "errors.h"

#include <stddef.h>

const char *guc_error_name(uint32_t code)
{
	switch (code) {
#define X(name, value)                                                         \
	case value:                                                            \
		return #name;
		GUC_ERROR_LIST(X)
#undef X
	}
	return NULL;
}
