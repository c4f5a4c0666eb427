/* SPDX-License-Identifier: MIT */
/* Engine activity (guc-abi 6.2, 10): how long each engine worked, of the device
 * (0x550C) or of each function (0x550D), in buffers of the PF. Of a buffer set
 * each function has one metadata block and one table of records, a record for
 * each instance of each class; records are written when they change. An engine
 * is active while a context on it has something to do; a job that begins and
 * ends within a turn counts one tick. The layout is xe_guc_fwif.h's. */
#include "sched.h"

#define TICK_HZ 19200000u /* of the GuC's time stamps: the crystal's */

#define METADATA_BYTES 16u
enum { META_HZ, META_LAG_US, META_CHANGE, META_RESERVED, META_DWORDS };

#define RECORD_BYTES  16u
#define RECORD_CHANGE BITS(15, 0)
#define RECORD_SHARE  BITS(31, 16) /* of the time, in RECORD_WHOLE parts */
#define RECORD_WHOLE  0x8000u
enum { REC_CHANGE, REC_SINCE, REC_TICKS_LO, REC_TICKS_HI, REC_DWORDS };

/* Records of a function: 16 classes, 32 instances. */
#define TABLE_INSTANCES 32u
#define TABLE_BYTES     (16u * TABLE_INSTANCES * RECORD_BYTES)

enum { OF_DEVICE, OF_FUNCTIONS };

static uint64_t to_ticks(uint64_t ns)
{
	/* 19.2 MHz are 12 ticks in 625 ns. */
	return ns / 625 * 12 + ns % 625 * 12 / 625;
}

static bool is_on(const struct guc_unit *u)
{
	return u->activity[OF_DEVICE].data || u->activity[OF_FUNCTIONS].data;
}

/* --- publishing --------------------------------------------------------------------- */

/* Function fn's share of an engine's time: its quantum's of all that have one. */
static uint32_t share_of(const struct guc_card *c, unsigned gt, unsigned fn, uint32_t functions)
{
	uint32_t own = guc_fn(c, gt, fn)->config.exec_quantum_ms[0];
	uint64_t all = 0;

	for (uint32_t i = 0; i < functions; i++)
		all += guc_fn(c, gt, i)->config.exec_quantum_ms[0];
	return own ? (uint32_t)(own * (uint64_t)RECORD_WHOLE / all) : RECORD_WHOLE;
}

static int put_metadata(struct guc_card *c, unsigned gt, const struct guc_activity_buffer *b,
			unsigned index)
{
	uint32_t dw[META_DWORDS] = { 0 };

	le32_put(&dw[META_HZ], TICK_HZ);
	le32_put(&dw[META_CHANGE], b->change);
	return guc_ggtt_write(c, gt, 0, b->metadata + index * METADATA_BYTES, dw, sizeof(dw));
}

static int put_record(struct guc_card *c, unsigned gt, const struct guc_activity_buffer *b,
		      unsigned index, unsigned class, unsigned instance,
		      const struct guc_engine_time *t)
{
	uint64_t at = b->data + index * TABLE_BYTES +
		      (class * TABLE_INSTANCES + instance) * RECORD_BYTES;
	uint32_t share = b->functions ? share_of(c, gt, index, b->functions) : RECORD_WHOLE;
	uint32_t dw[REC_DWORDS], since = t->since ? lo32(to_ticks(t->since - 1)) : 0;

	/* 0 says that nothing was counted yet. */
	le32_put(&dw[REC_CHANGE], field_put(RECORD_CHANGE, t->change % 0xFFFF + 1) |
				  field_put(RECORD_SHARE, share));
	le32_put(&dw[REC_SINCE], t->since && !since ? 1 : since);
	le32_put(&dw[REC_TICKS_LO], lo32(t->ticks));
	le32_put(&dw[REC_TICKS_HI], hi32(t->ticks));
	return guc_ggtt_write(c, gt, 0, at, dw, sizeof(dw));
}

/* Publish the engines in `which` of function `index`, or of the device. A PF that
 * has taken the memory away is not written to again. */
static bool publish(struct guc_card *c, unsigned gt, struct guc_activity_buffer *b,
		    unsigned index, const struct guc_engine_time *t, uint32_t which)
{
	bool good = true;

	if (!b->data || !which || index >= (b->functions ? b->functions : 1))
		return true;
	for (unsigned class = 0; class < GUC_CLASS_COUNT && good; class++)
		for (unsigned i = 0; i < guc_engine_count(class) && good; i++) {
			unsigned e = guc_engine_number(c, class, i);

			if (which >> e & 1)
				good = !put_record(c, gt, b, index, class, i, &t[e]);
		}
	if (++b->change == 0)
		b->change = 1;
	good = good && !put_metadata(c, gt, b, index);
	if (!good)
		*b = (struct guc_activity_buffer){ 0 };
	return good;
}

#define ALL_ENGINES ((1u << GUC_ENGINES) - 1)

static bool publish_functions(struct guc_card *c, unsigned gt)
{
	struct guc_activity_buffer *b = &guc_unit(c, gt)->activity[OF_FUNCTIONS];
	uint32_t n = b->functions;

	for (unsigned fn = 0; fn < n; fn++)
		if (!publish(c, gt, b, fn, guc_fn(c, gt, fn)->engine, ALL_ENGINES))
			return false;
	return true;
}

void guc_activity_ratios(struct guc_card *c, unsigned gt)
{
	publish_functions(c, gt);
}

/* --- counting ----------------------------------------------------------------------- */

void guc_activity_ran(struct guc_card *c, unsigned gt, const struct guc_context *ctx)
{
	struct guc_unit *u = guc_unit(c, gt);
	uint32_t left = is_on(u) ? ctx->engines : 0;

	if (!left)
		return;
	for (; left; left &= left - 1) {
		unsigned e = (unsigned)__builtin_ctz(left);

		guc_fn(c, gt, ctx->fn)->engine[e].ran = 1;
		u->engine[e].ran = 1;
	}
	u->engines_busy |= guc_bit(ctx->fn);
}

/* Go on with an engine's time: true when it has changed. */
static bool step(struct guc_engine_time *t, bool busy, uint64_t now)
{
	bool ran = t->ran;

	t->ran = 0;
	if (busy && !t->since) {
		t->since = now + 1;
	} else if (!busy && t->since) {
		uint64_t span = to_ticks(now) - to_ticks(t->since - 1);

		t->ticks += span ? span : 1;
		t->since = 0;
	} else if (!busy && ran) {
		t->ticks++;
	} else {
		return false;
	}
	t->change++;
	return true;
}

/* Step all engines; a bit for each that has changed. */
static uint32_t step_all(struct guc_engine_time *t, uint32_t busy, uint64_t now)
{
	uint32_t changed = 0;

	for (unsigned e = 0; e < GUC_ENGINES; e++)
		if (step(&t[e], busy >> e & 1, now))
			changed |= 1u << e;
	return changed;
}

/* Engines that fn keeps busy, a bit each. */
static uint32_t find_busy(const struct guc_card *c, unsigned gt, unsigned fn)
{
	const struct guc_function *f = guc_fn(c, gt, fn);
	uint32_t busy = 0;

	if (f->state != GUC_VFS_RUNNING || guc_unit(c, gt)->asleep)
		return 0;
	for (unsigned e = 0; e < GUC_ENGINES; e++)
		if (f->load[e])
			busy |= 1u << e;
	return busy;
}

void guc_activity_settle(struct guc_card *c, unsigned gt)
{
	struct guc_unit *u = guc_unit(c, gt);
	uint64_t left = u->engines_busy, now = c->block->now;
	uint32_t all = 0;

	if (!left)
		return;
	for (; left; left &= left - 1) {
		unsigned fn = (unsigned)__builtin_ctzll(left);
		struct guc_function *f = guc_fn(c, gt, fn);
		uint32_t busy = find_busy(c, gt, fn);

		publish(c, gt, &u->activity[OF_FUNCTIONS], fn, f->engine,
			step_all(f->engine, busy, now));
		all |= busy;
		if (!busy)
			u->engines_busy &= ~guc_bit(fn);
	}
	publish(c, gt, &u->activity[OF_DEVICE], 0, u->engine, step_all(u->engine, all, now));
}

/* --- the actions -------------------------------------------------------------------- */

/* Count into these buffers from now on, for `functions` of them, or the device. */
static uint16_t begin(struct guc_card *c, const struct guc_request *r, unsigned of,
		      uint32_t functions, const uint32_t *dw)
{
	struct guc_unit *u = guc_unit(c, r->gt);
	const struct guc_activity_buffer b = {
		.metadata = make64(dw[0], dw[1]), .data = make64(dw[2], dw[3]),
		.functions = functions,
	};
	uint32_t n = functions ? functions : 1;
	unsigned tile = guc_gt_tile(c, r->gt);
	bool good;

	if (!b.metadata || !b.data || b.metadata % 8 || b.data % 8 ||
	    !guc_in_range(c, tile, r->fn, b.metadata, (uint64_t)n * METADATA_BYTES) ||
	    !guc_in_range(c, tile, r->fn, b.data, (uint64_t)n * TABLE_BYTES))
		return GUC_ERR_INVALID_GGTT_ADDRESS;
	u->activity[of] = b;
	if (of == OF_DEVICE) {
		memset(u->engine, 0, sizeof(u->engine));
		good = publish(c, r->gt, &u->activity[of], 0, u->engine, ALL_ENGINES);
	} else {
		for (unsigned fn = 0; fn <= c->block->geometry.vfs; fn++)
			memset(guc_fn(c, r->gt, fn)->engine, 0,
			       sizeof(guc_fn(c, r->gt, fn)->engine));
		good = publish_functions(c, r->gt);
	}
	return good ? GUC_OK : GUC_ERR_INVALID_GGTT_ADDRESS;
}

static uint16_t end(struct guc_card *c, const struct guc_request *r, unsigned of)
{
	guc_unit(c, r->gt)->activity[of] = (struct guc_activity_buffer){ 0 };
	return GUC_OK;
}

/* dw1/2 metadata, dw3/4 records; all 0: off. */
uint16_t guc_act_device_activity(struct guc_card *c, struct guc_request *r)
{
	if (!(r->dw[1] | r->dw[2] | r->dw[3] | r->dw[4]))
		return end(c, r, OF_DEVICE);
	return begin(c, r, OF_DEVICE, 0, r->dw + 1);
}

/* dw1 number of functions, the PF the first, 0: off; dw2/3 metadata, dw4/5 records. */
uint16_t guc_act_function_activity(struct guc_card *c, struct guc_request *r)
{
	if (r->dw[1] == 0)
		return end(c, r, OF_FUNCTIONS);
	if (r->dw[1] > c->block->geometry.vfs + 1u)
		return GUC_ERR_INVALID_PARAMS;
	return begin(c, r, OF_FUNCTIONS, r->dw[1], r->dw + 2);
}
