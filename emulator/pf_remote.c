/* SPDX-License-Identifier: MIT */
/* `gucemu pf serve`: the PF in a process of its own, connected to a server
 * that was started with --no-pf as function 0. It shares its memory with the
 * card, reaches registers by frames, and serves the PF verbs that the server
 * passes on. When it ends the card keeps what it has; another can adopt it. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "log.h"
#include "pf.h"
#include "pf_ask.h"
#include "pf_link.h"
#include "pf_pieces.h"
#include "pf_runtime.h"
#include "serve.h"

#define SLICE_NS 500000u

struct remote {
	uv_loop_t loop;
	struct pf_link link;
	struct pf *pf;
	struct pf_ask *ask;
	unsigned vfs;
	bool adopt, anew; /* as the options say */
	unsigned provision;
	uint32_t runtime[PFC_MAX_RUNTIME][2];
	uint32_t runtime_n; /* 0: the platform's list */
	uint32_t quirks;
	bool debug;
	bool ready;    /* every VF has what it shall have: verbs are served */
	bool adopting; /* what the GuCs have is to be asked for */
	uv_check_t check;
	uv_idle_t idle;
	uv_timer_t timer;
	uv_signal_t sigterm, sigint;
	struct pieces pieces;
	unsigned level;
	const char *name;
	int status;
};

static void remote_end(struct remote *r, int status)
{
	r->status = status;
	uv_stop(&r->loop);
}

/* room() keeps the queue short. */
static void on_link_failed(void *user, const char *text)
{
	struct remote *r = user;

	if (r->status == 0)
		fprintf(stderr, "gucemu pf serve: can't send: %s\n", text);
	remote_end(r, 1);
}

static void remote_post(struct remote *r, const struct frame *f)
{
	pf_link_post(&r->link, f);
}

/* A socket that takes no more wakes the loop when it does. */
static bool room(void *user)
{
	struct remote *r = user;
	struct wire_stats stats;

	if (!r->link.wire || !pf_link_settled(&r->link))
		return false;
	wire_stats(r->link.wire, &stats);
	return stats.queued < WIRE_OUT_LOW || wire_flush(r->link.wire) == 0;
}

/* --- verbs and images --------------------------------------------------------------------------- */

static void pf_reply(void *user, uint64_t client, uint32_t seq, int status,
		     struct json_object *o, const char *text)
{
	struct remote *r = user;
	struct frame f = { .type = gucemu_FrameType_REPLY, .seq = seq, .status = status };

	(void)client;
	if (!o)
		o = json_object_new_object();
	if (status != 0)
		json_add_str(o, "error", text ? text : strerror(-status));
	f.text = json_line(o);
	f.text_len = strlen(f.text);
	remote_post(r, &f);
	json_object_put(o);
	pieces_end(&r->pieces, seq);
}

static bool pf_blob(void *user, uint64_t client, uint32_t seq, uint64_t off,
		    const uint8_t *data, size_t len, bool last)
{
	struct remote *r = user;
	struct frame f = {
		.type = gucemu_FrameType_BLOB,
		.seq = seq,
		.addr = off,
		.flags = last ? FRAME_BLOB_LAST : 0,
		.data = data,
		.data_len = len,
	};

	(void)client;
	if (len == 0 && !last)
		return pieces_room(&r->pieces, seq);
	pieces_sent(&r->pieces, seq);
	remote_post(r, &f);
	return true;
}

static void pf_progress(void *user, uint64_t client, uint32_t seq, uint64_t done, uint64_t total)
{
	const struct frame f = {
		.type = gucemu_FrameType_BLOB,
		.seq = seq,
		.flags = FRAME_BLOB_PROGRESS,
		.addr = done,
		.value = total,
	};

	(void)client;
	remote_post(user, &f);
}

static void pf_log(void *user, unsigned level, unsigned vf, unsigned gt, const char *text)
{
	const struct remote *r = user;

	if (level > r->level)
		return;
	if (vf > 0)
		fprintf(stderr, "%s vf%u/gt%u %s\n", r->name, vf, gt, text);
	else
		fprintf(stderr, "%s pf %s\n", r->name, text);
}

static void pf_step(void *user, unsigned vf, unsigned gt, const char *text)
{
	pf_log(user, LOG_DEBUG, vf, gt, text);
}

static void pf_ready(void *user, int err)
{
	struct remote *r = user;

	if (err != 0) {
		fprintf(stderr, "gucemu pf serve: not up, or not every VF is provisioned: %s\n",
			strerror(-err));
		remote_end(r, 1);
		return;
	}
	r->ready = true;
	printf("ready %s pf\n", r->name);
	fflush(stdout);
}

/* Called by the driver, which then waits: nothing is asked before it returns. */
static void pf_adopt(void *user)
{
	struct remote *r = user;

	r->adopting = true;
}

static const struct pf_ops ops = {
	.adopt = pf_adopt,
	.reply = pf_reply,
	.blob = pf_blob,
	.progress = pf_progress,
	.room = room,
	.ready = pf_ready,
	.log = pf_log,
	.step = pf_step,
};

/* The server sends only a window of pieces ahead of these. */
static void piece_taken(void *user, uint32_t seq)
{
	const struct frame f = { .type = gucemu_FrameType_STATUS, .seq = seq, .value = 1 };

	remote_post(user, &f);
}

static void on_blob(struct remote *r, const struct frame *f)
{
	if (pieces_keep(&r->pieces, f) == 0)
		return;
	fprintf(stderr, "gucemu pf serve: no memory for an image\n");
	remote_end(r, 1);
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct remote *r = user;
	struct verb v;

	(void)w;
	(void)fds;
	/* Verbs come as soon as we are function 0, before VFs have what they shall have. */
	if (f->type == gucemu_FrameType_CONTROL && !r->ready) {
		pf_reply(r, 0, f->seq, -ENODEV, NULL, "the PF is not up");
		return WIRE_NEXT;
	}
	if (!r->pf || pf_link_frame(&r->link, f))
		return WIRE_NEXT;
	if (f->type == gucemu_FrameType_BLOB) {
		on_blob(r, f);
	} else if (f->type == gucemu_FrameType_CONTROL) {
		if (verb_parse(&v, f->text, f->text_len) == 0)
			pf_verb(r->pf, f->seq, f->seq, &v);
		else
			pf_reply(r, 0, f->seq, -EINVAL, NULL, "not a verb line");
	} else if (f->type == gucemu_FrameType_STATUS && f->status == 0) {
		pieces_confirmed(&r->pieces, f->seq, f->value);
	} else if (f->type == gucemu_FrameType_STATUS) {
		fprintf(stderr, "gucemu pf serve: the emulator says: %.*s\n", (int)f->text_len,
			f->text_len ? f->text : "");
	}
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct remote *r = user;

	(void)w;
	(void)err;
	r->link.wire = NULL;
	fprintf(stderr, "gucemu pf serve: %s\n", reason);
	remote_end(r, 1);
}

static const struct wire_ops wire_calls = { .frame = on_frame, .closed = on_closed };

/* --- driving it ------------------------------------------------------------------------------------ */

static void on_wake(uv_idle_t *idle)
{
	(void)idle;
}

/* It runs before the loop polls, the work is done behind that: no sleep between. */
static void on_timer(uv_timer_t *timer)
{
	struct remote *r = timer->data;

	uv_idle_start(&r->idle, on_wake);
}

static void on_found(void *user, int err)
{
	struct remote *r = user;

	if (err == 0) {
		uv_idle_start(&r->idle, on_wake);
		return;
	}
	fprintf(stderr, "gucemu pf serve: the emulator does not say what its VFs have: %s\n",
		strerror(-err));
	remote_end(r, 1);
}

static void on_check(uv_check_t *check)
{
	struct remote *r = check->data;
	uint64_t now = uv_hrtime(), next = UINT64_MAX;
	bool moved, more = pf_work(r->pf, now, SLICE_NS, &next, &moved);

	more |= pieces_offer(&r->pieces, r->pf, piece_taken, r);
	pf_link_flush(&r->link);
	if (r->adopting) {
		r->adopting = false;
		pf_ask_found(r->ask, pf_driver(r->pf), r->vfs, on_found, r);
		more = true; /* what was asked is still to be sent */
	}
	if (more || next <= now) {
		uv_idle_start(&r->idle, on_wake);
		return;
	}
	uv_idle_stop(&r->idle);
	if (next == UINT64_MAX)
		uv_timer_stop(&r->timer);
	else
		uv_timer_start(&r->timer, on_timer, (next - now + 999999) / 1000000, 0);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	(void)signum;
	remote_end(handle->data, 0);
}

/* --- opening ------------------------------------------------------------------------------------------ */

static int open_function(struct remote *r, const char *socket, const struct pfc_options *o)
{
	char text[256];
	int err;

	r->link.failed = on_link_failed;
	r->link.user = r;
	err = pf_link_open(&r->link, &r->loop, socket, FRAME_FEATURE_PF_VERBS, "pf serve",
			   pf_mem_size(o), &wire_calls, r, text, sizeof(text));
	if (err != 0)
		fprintf(stderr, "gucemu pf serve: %s\n", text);
	return err;
}

static int begin(struct remote *r, const struct pfc_options *o)
{
	unsigned provision = r->provision < o->vfs ? r->provision : o->vfs;
	struct pfc_options options = *o;

	options.lmem = pf_link_lmem(&r->link);
	options.quirks = r->quirks;
	options.disclose_errors = options.testloop = r->debug;
	if (r->runtime_n) {
		options.runtime = (const uint32_t (*)[2])r->runtime;
		options.runtime_n = r->runtime_n;
	}
	r->vfs = o->vfs;
	r->pf = pf_new(&options, &r->link.port, &r->link.mem, &ops, r);
	if (!r->pf)
		return -EINVAL;
	r->link.driver = pf_driver(r->pf);
	uv_check_init(&r->loop, &r->check);
	uv_idle_init(&r->loop, &r->idle);
	uv_timer_init(&r->loop, &r->timer);
	uv_signal_init(&r->loop, &r->sigterm);
	uv_signal_init(&r->loop, &r->sigint);
	r->check.data = r->timer.data = r->sigterm.data = r->sigint.data = r;
	uv_check_start(&r->check, on_check);
	uv_idle_start(&r->idle, on_wake);
	uv_signal_start(&r->sigterm, on_signal, SIGTERM);
	uv_signal_start(&r->sigint, on_signal, SIGINT);
	return pf_begin(r->pf, r->adopt, r->adopt ? 0 : provision);
}

static void close_handle(uv_handle_t *handle, void *user)
{
	(void)user;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* A new PF knows nothing of what VFs have: it would give it to others. */
static int check_unused(struct remote *r, const struct pfc_options *o)
{
	int vf = r->adopt || r->anew ? 0 : pf_ask_used(r->ask, o->vfs);

	if (vf > 0)
		fprintf(stderr,
			"gucemu pf serve: VF %d is in use, with resources that another PF gave "
			"it: take over with --adopt, or give all new ones with --anew\n", vf);
	else if (vf < 0)
		fprintf(stderr, "gucemu pf serve: the emulator does not say what its VFs have\n");
	return vf > 0 ? -EBUSY : vf;
}

static int run(struct remote *r, const char *socket)
{
	struct pfc_options o;
	int err = uv_loop_init(&r->loop);

	if (err != 0)
		return 1;
	err = pf_ask_open(&r->ask, &r->loop, socket, &o);
	if (err == 0)
		err = check_unused(r, &o);
	if (err == 0)
		err = open_function(r, socket, &o);
	if (err == 0)
		err = begin(r, &o);
	if (err == 0)
		uv_run(&r->loop, UV_RUN_DEFAULT);
	if (r->link.wire)
		wire_close(r->link.wire, 0, NULL);
	r->link.wire = NULL;
	pf_ask_close(r->ask);
	uv_run(&r->loop, UV_RUN_NOWAIT);
	uv_walk(&r->loop, close_handle, NULL);
	uv_run(&r->loop, UV_RUN_NOWAIT);
	(void)uv_loop_close(&r->loop);
	if (r->pf)
		pf_free(r->pf);
	pieces_free(&r->pieces);
	pf_link_close(&r->link);
	return err != 0 ? 1 : r->status;
}

/* "name,name": their bits. */
static bool parse_quirks(const char *text, uint32_t *bits)
{
	char name[64];

	*bits = 0;
	while (*text) {
		size_t n = strcspn(text, ",");
		int quirk;

		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		quirk = pfc_quirk_find(name);
		if (quirk >= 0)
			*bits |= 1u << quirk;
		else if (strcmp(name, "linux-7.2") == 0)
			*bits |= PFC_QUIRKS_LINUX_7_2;
		else
			return false;
		text += n + (text[n] == ',');
	}
	return true;
}

int gucemu_pf_serve_main(int argc, char **argv)
{
	const char *socket = getenv("GUCEMU_SOCKET"), *name = "PF", *log = "info", *quirks = "";
	const char *runtime = NULL;
	unsigned provision = PFC_MAX_VFS;
	bool adopt = false, anew = false, debug = false;
	char err[PATH_MAX + 128];
	const struct cli_option options[] = {
		{ "socket", CLI_STRING, "PATH", "the card's socket (else $GUCEMU_SOCKET)", &socket, 0, 0 },
		{ "provision", CLI_UINT, "N", "VFs that get a fair share at start (all)",
		  &provision, 0, PFC_MAX_VFS },
		{ "adopt", CLI_FLAG, NULL,
		  "take over from a PF that died: finish or undo what it left half done", &adopt,
		  0, 0 },
		{ "anew", CLI_FLAG, NULL,
		  "provision though VFs are in use: they lose what they have", &anew, 0, 0 },
		{ "runtime", CLI_STRING, "FILE",
		  "registers VFs are told, not the platform's: OFFSET VALUE a line", &runtime, 0, 0 },
		{ "quirks", CLI_STRING, "NAME,...", "weaknesses of Linux' PF, or linux-7.2 for all",
		  &quirks, 0, 0 },
		{ "debug", CLI_FLAG, NULL, "tell VFs why relay requests fail, serve the test loop",
		  &debug, 0, 0 },
		{ "name", CLI_STRING, "NAME", "name in log lines (PF)", &name, 0, 0 },
		{ "log", CLI_STRING, "LEVEL", "error, warn, notice, info or debug (info)", &log, 0,
		  0 },
	};
	const struct cli_command command = {
		.name = "gucemu pf serve",
		.args = "[options]",
		.about = "run the PF of a card that was started with --no-pf",
		.options = options,
		.options_n = sizeof(options) / sizeof(*options),
		.notes = "gucemu pf VERB works at the card's socket as with a built-in PF.\n",
	};
	enum cli_result result = cli_parse(&command, &argc, argv);
	struct remote *r;
	int status, level;

	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (!socket || argc > 1) {
		cli_complain(command.name, "%s", socket ? "too many words" : "no --socket");
		return CLI_EXIT_USAGE;
	}
	if (adopt && anew) {
		cli_complain(command.name, "--adopt and --anew exclude each other");
		return CLI_EXIT_USAGE;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return 1;
	r->name = name;
	r->debug = debug;
	r->adopt = adopt;
	r->anew = anew;
	r->provision = provision;
	if (runtime &&
	    pf_runtime_read(runtime, r->runtime, &r->runtime_n, err, sizeof(err)) != 0) {
		fprintf(stderr, "gucemu pf serve: %s\n", err);
		free(r);
		return 1;
	}
	if (!parse_quirks(quirks, &r->quirks)) {
		cli_complain(command.name, "'%s': no such quirk", quirks);
		free(r);
		return CLI_EXIT_USAGE;
	}
	level = log_level_find(log);
	if (level < 0) {
		cli_complain(command.name, "'%s' is no log level", log);
		free(r);
		return CLI_EXIT_USAGE;
	}
	r->level = (unsigned)level;
	signal(SIGPIPE, SIG_IGN);
	status = run(r, socket);
	free(r);
	return status;
}
