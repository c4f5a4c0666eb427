/* SPDX-License-Identifier: MIT */
/* Plain CTB: for clients without rings of their own the server keeps memory
 * interrupt page and rings of a GT in hosted memory, mapped at the end of the
 * VF's GGTT range, and is the host's side of the ring there (guc-abi 3.3 to
 * 3.8). All that has to survive a hand-over lies in that memory: cursors in
 * the descriptors, the rest in the unused part of the interrupt page. Its
 * content is the client's matter and never trusted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/mailbox.h"
#include "proto/actions.h"
#include "proto/ctb.h"
#include "proto/hxg.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "server.h"

/* The area of a GT: interrupt page, descriptors, H2G, G2H. */
#define AREA_DMA(gt)  ((1ull << 51) + ((uint64_t)(gt) << 20))
#define AREA_FLAGS    0x800u /* in the interrupt page, beyond what GuC writes */
#define AREA_H2G_DESC 0x1000u
#define AREA_G2H_DESC 0x1800u
#define AREA_H2G      0x2000u
#define AREA_G2H      0x3000u
#define AREA_BYTES    0xB000u
#define H2G_DWORDS    (CTB_H2G_BYTES / 4)
#define G2H_BYTES     0x8000u
#define G2H_DWORDS    (G2H_BYTES / 4)

#define FLAG_OPEN       1u
#define FLAG_RECOVERING 2u

/* Messages given to the client in one turn. */
#define RECEIVE_A_TURN 64u

struct plain_ctb {
	struct server *server;
	unsigned fn, gt;
	uint8_t *at;      /* the area, mapped by the function's memory */
	uint32_t h2g_tail, g2h_head;
	bool open, recovering, pending, rung; /* rung: registers hold interrupts */
	/* CTB_OPEN under way: */
	bool opening;
	unsigned step;
	uint32_t seq;
	uint64_t base;    /* GGTT address of the area */
	struct host_port port;
	struct host_mailbox mailbox;
};

/* The requests of CTB_OPEN. `area`: the value is an address in the area. */
static const struct open_step {
	uint16_t key;
	bool area;
	uint32_t value;
} open_steps[] = {
	{ GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR, true, 0 },
	{ GUC_KLV_SELF_MEMIRQ_STATUS_ADDR, true, 0 },
	{ GUC_KLV_SELF_H2G_CTB_DESC_ADDR, true, AREA_H2G_DESC },
	{ GUC_KLV_SELF_H2G_CTB_ADDR, true, AREA_H2G },
	{ GUC_KLV_SELF_H2G_CTB_SIZE, false, CTB_H2G_BYTES },
	{ GUC_KLV_SELF_G2H_CTB_DESC_ADDR, true, AREA_G2H_DESC },
	{ GUC_KLV_SELF_G2H_CTB_ADDR, true, AREA_G2H },
	{ GUC_KLV_SELF_G2H_CTB_SIZE, false, G2H_BYTES },
};
#define OPEN_STEPS (sizeof(open_steps) / sizeof(*open_steps)) /* then CONTROL_CTB */

size_t plain_size(void)
{
	return sizeof(struct plain_ctb);
}

static uint32_t get(const struct plain_ctb *p, uint32_t off)
{
	return __atomic_load_n((const uint32_t *)(const void *)(p->at + off), __ATOMIC_ACQUIRE);
}

static void put(struct plain_ctb *p, uint32_t off, uint32_t v)
{
	__atomic_store_n((uint32_t *)(void *)(p->at + off), v, __ATOMIC_RELEASE);
}

static void put_flags(struct plain_ctb *p)
{
	put(p, AREA_FLAGS,
	    (p->open ? FLAG_OPEN : 0) | (p->recovering ? FLAG_RECOVERING : 0));
}

static unsigned gt_tile(const struct server *s, unsigned gt)
{
	return gt / s->opt.geometry.gts;
}

static bool gt_media(const struct server *s, unsigned gt)
{
	return gt % s->opt.geometry.gts == 1;
}

/* --- registers, for the mailbox machine ---------------------------------------------- */

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct plain_ctb *p = user;

	(void)guc_mmio_write(&p->server->card, p->fn, off, 4, value);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct plain_ctb *p = user;

	for (size_t i = 0; i < n; i++)
		(void)guc_mmio_write(&p->server->card, p->fn, off + 8 * i, 8, values[i]);
}

static void port_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct plain_ctb *p = user;
	uint32_t words[MAILBOX_DWORDS] = { 0 };

	(void)cookie;
	for (unsigned i = 0; i < n && i < MAILBOX_DWORDS; i++) {
		uint64_t v = 0;

		(void)guc_mmio_read(&p->server->card, p->fn, off + size * i, size, &v);
		words[i] = (uint32_t)v;
	}
	host_mailbox_read_done(&p->mailbox, words, n);
}

static void ring_doorbell(struct plain_ctb *p)
{
	port_write32(p, p->mailbox.doorbell_off, 0);
}

/* --- opening ---------------------------------------------------------------------------- */

static struct plain_ctb *plain_new(struct server *s, unsigned fn, unsigned gt)
{
	struct plain_ctb *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->server = s;
	p->fn = fn;
	p->gt = gt;
	p->port = (struct host_port){
		.user = p,
		.write32 = port_write32,
		.write64 = port_write64,
		.read = port_read,
	};
	host_mailbox_init(&p->mailbox, &p->port, gt_tile(s, gt), gt_media(s, gt), 0);
	p->at = memory_find(&s->fn[fn].memory, AREA_DMA(gt))->at;
	s->fn[fn].plain[gt] = p;
	s->plains++;
	return p;
}

/* Map the area below the areas of the tile's earlier GTs. */
static int map_area(struct plain_ctb *p)
{
	struct server *s = p->server;
	struct guc_vf_info info;
	uint64_t down = (uint64_t)(p->gt % s->opt.geometry.gts + 1) * AREA_BYTES;
	uint64_t pte = (uint64_t)gt_tile(s, p->gt) * REG_TILE_STRIDE + REG_GGTT_BASE;

	if (guc_vf_info(&s->card, p->fn, p->gt, &info) != 0 || info.ggtt_size < down)
		return -ENODATA;
	p->base = info.ggtt_start + info.ggtt_size - down;
	for (uint64_t off = 0; off < AREA_BYTES; off += GGTT_PAGE) {
		uint64_t entry = (AREA_DMA(p->gt) + off) | (uint64_t)p->fn << PTE_VFID_SHIFT |
				 PTE_PRESENT;

		port_write64(p, pte + ((p->base + off) >> GGTT_PAGE_SHIFT) * 8, &entry, 1);
	}
	return 0;
}

static void open_request(struct plain_ctb *p, uint64_t now)
{
	unsigned source = gt_media(p->server, p->gt) ? MEMIRQ_SOURCE_MEDIA_GUC
						     : MEMIRQ_SOURCE_GUC;
	uint32_t dw[MAILBOX_DWORDS] = { 0 };
	const struct open_step *step = &open_steps[p->step];
	uint64_t value;

	if (p->step == OPEN_STEPS) {
		dw[0] = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_CONTROL_CTB, 0);
		dw[1] = 1;
		(void)host_mailbox_start(&p->mailbox, dw, 2, now);
		return;
	}
	value = step->value;
	if (step->key == GUC_KLV_SELF_MEMIRQ_SOURCE_ADDR)
		value = MEMIRQ_SOURCE(source);
	else if (step->key == GUC_KLV_SELF_MEMIRQ_STATUS_ADDR)
		value = MEMIRQ_STATUS(source);
	if (step->area)
		value += p->base;
	dw[0] = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_SELF_CFG, 0);
	dw[1] = klv_header(step->key, step->area ? 2 : 1);
	dw[2] = (uint32_t)value;
	dw[3] = (uint32_t)(value >> 32);
	(void)host_mailbox_start(&p->mailbox, dw, 4, now);
}

static void open_end(struct plain_ctb *p, int err, const char *text)
{
	struct client *c = p->server->fn[p->fn].client;

	p->opening = false;
	p->open = err == 0;
	if (p->open)
		plain_intr_enable(p->server, p->fn, p->gt);
	put_flags(p);
	if (c)
		client_status(c, p->seq, err, text);
}

/* Go on with the requests while GuC answers at once. */
static void open_turn(struct plain_ctb *p, uint64_t now, uint64_t *deadline)
{
	while (p->opening) {
		uint32_t data0, wanted = p->step < OPEN_STEPS ? 1 : 0;
		uint64_t next;
		int err;

		if (!host_mailbox_step(&p->mailbox, now)) {
			next = host_mailbox_deadline(&p->mailbox);
			if (next > now) {
				if (next < *deadline)
					*deadline = next;
				return;
			}
			continue;
		}
		err = host_mailbox_take(&p->mailbox, &data0);
		if (err == 0 && data0 != wanted)
			err = -EPROTO;
		if (err != 0) {
			open_end(p, err, "GuC refused the registration");
			return;
		}
		if (++p->step > OPEN_STEPS) {
			open_end(p, 0, NULL);
			return;
		}
		open_request(p, now);
	}
}

enum wire_next on_ctb_open(struct client *c, const struct frame *f, int *fds)
{
	struct server *s = c->server;
	struct plain_ctb *p;
	int err = 0;

	(void)fds;
	if (!(c->features & FRAME_FEATURE_PLAIN_CTB) || c->fn == 0) {
		client_status(c, f->seq, -EOPNOTSUPP, "HELLO did not ask for plain CTB");
		return WIRE_NEXT;
	}
	if (f->gt >= card_gts(s)) {
		client_status(c, f->seq, -ENODEV, "the card has no such GT");
		return WIRE_NEXT;
	}
	p = s->fn[c->fn].plain[f->gt];
	if (p && p->opening) {
		client_status(c, f->seq, -EALREADY, "the CTB is being opened");
		return WIRE_NEXT;
	}
	if (!p) {
		err = memory_host(&s->fn[c->fn].memory, AREA_DMA(f->gt), AREA_BYTES);
		if (err == 0)
			p = plain_new(s, c->fn, f->gt);
	}
	if (!p) {
		client_status(c, f->seq, err ? err : -ENOMEM, "no memory for the rings");
		return WIRE_NEXT;
	}
	card_time(s);
	memset(p->at, 0, AREA_BYTES);
	p->open = p->recovering = p->pending = p->rung = false;
	p->h2g_tail = p->g2h_head = 0;
	p->seq = f->seq;
	p->step = 0;
	err = map_area(p);
	if (err != 0) {
		open_end(p, err, "the VF has no GGTT range");
		return WIRE_NEXT;
	}
	p->opening = true;
	open_request(p, s->now);
	card_kick(s);
	return WIRE_NEXT;
}

/* --- sending ------------------------------------------------------------------------------ */

static struct plain_ctb *plain_of(struct client *c, const struct frame *f)
{
	struct plain_ctb *p = NULL;

	if (f->gt < card_gts(c->server))
		p = c->server->fn[c->fn].plain[f->gt];
	return p && p->open ? p : NULL;
}

static void put_dword(struct plain_ctb *p, uint32_t dword)
{
	put(p, AREA_H2G + 4 * p->h2g_tail, dword);
	p->h2g_tail = ctb_advance(p->h2g_tail, 1, H2G_DWORDS);
}

/* Messages never straddle the end of the ring: as drivers of Linux do. */
static int plain_send(struct plain_ctb *p, uint32_t fence, const uint8_t *data, uint32_t len)
{
	uint32_t head = get(p, AREA_H2G_DESC + CTB_DESC_HEAD);
	uint32_t total = len + 1, pad = 0;

	if (head >= H2G_DWORDS || get(p, AREA_H2G_DESC + CTB_DESC_STATUS) != 0)
		return -EPIPE;
	if (p->h2g_tail + total > H2G_DWORDS)
		pad = H2G_DWORDS - p->h2g_tail;
	if (ctb_space(head, p->h2g_tail, H2G_DWORDS) < total + pad)
		return -EAGAIN;
	while (pad-- > 0)
		put_dword(p, 0);
	put_dword(p, ct_header(fence, len));
	for (uint32_t i = 0; i < len; i++)
		put_dword(p, le32_get(data + 4 * i));
	put(p, AREA_H2G_DESC + CTB_DESC_TAIL, p->h2g_tail);
	ring_doorbell(p);
	return 0;
}

enum wire_next on_ctb_send(struct client *c, const struct frame *f, int *fds)
{
	struct plain_ctb *p = plain_of(c, f);
	int err;

	(void)fds;
	card_time(c->server);
	if (!p) {
		client_status(c, f->seq, -ENOTCONN, "the CTB is not open");
	} else if (f->data_len == 0 || f->data_len % 4 != 0 ||
		   f->data_len / 4 > CTB_HXG_MAX_DWORDS || f->code > 0xFFFF) {
		client_status(c, f->seq, -EMSGSIZE, "not 1 to 255 dwords, or fence above 0xffff");
	} else if (p->recovering) {
		client_status(c, f->seq, -ECANCELED, "migrated: CTB_RESTART after the fixups");
	} else {
		err = plain_send(p, f->code, f->data, (uint32_t)(f->data_len / 4));
		client_status(c, f->seq, err,
			      err == -EAGAIN ? "the ring is full"
			      : err != 0     ? "the ring is broken"
					     : NULL);
	}
	return WIRE_NEXT;
}

enum wire_next on_ctb_restart(struct client *c, const struct frame *f, int *fds)
{
	struct plain_ctb *p = plain_of(c, f);

	(void)fds;
	if (!p) {
		client_status(c, f->seq, -ENOTCONN, "the CTB is not open");
		return WIRE_NEXT;
	}
	card_time(c->server);
	for (uint32_t i = 0; i < H2G_DWORDS; i++)
		put(p, AREA_H2G + 4 * i, 0);
	p->recovering = false;
	put_flags(p);
	client_status(c, f->seq, 0, NULL);
	return WIRE_NEXT;
}

/* --- receiving ----------------------------------------------------------------------------- */

static void interrupted(struct plain_ctb *p, uint32_t bits)
{
	if (bits >> GUC_IRQ_GUC2HOST & 1)
		p->pending = true;
	if (bits >> GUC_IRQ_SW_INT_0 & 1) {
		p->recovering = true;
		put_flags(p);
	}
}

void plain_irq(struct server *s, unsigned fn, const struct guc_irq *irq)
{
	struct plain_ctb *p = s->fn[fn].plain[irq->gt];

	if (!p)
		return;
	p->rung = true;
	/* Bit 0 of an engine is its user interrupt, which nobody here waits for. */
	if (irq->source == MEMIRQ_SOURCE_GUC || irq->source == MEMIRQ_SOURCE_MEDIA_GUC)
		interrupted(p, 1u << irq->bit);
	card_kick(s);
}

/* One message to the client. False: there is none, or the ring is broken. */
static bool receive_one(struct plain_ctb *p, struct client *c)
{
	uint32_t tail = get(p, AREA_G2H_DESC + CTB_DESC_TAIL);
	uint8_t data[CTB_HXG_MAX_DWORDS * 4];
	struct frame f = { .type = gucemu_FrameType_CTB_RECEIVE, .gt = p->gt, .data = data };
	uint32_t header, len, at = p->g2h_head;

	if (tail >= G2H_DWORDS || tail == at)
		return false;
	header = get(p, AREA_G2H + 4 * at);
	len = field_get(CT_NUM_DWORDS, header);
	if (len + 1 > ctb_used(at, tail, G2H_DWORDS))
		return false;
	for (uint32_t i = 0; i < len; i++) {
		at = ctb_advance(at, 1, G2H_DWORDS);
		le32_put(data + 4 * i, get(p, AREA_G2H + 4 * at));
	}
	p->g2h_head = ctb_advance(at, 1, G2H_DWORDS);
	put(p, AREA_G2H_DESC + CTB_DESC_HEAD, p->g2h_head);
	f.code = field_get(CT_FENCE, header);
	f.data_len = 4 * (size_t)len;
	client_send(c, &f, NULL);
	return true;
}

/* A client that doesn't read leaves its messages in the ring, where GuC's own
 * back-pressure holds. */
static bool receive(struct plain_ctb *p)
{
	struct function *fn = &p->server->fn[p->fn];
	struct wire_stats stats;

	if (!fn->client || fn->freeze == FROZEN)
		return false;
	for (unsigned i = 0; i < RECEIVE_A_TURN; i++) {
		wire_stats(fn->client->wire, &stats);
		if (stats.queued > WIRE_OUT_LOW)
			return false;
		if (!receive_one(p, fn->client)) {
			p->pending = false;
			return false;
		}
		if (!fn->client)
			return false;
	}
	return true;
}

bool plain_turn(struct server *s, uint64_t now, uint64_t *deadline)
{
	bool more = false;

	if (s->plains == 0)
		return false;
	for (unsigned fn = 1; fn <= s->opt.geometry.vfs; fn++) {
		for (unsigned gt = 0; gt < card_gts(s); gt++) {
			struct plain_ctb *p = s->fn[fn].plain[gt];

			if (p && p->opening)
				open_turn(p, now, deadline);
			/* Answering may have ended the client and its rings. */
			p = s->fn[fn].plain[gt];
			if (p && p->rung) {
				p->rung = false;
				interrupted(p, plain_intr_take(s, fn, gt));
			}
			if (p && p->pending)
				more |= receive(p);
		}
	}
	return more;
}

/* --- life ------------------------------------------------------------------------------------ */

bool plain_is_region(uint64_t dma)
{
	return dma >= AREA_DMA(0) && dma < AREA_DMA(GUC_MAX_GTS);
}

bool plain_busy(const struct server *s, unsigned fn)
{
	for (unsigned gt = 0; gt < GUC_MAX_GTS; gt++) {
		if (s->fn[fn].plain[gt] && s->fn[fn].plain[gt]->opening)
			return true;
	}
	return false;
}

int plain_adopt(struct server *s, unsigned fn)
{
	for (unsigned gt = 0; gt < card_gts(s); gt++) {
		struct memory_region *r = memory_find(&s->fn[fn].memory, AREA_DMA(gt));
		struct plain_ctb *p;

		if (!r)
			continue;
		if (!r->hosted || r->size != AREA_BYTES)
			return -EINVAL;
		p = plain_new(s, fn, gt);
		if (!p)
			return -ENOMEM;
		p->open = get(p, AREA_FLAGS) & FLAG_OPEN;
		p->recovering = get(p, AREA_FLAGS) & FLAG_RECOVERING;
		p->h2g_tail = get(p, AREA_H2G_DESC + CTB_DESC_TAIL) % H2G_DWORDS;
		p->g2h_head = get(p, AREA_G2H_DESC + CTB_DESC_HEAD) % G2H_DWORDS;
		p->pending = p->rung = p->open;
	}
	return 0;
}

void plain_drop(struct server *s, unsigned fn)
{
	for (unsigned gt = 0; gt < GUC_MAX_GTS; gt++) {
		if (!s->fn[fn].plain[gt])
			continue;
		free(s->fn[fn].plain[gt]);
		s->fn[fn].plain[gt] = NULL;
		s->plains--;
	}
}
