/* SPDX-License-Identifier: MIT */
/* The control verb "mishap": something goes wrong on the card for a VF, as
 * guc_mishap() has it, so that a driver on a socket can be shown what it hardly ever
 * sees. See docs/protocol/frames.md. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server.h"

static const char *const kinds[] = {
	[GUC_MISHAP_HANG] = "hang",
	[GUC_MISHAP_ENGINE] = "engine",
	[GUC_MISHAP_CAT_ERROR] = "cat-error",
	[GUC_MISHAP_PAGE_FAULT] = "page-fault",
	[GUC_MISHAP_CRASH_DUMP] = "crash-dump",
	[GUC_MISHAP_EXCEPTION] = "exception",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Options that say more, and the kinds that take them. */
#define OF(kind) (1u << GUC_MISHAP_##kind)
#define OF_CONTEXT (OF(HANG) | OF(CAT_ERROR) | OF(PAGE_FAULT))

enum field { CONTEXT, TYPE, CLASS, INSTANCE, REASON, ADDRESS, ASID, LEVEL, ACCESS, FAULT,
	     PREFETCH, FIELDS };

static const struct {
	const char *name;
	unsigned kinds;
	uint64_t most;
} fields[FIELDS] = {
	[CONTEXT] = { "context", OF_CONTEXT, UINT32_MAX },
	[TYPE] = { "type", OF(CAT_ERROR), UINT32_MAX },
	[CLASS] = { "class", OF(ENGINE), 5 },
	[INSTANCE] = { "instance", OF(ENGINE), 31 },
	[REASON] = { "reason", OF(ENGINE), UINT32_MAX },
	[ADDRESS] = { "address", OF(PAGE_FAULT), UINT64_MAX },
	[ASID] = { "asid", OF(PAGE_FAULT), 0xFFFFF },
	[LEVEL] = { "level", OF(PAGE_FAULT), 7 },
	[ACCESS] = { "access", OF(PAGE_FAULT), 3 },
	[FAULT] = { "fault", OF(PAGE_FAULT), 3 },
	[PREFETCH] = { "prefetch", OF(PAGE_FAULT), 1 },
};

static int find_kind(const struct verb *v, char *text, size_t cap)
{
	const char *name = verb_option(v, "kind");
	size_t n;

	for (size_t i = 0; name && i < KINDS; i++)
		if (strcmp(kinds[i], name) == 0)
			return (int)i;
	n = (size_t)snprintf(text, cap, "kind= is one of");
	for (size_t i = 0; i < KINDS && n < cap; i++)
		n += (size_t)snprintf(text + n, cap - n, "%s %s", i ? "," : "", kinds[i]);
	return -EINVAL;
}

/* 0 or -EINVAL with what is wrong in text[0..cap). */
static int take_fields(const struct verb *v, unsigned kind, uint64_t *value, char *text,
		       size_t cap)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		int given = verb_number(v, fields[i].name, &value[i]);

		if (given == 0)
			continue;
		if (!(fields[i].kinds & 1u << kind)) {
			snprintf(text, cap, "%s= is not of a %s", fields[i].name, kinds[kind]);
			return -EINVAL;
		}
		if (given < 0 || value[i] > fields[i].most) {
			snprintf(text, cap, "%s=%.32s is no value from 0 to %llu", fields[i].name,
				 verb_option(v, fields[i].name),
				 (unsigned long long)fields[i].most);
			return -EINVAL;
		}
	}
	if (kind != GUC_MISHAP_CAT_ERROR && fields[CONTEXT].kinds & 1u << kind &&
	    !verb_option(v, "context")) {
		snprintf(text, cap, "which context? context=N");
		return -EINVAL;
	}
	return 0;
}

static const char *mishap_text(int err, const char *text)
{
	switch (err) {
	case 0:
		return NULL;
	case -ENODEV:
		return "the card has no such GT";
	case -ENOENT:
		return "the VF has no such context there";
	}
	return text;
}

void mishap_verb(struct client *by, uint32_t seq, unsigned fn, const struct verb *v)
{
	/* A CAT error may be of no context that is known. */
	uint64_t value[FIELDS] = { [CONTEXT] = UINT32_MAX }, gt = 0;
	char text[160];
	struct guc_mishap m;
	int kind = find_kind(v, text, sizeof(text)), err = kind < 0 ? kind : 0;

	if (err == 0 && verb_number(v, "gt", &gt) < 0) {
		snprintf(text, sizeof(text), "gt=N is a number");
		err = -EINVAL;
	}
	if (err == 0)
		err = take_fields(v, (unsigned)kind, value, text, sizeof(text));
	if (err == 0) {
		m = (struct guc_mishap){
			.kind = (enum guc_mishap_kind)kind,
			.context = (uint32_t)value[CONTEXT],
			.type = (uint32_t)value[TYPE],
			.engine_class = (uint8_t)value[CLASS],
			.instance = (uint8_t)value[INSTANCE],
			.reason = (uint32_t)value[REASON],
			.fault = { value[ADDRESS], (uint32_t)value[ASID], (uint8_t)value[LEVEL],
				   (uint8_t)value[ACCESS], (uint8_t)value[FAULT], value[PREFETCH] != 0 },
		};
		card_time(by->server);
		err = gt < card_gts(by->server) ?
			      guc_mishap(&by->server->card, fn, (unsigned)gt, &m) : -ENODEV;
		card_kick(by->server);
	}
	control_reply(by, seq, err, NULL, mishap_text(err, text));
}
