/* SPDX-License-Identifier: MIT */
/* The card's block, its port to the functions' memory and its clock: the GuC
 * and the PF get slices of every turn of the loop, and the loop sleeps until
 * the first of their deadlines. See server.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "server.h"
#include "snapshot.h"

unsigned card_gts(const struct server *s)
{
	return (unsigned)s->opt.geometry.tiles * s->opt.geometry.gts;
}

static int port_read(void *user, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	struct server *s = user;

	return memory_read(&s->fn[fn].memory, dma, dst, len);
}

static int port_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	struct server *s = user;

	return memory_write(&s->fn[fn].memory, dma, src, len);
}

static int port_load(void *user, unsigned fn, uint64_t dma, uint32_t *value)
{
	struct server *s = user;

	return memory_load32(&s->fn[fn].memory, dma, value);
}

static int port_store(void *user, unsigned fn, uint64_t dma, uint32_t value)
{
	struct server *s = user;

	return memory_store32(&s->fn[fn].memory, dma, value);
}

static void port_irq(void *user, unsigned fn, const struct guc_irq *irq)
{
	function_irq(user, fn, irq);
}

void card_time(struct server *s)
{
	if (s->ticked || s->snapshot_job)
		return;
	s->ticked = true;
	s->now = clock_now(s);
	faults_look(s);
	guc_tick(&s->card, s->now);
}

static void on_idle(uv_idle_t *idle)
{
	(void)idle; /* only keeps the loop from sleeping; the work is in on_check() */
}

/* Timers run before the loop polls, and one that is due when it is set, or soon after,
 * runs before anything has looked what it was for: the loop must not sleep then. */
static void on_timer(uv_timer_t *timer)
{
	card_kick(timer->data);
}

void card_kick(struct server *s)
{
	s->again = true;
	uv_idle_start(&s->idle, on_idle);
}

/* After the clients' frames: a slice for GuC, plain rings and PF, then decide
 * how long the loop may sleep. In the check phase, so that what is queued for
 * clients is sent (prepare phase) before the loop sleeps. */
static void on_check(uv_check_t *check)
{
	struct server *s = check->data;
	/* The machine's clock and the card's. */
	uint64_t now = uv_hrtime(), card = clock_now(s);
	uint64_t next = UINT64_MAX, due = UINT64_MAX;
	bool more, moved = false;

	s->again = false;
	if (snapshot_turn(s)) {
		clients_check(s, now, &next);
		clients_again(s, false, &next);
		clients_bury(s);
		card_kick(s);
		return;
	}
	s->now = card;
	s->ticked = false;
	if (guc_next_deadline(&s->card) <= card) {
		faults_look(s);
		guc_tick(&s->card, card);
	}
	more = plain_turn(s, card, &due);
	if (!record_behind(s)) /* a write that ends wakes the loop */
		more |= builtin_turn(s, card, &due, &moved);
	more |= local_retire(&s->local);
	more |= snapshots_free(s);
	proxy_turn(s);
	hold_turn(s, now, &next);
	freeze_check(s, now, &next);
	handover_check(s, now, &next);
	clients_check(s, now, &next);
	clients_again(s, moved, &next);
	faults_turn(s);
	clients_bury(s);
	bell_turn(s);
	record_turn(s, now, &next);
	if (guc_next_deadline(&s->card) < due)
		due = guc_next_deadline(&s->card);
	if (!more && !s->again)
		more = clock_turn(s, due);
	if (clock_real(s, due) < next)
		next = clock_real(s, due);
	if (more || s->again || next <= now) {
		card_kick(s);
		return;
	}
	uv_idle_stop(&s->idle);
	if (next == UINT64_MAX)
		uv_timer_stop(&s->timer);
	else
		uv_timer_start(&s->timer, on_timer, (next - now + 999999) / 1000000, 0);
}

int card_start(struct server *s)
{
	struct guc_options *options = &s->opt.guc;
	void *block;
	int err;

	s->block_size = guc_card_size(&s->opt.geometry);
	if (s->block_size == 0)
		return -EINVAL;
	/* Zero pages that nobody touches cost nothing: a card of 63 VFs has
	 * tables of many MiB. */
	block = mmap(NULL, s->block_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (block == MAP_FAILED)
		return -errno;
	/* Entries of gigabytes are written at start: thousands of page faults less. */
	(void)madvise(block, s->block_size, MADV_HUGEPAGE);
	s->card.port = (struct guc_port){
		.user = s,
		.mem_read = port_read,
		.mem_write = port_write,
		.load32 = port_load,
		.store32 = port_store,
		.irq = port_irq,
	};
	lmem_start(s);
	err = guc_card_init_zeroed(&s->card, block, s->block_size, &s->opt.geometry, options);
	if (err != 0) {
		munmap(block, s->block_size);
		return err;
	}
	s->card.block = block;
	s->card.sink = events_sink;
	s->card.sink_user = s;
	events_update(s);
	faults_attach(s);
	uv_check_init(&s->loop, &s->check);
	uv_idle_init(&s->loop, &s->idle);
	uv_timer_init(&s->loop, &s->timer);
	s->check.data = s->idle.data = s->timer.data = s;
	uv_check_start(&s->check, on_check);
	card_time(s);
	card_kick(s);
	return 0;
}

void card_stop(struct server *s)
{
	uv_close((uv_handle_t *)&s->check, NULL);
	uv_close((uv_handle_t *)&s->idle, NULL);
	uv_close((uv_handle_t *)&s->timer, NULL);
	for (unsigned i = 0; i < GUC_MAX_FUNCTIONS; i++) {
		plain_drop(s, i);
		memory_drop_all(&s->fn[i].memory);
	}
	local_free(&s->local);
	munmap(s->card.block, s->block_size);
}
