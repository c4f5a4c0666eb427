/* SPDX-License-Identifier: MIT */
/* See snapshot.h. What can't be taken whole is refused with the reason: memory that
 * belongs to a client, a PF elsewhere or at work, machines, a recording. While one is taken
 * or put back, slice by slice, the card stands still: nobody's frames are taken, nothing
 * ticks, its clock does not move. */
#include "emulator/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/kept.h"
#include "emulator/local_copy.h"
#include "emulator/vfio/vfio.h"
#include "fault/fault.h"
#include "pf.h"
#include "server.h"
#include "verb.h"
#include "view/json.h"

/* A piece of memory that is part of the card, and its copy. */
struct snap_part {
	uint8_t *live;
	struct kept kept;
};

/* Whose memory it was: the same client's (0: none), and no region has come or gone. */
struct snap_function {
	uint64_t client, changes;
	uint8_t state[GUC_MAX_GTS];
};

struct snapshot {
	struct snapshot *next;
	char name[SNAPSHOT_NAME_MAX + 1];
	uint64_t now;
	struct snap_part *part; /* in no order */
	unsigned parts;
	struct local_copy local;
	size_t bytes; /* that a whole one takes */
	struct snap_function fn[GUC_MAX_FUNCTIONS];
};

/* What is under way. */
struct snapshot_job {
	struct snapshot *snap;
	bool saving;
	unsigned part; /* how far it is */
	size_t at;
	const struct local_piece *piece;
	uint64_t by, now, began; /* who asked; the card's clock, the machine's */
	uint32_t seq;
};

static size_t bytes_of(const struct snapshot *snap)
{
	size_t bytes = snap->local.bytes;

	for (unsigned i = 0; i < snap->parts; i++)
		bytes += snap->part[i].kept.bytes;
	return bytes;
}

/* Some of what it has; false: it is gone. */
static bool free_slice(struct snapshot *snap)
{
	if (local_copy_free_slice(&snap->local))
		return true;
	while (snap->parts > 0) {
		if (kept_free_slice(&snap->part[snap->parts - 1].kept))
			return true;
		snap->parts--;
	}
	free(snap->part);
	free(snap);
	return false;
}

/* Nobody wants it any more: it goes slice by slice, too. */
static void snapshot_give_up(struct server *s, struct snapshot *snap)
{
	snap->next = s->snapshots_gone;
	s->snapshots_gone = snap;
	card_kick(s);
}

/* --- what stands against it ------------------------------------------------------------- */

static int refused(char *why, size_t cap, int err, const char *text, unsigned fn)
{
	snprintf(why, cap, text, fn);
	return err;
}

static int possible(struct server *s, char *why, size_t cap)
{
	if (!s->pf)
		return refused(why, cap, -EPERM, "the PF is in another process", 0);
	if (s->recorder)
		return refused(why, cap, -EPERM, "a recording could not tell of it", 0);
	if (s->clock.warping)
		return refused(why, cap, -EBUSY, "the clock is being moved on", 0);
	for (unsigned fn = 0; fn <= s->opt.geometry.vfs; fn++) {
		const struct function *f = &s->fn[fn];
		struct pfc_vf_info info = { .busy = false };

		if (f->freeze == FREEZING || f->handover || f->unconfirmed || f->migration)
			return refused(why, cap, -EBUSY, "VF %u is being moved", fn);
		if (vfio_attached(s, fn))
			return refused(why, cap, -EPERM, "VF %u is a virtual machine's", fn);
		if (f->memory.shared)
			return refused(why, cap, -EPERM, "the memory of VF %u belongs to its client",
				       fn);
		if (fn)
			pfc_vf_info(pf_driver(s->pf), fn, &info);
		if (info.busy)
			return refused(why, cap, -EBUSY, "the PF is at work on VF %u", fn);
	}
	return 0;
}

/* --- taking ----------------------------------------------------------------------------- */

static int add_part(struct snapshot *snap, void *live, size_t size)
{
	struct snap_part *p = realloc(snap->part, (snap->parts + 1u) * sizeof(*p));

	if (!p)
		return -ENOMEM;
	snap->part = p;
	p[snap->parts].live = live;
	return kept_init(&p[snap->parts++].kept, size);
}

static uint64_t client_of(const struct function *f)
{
	return f->client ? f->client->id : 0;
}

static int add_function(struct snapshot *snap, unsigned fn, const struct function *f)
{
	int err = 0;

	snap->fn[fn].client = client_of(f);
	snap->fn[fn].changes = f->memory.changes;
	memcpy(snap->fn[fn].state, f->state, sizeof(f->state));
	for (unsigned i = 0; i < f->memory.n && !err; i++)
		err = add_part(snap, f->memory.region[i].at, f->memory.region[i].size);
	for (unsigned gt = 0; gt < GUC_MAX_GTS && !err; gt++)
		if (f->plain[gt])
			err = add_part(snap, f->plain[gt], plain_size());
	return err;
}

/* What the card is made of. */
static int list_parts(struct server *s, struct snapshot *snap)
{
	int err = add_part(snap, s->card.block, s->block_size);

	if (!err)
		err = add_part(snap, pf_driver(s->pf), pfc_size());
	if (!err)
		err = add_part(snap, s->opt.fault, fault_size());
	for (unsigned fn = 0; fn <= s->opt.geometry.vfs && !err; fn++)
		err = add_function(snap, fn, &s->fn[fn]);
	return err ? err : local_copy_begin(&snap->local, &s->local, s->opt.geometry.tiles,
					    s->opt.geometry.vfs + 1u);
}

static size_t kept_bytes(const struct server *s)
{
	size_t bytes = 0;

	for (const struct snapshot *snap = s->snapshots; snap; snap = snap->next)
		bytes += snap->bytes;
	return bytes;
}

/* A slice: 1 there is more, 0 it is whole. */
static int take_slice(struct server *s, struct snapshot_job *job)
{
	struct snapshot *snap = job->snap;
	struct snap_part *p = &snap->part[job->part];

	if (job->part == snap->parts)
		return local_copy_take(&snap->local, &s->local);
	if (job->at < p->kept.size)
		return kept_take(&p->kept, p->live, &job->at) ? -ENOMEM : 1;
	job->part++;
	job->at = 0;
	return 1;
}

/* --- putting back ----------------------------------------------------------------------- */

/* The same memory and rings as then; NULL, or what is different. */
static const char *differs(const struct function *f, const struct snap_function *was)
{
	if (client_of(f) != was->client)
		return "VF %u has another client than then";
	return f->memory.changes != was->changes ? "VF %u has other memory than then" : NULL;
}

static int can_restore(struct server *s, const struct snapshot *snap, char *why, size_t cap)
{
	int err = possible(s, why, cap);

	for (unsigned fn = 0; fn <= s->opt.geometry.vfs && !err; fn++) {
		const char *other = differs(&s->fn[fn], &snap->fn[fn]);

		if (other)
			err = refused(why, cap, -EPERM, other, fn);
	}
	return err;
}

/* A slice: 1 there is more, 0 everything is there. */
static int put_slice(struct server *s, struct snapshot_job *job)
{
	const struct snapshot *snap = job->snap;
	const struct snap_part *p = &snap->part[job->part];
	int err;

	if (job->part == snap->parts) {
		err = local_copy_put(&s->local, &job->piece);
		return err ? err : job->piece != NULL;
	}
	if (job->at < p->kept.size) {
		kept_put(&p->kept, p->live, &job->at);
		return 1;
	}
	job->at = 0;
	if (++job->part == snap->parts)
		local_copy_clear(&snap->local, &s->local);
	return 1;
}

/* --- under way -------------------------------------------------------------------------- */

static struct json_object *list(const struct server *s);
static struct snapshot **find(struct server *s, const char *name);

/* A new one replaces that of its name only when it is whole. */
static void keep(struct server *s, struct snapshot *snap)
{
	struct snapshot **at = find(s, snap->name), *old = *at;

	if (old) {
		*at = old->next;
		snapshot_give_up(s, old);
	}
	snap->bytes = bytes_of(snap);
	snap->next = s->snapshots;
	s->snapshots = snap;
}

/* The job has ended: the card goes on. */
static void job_ends(struct server *s, int err)
{
	struct snapshot_job job = *s->snapshot_job;
	char why[128];

	if (!job.saving)
		snprintf(why, sizeof(why), "the card's own memory is not whole: %s", strerror(-err));
	else if (err == -ENOSPC)
		snprintf(why, sizeof(why), "all snapshots together may take %llu MiB, and would "
			 "take more", (unsigned long long)(s->opt.snapshot_bytes >> 20));
	else
		snprintf(why, sizeof(why), "it can't be copied: %s", strerror(-err));
	free(s->snapshot_job);
	s->snapshot_job = NULL;
	server_log(s, LOG_INFO, "snapshot '%s' %s: %zu bytes, the card stood still for %llu us",
		   job.snap->name, err ? "failed" : job.saving ? "saved" : "restored",
		   bytes_of(job.snap), (unsigned long long)(uv_hrtime() - job.began) / 1000);
	if (job.saving) {
		clock_set(s, job.now);
		if (err)
			snapshot_give_up(s, job.snap);
		else
			keep(s, job.snap);
	} else {
		for (unsigned fn = 0; fn <= s->opt.geometry.vfs; fn++)
			memcpy(s->fn[fn].state, job.snap->fn[fn].state, sizeof(s->fn[fn].state));
		clock_set(s, job.snap->now);
		fault_attach(s->opt.fault, &s->card);
	}
	s->ticked = false;
	card_kick(s);
	control_reply_to(s, job.by, job.seq, err, err ? NULL : list(s), err ? why : NULL);
}

/* A slice of it; false when that was the last. */
static bool job_step(struct server *s)
{
	struct snapshot_job *job = s->snapshot_job;
	int more = job->saving ? take_slice(s, job) : put_slice(s, job);

	if (job->saving && more == 1 &&
	    kept_bytes(s) + bytes_of(job->snap) > s->opt.snapshot_bytes)
		more = -ENOSPC;
	if (more == 1)
		return true;
	job_ends(s, more);
	return false;
}

bool snapshot_turn(struct server *s)
{
	uint64_t until = uv_hrtime() + SERVER_SLICE_NS;

	while (s->snapshot_job && uv_hrtime() < until)
		if (!job_step(s))
			return true;
	return s->snapshot_job;
}

bool snapshots_free(struct server *s)
{
	uint64_t until = uv_hrtime() + SERVER_SLICE_NS;

	while (s->snapshots_gone && uv_hrtime() < until) {
		struct snapshot *snap = s->snapshots_gone, *next = snap->next;

		if (!free_slice(snap))
			s->snapshots_gone = next;
	}
	return s->snapshots_gone;
}

void snapshot_finish(struct server *s)
{
	while (s->snapshot_job)
		(void)job_step(s);
}

static int begin(struct server *s, struct snapshot *snap, bool saving, const struct client *by,
		 uint32_t seq)
{
	struct snapshot_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	card_time(s);
	*job = (struct snapshot_job){
		.snap = snap, .saving = saving, .piece = snap->local.pieces, .by = by->id,
		.now = s->now, .began = uv_hrtime(), .seq = seq,
	};
	if (saving)
		snap->now = s->now;
	s->snapshot_job = job;
	card_kick(s);
	return 0;
}

/* --- the verb --------------------------------------------------------------------------- */

static struct snapshot **find(struct server *s, const char *name)
{
	struct snapshot **at = &s->snapshots;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static unsigned kept(const struct server *s)
{
	unsigned n = 0;

	for (const struct snapshot *snap = s->snapshots; snap; snap = snap->next)
		n++;
	return n;
}

static struct json_object *list(const struct server *s)
{
	struct json_object *o = json_object_new_object(), *a = json_add_array(o, "snapshots");

	for (const struct snapshot *snap = s->snapshots; snap; snap = snap->next) {
		struct json_object *e = json_push_object(a);

		json_add_str(e, "name", snap->name);
		json_add_u64(e, "clock_ns", snap->now);
		json_add_u64(e, "bytes", snap->bytes);
	}
	return o;
}

static int save(struct server *s, const char *name, const struct client *by, uint32_t seq,
		char *why, size_t cap)
{
	struct snapshot *snap;
	int err = possible(s, why, cap);

	if (!err && !*find(s, name) && kept(s) == SNAPSHOTS_MAX)
		err = refused(why, cap, -ENOSPC, "there are %u already", SNAPSHOTS_MAX);
	if (err)
		return err;
	snap = calloc(1, sizeof(*snap));
	if (!snap)
		return refused(why, cap, -ENOMEM, "no memory for it", 0);
	snprintf(snap->name, sizeof(snap->name), "%s", name);
	err = list_parts(s, snap);
	if (!err)
		err = begin(s, snap, true, by, seq);
	if (err)
		snapshot_give_up(s, snap);
	return err ? refused(why, cap, err, err == -EBUSY ? "an image is being applied"
							  : "no memory for it", 0) : 0;
}

/* The old content is gone when the first slice is put back: from there it has to be whole. */
static int restore(struct server *s, struct snapshot *snap, const struct client *by, uint32_t seq,
		   char *why, size_t cap)
{
	int err = can_restore(s, snap, why, cap);

	if (!err && begin(s, snap, false, by, seq))
		err = refused(why, cap, -ENOMEM, "no memory for it", 0);
	return err;
}

void verb_snapshot(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	struct server *s = c->server;
	const char *what = verb_option(v, "do"), *name = verb_option(v, "name");
	char why[128] = "";
	struct snapshot **at;
	int err;

	(void)vf;
	if (!what || strcmp(what, "list") == 0) {
		control_reply(c, seq, 0, list(s), NULL);
		return;
	}
	if (!name || !*name || strlen(name) > SNAPSHOT_NAME_MAX) {
		control_reply(c, seq, -EINVAL, NULL, "name=NAME is needed, of up to 31 letters");
		return;
	}
	at = find(s, name);
	if (strcmp(what, "save") == 0) {
		err = save(s, name, c, seq, why, sizeof(why));
	} else if (strcmp(what, "restore") != 0 && strcmp(what, "drop") != 0) {
		err = refused(why, sizeof(why), -EINVAL, "do=save, restore, drop or list", 0);
	} else if (!*at) {
		err = refused(why, sizeof(why), -ENOENT, "there is no snapshot of that name", 0);
	} else if (strcmp(what, "restore") == 0) {
		err = restore(s, *at, c, seq, why, sizeof(why));
	} else {
		struct snapshot *old = *at;

		*at = old->next;
		snapshot_give_up(s, old);
		control_reply(c, seq, 0, list(s), NULL);
		return;
	}
	if (err)
		control_reply(c, seq, err, NULL, why);
}

void snapshots_drop(struct server *s)
{
	if (s->snapshot_job && s->snapshot_job->saving)
		snapshot_give_up(s, s->snapshot_job->snap);
	free(s->snapshot_job);
	s->snapshot_job = NULL;
	while (s->snapshots) {
		struct snapshot *snap = s->snapshots;

		s->snapshots = snap->next;
		snapshot_give_up(s, snap);
	}
	while (snapshots_free(s))
		;
}
