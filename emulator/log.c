/* SPDX-License-Identifier: MIT */
/* Log lines of the server, to stderr: "A vf1/gt0{VF_RUNNING} ...": card,
 * function, GT and state, then what happened; "A error: ..." where it is bad. */
#include <stdio.h>
#include <string.h>

#include "server.h"

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn",   [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

int log_level_find(const char *name)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
		if (strcmp(level_names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

void server_log(const struct server *s, enum server_log level, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	if (level > s->level)
		return;
	n = snprintf(line, sizeof(line), "%s %s", s->opt.name,
		     level == LOG_ERROR ? "error: " : level == LOG_WARN ? "warning: " : "");
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	/* Names and texts come from clients. */
	for (char *p = line; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7F)
			*p = '?';
	}
	fprintf(stderr, "%s\n", line);
}

bool server_log_quota(struct server *s)
{
	uint64_t now = uv_hrtime();

	if (now - s->quota_since > 1000000000ull) {
		if (s->quota_used > SERVER_LOG_QUOTA)
			server_log(s, LOG_WARN, "%u more lines of clients' mistakes not logged",
				   s->quota_used - SERVER_LOG_QUOTA);
		s->quota_since = now;
		s->quota_used = 0;
	}
	return ++s->quota_used <= SERVER_LOG_QUOTA;
}

const char *function_label(const struct server *s, unsigned fn, unsigned gt, char *buf,
			   size_t cap)
{
	if (fn == 0)
		snprintf(buf, cap, "pf/gt%u", gt);
	else
		snprintf(buf, cap, "vf%u/gt%u{%s}", fn, gt,
			 guc_vf_state_name((enum guc_vf_state)s->fn[fn].state[gt]));
	return buf;
}
