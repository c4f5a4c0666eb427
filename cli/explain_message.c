/* SPDX-License-Identifier: MIT */
/* An HXG message field by field (guc-abi 1.1), with what is known of its
 * payload: KLVs that travel in the message, the answers whose form says what
 * they are. */
#include "cli/explain.h"

#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "view/describe.h"

static const char *const columns[] = { "dword", "bits", "field", "value", "meaning" };

static void put(struct table *t, uint32_t dword, const char *bits, const char *field,
		uint32_t value, const char *meaning)
{
	table_number(t, dword, 0);
	table_text(t, "%s", bits);
	table_text(t, "%s", field);
	table_number(t, value, 1);
	table_text(t, "%s", meaning ? meaning : "unknown");
}

static const char *type_name(enum hxg_type type)
{
	switch (type) {
	case HXG_REQUEST:
		return "REQUEST";
	case HXG_EVENT:
		return "EVENT";
	case HXG_FAST_REQUEST:
		return "FAST_REQUEST";
	case HXG_BUSY:
		return "NO_RESPONSE_BUSY";
	case HXG_TYPE_UNASSIGNED:
		return "unassigned";
	case HXG_RETRY:
		return "NO_RESPONSE_RETRY";
	case HXG_FAILURE:
		return "RESPONSE_FAILURE";
	case HXG_SUCCESS:
		return "RESPONSE_SUCCESS";
	}
	return "unassigned";
}

static void put_header(struct table *t, uint32_t dw0)
{
	enum hxg_type type = hxg_type(dw0);

	put(t, 0, "31", "ORIGIN", hxg_origin(dw0), hxg_origin(dw0) ? "GuC" : "host");
	put(t, 0, "30:28", "TYPE", (uint32_t)type, type_name(type));
	switch (type) {
	case HXG_REQUEST:
	case HXG_EVENT:
	case HXG_FAST_REQUEST:
		put(t, 0, "27:16", "DATA0", hxg_data0(dw0), "");
		put(t, 0, "15:0", "ACTION", hxg_action(dw0), guc_action_name(hxg_action(dw0)));
		break;
	case HXG_FAILURE:
		put(t, 0, "27:16", "HINT", field_get(HXG_HINT, dw0), "");
		put(t, 0, "15:0", "ERROR", field_get(HXG_ERROR, dw0),
		    guc_error_name(field_get(HXG_ERROR, dw0)));
		break;
	case HXG_SUCCESS:
		put(t, 0, "27:0", "DATA0", field_get(HXG_SUCCESS_DATA0, dw0), "");
		break;
	case HXG_BUSY:
		put(t, 0, "27:0", "COUNTER", dw0 & HXG_AUX, "");
		break;
	case HXG_RETRY:
		put(t, 0, "27:0", "REASON", dw0 & HXG_AUX, "");
		break;
	case HXG_TYPE_UNASSIGNED:
		put(t, 0, "27:0", "-", dw0 & HXG_AUX, "");
		break;
	}
}

/* Where a list of KLVs begins in the message itself; 0: there is none. */
static uint32_t inline_klvs(uint32_t dw0)
{
	if (!hxg_is_call(hxg_type(dw0)))
		return 0;
	switch (hxg_action(dw0)) {
	case GUC_ACTION_SELF_CFG:
	case GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV:
		return 1;
	case GUC_ACTION_UPDATE_CONTEXT_POLICIES:
		return 2;
	}
	return 0;
}

static void put_klvs(struct table *t, const uint32_t *dw, uint32_t n, uint32_t at)
{
	while (at < n) {
		uint32_t key = field_get(KLV_KEY, dw[at]), len = field_get(KLV_LEN, dw[at]);

		put(t, at, "31:16", "KEY", key, guc_klv_name(key));
		put(t, at, "15:0", "LEN", len, len > n - at - 1 ? "more than follows" : "");
		for (at++; len && at < n; at++, len--)
			put(t, at, "31:0", "VALUE", dw[at], "");
	}
}

/* The one answer of two dwords with nothing in its header. */
static bool is_version(const uint32_t *dw, uint32_t n)
{
	return n == 2 && hxg_type(dw[0]) == HXG_SUCCESS && (dw[0] & HXG_AUX) == 0;
}

static void put_version(struct table *t, uint32_t dw)
{
	put(t, 1, "31:24", "BRANCH", field_get(VERSION_BRANCH, dw), "if to MATCH_VERSION");
	put(t, 1, "23:16", "MAJOR", field_get(VERSION_MAJOR, dw), "if to MATCH_VERSION");
	put(t, 1, "15:8", "MINOR", field_get(VERSION_MINOR, dw), "if to MATCH_VERSION");
	put(t, 1, "7:0", "PATCH", field_get(VERSION_PATCH, dw), "if to MATCH_VERSION");
}

struct table *explain_message(const uint32_t *dw, uint32_t n)
{
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char words[DESCRIBE_MAX];
	uint32_t klvs = inline_klvs(dw[0]), last = klvs ? klvs : n;

	if (!t)
		return NULL;
	describe_message(words, sizeof(words), dw, n);
	put(t, 0, "31:0", "message", dw[0], words);
	put_header(t, dw[0]);
	if (is_version(dw, n)) {
		put_version(t, dw[1]);
		return t;
	}
	for (uint32_t i = 1; i < last && i < n; i++)
		put(t, i, "31:0", "-", dw[i], "");
	if (klvs)
		put_klvs(t, dw, n, klvs);
	return t;
}
