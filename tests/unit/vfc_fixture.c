/* SPDX-License-Identifier: MIT */
/* The small GuC that a VF driver is tested against. See vfc_fixture.h. */
#include "vfc_fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/ctb.h"
#include "proto/errors.h"
#include "proto/klv.h"
#include "proto/lrc.h"
#include "proto/mi.h"
#include "proto/regs.h"
#include "proto/text.h"

struct fake f;

/* --- GGTT and interrupts ----------------------------------------------------------- */

size_t off_of(unsigned gt, uint64_t ggtt)
{
	ck_assert_uint_ge(ggtt, f.gt[gt].start);
	ck_assert_uint_lt(ggtt - f.gt[gt].start, MEM);
	return ggtt - f.gt[gt].start;
}

void raise_irq(unsigned gt, unsigned bit)
{
	f.mem.base[off_of(gt, f.gt[gt].self[0]) + bit] = 0xFF;
	f.mem.base[off_of(gt, f.gt[gt].self[1])] = 0xFF;
	vfc_irq(f.v);
}

void g2h(unsigned gt, const uint32_t *dw, uint32_t len, uint32_t fence)
{
	size_t desc = off_of(gt, f.gt[gt].self[6]), buf = off_of(gt, f.gt[gt].self[5]);
	uint32_t tail = host_get32(&f.mem, desc + CTB_DESC_TAIL), size = CTB_G2H_BYTES / 4;

	host_put32(&f.mem, buf + 4 * (size_t)tail, ct_header(fence, len));
	tail = ctb_advance(tail, 1, size);
	for (uint32_t i = 0; i < len; i++) {
		host_put32(&f.mem, buf + 4 * (size_t)tail, dw[i]);
		tail = ctb_advance(tail, 1, size);
	}
	host_store_release(&f.mem, desc + CTB_DESC_TAIL, tail);
	if (!f.mute)
		raise_irq(gt, GUC_IRQ_GUC2HOST);
}

void g2h_event(unsigned gt, uint32_t action, uint32_t dw1, uint32_t dw2, uint32_t len)
{
	uint32_t dw[3] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, action, 0), dw1, dw2 };

	g2h(gt, dw, len, 0);
}

/* --- engine: stores only ----------------------------------------------------------- */

static void run_commands(unsigned gt, size_t at, size_t end, unsigned depth)
{
	while (at < end) {
		uint32_t dw = host_get32(&f.mem, at);

		if (dw == MI_BATCH_BUFFER_END)
			return;
		if (dw == MI_SDI_DWORD_GGTT) {
			host_put32(&f.mem, off_of(gt, host_get32(&f.mem, at + 4)),
				   host_get32(&f.mem, at + 12));
			f.stores++;
		} else if (dw == MI_BBS_GGTT) {
			ck_assert_uint_eq(depth, 0);
			run_commands(gt, off_of(gt, host_get32(&f.mem, at + 4)), MEM, 1);
		}
		at += 4 * (size_t)cmd_length(dw);
	}
}

static void run_lrc(unsigned gt, uint32_t lrca)
{
	size_t regs = off_of(gt, lrca & LRC_DESC_ADDR) + LRC_REGS, ring;
	uint32_t head, tail;

	head = host_get32(&f.mem, regs + 4 * LRC_RING_HEAD);
	tail = host_get32(&f.mem, regs + 4 * LRC_RING_TAIL);
	ring = off_of(gt, host_get32(&f.mem, regs + 4 * LRC_RING_START));
	while (head != tail) {
		run_commands(gt, ring + head, ring + head + 64, 0);
		head = (head + 64) % LRC_RING_BYTES;
	}
	host_put32(&f.mem, regs + 4 * LRC_RING_HEAD, head);
	/* rcs0's user interrupt. */
	f.mem.base[off_of(gt, host_get32(&f.mem, regs + 4 * LRC_MEMIRQ_SOURCE))] = 0xFF;
	vfc_irq(f.v);
}

/* From a work item: the leader's, then each child's. */
static void set_tails(unsigned gt, const struct fake_ctx *c, size_t item)
{
	for (uint32_t i = 0; i < c->width; i++) {
		size_t regs = off_of(gt, c->lrca[i] & LRC_DESC_ADDR) + LRC_REGS;
		uint32_t dw = host_get32(&f.mem, item + (i ? 12 + 4 * (size_t)i : 8));

		host_put32(&f.mem, regs + 4 * LRC_RING_TAIL,
			   8 * (i ? dw : field_get(WQ_RING_TAIL, dw)));
	}
}

static void run_ctx(unsigned gt, uint32_t id)
{
	struct fake_ctx *c = &f.gt[gt].ctx[id];

	if (c->wq_desc) {
		size_t desc = off_of(gt, c->wq_desc), base = off_of(gt, c->wq_base);
		uint32_t head = host_get32(&f.mem, desc + WQ_DESC_HEAD);
		uint32_t tail = host_get32(&f.mem, desc + WQ_DESC_TAIL);
		bool any = false;

		while (head != tail) {
			uint32_t item = host_get32(&f.mem, base + head);

			if (field_get(WQ_TYPE, item) == WQ_TYPE_MULTI_LRC) {
				any = true;
				ck_assert_uint_eq(host_get32(&f.mem, base + head + 4), c->lrca[0]);
				set_tails(gt, c, base + head);
			} else {
				ck_assert_uint_eq(field_get(WQ_TYPE, item), WQ_TYPE_NOOP);
			}
			head = (head + 4 + 4 * field_get(WQ_LENGTH, item)) % WQ_BYTES;
		}
		host_put32(&f.mem, desc + WQ_DESC_HEAD, head);
		if (!any)
			return;
	}
	for (uint32_t i = 0; i < c->width; i++) {
		size_t regs = off_of(gt, c->lrca[i] & LRC_DESC_ADDR) + LRC_REGS;

		if (c->wq_desc)
			ck_assert_uint_eq(host_get32(&f.mem, regs + 4 * LRC_RING_TAIL) % 64, 0);
		run_lrc(gt, c->lrca[i]);
	}
}

/* --- the CTB's other end ----------------------------------------------------------- */

static void relay_answer(unsigned gt, const uint32_t *dw, uint32_t len)
{
	uint32_t out[2 + RELAY_MAX_DWORDS] = {
		hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_PF, 0), dw[1] };
	uint32_t n = 2;

	ck_assert_uint_ge(len, 3);
	f.carriers++;
	f.carrier_len = len;
	memcpy(f.carrier, dw, len * sizeof(*dw));
	if (f.pf_silent)
		return;
	if (hxg_action(dw[2]) == RELAY_VF2PF_QUERY_RUNTIME && f.pf_forgets) {
		f.pf_forgets--;
		f.relay_error = EACCES;
	}
	if (hxg_action(dw[2]) == RELAY_VF2PF_HANDSHAKE) {
		f.handshakes++;
		f.relay_error = 0;
		out[n++] = hxg_success(HXG_ORIGIN_HOST, 0);
		out[n++] = 0x00010000;
	} else if (hxg_action(dw[2]) == RELAY_VF2PF_QUERY_RUNTIME && !f.relay_error) {
		uint32_t start = dw[3], count = f.runtime_total - start;

		if (count > f.runtime_page)
			count = f.runtime_page;
		if (f.runtime_stuck && start)
			count = 0;
		out[n++] = hxg_success(HXG_ORIGIN_HOST, count + f.count_lie);
		out[n++] = f.runtime_huge ? f.runtime_huge : f.runtime_total - start - count +
							     (start ? f.runtime_lie : 0);
		for (uint32_t i = start; i < start + count; i++) {
			out[n++] = f.runtime_base + (f.runtime_unsorted ? -4 * i :
						     f.runtime_twice ? 4 * (i / 2) : 4 * i);
			out[n++] = i;
		}
	} else {
		out[n++] = hxg_failure(HXG_ORIGIN_HOST, f.relay_error, f.relay_error);
	}
	g2h(gt, out, n, 0);
}

static void serve(unsigned gt, uint32_t header, const uint32_t *dw, uint32_t len)
{
	bool relay = hxg_action(dw[0]) == GUC_ACTION_RELAY_TO_PF;
	uint32_t ok = relay && f.carrier_reply ? f.carrier_reply : hxg_success(HXG_ORIGIN_GUC, 0);
	struct fake_ctx *c = len > 1 && dw[1] < CTXS ? &f.gt[gt].ctx[dw[1]] : NULL;

	if (f.h2gs < 512) {
		f.h2g[f.h2gs].action = hxg_action(dw[0]);
		f.h2g[f.h2gs].dw1 = len > 1 ? dw[1] : 0;
		f.h2g[f.h2gs++].dw2 = len > 2 ? dw[2] : 0;
	}
	if (hxg_type(dw[0]) == HXG_REQUEST)
		g2h(gt, &ok, 1, field_get(CT_FENCE, header));
	switch (hxg_action(dw[0])) {
	case GUC_ACTION_RELAY_TO_PF:
		relay_answer(gt, dw, len);
		return;
	case GUC_ACTION_REGISTER_CONTEXT:
		ck_assert_uint_eq(len, 12);
		f.gt[gt].ctx[dw[2]] = (struct fake_ctx){ .registered = true, .lrca = { dw[10] },
							 .width = 1 };
		/* Compression contexts are GuC's to run, not a driver's. */
		if (field_get(CTX_FLAG_TYPE, dw[1]) != GUC_CTX_NORMAL)
			f.gt[gt].ctx[dw[2]].width = 0;
		return;
	case GUC_ACTION_REGISTER_CONTEXT_MULTI_LRC:
		c = &f.gt[gt].ctx[dw[2]];
		*c = (struct fake_ctx){ .registered = true, .width = dw[10], .wq_desc = dw[5],
					.wq_base = dw[7] };
		ck_assert_uint_eq(len, 11 + 2 * dw[10]);
		for (uint32_t i = 0; i < dw[10]; i++)
			c->lrca[i] = dw[11 + 2 * i];
		return;
	case GUC_ACTION_SCHED_CONTEXT_MODE_SET:
		ck_assert(c && c->registered);
		c->enabled = dw[2];
		g2h_event(gt, GUC_ACTION_SCHED_CONTEXT_MODE_DONE, dw[1], dw[2], 3);
		if (c->enabled)
			run_ctx(gt, dw[1]);
		return;
	case GUC_ACTION_SCHED_CONTEXT:
		ck_assert(c && c->registered);
		if (c->enabled)
			run_ctx(gt, dw[1]);
		return;
	case GUC_ACTION_DEREGISTER_CONTEXT:
		ck_assert(c && !c->enabled);
		c->registered = false;
		g2h_event(gt, GUC_ACTION_DEREGISTER_CONTEXT_DONE, dw[1], 0, 2);
		return;
	case GUC_ACTION_TLB_INVALIDATION:
		g2h_event(gt, GUC_ACTION_TLB_INVALIDATION_DONE, dw[1], 0, 2);
		return;
	}
}

void serve_ring(unsigned gt)
{
	size_t desc = off_of(gt, f.gt[gt].self[3]), buf = off_of(gt, f.gt[gt].self[2]);
	uint32_t size = CTB_H2G_BYTES / 4;

	while (!f.frozen && !f.deaf) {
		uint32_t head = host_get32(&f.mem, desc + CTB_DESC_HEAD);
		uint32_t tail = host_get32(&f.mem, desc + CTB_DESC_TAIL);
		uint32_t header, dw[256], len;

		if (head == tail)
			return;
		header = host_get32(&f.mem, buf + 4 * (size_t)head);
		len = field_get(CT_NUM_DWORDS, header);
		for (uint32_t i = 0; i < len; i++)
			dw[i] = host_get32(&f.mem, buf + 4 * (size_t)(head + 1 + i));
		host_put32(&f.mem, desc + CTB_DESC_HEAD, ctb_advance(head, len + 1, size));
		if (len)
			serve(gt, header, dw, len);
	}
}

/* --- the mailbox's other end ------------------------------------------------------- */

static void answer(struct fake_gt *g, uint32_t dw0, uint64_t value)
{
	g->reg[1] = (uint32_t)value;
	g->reg[2] = (uint32_t)(value >> 32);
	g->reg[0] = dw0;
}

static bool by_rule(unsigned gt)
{
	struct fake_gt *g = &f.gt[gt];

	for (unsigned i = 0; i < f.rules; i++) {
		struct rule *r = &f.rule[i];

		if (r->action != hxg_action(g->reg[0]) || (r->key && r->key != g->reg[1]) ||
		    (r->gt && !(r->gt >> gt & 1)))
			continue;
		if (r->skip) {
			r->skip--;
			continue;
		}
		if (!r->times)
			continue;
		r->times--;
		if (r->answer == CLEARED)
			g->reg[0] = 0;
		else if (r->answer != SILENT)
			answer(g, r->answer, r->dw1);
		return true;
	}
	return false;
}

static void query(struct fake_gt *g, uint32_t key)
{
	uint32_t one = hxg_success(HXG_ORIGIN_GUC, 1), two = hxg_success(HXG_ORIGIN_GUC, 2);

	switch (key) {
	case GUC_KLV_VF_GGTT_START:
		answer(g, two, g->start);
		return;
	case GUC_KLV_VF_GGTT_SIZE:
		answer(g, two, g->size);
		return;
	case GUC_KLV_VF_LMEM_SIZE:
		answer(g, two, g->lmem);
		return;
	case GUC_KLV_VF_NUM_CONTEXTS:
		answer(g, one, g->contexts);
		return;
	case GUC_KLV_VF_NUM_DOORBELLS:
		answer(g, one, g->doorbells);
		return;
	case GUC_KLV_GLOBAL_GROUP_SCHEDULING_AVAILABLE:
		answer(g, one, g->groups);
		return;
	case GUC_KLV_GLOBAL_GMD_ID:
		answer(g, one, g->gmd);
		return;
	}
	answer(g, hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_KLV_KEY, 0), 0);
}

static void mailbox(unsigned gt)
{
	struct fake_gt *g = &f.gt[gt];
	uint32_t action = hxg_action(g->reg[0]);
	unsigned n = f.traced++ % TRACE;

	f.trace[n] = g->reg[0] | (gt ? 0x80000000u : 0);
	f.key[n] = g->reg[1];
	f.at[n] = f.now;
	if (by_rule(gt))
		return;
	switch (action) {
	case GUC_ACTION_MATCH_VERSION:
		answer(g, hxg_success(HXG_ORIGIN_GUC, 0), f.version);
		return;
	case GUC_ACTION_QUERY_SINGLE_KLV:
		query(g, g->reg[1]);
		return;
	case GUC_ACTION_SELF_CFG:
		g->self[field_get(KLV_KEY, g->reg[1]) & 7] =
			(uint64_t)g->reg[3] << 32 | g->reg[2];
		answer(g, hxg_success(HXG_ORIGIN_GUC, 1), 0);
		return;
	case GUC_ACTION_CONTROL_CTB:
		g->ctb = true;
		break;
	case GUC_ACTION_VF_RESET:
		g->ctb = false;
		memset(g->ctx, 0, sizeof(g->ctx));
		break;
	case GUC_ACTION_RESFIX_DONE:
		f.frozen = false;
		break;
	}
	answer(g, hxg_success(HXG_ORIGIN_GUC, 0), 0);
}

/* --- port -------------------------------------------------------------------------- */

static void fake_write32(void *user, uint64_t off, uint32_t value)
{
	(void)user;
	for (unsigned gt = 0; gt < 2; gt++) {
		struct fake_gt *g = &f.gt[gt];
		uint64_t flag = gt ? REG_MED_VF_SW_FLAG(0) : REG_VF_SW_FLAG(0);

		if (off >= flag && off < flag + 16)
			g->reg[(off - flag) / 4] = value;
		if (off != (gt ? REG_MED_GUC_HOST_INTERRUPT : REG_GUC_HOST_INTERRUPT))
			continue;
		if (!(g->reg[0] >> 31) && g->reg[0])
			mailbox(gt);
		if (g->ctb)
			serve_ring(gt);
	}
}

static void fake_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	(void)user;
	if (!f.pte_writes) {
		f.pte_first = off;
		f.pte_value = values[0];
	}
	f.pte_writes += (uint32_t)n;
	f.pte_last = values[n - 1];
}

static void fake_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	(void)user;
	ck_assert_uint_eq(size, 4);
	for (unsigned gt = 0; gt < 2; gt++) {
		uint64_t flag = gt ? REG_MED_VF_SW_FLAG(0) : REG_VF_SW_FLAG(0);

		if (off >= flag && off < flag + 16) {
			vfc_read_done(f.v, cookie, &f.gt[gt].reg[(off - flag) / 4], n);
			return;
		}
	}
	ck_abort_msg("read of 0x%lx", (unsigned long)off);
}

/* --- the driver's user ------------------------------------------------------------- */

static void fake_event(void *user, const struct vfc_event *e)
{
	static const char level[] = "EWNID";
	size_t room = sizeof(f.log) - f.log_len;

	(void)user;
	switch (e->kind) {
	case VFC_EV_LOG:
		if (room < 256)
			return;
		if (e->gt == VFC_DEVICE)
			f.log_len += text_fmt(f.log + f.log_len, room, "%c: %s\n", level[e->level],
					      e->text);
		else
			f.log_len += text_fmt(f.log + f.log_len, room, "%c gt%u: %s\n",
					      level[e->level], e->gt, e->text);
		break;
	case VFC_EV_STEP:
		if (f.on_step)
			f.on_step(e->gt, e->step);
		break;
	case VFC_EV_JOB:
		if (!e->err)
			f.jobs_ok++;
		else if (e->err == -ECANCELED)
			f.jobs_cancelled++;
		else
			f.jobs_bad++;
		break;
	case VFC_EV_QUEUE:
		f.queues_gone++;
		break;
	case VFC_EV_RELAY:
		f.relays++;
		f.relay_len = e->len;
		f.relay_err = e->err;
		break;
	case VFC_EV_BASE:
		f.bases++;
		f.base = e->base;
		f.old_base = e->value;
		break;
	case VFC_EV_OP:
		f.ops++;
		f.op_err = e->err;
		break;
	case VFC_EV_KEEP:
	case VFC_EV_STATE:
		break;
	}
}

static enum vfc_hook_result fake_hook(void *user, struct vfc *v, unsigned gt,
					     enum vfc_step_id step, int *err)
{
	(void)user, (void)v, (void)gt;
	if (step == f.replace) {
		f.replaced++;
		*err = f.replace_err;
		return VFC_HOOK_REPLACE;
	}
	if (!f.holding || step != f.hold)
		return VFC_HOOK_RUN;
	f.held = true;
	return VFC_HOOK_HOLD;
}

void prepare(void)
{
	free(f.mem.base);
	free(f.storage);
	memset(&f, 0, sizeof(f));
	vfc_options_default(&f.opt);
	f.replace = VFC_STEP_COUNT;
	f.opt.on_event = fake_event;
	f.opt.hook = fake_hook;
	f.version = 27u << 8 | 1u << 16;
	f.runtime_total = 10;
	f.runtime_page = 16;
	f.runtime_base = 0x9000;
	for (unsigned i = 0; i < 2; i++)
		f.gt[i] = (struct fake_gt){ .start = OLD, .size = 16 * MIB, .contexts = CTXS,
					    .doorbells = 8, .gmd = 0x1E000000, .lmem = 64 * MIB };
}

void begin(void)
{
	f.mem = (struct host_mem){ aligned_alloc(4096, MEM), MEM, 1ull << 34 };
	memset(f.mem.base, 0, MEM);
	f.port = (struct host_port){ NULL, fake_write32, fake_write64, fake_read };
	f.storage = aligned_alloc(64, (vfc_size() + 63) / 64 * 64);
	f.v = vfc_init(f.storage, vfc_size(), &f.opt, &f.port, &f.mem);
	ck_assert_ptr_nonnull(f.v);
}

void run_until(uint64_t until)
{
	for (unsigned n = 0; n < 1000000; n++) {
		uint64_t next;

		if (vfc_step(f.v, f.now))
			continue;
		next = vfc_next_deadline(f.v);
		if (next > until) {
			f.now = until;
			return;
		}
		f.now = next > f.now ? next : f.now;
	}
	ck_abort_msg("the driver spins:\n%s", f.log);
}

void run_ms(uint64_t ms)
{
	run_until(f.now + ms * MS);
}

void boot(void)
{
	begin();
	ck_assert_int_eq(vfc_boot(f.v, 1), 0);
	run_ms(100);
	ck_assert_msg(f.ops == 1 && f.op_err == 0, "boot: %d\n%s", f.op_err, f.log);
	f.ops = 0;
	f.traced = 0;
	f.log_len = 0;
	f.log[0] = 0;
}

struct vfc_info info(unsigned gt)
{
	struct vfc_info i;

	vfc_info(f.v, gt, &i);
	return i;
}

void migrate_gt(unsigned gt, uint64_t to)
{
	struct fake_gt *g = &f.gt[gt];
	uint64_t delta = to - g->start;

	f.frozen = true;
	for (unsigned i = 0; i < 8; i++)
		if (i != 4 && i != 7)
			g->self[i] += delta;
	for (unsigned c = 0; c < CTXS; c++) {
		for (unsigned i = 0; i < g->ctx[c].width; i++)
			g->ctx[c].lrca[i] += (uint32_t)delta;
		if (g->ctx[c].wq_desc) {
			g->ctx[c].wq_desc += delta;
			g->ctx[c].wq_base += delta;
		}
	}
	g->start = to;
	raise_irq(gt, GUC_IRQ_SW_INT_0);
}

void migrate(uint64_t to)
{
	for (unsigned gt = 0; gt < f.opt.gts; gt++)
		migrate_gt(gt, to);
}

unsigned said(const char *line)
{
	unsigned n = 0;

	for (const char *p = f.log; (p = strstr(p, line)); p += strlen(line))
		n++;
	return n;
}

uint32_t busy_queue(unsigned gt, unsigned width)
{
	struct vfc_job job = { VFC_JOB_STORE, 0x1111, 0 };
	int q = vfc_queue_create(f.v, gt, GUC_CLASS_RENDER, width);

	ck_assert_int_ge(q, 0);
	ck_assert_int_eq(vfc_job_submit(f.v, gt, (uint32_t)q, &job), 1);
	run_ms(1);
	ck_assert_uint_ge(f.jobs_ok, 1);
	return (uint32_t)q;
}

void pf_says(uint32_t id, const uint32_t *msg, uint32_t len)
{
	uint32_t dw[2 + RELAY_MAX_DWORDS] = {
		hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_PF, 0), id
	};

	memcpy(dw + 2, msg, len * sizeof(*msg));
	g2h(0, dw, 2 + len, 0);
	run_ms(1);
}
