/* SPDX-License-Identifier: MIT */
/* Names of the GuC response codes, from the one list in errors.h. */
#include "errors.h"


static const struct {
	uint16_t code;
	const char *name, *text;
} errors[] = {
#define X(name, code, text) { code, #name, text },
	GUC_ERROR_LIST(X)
#undef X
};
#define ERRORS (sizeof(errors) / sizeof(errors[0]))

const char *guc_error_name(uint32_t code)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].code == code)
			return errors[i].name;
	return NULL;
}

const char *guc_error_text(uint32_t code)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].code == code)
			return errors[i].text;
	return NULL;
}

int guc_error_code(size_t index)
{
	return index < ERRORS ? errors[index].code : -1;
}
