/* SPDX-License-Identifier: MIT */
/* The demo's emulators: started, watched, and their events taken in. */
#include "cli/demo.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "emulator/guc/guc.h"
#include "proto/actions.h"
#include "proto/hxg.h"
#include "proto/regs.h"
#include "view/describe.h"

/* How much lower card B gives out GGTT than card A. */
#define OFFSET_B "256M"
/* A card gets this long to write what waits for the disk. */
#define RECORD_END_NS 10000000000ull

/* --- processes -------------------------------------------------------------------- */

static void on_card_line(struct child *child, char *line)
{
	struct demo_card *c = child->user;
	const char *base = strstr(line, "ggtt=");

	if (strncmp(line, "ready", 5) != 0)
		return;
	c->base = base ? strtoull(base + 5, NULL, 0) : 0;
	c->ready = true;
}

static void on_card_exit(struct child *child, int status)
{
	struct demo_card *c = child->user;

	if (!c->demo->stopping)
		demo_fail(c->demo, "card %s ended (%s %d)%s", c->name,
			  WIFSIGNALED(status) ? "signal" : "exit status",
			  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
			  c->demo->opt.verbose ? "" : "; --verbose shows its log");
}

static bool start_card(struct demo *d, unsigned index)
{
	struct demo_card *c = &d->card[index];
	char vfs[8], gts[8], abi[8], seed[24];
	const char *words[30 + 4 * CLI_LIST_MAX] = {
		d->program, "serve", "--socket", c->socket, "--name", c->name, "--vfs", vfs,
		"--gts", gts, "--ready-fd", "1", "--guc-abi", abi,
		"--ggtt-offset", index == 0 ? "0" : OFFSET_B, "--gap-profile",
		"--platform", d->opt.platform->name,
	};
	size_t n = 0;
	int err;

	c->demo = d;
	c->index = index;
	c->name[0] = (char)('A' + index);
	snprintf(c->socket, sizeof(c->socket), "%s/%c.sock", d->folder, 'A' + (int)index);
	snprintf(vfs, sizeof(vfs), "%u", d->opt.vfs);
	snprintf(gts, sizeof(gts), "%u", d->opt.gts);
	snprintf(abi, sizeof(abi), "1.%u", demo_abi_minor(d));
	while (words[n])
		n++;
	if (c->record[0]) {
		words[n++] = "--record";
		words[n++] = c->record;
	}
	if (d->opt.overwrite)
		words[n++] = "--overwrite";
	if (d->skips[FIXUP_H2G]) /* else GuC reads what the driver left in its ring */
		words[n++] = "--no-drain";
	for (unsigned i = 0; i < d->opt.faults.n; i++) {
		words[n++] = "--faults";
		words[n++] = d->opt.faults.item[i];
	}
	for (unsigned i = 0; i < d->opt.fault.n; i++) {
		words[n++] = "--fault";
		words[n++] = d->opt.fault.item[i];
	}
	snprintf(seed, sizeof(seed), "%" PRIu64, d->opt.fault_seed);
	words[n++] = "--seed";
	words[n++] = seed;
	c->child = (struct child){ .on_line = on_card_line, .on_exit = on_card_exit, .user = c };
	err = child_start(&c->child, &d->loop, (char *const *)(uintptr_t)words, false, d->log_fd);
	if (err < 0)
		demo_fail(d, "can't start card %s: %s", c->name, strerror(-err));
	return err == 0;
}

static bool both_ready(struct demo *d)
{
	return d->card[0].ready && d->card[1].ready;
}

static bool both_streaming(struct demo *d)
{
	return d->card[0].streaming && d->card[1].streaming;
}

/* --- events ------------------------------------------------------------------------- */

/* The diagram is VF 1's; of the others only what is counted. */
static bool wanted(const struct view_event *e)
{
	if (e->guc.fn == 1)
		return true;
	if (e->step || e->guc.fn != 0)
		return false;
	return e->guc.point == GUC_PT_H2G || e->guc.point == GUC_PT_G2H;
}

static void keep(struct demo *d, struct view_event *e, const struct frame *f)
{
	if (!e->by_vf && d->card[e->card].muted)
		return;
	demo_record_event(d, e, f);
	if (!wanted(e))
		return;
	if (d->events_n == DEMO_EVENTS)
		d->events_dropped++;
	else
		d->events[d->events_n++] = *e;
}

static void note(struct demo *d, const struct guc_event *g)
{
	struct demo_vf *v;

	if (g->fn == 0 || g->fn > d->opt.vfs || g->gt >= d->opt.gts)
		return;
	v = &d->vf[g->fn - 1];
	if (g->point == GUC_PT_STATE && g->from == GUC_VFS_RESFIX_BLOCKED &&
	    g->to == GUC_VFS_RUNNING)
		v->gt[g->gt].running = g->time;
	if (g->point == GUC_PT_IRQ && g->code == GUC_IRQ_SW_INT_0 &&
	    (g->value == MEMIRQ_SOURCE_GUC || g->value == MEMIRQ_SOURCE_MEDIA_GUC))
		v->gt[g->gt].interrupted = g->time;
}

static void note_finding(struct demo *d, struct demo_card *card, const struct guc_event *g)
{
	char text[DESCRIBE_MAX];

	if (d->found[g->finding->structure]++ == 0) {
		describe_finding(text, sizeof(text), g->finding);
		demo_say(d, "detector on %s, VF %u GT%u: %s", card->name, g->fn, g->gt, text);
	}
	card->findings++;
}

/* The first few are part of the story. */
static void note_fault(struct demo *d, struct demo_card *card, const struct guc_event *g)
{
	char text[DESCRIBE_MAX];

	if (card->faults++ >= 8)
		return;
	describe_event(text, sizeof(text), g);
	demo_say(d, "on %s: %s", card->name, text);
}

static void on_event(void *user, const struct frame *f)
{
	struct demo_card *card = user;
	struct demo *d = card->demo;
	struct view_event e;
	unsigned long long lost;
	const struct guc_event *g;

	if (view_event_read(&e, f) < 0) {
		demo_fail(d, "card %s sent an event that can't be read", card->name);
		return;
	}
	if (sscanf(e.text, "lost %llu", &lost) == 1)
		card->lost += lost;
	e.card = card->index;
	keep(d, &e, f);
	if (e.step)
		return;
	g = view_event_guc(&e);
	note(d, g);
	if (g->point == GUC_PT_FINDING)
		note_finding(d, card, g);
	if (g->point == GUC_PT_VIOLATION)
		card->violations++;
	if (g->point == GUC_PT_FAULT)
		note_fault(d, card, g);
}

void demo_event(struct demo *d, struct view_event *event)
{
	keep(d, event, NULL);
}

static void on_lost(void *user, const char *reason)
{
	struct demo_card *c = user;

	if (!c->demo->stopping)
		demo_fail(c->demo, "lost card %s: %s", c->name, reason);
}

static void on_streaming(struct control_request *r, int status, const char *text)
{
	struct demo_card *c = r->user;

	c->streaming = status == 0;
	if (status < 0 && !c->demo->stopping)
		demo_fail(c->demo, "card %s: %s", c->name, control_error(status, text));
}

static bool watch(struct demo *d, struct demo_card *c)
{
	const struct control_ops ops = { .event = on_event, .lost = on_lost, .user = c };
	char err[256];

	if (control_open(&c->control, &d->loop, c->socket, &ops, err, sizeof(err)) < 0) {
		demo_fail(d, "card %s: %s", c->name, err);
		return false;
	}
	c->events = (struct control_request){ .reply = on_streaming, .user = c };
	control_ask(c->control, &c->events,
		    "events points=mbox-request,mbox-reply,h2g,g2h,irq,state,flr,blob,finding,"
		    "violation,fault,step");
	return true;
}

bool demo_cards_start(struct demo *d)
{
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		if (!start_card(d, i))
			return false;
	if (!demo_until(d, "waiting for the cards", both_ready))
		return false;
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		if (!watch(d, &d->card[i]))
			return false;
	if (!demo_until(d, "asking the cards for their events", both_streaming))
		return false;
	demo_say(d, "cards A and B are up: %u GT%s, %u VF%s each, VF ABI %s", d->opt.gts,
		 d->opt.gts == 1 ? "" : "s", d->opt.vfs, d->opt.vfs == 1 ? "" : "s",
		 d->opt.seed ? "1.26 (no markers)" : "1.28");
	if (d->opt.fault.n + d->opt.faults.n > 0)
		demo_say(d, "fault rules: seed %" PRIu64, d->opt.fault_seed);
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		demo_say(d, "card %s gives VF 1 the GGTT range from 0x%" PRIx64, d->card[i].name,
			 d->card[i].base);
	return true;
}

/* Cards that record have an end to write; others are just killed. */
static void let_recordings_end(struct demo *d)
{
	uint64_t limit = uv_hrtime() + RECORD_END_NS;

	for (unsigned i = 0; i < DEMO_CARDS; i++)
		child_signal(&d->card[i].child, SIGTERM);
	for (unsigned i = 0; i < DEMO_CARDS; i++)
		while (d->card[i].child.pid > 0 && !d->card[i].child.exited &&
		       uv_hrtime() < limit)
			uv_run(&d->loop, UV_RUN_ONCE);
}

void demo_cards_end(struct demo *d)
{
	if (d->trace && d->handles)
		let_recordings_end(d);
	for (unsigned i = 0; i < DEMO_CARDS; i++) {
		control_close(d->card[i].control);
		d->card[i].control = NULL;
		child_end(&d->card[i].child);
	}
}
