/* SPDX-License-Identifier: MIT */
/* Policies and thresholds in verb lines. See pf_setting.h. */
#include "pf_setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pf_words_parse(const char *text, uint32_t value[PFC_MAX_GROUP_WORDS], unsigned *n)
{
	*n = 0;
	if (strcmp(text, "none") == 0)
		return 0;
	for (;;) {
		unsigned long long word;
		char *end;

		if (*text < '0' || *text > '9' || *n == PFC_MAX_GROUP_WORDS)
			return -EINVAL;
		errno = 0;
		word = strtoull(text, &end, 0);
		if (errno != 0 || word > UINT32_MAX || (*end && *end != ','))
			return -EINVAL;
		value[(*n)++] = (uint32_t)word;
		if (!*end)
			return 0;
		text = end + 1;
	}
}

int pf_setting_parse(const struct verb *v, bool of_vf, enum pfc_setting *setting,
		     uint32_t value[PFC_MAX_GROUP_WORDS], unsigned *n, char *text, size_t cap)
{
	int found = 0;

	for (unsigned i = 0; i < v->options; i++) {
		int s = pfc_setting_find_name(v->option[i].name);

		if (of_vf && strcmp(v->option[i].name, "vf") == 0)
			continue;
		if (s < 0 || pfc_setting_of_vf((enum pfc_setting)s) != of_vf) {
			snprintf(text, cap, "there is no %s '%.32s'",
				 of_vf ? "threshold" : "policy", v->option[i].name);
			return -EINVAL;
		}
		if (found++) {
			snprintf(text, cap, "one at a time");
			return -EINVAL;
		}
		*setting = (enum pfc_setting)s;
		if (pf_words_parse(v->option[i].value, value, n) != 0 ||
		    (s == PFC_SET_ENGINE_GROUPS ? *n % 16 != 0 : *n != 1)) {
			snprintf(text, cap, "%.32s is no value of %s", v->option[i].value,
				 v->option[i].name);
			return -EINVAL;
		}
	}
	return found;
}

void pf_words_add(struct json_object *o, const char *name, const uint32_t *value, unsigned n)
{
	char text[PFC_MAX_GROUP_WORDS * 11 + 8] = "none";
	int at = 0;

	for (unsigned i = 0; i < n && i < PFC_MAX_GROUP_WORDS; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s0x%x", i ? "," : "",
			       value[i]);
	json_add_str(o, name, text);
}

struct json_object *pf_settings_json(const struct pfc *driver, unsigned vf)
{
	struct json_object *o = json_object_new_object();

	if (vf != 0)
		json_add_u64(o, "vf", vf);
	for (int s = 0; s < PFC_SETTING_COUNT; s++) {
		const char *name = pfc_setting_name((enum pfc_setting)s);
		uint32_t value[PFC_MAX_GROUP_WORDS];
		int n;

		if (pfc_setting_of_vf((enum pfc_setting)s) != (vf != 0))
			continue;
		n = pfc_get(driver, vf, (enum pfc_setting)s, value, PFC_MAX_GROUP_WORDS);
		if (s == PFC_SET_ENGINE_GROUPS)
			pf_words_add(o, name, value, n > 0 ? (unsigned)n : 0);
		else if (n == 1)
			json_add_u64(o, name, value[0]);
	}
	return o;
}
