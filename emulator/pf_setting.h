/* SPDX-License-Identifier: MIT */
/* Policies and thresholds in verb lines: "pf policy [NAME=VALUE]" and "pf threshold vf=N
 * [NAME=VALUE]". */
#ifndef GUCEMU_EMULATOR_PF_SETTING_H
#define GUCEMU_EMULATOR_PF_SETTING_H

#include "pfclient/pfc.h"
#include "verb.h"
#include "view/json.h"

/* The setting that a line has beside its vf, and its words. 1; 0 none; -EINVAL with the
 * reason in text[0..cap). */
int pf_setting_parse(const struct verb *v, bool of_vf, enum pfc_setting *setting,
		     uint32_t value[PFC_MAX_GROUP_WORDS], unsigned *n, char *text, size_t cap);
/* All settings of the card (vf 0) or a VF by name; engine groups as a text of words. */
struct json_object *pf_settings_json(const struct pfc *driver, unsigned vf);

/* The words of a list: "none", or numbers with commas between them. 0 or -EINVAL; and as
 * a member of a JSON object. */
int pf_words_parse(const char *text, uint32_t value[PFC_MAX_GROUP_WORDS], unsigned *n);
void pf_words_add(struct json_object *o, const char *name, const uint32_t *value, unsigned n);

#endif
