/* SPDX-License-Identifier: MIT */
/* The card of the tests of libgucpf. See pfc_fixture.h. */
#include "pfc_fixture.h"

struct fx fx;


static uint8_t *fx_at(uint64_t addr, size_t len)
{
	uint64_t pte = addr < FX_GGTT ? fx.ggtt[addr >> 12] : 0;
	uint64_t off = (pte & PTE_ADDR) - FX_DMA + (addr & 4095);

	ck_assert_msg((pte & PTE_PRESENT) && !(pte & PTE_VFID), "not the PF's page: %lx",
		      (unsigned long)addr);
	ck_assert(off + len <= FX_MEM);
	return fx.mem.base + off;
}

uint32_t fx_get(uint64_t addr)
{
	return le32_get(fx_at(addr, 4));
}

void fx_put(uint64_t addr, uint32_t v)
{
	le32_put(fx_at(addr, 4), v);
}

void fx_note(const char *what, unsigned gt, unsigned vf, unsigned arg)
{
	if (fx.logged < FX_LOG)
		snprintf(fx.log[fx.logged++], sizeof(fx.log[0]), "%u %s %u %u", gt, what, vf, arg);
}

void fx_send(unsigned gt, uint32_t fence, const uint32_t *dw, uint32_t len)
{
	struct fx_guc *g = &fx.guc[gt];
	uint32_t size = g->g2h_size / 4, tail = fx_get(g->g2h_desc + CTB_DESC_TAIL);

	fx_put(g->g2h_buf + 4ull * tail, ct_header(fence, len));
	for (uint32_t i = 0; i < len; i++) {
		tail = ctb_advance(tail, 1, size);
		fx_put(g->g2h_buf + 4ull * tail, dw[i]);
	}
	fx_put(g->g2h_desc + CTB_DESC_TAIL, ctb_advance(tail, 1, size));
	pfc_irq(fx.pfc);
}

void fx_event(unsigned gt, uint32_t action, uint32_t a, uint32_t b, uint32_t len)
{
	const uint32_t dw[4] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, action, 0), a, b, 0 };

	fx_send(gt, 0, dw, len);
}

void fx_notify(unsigned gt, uint32_t vf, uint32_t event)
{
	fx_event(gt, GUC_ACTION_VF_STATE_NOTIFY, vf, event, 3);
}

void fx_reply(unsigned gt, uint16_t fence, uint32_t dw0)
{
	fx_send(gt, fence, &dw0, 1);
}

static void fx_vf_control(unsigned gt, uint16_t fence, const uint32_t *dw)
{
	static const uint8_t event_of[FX_COMMANDS] = {
		[GUC_VF_PAUSE] = GUC_EVENT_VF_PAUSE_DONE,
		[GUC_VF_FLR_START] = GUC_EVENT_VF_FLR_DONE,
	};
#define S(sym) (1u << PFC_FOUND_##sym)
	static const uint8_t from[FX_COMMANDS] = {
		[GUC_VF_PAUSE] = S(FREE), [GUC_VF_RESUME] = S(PAUSED) | S(RESTORED),
		[GUC_VF_STOP] = S(FREE) | S(PAUSED) | S(RESTORED),
		[GUC_VF_FLR_START] = 0xFF & ~S(FLR_DONE), [GUC_VF_FLR_FINISH] = S(FLR_DONE),
	};
#undef S
	static const uint8_t to[FX_COMMANDS] = {
		[GUC_VF_PAUSE] = PFC_FOUND_PAUSED, [GUC_VF_STOP] = PFC_FOUND_STOPPED,
		[GUC_VF_FLR_START] = PFC_FOUND_FLR_DONE,
	};
	struct fx_guc *g = &fx.guc[gt];
	uint32_t vf = dw[1], c = dw[2];

	ck_assert(c > 0 && c < FX_COMMANDS);
	fx_note("control", gt, vf, c);
	if (g->retries[c]) {
		g->retries[c]--;
		fx_reply(gt, fence, hxg_header(HXG_ORIGIN_GUC, HXG_RETRY, 0));
		return;
	}
	if (g->silent[c])
		return;
	if (g->busy[c]) {
		fx_reply(gt, fence, hxg_header(HXG_ORIGIN_GUC, HXG_BUSY, 0));
		return;
	}
	if (g->refuse[c]) {
		fx_reply(gt, fence, hxg_failure(HXG_ORIGIN_GUC, g->refuse[c], 0));
		return;
	}
	if (g->strict && !((from[c] >> g->state[vf]) & 1)) {
		fx_reply(gt, fence, hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_STATE, 0));
		return;
	}
	g->state[vf] = to[c];
	if (event_of[c] && g->event_first && !g->no_event)
		fx_notify(gt, vf, event_of[c]);
	fx_reply(gt, fence, hxg_success(HXG_ORIGIN_GUC, g->data0[c]));
	if (event_of[c] && !g->event_first && !g->no_event)
		fx_notify(gt, vf, event_of[c]);
}

static void fx_config(unsigned gt, uint16_t fence, const uint32_t *dw)
{
	static const uint16_t keys[8] = {
		GUC_KLV_VF_GGTT_START, GUC_KLV_VF_GGTT_SIZE, GUC_KLV_VF_BEGIN_CONTEXT_ID,
		GUC_KLV_VF_NUM_CONTEXTS, GUC_KLV_VF_BEGIN_DOORBELL_ID, GUC_KLV_VF_NUM_DOORBELLS,
		GUC_KLV_VF_EXEC_QUANTUM, GUC_KLV_VF_PREEMPT_TIMEOUT,
	};
	struct fx_guc *g = &fx.guc[gt];
	uint64_t addr = make64(dw[2], dw[3]);
	uint32_t list[192], klvs = 0;
	struct klv_reader r = { .dw = list, .len = dw[4] };
	struct klv k;

	ck_assert(dw[1] <= FX_VFS && dw[4] <= 192);
	for (uint32_t i = 0; i < dw[4]; i++)
		list[i] = fx_get(addr + 4ull * i);
	fx_note("config", gt, dw[1], dw[4] ? list[0] >> 16 : 0);
	if (!dw[4])
		memset(g->config[dw[1]], 0, sizeof(g->config[0]));
	while (klv_next(&r, &k) > 0) {
		klvs++;
		if (k.key >= GUC_KLV_VF_THRESHOLD_CAT_ERR &&
		    k.key <= GUC_KLV_VF_THRESHOLD_DOORBELL_STORM)
			g->threshold[dw[1]][k.key - GUC_KLV_VF_THRESHOLD_CAT_ERR] = k.value[0];
		if (k.key == GUC_KLV_VF_SCHED_PRIORITY)
			fx.priority = k.value[0];
		if (k.key == GUC_KLV_VF_LMEM_SIZE) {
			g->lmem_changes += g->lmem[dw[1]] != klv_u64(&k);
			g->lmem[dw[1]] = klv_u64(&k);
		}
		for (unsigned i = 0; i < 8; i++)
			if (keys[i] == k.key)
				g->config[dw[1]][i] = (uint32_t)klv_u64(&k);
	}
	fx_reply(gt, fence, hxg_success(HXG_ORIGIN_GUC, klvs + (uint32_t)g->klv_error));
	if (g->klv_errors && --g->klv_errors == 0)
		g->klv_error = 0;
}

static void fx_policy(unsigned gt, uint16_t fence, const uint32_t *dw)
{
	struct fx_guc *g = &fx.guc[gt];
	uint64_t addr = make64(dw[1], dw[2]);
	uint32_t list[192], klvs = 0;
	struct klv_reader r = { .dw = list, .len = dw[3] };
	struct klv k;

	ck_assert_uint_le(dw[3], 192);
	for (uint32_t i = 0; i < dw[3]; i++)
		list[i] = fx_get(addr + 4ull * i);
	fx_note("policy", gt, list[0] >> 16, list[0] & 0xFFFF);
	while (!g->refuse_policy && klv_next(&r, &k) > 0) {
		klvs++;
		g->policy = k.len ? k.value[k.len - 1] : 0;
	}
	fx_reply(gt, fence, hxg_success(HXG_ORIGIN_GUC, klvs + (uint32_t)g->klv_error));
	if (g->klv_errors && --g->klv_errors == 0)
		g->klv_error = 0;
}

static void fx_save_restore(unsigned gt, uint16_t fence, const uint32_t *dw)
{
	struct fx_guc *g = &fx.guc[gt];
	uint64_t addr = make64(dw[2], dw[3]);
	uint32_t n = dw[4], answer = n;

	if (hxg_data0(dw[0]) == GUC_OP_SAVE) {
		fx_note(n ? "save" : "query", gt, dw[1], n);
		for (uint32_t i = 0; i < n; i++) {
			ck_assert_uint_eq(fx_get(addr + 4ull * i), 0);
			fx_put(addr + 4ull * i, 0xB10B0000u + gt * 0x1000 + i);
		}
		if (n && g->silent_blob)
			return;
		if (n == 0)
			answer = g->blob;
		else if (g->used >= 0)
			answer = (uint32_t)g->used;
	} else {
		fx_note("restore", gt, dw[1], n);
		if (g->refuse_restore) {
			fx_reply(gt, fence, hxg_failure(HXG_ORIGIN_GUC, g->refuse_restore, 0));
			return;
		}
		g->state[dw[1]] = PFC_FOUND_RESTORED;
		g->restored = n;
		g->restored_first = fx_get(addr);
		for (uint32_t i = 0; i < n; i++)
			ck_assert_uint_eq(fx_get(addr + 4ull * i) & 0xFFF, i & 0xFFF);
		if (g->consumed >= 0)
			answer = (uint32_t)g->consumed;
	}
	fx_reply(gt, fence, hxg_success(HXG_ORIGIN_GUC, answer));
}

static void fx_h2g(unsigned gt, uint32_t header, const uint32_t *dw, uint32_t len)
{
	uint16_t fence = (uint16_t)field_get(CT_FENCE, header);

	fx.guc[gt].fence = fence;
	switch (hxg_action(dw[0])) {
	case GUC_ACTION_VF_CONTROL:
		fx_vf_control(gt, fence, dw);
		return;
	case GUC_ACTION_UPDATE_VF_CFG:
		fx_config(gt, fence, dw);
		return;
	case GUC_ACTION_UPDATE_VGT_POLICY:
		fx_policy(gt, fence, dw);
		return;
	case GUC_ACTION_SAVE_RESTORE_VF:
		fx_save_restore(gt, fence, dw);
		return;
	case GUC_ACTION_TLB_INVALIDATION:
		fx.invalidations++;
		fx_event(gt, GUC_ACTION_TLB_INVALIDATION_DONE, dw[1], 0, 2);
		return;
	case GUC_ACTION_RELAY_TO_VF:
		memcpy(fx.answer, dw, len * 4);
		fx.answer_len = len;
		fx_reply(gt, fence, hxg_success(HXG_ORIGIN_GUC, 0));
		return;
	case GUC_ACTION_MMIO_RELAY_SUCCESS:
	case GUC_ACTION_MMIO_RELAY_FAILURE:
		memcpy(fx.answer, dw, len * 4);
		fx.answer_len = len;
		return;
	default:
		ck_abort_msg("unexpected action %x", hxg_action(dw[0]));
	}
}

void fx_serve_ring(unsigned gt)
{
	struct fx_guc *g = &fx.guc[gt];
	uint32_t size = g->h2g_size / 4;

	while (g->on && !fx.stuck) {
		uint32_t head = fx_get(g->h2g_desc + CTB_DESC_HEAD);
		uint32_t header, len, dw[256];

		if (head == fx_get(g->h2g_desc + CTB_DESC_TAIL))
			return;
		header = fx_get(g->h2g_buf + 4ull * head);
		len = field_get(CT_NUM_DWORDS, header);
		for (uint32_t i = 0; i < len; i++) {
			head = ctb_advance(head, 1, size);
			dw[i] = fx_get(g->h2g_buf + 4ull * head);
		}
		fx_put(g->h2g_desc + CTB_DESC_HEAD, ctb_advance(head, 1, size));
		if (len)
			fx_h2g(gt, header, dw, len);
	}
}

static void fx_serve_mailbox(unsigned gt)
{
	struct fx_guc *g = &fx.guc[gt];
	uint64_t value = make64(g->mailbox[2], g->mailbox[3]);
	uint32_t data0 = 0;

	if (!g->mailbox[0] || hxg_origin(g->mailbox[0]))
		return;
	if (g->silent_mailbox) {
		g->silent_mailbox--;
		return;
	}
	if (hxg_action(g->mailbox[0]) == GUC_ACTION_SELF_CFG) {
		data0 = 1;
		switch (g->mailbox[1] >> 16) {
		case GUC_KLV_SELF_H2G_CTB_ADDR:
			g->h2g_buf = value;
			break;
		case GUC_KLV_SELF_H2G_CTB_DESC_ADDR:
			g->h2g_desc = value;
			break;
		case GUC_KLV_SELF_H2G_CTB_SIZE:
			g->h2g_size = (uint32_t)value;
			break;
		case GUC_KLV_SELF_G2H_CTB_ADDR:
			g->g2h_buf = value;
			break;
		case GUC_KLV_SELF_G2H_CTB_DESC_ADDR:
			g->g2h_desc = value;
			break;
		case GUC_KLV_SELF_G2H_CTB_SIZE:
			g->g2h_size = (uint32_t)value;
			break;
		}
	} else if (hxg_action(g->mailbox[0]) == GUC_ACTION_CONTROL_CTB) {
		g->on = g->mailbox[1] == 1;
	}
	g->mailbox[0] = hxg_success(HXG_ORIGIN_GUC, data0);
}

/* The mailbox dword that a register offset names, or NULL. */
static uint32_t *fx_register(uint64_t off)
{
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		uint32_t base = gt ? REG_MED_VF_SW_FLAG(0) : REG_VF_SW_FLAG(0);

		for (unsigned vf = 0; vf <= FX_VFS; vf++) {
			uint64_t first = base + (uint64_t)vf * REG_VF_STRIDE;

			if (off >= first && off < first + 16)
				return vf ? &fx.guc[gt].vf_mailbox[vf][(off - first) / 4] :
					    &fx.guc[gt].mailbox[(off - first) / 4];
		}
	}
	return NULL;
}

static void fx_write32(void *user, uint64_t off, uint32_t value)
{
	uint32_t *reg = fx_register(off);

	(void)user;
	if (off == REG_GUC_HOST_INTERRUPT || off == REG_MED_GUC_HOST_INTERRUPT) {
		unsigned gt = off == REG_MED_GUC_HOST_INTERRUPT;

		fx_serve_mailbox(gt);
		fx_serve_ring(gt);
		return;
	}
	ck_assert_msg(reg != NULL, "write to %lx", (unsigned long)off);
	*reg = value;
}

static void fx_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	(void)user;
	ck_assert(off >= REG_GGTT_BASE && n <= HOST_READ_MAX / 8);
	off = (off - REG_GGTT_BASE) / 8;
	ck_assert(off + n <= FX_GGTT / 4096);
	memcpy(fx.ggtt + off, values, n * 8);
}

static void fx_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	uint32_t words[HOST_READ_MAX / 4];

	(void)user;
	ck_assert(size * n <= HOST_READ_MAX);
	if (size == 8) {
		pfc_read_done(fx.pfc, cookie, fx.ggtt + (off - REG_GGTT_BASE) / 8, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		words[i] = fx_register(off + 4 * i) ? *fx_register(off + 4 * i) :
						      fx.fuse + (uint32_t)off + 4 * i;
	pfc_read_done(fx.pfc, cookie, words, n);
}

static void fx_on_event(void *user, const struct pfc_event *ev)
{
	(void)user;
	switch (ev->kind) {
	case PFC_EV_ADOPT:
		fx.asked = true;
		break;
	case PFC_EV_STARTED:
		fx.started = ev->err;
		break;
	case PFC_EV_VERB:
		if (fx.then && !fx.ended)
			fx.then_err = pfc_do(fx.pfc, fx.then, ev->vf, NULL, 99);
		fx.ended++;
		fx.err = ev->err;
		fx.tag = ev->tag;
		fx.verb = ev->verb;
		break;
	case PFC_EV_VF_EVENT:
		fx.vf_events++;
		break;
	case PFC_EV_ADVERSE:
		fx.adverse++;
		break;
	case PFC_EV_RELAY:
		fx.relayed++;
		fx.relay_code = ev->code;
		fx.relay_err = ev->err;
		break;
	case PFC_EV_LOG:
		if (getenv("FX_VERBOSE"))
			fprintf(stderr, "%u vf%u/gt%u %s\n", ev->level, ev->vf, ev->gt, ev->text);
		break;
	case PFC_EV_VFIO:
		fx.vfio++;
		fx.vfio_err = ev->err;
		fx.vfio_tag = ev->tag;
		break;
	case PFC_EV_VF_STATE:
	case PFC_EV_STEP:
	case PFC_EV_PROGRESS:
		break;
	}
}

/* Let the driver work for `ns` of virtual time. */
void fx_run(uint64_t ns)
{
	uint64_t end = fx.now + ns;

	for (;;) {
		uint64_t next;

		while (pfc_step(fx.pfc, fx.now))
			;
		next = pfc_next_deadline(fx.pfc);
		if (next > end)
			break;
		fx.now = next > fx.now ? next : fx.now + 1000;
	}
	fx.now = end;
	while (pfc_step(fx.pfc, fx.now))
		;
}

void fx_options(struct pfc_options *o)
{
	pfc_options_default(o);
	o->vfs = FX_VFS;
	o->gts = FX_GTS;
	o->ggtt_size = FX_GGTT;
	o->on_event = fx_on_event;
	o->disclose_errors = true;
}

void fx_start_with(const struct pfc_options *o, bool adopt)
{
	fx.started = 1;
	fx.pfc = pfc_init(fx.storage, pfc_size(), o, &fx.port, &fx.mem);
	ck_assert_ptr_nonnull(fx.pfc);
	ck_assert_int_eq(pfc_start(fx.pfc, adopt), 0);
	fx_run(FX_SEC);
	if (fx.asked) {
		fx.asked = false;
		fx_tell_found();
		fx_run(FX_SEC);
	}
	ck_assert_int_eq(fx.started, 0);
}

void fx_tell_found(void)
{
	for (unsigned vf = 1; vf <= FX_VFS; vf++)
		for (unsigned gt = 0; gt < FX_GTS; gt++) {
			const uint32_t *c = fx.guc[gt].config[vf];
			struct pfc_found f = {
				.state = (enum pfc_found_state)fx.guc[gt].state[vf],
				.ggtt_start = c[0], .ggtt_size = c[1], .begin_context = c[2],
				.contexts = c[3], .begin_doorbell = c[4], .doorbells = c[5],
				.exec_quantum_ms = c[6], .preempt_timeout_us = c[7],
			};

			ck_assert_int_eq(pfc_found(fx.pfc, vf, gt, &f), 0);
		}
	for (unsigned gt = 0; gt < FX_GTS; gt++)
		ck_assert_int_eq(pfc_found_policy(fx.pfc, gt, PFC_SET_SAMPLE_PERIOD,
						  &fx.guc[gt].period, 1), 0);
	ck_assert_int_eq(pfc_found_all(fx.pfc), 0);
}

void fx_setup(void)
{
	struct pfc_options o;

	memset(&fx, 0, sizeof(fx));
	fx.ggtt = calloc(FX_GGTT / 4096, 8);
	fx.storage = malloc(pfc_size());
	fx.mem = (struct host_mem){ aligned_alloc(4096, FX_MEM), FX_MEM, FX_DMA };
	memset(fx.mem.base, 0xA5, FX_MEM);
	fx.port = (struct host_port){ NULL, fx_write32, fx_write64, fx_read };
	for (unsigned gt = 0; gt < FX_GTS; gt++) {
		fx.guc[gt].blob = 100 + gt;
		fx.guc[gt].used = -1;
		fx.guc[gt].consumed = -1;
	}
	fx_options(&o);
	fx_start_with(&o, false);
	fx.logged = 0;
}

void fx_teardown(void)
{
	free(fx.ggtt);
	free(fx.storage);
	free(fx.mem.base);
}

/* Start a verb and run until nothing more happens; its end, or what pfc_do()
 * said. */
int fx_do_for(enum pfc_verb verb, unsigned vf, uint64_t ns)
{
	int err = pfc_do(fx.pfc, verb, vf, NULL, 77);

	if (err)
		return err;
	fx.ended = 0;
	fx.err = 1;
	fx_run(ns);
	return fx.ended ? fx.err : 1;
}

int fx_do(enum pfc_verb verb, unsigned vf)
{
	return fx_do_for(verb, vf, FX_SEC / 10);
}

struct pfc_vf_info fx_info(unsigned vf)
{
	struct pfc_vf_info info;

	ck_assert_int_eq(pfc_vf_info(fx.pfc, vf, &info), 0);
	return info;
}

enum pfc_vf_state fx_state(unsigned vf, unsigned gt)
{
	return fx_info(vf).state[gt];
}

/* A provisioned VF, with a small region so that tests are quick. */
void fx_provision(unsigned vf)
{
	const struct pfc_provision want = { .ggtt_size = 3u << 20, .contexts = 64 };

	ck_assert_int_eq(pfc_do(fx.pfc, PFC_PROVISION, vf, &want, 5), 0);
	fx_run(FX_SEC / 10);
	ck_assert_int_eq(fx_info(vf).valid, 0);
	fx.logged = 0;
}

void fx_paused(unsigned vf)
{
	fx_provision(vf);
	ck_assert_int_eq(fx_do(PFC_PAUSE, vf), 0);
	fx.logged = 0;
}

/* The whole image of a paused VF, in a buffer of the caller. */
size_t fx_save(unsigned vf, uint8_t *image, size_t cap, size_t step)
{
	size_t len = 0;
	long n;

	ck_assert_int_eq(pfc_do(fx.pfc, PFC_SAVE, vf, NULL, 6), 0);
	fx_run(FX_SEC / 10);
	fx.ended = 0;
	do {
		n = pfc_image_read(fx.pfc, vf, image + len, step < cap - len ? step : cap - len);
		ck_assert_int_ge(n, 0);
		len += (size_t)n;
	} while (n);
	fx_run(1000);
	ck_assert_uint_eq(fx.ended, 1);
	ck_assert_int_eq(fx.err, 0);
	return len;
}

/* --- relay ----------------------------------------------------------------------- */

void fx_relay(unsigned gt, uint32_t vf, uint32_t id, const uint32_t *msg, uint32_t len)
{
	uint32_t dw[255] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_VF, 0), vf,
			     id };

	memcpy(dw + 3, msg, len * 4);
	fx.answer_len = 0;
	fx_send(gt, 0, dw, 3 + len);
	fx_run(1000);
}

void fx_ask(unsigned gt, uint32_t vf, uint32_t dw0, uint32_t dw1, uint32_t len)
{
	const uint32_t msg[4] = { dw0, dw1, 0, 0 };

	fx_relay(gt, vf, 0x1234, msg, len);
	ck_assert_uint_ge(fx.answer_len, 4);
	ck_assert_uint_eq(fx.answer[0], RELAY_CALL(HXG_REQUEST, GUC_ACTION_RELAY_TO_VF, 0));
	ck_assert_uint_eq(fx.answer[1], vf);
	ck_assert_uint_eq(fx.answer[2], 0x1234);
}

void fx_handshake(unsigned vf)
{
	fx_ask(0, vf, RELAY_HELLO, 1 << 16, 2);
	ck_assert_uint_eq(fx.answer[3], RELAY_SUCCESS(0));
}

void fx_failed(int err)
{
	ck_assert_uint_eq(fx.answer_len, 4);
	ck_assert_uint_eq(fx.answer[3], RELAY_FAILURE(err));
	ck_assert_int_eq(fx.relay_err, -err);
}
