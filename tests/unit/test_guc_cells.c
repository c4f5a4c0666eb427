/* SPDX-License-Identifier: MIT */
/* Every cell of the VF lifecycle, state x event, on a whole card through its
 * public surface: the VF is brought into the state by requests of PF and VF,
 * the event is a request over CTB or MMIO or a function level reset, and what
 * counts is the reply, guc_vf_info() and nothing else. With markers and
 * without; where a state can hold a marker, with marker 0 and with another. */
#include <check.h>
#include <stdio.h>

#include "guc_happen.h"
#include "lifecycle_wants.h"
#include "tests/check_main.h"

#define MARKER 5u

/* What a card is like: both ABI generations, and the strict option. */
static const struct kind {
	const char *name;
	uint8_t minor;
	bool strict;
} kinds[] = {
	{ "1.28", GUC_ABI_MAX_MINOR, false },
	{ "1.26", GUC_ABI_MARKERS - 1, false },
	{ "1.28 strict", GUC_ABI_MAX_MINOR, true },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct fx *f;
static uint32_t blob_dwords;

static struct guc_vf_info info(void)
{
	struct guc_vf_info i;

	ck_assert_int_eq(guc_vf_info(&f->card, 1, 0, &i), 0);
	return i;
}

static uint16_t happen(enum guc_vf_input input, uint32_t arg)
{
	return fx_happen(f, input, arg, blob_dwords);
}

static void must(enum guc_vf_input input)
{
	uint16_t error = happen(input, MARKER);

	ck_assert_msg(error == 0, "%s: 0x%x", guc_vf_input_name(input), error);
}

/* --- states --------------------------------------------------------------------------- */

/* After a life on this card, of which an image was saved: reset, VF_READY. */
static void begin(const struct kind *k)
{
	struct guc_options o;

	guc_options_default(&o);
	o.abi_minor = k->minor;
	o.strict_resfix = k->strict;
	f = fx_new(1, 1, 2, &o);
	fx_provision(f, 1);
	fx_boot(f, 1, 0);
	must(GUC_IN_PAUSE);
	blob_dwords = fx_save(f, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0;
	ck_assert_uint_gt(blob_dwords, 0);
	must(GUC_IN_FLR_START);
	must(GUC_IN_FLR_FINISH);
}

static void to_ready(void)
{
	fx_boot(f, 1, 0);
	must(GUC_IN_CTB_DISABLE);
}

static void to_running(void)
{
	fx_boot(f, 1, 0);
}

static void to_ready_paused(void)
{
	to_ready();
	must(GUC_IN_PAUSE);
}

static void to_running_paused(void)
{
	to_running();
	must(GUC_IN_PAUSE);
}

static void to_resfix_paused(void)
{
	must(GUC_IN_PAUSE);
	must(GUC_IN_RESTORE);
}

static void to_resfix_blocked(void)
{
	to_resfix_paused();
	must(GUC_IN_RESUME);
}

static void to_unprovisioned(void)
{
	must(GUC_IN_CONFIG_GONE);
}

static void to_stopped(void)
{
	to_running();
	must(GUC_IN_STOP);
}

static void to_flr_pending(void)
{
	to_running();
	must(GUC_IN_PCI_FLR);
}

static void to_flr_cleaned(void)
{
	to_running();
	must(GUC_IN_FLR_START);
}

static void to_flr_rearmed(void)
{
	to_flr_cleaned();
	must(GUC_IN_PCI_FLR);
}

/* FLR_ACTIVE lasts from the reply to FLR_START until FLR_DONE, in one turn: the
 * card is copied when the sink is told of the reply. */
static struct fx_copy *active;

static void copy_active(void *user, const struct guc_event *event)
{
	(void)user;
	if (event->point == GUC_PT_G2H && event->fn == 0 &&
	    event->code == GUC_ACTION_VF_CONTROL)
		fx_copy_take(active, f);
}

static void to_flr_active(void)
{
	guc_sink_fn sink = f->card.sink;

	to_running();
	active = fx_copy_new(f);
	f->card.sink = copy_active;
	must(GUC_IN_FLR_START);
	fx_copy_back(f, active);
	f->card.sink = sink;
	fx_copy_free(active);
}

static void to_marked(void)
{
	to_resfix_blocked();
	must(GUC_IN_RESFIX_START);
}

static void to_marked_paused(void)
{
	to_marked();
	must(GUC_IN_PAUSE);
}

static void to_marked_stopped(void)
{
	to_marked();
	must(GUC_IN_STOP);
}

static void to_marked_flr(void)
{
	to_marked();
	must(GUC_IN_PCI_FLR);
}

static void to_frozen_ready(void)
{
	to_ready();
	must(GUC_IN_RESFIX_START);
}

/* States with what they can hold beside; `marked`: needs markers. */
static const struct place {
	const char *name;
	enum guc_vf_state state;
	void (*reach)(void);
	bool marked;
} places[] = {
	{ "UNPROVISIONED", GUC_VFS_UNPROVISIONED, to_unprovisioned, false },
	{ "VF_READY", GUC_VFS_READY, to_ready, false },
	{ "VF_RUNNING", GUC_VFS_RUNNING, to_running, false },
	{ "VF_READY_PAUSED", GUC_VFS_READY_PAUSED, to_ready_paused, false },
	{ "VF_RUNNING_PAUSED", GUC_VFS_RUNNING_PAUSED, to_running_paused, false },
	{ "VF_RESFIX_PAUSED", GUC_VFS_RESFIX_PAUSED, to_resfix_paused, false },
	{ "VF_RESFIX_PAUSED, marker", GUC_VFS_RESFIX_PAUSED, to_marked_paused, true },
	{ "VF_RESFIX_BLOCKED", GUC_VFS_RESFIX_BLOCKED, to_resfix_blocked, false },
	{ "VF_RESFIX_BLOCKED, marker", GUC_VFS_RESFIX_BLOCKED, to_marked, true },
	{ "VF_RESFIX_BLOCKED from VF_READY", GUC_VFS_RESFIX_BLOCKED, to_frozen_ready, true },
	{ "VF_STOPPED", GUC_VFS_STOPPED, to_stopped, false },
	{ "VF_STOPPED, marker", GUC_VFS_STOPPED, to_marked_stopped, true },
	{ "FLR_PENDING", GUC_VFS_FLR_PENDING, to_flr_pending, false },
	{ "FLR_PENDING, marker", GUC_VFS_FLR_PENDING, to_marked_flr, true },
	{ "FLR_ACTIVE", GUC_VFS_FLR_ACTIVE, to_flr_active, false },
	{ "FLR_CLEANED", GUC_VFS_FLR_CLEANED, to_flr_cleaned, false },
	{ "FLR_CLEANED, FLR again", GUC_VFS_FLR_CLEANED, to_flr_rearmed, false },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* --- what is wanted ------------------------------------------------------------------- */

static bool has_marker(enum guc_vf_input input)
{
	return input == GUC_IN_RESFIX_START || input == GUC_IN_RESFIX_DONE;
}

/* True when the expectation is about such a request. Without markers START is
 * refused whatever it carries. */
static bool is_about(const struct expectation *e, enum guc_vf_input input, uint32_t arg,
		     uint16_t marker, bool legacy)
{
	if (e->input != input || e->strict)
		return false;
	if (!has_marker(input))
		return true;
	if (legacy != (e->minor < GUC_ABI_MARKERS))
		return false;
	if (legacy && input == GUC_IN_RESFIX_START)
		return true;
	if ((e->arg == 0) != (arg == 0))
		return false;
	return legacy || input == GUC_IN_RESFIX_START || arg == 0 ||
	       (e->arg == e->marker) == (arg == marker);
}

static struct want wanted(const struct place *p, enum guc_vf_input input, uint32_t arg,
			  uint16_t marker, const struct kind *k)
{
	bool legacy = k->minor < GUC_ABI_MARKERS;
	struct want w = { GUC_ERR_GENERIC_FAIL, NO };

	for (size_t i = 0; i < EXPECTATIONS; i++)
		if (is_about(&expectations[i], input, arg, marker, legacy)) {
			w = expectations[i].want[p->state];
			break;
		}
	/* What the columns of the expectations leave to the cell. */
	if (p->reach == to_frozen_ready && input == GUC_IN_RESFIX_DONE && !w.error)
		w.next = GUC_VFS_READY;
	if (p->reach == to_flr_rearmed && input == GUC_IN_FLR_FINISH)
		w.next = GUC_VFS_FLR_PENDING;
	/* RESFIX_START is no action of an ABI without markers, in any state that is
	 * listened to at all. */
	if (legacy && input == GUC_IN_RESFIX_START && w.error != HELD && w.error != LOST)
		w = (struct want){ GUC_ERR_UNKNOWN_ACTION, NO };
	if (k->strict && input == GUC_IN_RESFIX_START &&
	    (p->state == GUC_VFS_READY || p->state == GUC_VFS_RUNNING))
		w = (struct want){ GUC_ERR_INVALID_STATE, NO };
	/* A ring that is enabled is not enabled again (guc-abi 12, item 14). */
	if (p->state == GUC_VFS_RUNNING && input == GUC_IN_CTB_ENABLE)
		w.error = GUC_ERR_CTB_IN_USE;
	return w;
}

static void one_cell(const struct place *p, enum guc_vf_input input, uint32_t arg,
		     const struct kind *k)
{
	uint16_t marker = p->marked ? MARKER : 0;
	struct want w = wanted(p, input, arg, marker, k);
	enum guc_vf_state next = w.next == NO ? p->state : (enum guc_vf_state)w.next;
	uint16_t error = happen(input, arg);

	/* FLR_ACTIVE ends with the turn. */
	if (next == GUC_VFS_FLR_ACTIVE)
		next = GUC_VFS_FLR_CLEANED;
	ck_assert_msg(error == w.error, "%s in %s (%s), %u: 0x%x, expected 0x%x",
		      guc_vf_input_name(input), p->name, k->name, arg, error, w.error);
	ck_assert_msg(info().state == next, "%s in %s (%s), %u: now %s, expected %s",
		      guc_vf_input_name(input), p->name, k->name, arg,
		      guc_vf_state_name(info().state), guc_vf_state_name(next));
	if (error)
		ck_assert_uint_eq(info().marker, marker);
	else if (input == GUC_IN_RESFIX_START)
		ck_assert_uint_eq(info().marker, arg);
	else if (input == GUC_IN_RESFIX_DONE || input == GUC_IN_RESTORE)
		ck_assert_uint_eq(info().marker, 0);
}

/* All events in one place; how many. */
static unsigned all_events(const struct place *p, const struct kind *k)
{
	struct fx_copy *s = fx_copy_new(f);
	unsigned cells = 0;

	for (unsigned in = 0; in < GUC_IN_COUNT; in++) {
		static const uint32_t args[] = { 0, MARKER, MARKER + 1 };
		enum guc_vf_input input = (enum guc_vf_input)in;

		for (unsigned a = 0; a < (has_marker(input) ? 3 : 1); a++) {
			fx_copy_back(f, s);
			one_cell(p, input, args[a], k);
		}
		cells++;
	}
	fx_copy_free(s);
	return cells;
}

/* L-20: every event in every state has the reply and the next state of
 * vf-lifecycle 1.3, in both ABI generations and with the strict option; a state
 * that can hold a marker is tried with and without, and no other holds one. */
START_TEST(every_cell)
{
	unsigned cells = 0, all = 0, seen[KINDS][GUC_VFS_COUNT] = { 0 };

	for (size_t i = 0; i < KINDS * PLACES; i++) {
		const struct kind *k = &kinds[i / PLACES];
		const struct place *p = &places[i % PLACES];

		if ((p->marked && k->minor < GUC_ABI_MARKERS) ||
		    (p->reach == to_frozen_ready && k->strict))
			continue;
		begin(k);
		p->reach();
		ck_assert_msg(info().state == p->state, "%s: %s", p->name,
			      guc_vf_state_name(info().state));
		ck_assert_uint_eq(info().marker, p->marked ? MARKER : 0);
		cells += all_events(p, k);
		all += GUC_IN_COUNT;
		seen[i / PLACES][p->state]++;
		fx_free(f);
	}
	for (unsigned s = 0; s < KINDS * GUC_VFS_COUNT; s++)
		ck_assert_msg(seen[s / GUC_VFS_COUNT][s % GUC_VFS_COUNT], "%s was not tried",
			      guc_vf_state_name((enum guc_vf_state)(s % GUC_VFS_COUNT)));
	printf("cells: %u of %u (%u states, %u events)\n", cells, all, GUC_VFS_COUNT,
	       GUC_IN_COUNT);
	fflush(stdout);
	ck_assert_uint_eq(cells, all);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc_cells");
	TCase *tc = tcase_create("cells");

	tcase_add_test(tc, every_cell);
	suite_add_tcase(s, tc);
	return check_main(s);
}
