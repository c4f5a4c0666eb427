/* SPDX-License-Identifier: MIT */
/* Turns of the real world: a libuv loop, processes that are looked after, and their
 * end. See real_world.h. */
#include "scenario/real_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 20u /* how soon a child's end is seen, and a turn ends */

static uint64_t now(const struct script *s)
{
	return uv_hrtime() - real_of(s)->began;
}

void real_reap(struct real *r)
{
	for (unsigned i = 0; i < r->cards; i++) {
		child_reap(&r->card[i].child);
		child_reap(&r->card[i].pf);
	}
	for (unsigned i = 0; i < r->vfs; i++)
		child_reap(&r->vf[i].child);
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer; /* only ends the turn */
}

static bool turn(struct script *s, uint64_t limit)
{
	struct real *r = real_of(s);
	uint64_t at = now(s), ms = limit > at ? (limit - at + 999999) / 1000000 : 0;
	uint64_t most = LOOK_MS;
	size_t before = s->events.n;
	bool waiting = false;

	if (actors_turn(s, &waiting))
		ms = 0;
	else if (waiting)
		most = 1;
	if (ms > most)
		ms = most;
	/* Timers that are due run before the loop waits: one that does not repeat would leave
	 * it waiting without a limit. */
	uv_update_time(&r->loop);
	uv_timer_start(&r->timer, on_timer, ms, LOOK_MS);
	uv_run(&r->loop, ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	real_reap(r);
	for (unsigned i = 0; i < r->cards; i++)
		real_card_connect(&r->card[i]);
	return s->events.n != before || now(s) < limit;
}

static int begin(struct script *s)
{
	struct real *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	s->own = r;
	r->s = s;
	r->log_fd = s->opt->verbose ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
	snprintf(r->folder, sizeof(r->folder), "%s/%d", s->opt->folder ? s->opt->folder : "/",
		 (int)getpid());
	signal(SIGPIPE, SIG_IGN);
	r->began = uv_hrtime();
	if (mkdir(r->folder, 0700) < 0)
		r->folder[0] = '\0';
	if (uv_loop_init(&r->loop) < 0)
		return -ENOMEM;
	uv_timer_init(&r->loop, &r->timer);
	return r->folder[0] ? 0 : -EACCES;
}

/* Handles that are closing need turns of their own. */
static void close_loop(struct real *r)
{
	uv_close((uv_handle_t *)&r->timer, NULL);
	for (unsigned i = 0; i < 100 && uv_loop_close(&r->loop) == UV_EBUSY; i++)
		uv_run(&r->loop, UV_RUN_NOWAIT);
}

static void end(struct script *s)
{
	struct real *r = real_of(s);

	r->ending = true;
	real_vfs_end(r);
	/* Else somebody would be praised for what others do. */
	if ((s->opt->client || s->opt->pf) && !r->takes_part)
		script_judge(s, OUTCOME_SKIP, 0, "who is judged takes no part in it");
	for (unsigned i = 0; i < r->cards; i++) {
		struct real_card *c = &r->card[i];

		control_close(c->control);
		real_own_pf_end(c);
		child_end(&c->pf);
		child_end(&c->child);
		unlink(c->socket);
	}
	for (unsigned i = 0; i < REAL_ASKED; i++)
		free(r->asked[i].data);
	close_loop(r);
	if (r->folder[0])
		rmdir(r->folder);
	if (r->log_fd >= 0)
		close(r->log_fd);
	free(r);
}

int real_start(struct real *r, struct child *child, char *const argv[], const char *socket,
	       unsigned vf, unsigned gts, const char *generation, bool feed)
{
	char number[16], many[16];

	snprintf(number, sizeof(number), "%u", vf);
	snprintf(many, sizeof(many), "%u", gts);
	setenv("GUCEMU_SOCKET", socket, 1);
	setenv("GUCEMU_VF", number, 1);
	setenv("GUCEMU_GTS", many, 1);
	setenv("GUCEMU_GENERATION", generation, 1);
	return child_start(child, &r->loop, argv, feed, r->log_fd);
}

/* --- who lives here -------------------------------------------------------------------------- */

static bool find_vf(struct script *s, lua_Integer n, struct script_vf *out)
{
	struct real *r = real_of(s);
	struct real_vf *v = n < 1 || n > (lua_Integer)r->vfs ? NULL : &r->vf[n - 1];

	if (!v || !v->used)
		return false;
	*out = (struct script_vf){
		.card = v->card,
		.fn = v->fn,
		.gts = v->gts,
		.tile_gts = r->card[v->card].gts,
	};
	if (v->own)
		real_own_vf_look(v, out);
	return true;
}

static bool find_pf(struct script *s, lua_Integer n, struct script_pf *out)
{
	struct real *r = real_of(s);

	if (n < 0 || n >= (lua_Integer)r->cards)
		return false;
	*out = (struct script_pf){
		.card = (unsigned)n,
		.gts = r->card[n].gts * r->card[n].tiles,
		.tile_gts = r->card[n].gts,
	};
	if (r->card[n].own)
		real_own_pf_look(&r->card[n], out);
	return true;
}

static int mmio_read(struct script *s, bool pf, lua_Integer n, uint64_t off, unsigned size,
		     uint64_t *value)
{
	struct real *r = real_of(s);

	return pf ? real_own_pf_read(&r->card[n], off, size, value)
		  : real_own_vf_read(&r->vf[n - 1], off, size, value);
}

static int mmio_write(struct script *s, bool pf, lua_Integer n, uint64_t off, unsigned size,
		      uint64_t value)
{
	struct real *r = real_of(s);

	if (pf)
		real_own_pf_write(&r->card[n], off, size, value);
	else
		real_own_vf_write(&r->vf[n - 1], off, size, value);
	return 0;
}

static void open_world(lua_State *L)
{
	luaL_setfuncs(L, pf_driver_functions, 0);
	luaL_setfuncs(L, vf_driver_functions, 0);
	luaL_setfuncs(L, job_functions, 0);
	luaL_setfuncs(L, raw_functions, 0);
	luaL_setfuncs(L, real_card_functions, 0);
	luaL_setfuncs(L, real_look_functions, 0);
	luaL_setfuncs(L, real_fault_functions, 0);
	luaL_setfuncs(L, real_pf_functions, 0);
	luaL_setfuncs(L, real_vf_functions, 0);
}

const struct world real_world = {
	.name = "real",
	.open = open_world,
	.turn = turn,
	.now = now,
	.begin = begin,
	.end = end,
	.vf = find_vf,
	.pf = find_pf,
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
};
