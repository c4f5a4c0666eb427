/* SPDX-License-Identifier: MIT */
/* PF drivers of the real world that live in the case's own process: libgucpf as function
 * 0 of a card that is another process's, with its memory shared and its registers by
 * frames. What a script does with them is in pf_driver.c. */
#include "scenario/real_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/pf.h"
#include "emulator/pf_ask.h"
#include "emulator/pf_link.h"

#define STEPS 64u /* of a driver in a turn: others want their turn, too */

struct own_pf {
	struct real_card *card;
	struct pf_link link;
	void *storage;
	struct pfc *pfc;
	uint64_t started; /* tag of its start */
	uint16_t ccs_ratio;
	uv_check_t check;
	uv_idle_t idle;
	uv_timer_t timer;
	unsigned handles;
};

/* --- stepping it ---------------------------------------------------------------------------- */

static void on_wake(uv_idle_t *idle)
{
	(void)idle; /* keeps the loop from sleeping */
}

static void on_timer(uv_timer_t *timer)
{
	struct own_pf *p = timer->data;

	uv_idle_start(&p->idle, on_wake);
}

/* A socket that takes no more wakes the loop when it does. */
static bool has_room(struct own_pf *p)
{
	struct wire_stats stats;

	if (!p->link.wire || !pf_link_settled(&p->link))
		return false;
	wire_stats(p->link.wire, &stats);
	return stats.queued < WIRE_OUT_LOW || wire_flush(p->link.wire) == 0;
}

static void on_check(uv_check_t *check)
{
	struct own_pf *p = check->data;
	bool more = true;
	uint64_t now, next;

	for (unsigned i = 0; i < STEPS && more; i++)
		more = has_room(p) && pfc_step(p->pfc, uv_hrtime());
	pf_link_flush(&p->link);
	now = uv_hrtime();
	next = pfc_next_deadline(p->pfc);
	if (p->link.wire && (more || next <= now)) {
		uv_idle_start(&p->idle, on_wake);
		return;
	}
	uv_idle_stop(&p->idle);
	if (next == UINT64_MAX || !p->link.wire)
		uv_timer_stop(&p->timer);
	else
		uv_timer_start(&p->timer, on_timer, (next - now + 999999) / 1000000, 0);
}

/* --- what it is told ------------------------------------------------------------------------ */

static void lost(struct own_pf *p, const char *why)
{
	if (!p->card->real->ending)
		script_judge(p->card->real->s, OUTCOME_CRASH, 0, "the PF lost card %c: %s",
			     'A' + (int)p->card->index, why);
}

static void on_failed(void *user, const char *text)
{
	lost(user, text);
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	struct own_pf *p = user;

	(void)w;
	(void)err;
	p->link.wire = NULL;
	lost(p, reason);
}

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct own_pf *p = user;

	(void)w;
	(void)fds;
	(void)pf_link_frame(&p->link, f);
	return WIRE_NEXT;
}

static void on_pfc_event(void *user, const struct pfc_event *ev)
{
	struct own_pf *p = user;
	struct script *s = p->card->real->s;

	if (!p->card->real->ending)
		actors_pf_event(s, p->card->index, s->world->now(s), ev);
}

/* --- life ----------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct own_pf *p = handle->data;

	if (--p->handles == 0)
		free(p);
}

void real_own_pf_end(struct real_card *c)
{
	struct own_pf *p = c->own;

	if (!p)
		return;
	c->own = NULL;
	pf_link_close(&p->link);
	free(p->storage);
	p->pfc = p->storage = NULL;
	uv_close((uv_handle_t *)&p->check, on_handle_closed);
	uv_close((uv_handle_t *)&p->idle, on_handle_closed);
	uv_close((uv_handle_t *)&p->timer, on_handle_closed);
}

static struct own_pf *make(struct real_card *c)
{
	struct own_pf *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->card = c;
	p->link.failed = on_failed;
	p->link.user = p;
	uv_check_init(&c->real->loop, &p->check);
	uv_idle_init(&c->real->loop, &p->idle);
	uv_timer_init(&c->real->loop, &p->timer);
	p->check.data = p->idle.data = p->timer.data = p;
	p->handles = 3;
	return p;
}

static int open_driver(struct own_pf *p, struct pfc_options *o)
{
	static const struct wire_ops ops = { .frame = on_frame, .closed = on_closed };
	struct real_card *c = p->card;
	char text[256] = "";
	int err = pf_link_open(&p->link, &c->real->loop, c->socket, 0, "PF of a scenario",
			       pf_mem_size(o), &ops, p, text, sizeof(text));

	if (err != 0)
		return err;
	o->lmem = pf_link_lmem(&p->link);
	o->on_event = on_pfc_event;
	o->user = p;
	p->storage = calloc(1, pfc_size());
	if (!p->storage)
		return -ENOMEM;
	p->pfc = pfc_init(p->storage, pfc_size(), o, &p->link.port, &p->link.mem);
	if (!p->pfc)
		return -EINVAL;
	p->link.driver = p->pfc;
	return pfc_start(p->pfc, false);
}

uint64_t real_own_pf(lua_State *L, struct real_card *c, int options)
{
	struct pf_ask *ask = NULL;
	struct pfc_options o;
	uint64_t tag;
	int err = pf_ask_open(&ask, &c->real->loop, c->socket, &o);

	pf_ask_close(ask);
	if (err != 0)
		return (uint64_t)script_errno(L, err, "PF");
	actors_pfc_options(L, options, &o);
	tag = new_tag(L);
	c->own = make(c);
	if (!c->own)
		return (uint64_t)script_errno(L, -ENOMEM, "PF");
	c->own->started = tag;
	c->own->ccs_ratio = o.ccs_ratio;
	err = open_driver(c->own, &o);
	if (err != 0) {
		real_own_pf_end(c);
		op_find(c->real->s, tag)->tag = 0;
		return (uint64_t)script_errno(L, err, "PF");
	}
	uv_check_start(&c->own->check, on_check);
	uv_idle_start(&c->own->idle, on_wake);
	return tag;
}

/* --- local memory --------------------------------------------------------------------------- */

#define LMEM_MAX (64u << 20) /* of a share that is written */

static int lmem_call(struct real_card *c, enum host_lmem_op op, struct host_lmem *what, uint8_t *to)
{
	what->op = op;
	return pf_link_lmem_wait(&c->own->link, what, to);
}

/* Read bytes of a share, in pieces. */
static int lmem_read(struct real_card *c, struct host_lmem what, uint8_t *to, size_t len)
{
	int err = 0;

	for (size_t at = 0; at < len && !err; at += what.len) {
		what.len = len - at < HOST_LMEM_MAX ? (uint32_t)(len - at) : HOST_LMEM_MAX;
		err = lmem_call(c, HOST_LMEM_READ, &what, to + at);
		what.off += what.len;
	}
	return err;
}

/* What the PF writes goes to a stage, which takes the whole share's place: content and
 * metadata are copied there, with the new bytes among them. */
static int stage_all(struct real_card *c, struct host_lmem what, const uint64_t size[2],
		     uint64_t off, const char *bytes, size_t len)
{
	bool metadata = what.metadata;
	uint8_t *all;
	int err = 0;

	for (int kind = 0; kind < 2 && !err; kind++) {
		all = malloc(size[kind] ? size[kind] : 1);
		what.metadata = kind;
		what.off = 0;
		err = all ? lmem_read(c, what, all, size[kind]) : -ENOMEM;
		if (!err && metadata == what.metadata)
			memcpy(all + off, bytes, len);
		for (size_t at = 0; at < size[kind] && !err; at += what.len) {
			what.len = size[kind] - at < HOST_LMEM_MAX ? (uint32_t)(size[kind] - at)
								   : HOST_LMEM_MAX;
			what.off = at;
			what.data = all + at;
			err = lmem_call(c, HOST_LMEM_WRITE, &what, NULL);
		}
		free(all);
	}
	return err;
}

static int lmem_write(struct real_card *c, struct host_lmem what, const char *bytes, size_t len)
{
	struct pfc_vf_info info;
	uint64_t size[2], off = what.off;
	int err = pfc_vf_info(c->own->pfc, what.function, &info);

	if (err)
		return err;
	size[0] = info.lmem_size;
	size[1] = c->own->ccs_ratio ? info.lmem_size / c->own->ccs_ratio : 0;
	if (size[0] > LMEM_MAX || off > size[what.metadata] || len > size[what.metadata] - off)
		return -ERANGE;
	err = lmem_call(c, HOST_LMEM_STAGE, &what, NULL);
	if (!err)
		err = stage_all(c, what, size, off, bytes, len);
	(void)lmem_call(c, err ? HOST_LMEM_ABORT : HOST_LMEM_COMMIT, &what, NULL);
	return err;
}

/* core.card_local(card, tile, fn, metadata, off, [bytes] or length): local memory, as the
 * PF reaches it. */
int real_own_pf_local(lua_State *L)
{
	struct real_card *c = real_card_arg(L, 1);
	struct host_lmem what = { .tile = (uint8_t)luaL_checkinteger(L, 2),
				  .function = (uint8_t)luaL_checkinteger(L, 3),
				  .metadata = lua_toboolean(L, 4),
				  .off = (uint64_t)luaL_checkinteger(L, 5) };
	lua_Integer len;
	luaL_Buffer b;
	char *to;
	int err;

	if (!c->own)
		return luaL_error(L, "the PF is elsewhere");
	if (lua_type(L, 6) == LUA_TSTRING) {
		size_t n;
		const char *bytes = lua_tolstring(L, 6, &n);

		err = lmem_write(c, what, bytes, n);
		return err ? script_errno(L, err, "local memory") : 0;
	}
	len = luaL_checkinteger(L, 6);
	luaL_argcheck(L, len >= 0 && len <= 16 << 20, 6, "0 to 16 MiB");
	to = luaL_buffinitsize(L, &b, (size_t)len);
	err = lmem_read(c, what, (uint8_t *)to, (size_t)len);
	if (err)
		return script_errno(L, err, "local memory");
	luaL_pushresultsize(&b, (size_t)len);
	return 1;
}

void real_own_pf_look(struct real_card *c, struct script_pf *out)
{
	struct own_pf *p = c->own;

	out->pfc = p->pfc;
	out->mem = &p->link.mem;
	out->port = &p->link.port;
	out->now = uv_hrtime();
	out->started = &p->started;
}

int real_own_pf_read(struct real_card *c, uint64_t off, unsigned size, uint64_t *value)
{
	return pf_link_read(&c->own->link, off, size, value);
}

void real_own_pf_write(struct real_card *c, uint64_t off, unsigned size, uint64_t value)
{
	struct pf_link *l = &c->own->link;

	if (size == 8)
		l->port.write64(l, off, &value, 1);
	else
		l->port.write32(l, off, (uint32_t)value);
	pf_link_flush(l);
}
