/* SPDX-License-Identifier: MIT */
/* Verb lines. See verb.h. */
#include "verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int verb_parse(struct verb *v, const char *text, size_t len)
{
	char *save = NULL;

	memset(v, 0, sizeof(*v));
	if (len >= sizeof(v->line) || (len > 0 && memchr(text, '\0', len)))
		return -EINVAL;
	if (len > 0)
		memcpy(v->line, text, len);
	for (char *p = strtok_r(v->line, " \t\r\n", &save); p;
	     p = strtok_r(NULL, " \t\r\n", &save)) {
		char *eq = strchr(p, '=');

		if (!eq) {
			if (v->words == VERB_WORDS)
				return -EINVAL;
			v->word[v->words++] = p;
			continue;
		}
		if (v->options == VERB_OPTIONS)
			return -EINVAL;
		*eq = '\0';
		v->option[v->options].name = p;
		v->option[v->options++].value = eq + 1;
	}
	return v->words > 0 ? 0 : -EINVAL;
}

const char *verb_word(const struct verb *v, unsigned i)
{
	return i < v->words ? v->word[i] : "";
}

const char *verb_option(const struct verb *v, const char *name)
{
	for (unsigned i = 0; i < v->options; i++) {
		if (strcmp(v->option[i].name, name) == 0)
			return v->option[i].value;
	}
	return NULL;
}

int verb_number(const struct verb *v, const char *name, uint64_t *value)
{
	const char *text = verb_option(v, name);
	char *end;

	if (!text)
		return 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno != 0 || *end ? -EINVAL : 1;
}

const char *verb_unknown(const struct verb *v, const char *known)
{
	for (unsigned i = 0; i < v->options; i++) {
		const char *name = v->option[i].name;
		size_t n = strlen(name);
		const char *at = known;

		/* Found anywhere, an empty name would lead beyond the end. */
		if (n == 0)
			return name;
		while ((at = strstr(at, name)) &&
		       !((at == known || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0')))
			at++;
		if (!at)
			return name;
	}
	return NULL;
}
