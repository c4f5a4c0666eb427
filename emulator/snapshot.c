/* SPDX-License-Identifier: MIT */
/* See snapshot.h. What can't be taken whole is refused with the reason: memory that
 * belongs to a client, a PF elsewhere or at work, machines, a recording. */
#include "emulator/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/local_copy.h"
#include "emulator/vfio/vfio.h"
#include "fault/fault.h"
#include "pf.h"
#include "server.h"
#include "verb.h"
#include "view/json.h"

/* A function's hosted memory and its plain rings. */
struct snap_function {
	struct memory_region region[MEMORY_REGIONS];
	uint8_t *bytes[MEMORY_REGIONS];
	unsigned n;
	struct plain_ctb *plain[GUC_MAX_GTS];
	uint8_t *rings[GUC_MAX_GTS];
	uint8_t state[GUC_MAX_GTS];
};

struct snapshot {
	struct snapshot *next;
	char name[SNAPSHOT_NAME_MAX + 1];
	uint64_t now;
	uint8_t *block, *pf;
	struct local_copy local;
	struct snap_function *fn; /* vfs + 1 */
	size_t bytes;
};

/* --- what stands against it ------------------------------------------------------------------ */

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

/* --- taking ------------------------------------------------------------------------------------- */

static uint8_t *copied(struct snapshot *snap, const void *from, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);

	if (p)
		memcpy(p, from, size);
	snap->bytes += size;
	return p;
}

static int take_function(struct snapshot *snap, struct snap_function *to, const struct function *f)
{
	to->n = f->memory.n;
	memcpy(to->state, f->state, sizeof(to->state));
	for (unsigned i = 0; i < f->memory.n; i++) {
		to->region[i] = f->memory.region[i];
		to->bytes[i] = copied(snap, f->memory.region[i].at, f->memory.region[i].size);
		if (!to->bytes[i])
			return -ENOMEM;
	}
	for (unsigned gt = 0; gt < GUC_MAX_GTS; gt++) {
		to->plain[gt] = f->plain[gt];
		to->rings[gt] = f->plain[gt] ? copied(snap, f->plain[gt], plain_size()) : NULL;
		if (f->plain[gt] && !to->rings[gt])
			return -ENOMEM;
	}
	return 0;
}

static void snapshot_free(struct server *s, struct snapshot *snap)
{
	for (unsigned fn = 0; snap->fn && fn <= s->opt.geometry.vfs; fn++) {
		for (unsigned i = 0; i < snap->fn[fn].n; i++)
			free(snap->fn[fn].bytes[i]);
		for (unsigned gt = 0; gt < GUC_MAX_GTS; gt++)
			free(snap->fn[fn].rings[gt]);
	}
	local_copy_free(&snap->local);
	free(snap->fn);
	free(snap->block);
	free(snap->pf);
	free(snap);
}

static int take(struct server *s, struct snapshot *snap)
{
	int err;

	card_time(s);
	snap->now = s->now;
	snap->fn = calloc(s->opt.geometry.vfs + 1u, sizeof(*snap->fn));
	snap->block = copied(snap, s->card.block, s->block_size);
	snap->pf = copied(snap, pf_driver(s->pf), pfc_size());
	if (!snap->fn || !snap->block || !snap->pf)
		return -ENOMEM;
	for (unsigned fn = 0; fn <= s->opt.geometry.vfs; fn++) {
		err = take_function(snap, &snap->fn[fn], &s->fn[fn]);
		if (err)
			return err;
	}
	err = local_copy_take(&snap->local, &s->local, s->opt.geometry.tiles,
			      s->opt.geometry.vfs + 1u);
	snap->bytes += snap->local.bytes;
	return err;
}

/* --- restoring ------------------------------------------------------------------------------------ */

/* The same memory and rings as then; NULL, or what is different. */
static const char *differs(const struct function *f, const struct snap_function *was)
{
	if (f->memory.n != was->n)
		return "VF %u has other memory than then";
	for (unsigned i = 0; i < was->n; i++)
		if (f->memory.region[i].dma != was->region[i].dma ||
		    f->memory.region[i].size != was->region[i].size)
			return "VF %u has other memory than then";
	for (unsigned gt = 0; gt < GUC_MAX_GTS; gt++)
		if (f->plain[gt] != was->plain[gt])
			return "VF %u has another client than then";
	return NULL;
}

static int restore(struct server *s, const struct snapshot *snap, char *why, size_t cap)
{
	for (unsigned fn = 0; fn <= s->opt.geometry.vfs; fn++) {
		const char *other = differs(&s->fn[fn], &snap->fn[fn]);

		if (other)
			return refused(why, cap, -EPERM, other, fn);
	}
	memcpy(s->card.block, snap->block, s->block_size);
	memcpy(pf_driver(s->pf), snap->pf, pfc_size());
	for (unsigned fn = 0; fn <= s->opt.geometry.vfs; fn++) {
		const struct snap_function *was = &snap->fn[fn];
		struct function *f = &s->fn[fn];

		memcpy(f->state, was->state, sizeof(f->state));
		for (unsigned i = 0; i < was->n; i++)
			memcpy(f->memory.region[i].at, was->bytes[i], was->region[i].size);
		for (unsigned gt = 0; gt < GUC_MAX_GTS; gt++)
			if (was->plain[gt])
				memcpy(f->plain[gt], was->rings[gt], plain_size());
	}
	clock_set(s, snap->now);
	s->ticked = false;
	card_kick(s);
	return local_copy_restore(&snap->local, &s->local);
}

/* --- the verb ---------------------------------------------------------------------------------------- */

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

/* A new one replaces that of its name only when it is whole. */
static int save(struct server *s, const char *name, char *why, size_t cap)
{
	struct snapshot **at = find(s, name), *snap;
	int err = possible(s, why, cap);

	if (!err && !*at && kept(s) == SNAPSHOTS_MAX)
		err = refused(why, cap, -ENOSPC, "there are %u already", SNAPSHOTS_MAX);
	if (err)
		return err;
	snap = calloc(1, sizeof(*snap));
	if (!snap)
		return -ENOMEM;
	snprintf(snap->name, sizeof(snap->name), "%s", name);
	err = take(s, snap);
	if (err) {
		snapshot_free(s, snap);
		return refused(why, cap, err, err == -EBUSY ? "an image is being applied"
							     : "no memory for it", 0);
	}
	if (*at) {
		struct snapshot *old = *at;

		*at = old->next;
		snapshot_free(s, old);
	}
	snap->next = s->snapshots;
	s->snapshots = snap;
	return 0;
}

void verb_snapshot(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	struct server *s = c->server;
	const char *what = verb_option(v, "do"), *name = verb_option(v, "name");
	char why[128] = "";
	struct snapshot **at;
	int err = 0;

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
		err = save(s, name, why, sizeof(why));
	} else if (strcmp(what, "restore") != 0 && strcmp(what, "drop") != 0) {
		err = refused(why, sizeof(why), -EINVAL, "do=save, restore, drop or list", 0);
	} else if (!*at) {
		err = refused(why, sizeof(why), -ENOENT, "there is no snapshot of that name", 0);
	} else if (strcmp(what, "restore") == 0) {
		err = possible(s, why, sizeof(why));
		if (!err)
			err = restore(s, *at, why, sizeof(why));
	} else {
		struct snapshot *old = *at;

		*at = old->next;
		snapshot_free(s, old);
	}
	control_reply(c, seq, err, err ? NULL : list(s), err ? why : NULL);
}

void snapshots_drop(struct server *s)
{
	while (s->snapshots) {
		struct snapshot *snap = s->snapshots;

		s->snapshots = snap->next;
		snapshot_free(s, snap);
	}
}
