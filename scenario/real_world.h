/* SPDX-License-Identifier: MIT */
/* What the files of the real world under scenarios share: cards are `gucemu serve`
 * processes, PFs and VF drivers others of ours or somebody else's commands. What a
 * script learns comes over the control role, from the GuC's side. */
#ifndef GUCEMU_SCENARIO_REAL_WORLD_H
#define GUCEMU_SCENARIO_REAL_WORLD_H

#include <uv.h>

#include "cli/child.h"
#include "cli/control.h"
#include "scenario/script.h"
#include "view/json.h"

#define REAL_CARDS 8u
#define REAL_VFS   128u
#define REAL_ASKED 64u /* verbs under way */
#define REAL_WORDS 48u
#define REAL_MS    10000u

struct real;

struct real_card {
	struct real *real;
	unsigned index, vfs, gts;
	char socket[108];
	struct child child, pf; /* pf.pid 0: built in */
	struct control *control;
	struct control_request events;
	uint64_t tag;           /* of its start, 0: it is up */
	bool ready, streaming;
	size_t fault_at;        /* events before are no news for fault rules */
	uint8_t state[GUC_MAX_FUNCTIONS][GUC_MAX_GTS];
};

struct real_vf {
	struct real *real;
	struct child child;
	unsigned card, fn, gts;
	bool used, ours, frozen;
	bool ending;            /* was told to end */
	unsigned wedged, jobs_ok, jobs_bad, recovered;
	uint64_t tag;           /* of its boot or end, 0 */
	bool booting;
	char *words[REAL_WORDS]; /* the command; strdup()ed */
};

/* A verb under way. */
struct asked {
	struct control_request request;
	struct real *real;
	uint64_t tag; /* 0: free */
	uint8_t *data; /* of a save, or the image that is sent */
	size_t len, cap;
	bool answered, save;
};

struct real {
	struct script *s;
	uv_loop_t loop;
	uv_timer_t timer;
	uint64_t began;
	char folder[64];
	int log_fd;
	bool ending;
	struct real_card card[REAL_CARDS];
	unsigned cards;
	struct real_vf vf[REAL_VFS];
	unsigned vfs;
	struct asked asked[REAL_ASKED];
};

static inline struct real *real_of(const struct script *s)
{
	return s->own;
}

extern const luaL_Reg real_card_functions[], real_fault_functions[], real_pf_functions[],
	real_vf_functions[];

struct real_card *real_card_arg(lua_State *L, int index);
/* When it listens: connect. Turns the loop, so not from a callback of it. */
void real_card_connect(struct real_card *c);
/* Ask and wait for the answer: its JSON, to put; an error of Lua when it is one. */
struct json_object *real_ask(lua_State *L, struct real_card *c, const char *line,
			     const char *what);
/* The same without what it says. 0 or -errno. */
int real_tell(struct real_card *c, const char *line);
/* A process of the scenario's own with variables that its command finds. */
int real_start(struct real *r, struct child *child, char *const argv[], const char *socket,
	       unsigned vf, unsigned gts, const char *generation, bool feed);
/* Look at an event that came: states of VFs. */
void real_vf_event(struct real *r, struct real_card *c, const struct guc_event *g);
/* Look after processes that ended. */
void real_reap(struct real *r);
/* Tell clients to end and wait for it; the verdict may change. */
void real_vfs_end(struct real *r);

#endif
