/* SPDX-License-Identifier: MIT */
/* Fault rules of a served card: the files that they ask for, what they want of the
 * world around the card, and the control verb `fault`. See fault/fault.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/fault.h"
#include "server.h"

/* The rule as it was written, into the recording. */
static void mark(struct server *s, int number, const char *line, size_t len)
{
	char text[FAULT_LINE_MAX + 32];

	snprintf(text, sizeof(text), "fault rule %d: %.*s", number, (int)len, line);
	record_mark(s, text);
}

void faults_attach(struct server *s)
{
	struct fault_info info;

	fault_attach(s->opt.fault, &s->card);
	for (unsigned i = 0; fault_info(s->opt.fault, i, &info); i++)
		mark(s, info.number, info.line, strlen(info.line));
	if (fault_info(s->opt.fault, 0, &info))
		server_log(s, LOG_NOTICE, "fault rules: seed %llu",
			   (unsigned long long)fault_seed(s->opt.fault));
}

void faults_look(struct server *s)
{
	const char *path;

	for (unsigned i = 0; (path = fault_file(s->opt.fault, i)); i++)
		fault_file_is(s->opt.fault, i, access(path, F_OK) == 0);
}

/* --- what rules want of the world --------------------------------------------------- */

static void disconnect(struct server *s, unsigned fn)
{
	struct client *c = s->fn[fn].client;

	if (c)
		client_close(c, -ECONNRESET, "a fault rule ends the connection");
	else
		server_log(s, LOG_WARN, "fault rule: function %u has no connection to end", fn);
}

static void pause_vf(struct server *s, unsigned fn)
{
	char line[32];
	struct verb v;
	int n = snprintf(line, sizeof(line), "pf pause vf=%u", fn);

	if (!s->pf) {
		if (!proxy_pause(s, fn))
			server_log(s, LOG_WARN, "fault rule: there is no PF to pause vf%u", fn);
		return;
	}
	if (verb_parse(&v, line, (size_t)n) != 0)
		return;
	card_time(s);
	pf_verb(s->pf, PF_NOBODY, 0, &v);
	card_kick(s);
}

/* `gucemu pf migrate` in a process of its own: it talks to both cards. */
static void migrate(struct server *s, unsigned fn, const char *target)
{
	pid_t parent = getpid();
	char vf[16];
	sigset_t none;

	if (!*target) {
		server_log(s, LOG_WARN, "fault rule: vf%u waits for somebody to move it", fn);
		return;
	}
	if (s->fn[fn].migration != 0) {
		server_log(s, LOG_WARN, "fault rule: vf%u is being moved already", fn);
		return;
	}
	snprintf(vf, sizeof(vf), "%u", fn);
	s->fn[fn].migration = fork();
	if (s->fn[fn].migration < 0) {
		server_log(s, LOG_ERROR, "fault rule: can't migrate: %s", strerror(errno));
		s->fn[fn].migration = 0;
	}
	if (s->fn[fn].migration != 0)
		return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execl("/proc/self/exe", "gucemu", "pf", "migrate", "--from", s->opt.socket, "--to",
	      target, "--vf", vf, (char *)NULL);
	_exit(127);
}

bool faults_child(struct server *s)
{
	bool found = false;
	int status;

	for (unsigned fn = 0; fn < GUC_MAX_FUNCTIONS; fn++) {
		pid_t pid = s->fn[fn].migration;

		if (pid == 0 || waitpid(pid, &status, WNOHANG) != pid)
			continue;
		s->fn[fn].migration = 0;
		found = true;
		server_log(s, status == 0 ? LOG_NOTICE : LOG_WARN,
			   "fault rule: the migration of vf%u %s", fn,
			   status == 0 ? "is done" : "failed");
	}
	return found;
}

void faults_turn(struct server *s)
{
	struct fault_out out;
	char label[64];

	while (fault_take(s->opt.fault, &out)) {
		switch (out.what) {
		case FAULT_OUT_LOG:
			server_log(s, LOG_NOTICE, "%s fault rule %d fired at %s",
				   function_label(s, out.fn, out.gt, label, sizeof(label)),
				   out.number, guc_point_name(out.point));
			break;
		case FAULT_OUT_DISCONNECT:
			disconnect(s, out.fn);
			break;
		case FAULT_OUT_PAUSE:
			pause_vf(s, out.fn);
			break;
		case FAULT_OUT_MIGRATE:
			migrate(s, out.fn, out.target);
			break;
		case FAULT_OUT_COUNT:
			break;
		}
	}
}

/* --- the verb ----------------------------------------------------------------------- */

static struct json_object *list(const struct fault *f)
{
	struct json_object *o = json_object_new_object(), *rules = json_add_array(o, "rules");
	struct fault_info info;

	json_add_u64(o, "seed", fault_seed(f));
	for (unsigned i = 0; fault_info(f, i, &info); i++) {
		struct json_object *r = json_push_object(rules);

		json_add_int(r, "number", info.number);
		json_add_str(r, "name", info.name);
		json_add_bool(r, "armed", info.armed);
		json_add_u64(r, "matched", info.matched);
		json_add_u64(r, "fired", info.fired);
		json_add_str(r, "rule", info.line);
	}
	return o;
}

static void reply_error(struct client *c, uint32_t seq, int status, const struct fault_error *err)
{
	struct json_object *o = json_object_new_object();

	json_add_u64(o, "at", err->at);
	control_reply(c, seq, status, o, err->text);
}

static void add(struct client *c, uint32_t seq, const char *line, size_t len)
{
	struct fault *f = c->server->opt.fault;
	struct json_object *o;
	struct fault_error err;
	int n = fault_add(f, line, len, &err);

	if (n < 0) {
		reply_error(c, seq, n, &err);
		return;
	}
	fault_attach(f, &c->server->card);
	mark(c->server, n, line, len);
	o = json_object_new_object();
	json_add_int(o, "number", n);
	json_add_u64(o, "seed", fault_seed(f));
	control_reply(c, seq, 0, o, NULL);
}

static void explain(struct client *c, uint32_t seq, const char *line, size_t len)
{
	char text[8192];
	struct fault_error err;
	struct json_object *o;

	if (fault_explain(c->server->opt.fault, line, len, text, sizeof(text), &err) != 0) {
		reply_error(c, seq, -EINVAL, &err);
		return;
	}
	o = json_object_new_object();
	json_add_str(o, "text", text);
	control_reply(c, seq, 0, o, NULL);
}

/* What takes a rule's name or number, or a state's name. */
static int with_name(struct fault *f, const char *verb, const char *name)
{
	int n;

	if (strcmp(verb, "set") == 0 || strcmp(verb, "unset") == 0)
		return fault_set_state(f, name, verb[0] == 's');
	n = fault_find(f, name);
	if (n < 0)
		return n;
	if (strcmp(verb, "remove") == 0)
		return fault_remove(f, n);
	return fault_arm(f, n, strcmp(verb, "arm") == 0);
}

static const char *name_text(int err)
{
	switch (err) {
	case -ENOENT:
		return "there is no such rule";
	case -EBUSY:
		return "another rule's after= or until= names it";
	case -ENOSPC:
		return "there are too many states already";
	case -EINVAL:
		return "that is no name of a state";
	}
	return NULL;
}

void faults_verb(struct client *c, uint32_t seq, const char *text, size_t len)
{
	static const char *const names[] = { "remove", "arm", "disarm", "set", "unset" };
	struct fault *f = c->server->opt.fault;
	char verb[16] = "", name[FAULT_NAME_MAX + 2] = "";
	size_t n = 0;
	int err;

	while (n < len && text[n] != ' ')
		n++;
	snprintf(verb, sizeof(verb), "%.*s", (int)n, text);
	text += n < len ? n + 1 : n;
	len -= n < len ? n + 1 : n;
	if (strcmp(verb, "add") == 0) {
		add(c, seq, text, len);
		return;
	}
	if (strcmp(verb, "explain") == 0) {
		explain(c, seq, text, len);
		return;
	}
	if (strcmp(verb, "list") == 0 && len == 0) {
		control_reply(c, seq, 0, list(f), NULL);
		return;
	}
	if (strcmp(verb, "clear") == 0 && len == 0) {
		fault_clear(f);
		fault_attach(f, &c->server->card);
		control_reply(c, seq, 0, NULL, NULL);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], verb) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, text);
		err = with_name(f, verb, name);
		fault_attach(f, &c->server->card);
		control_reply(c, seq, err, NULL, name_text(err));
		return;
	}
	control_reply(c, seq, -EINVAL, NULL,
		      "fault add RULE, remove NAME, arm NAME, disarm NAME, set STATE, unset STATE, "
		      "explain RULE, list or clear");
}
