/* SPDX-License-Identifier: MIT */
/* What the files of the real world under scenarios share: cards are `gucemu serve`
 * processes. PFs and VF drivers are others, of ours or somebody else's commands: what a
 * script learns of them comes over the control role, from the GuC's side. Or they are
 * ours and live in this process, where the script looks into them. */
#ifndef GUCEMU_SCENARIO_REAL_WORLD_H
#define GUCEMU_SCENARIO_REAL_WORLD_H

#include <uv.h>

#include "cli/child.h"
#include "cli/control.h"
#include "scenario/actors.h"
#include "view/json.h"

#define REAL_CARDS 8u
#define REAL_VFS   128u
#define REAL_ASKED 64u /* verbs under way */
#define REAL_WORDS 48u
#define REAL_MS    10000u

struct real;
struct own_pf;
struct own_vf;

struct real_card {
	struct real *real;
	unsigned index, vfs, gts, tiles; /* GTs of a tile */
	uint64_t trace;         /* points to see, 0: those that everybody sees */
	char socket[108];
	struct child child, pf; /* pf.pid 0: built in */
	struct control *control;
	struct control_request events;
	uint64_t tag;           /* of its start, 0: it is up */
	bool ready, streaming;
	bool discrete;
	bool own_pf;            /* its PF is to live here: */
	struct own_pf *own;     /* NULL: not yet, or elsewhere */
	size_t fault_at;        /* events before are no news for fault rules */
	uint8_t state[GUC_MAX_FUNCTIONS][GUC_MAX_GTS];
};

struct real_vf {
	struct real *real;
	struct child child;
	struct own_vf *own;     /* it lives here; NULL: in a process of its own */
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
	bool takes_part; /* a command of somebody else's was started */
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

extern const luaL_Reg real_card_functions[], real_look_functions[], real_fault_functions[],
	real_pf_functions[], real_vf_functions[];

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
/* --- actors that live here: real_own_pf.c, real_own_vf.c -------------------------------- */

/* Connect a PF driver of our own with the options of card{} at index `options`: the tag
 * of its start; an error of Lua. */
uint64_t real_own_pf(lua_State *L, struct real_card *c, int options);
void real_own_pf_end(struct real_card *c);
/* Fill in what is its own. */
void real_own_pf_look(struct real_card *c, struct script_pf *out);
int real_own_pf_read(struct real_card *c, uint64_t off, unsigned size, uint64_t *value);
void real_own_pf_write(struct real_card *c, uint64_t off, unsigned size, uint64_t value);
int real_own_pf_local(lua_State *L); /* core.card_local() */
/* The same of a VF, with the options of card:vf{} at index 3 and a driver or none. 0 or
 * -errno. */
int real_own_vf(lua_State *L, struct real_vf *v, bool driver);
void real_own_vf_end(struct real_vf *v);
void real_own_vf_look(struct real_vf *v, struct script_vf *out);
int real_own_vf_read(struct real_vf *v, uint64_t off, unsigned size, uint64_t *value);
void real_own_vf_write(struct real_vf *v, uint64_t off, unsigned size, uint64_t value);
/* Is its driver ready on every GT, and nothing pends? *pending: its unfinished jobs. */
bool real_own_vf_ready(const struct real_vf *v, uint32_t *pending);

/* --- all of it ---------------------------------------------------------------------------- */

/* Look at an event that came: states of VFs. */
void real_vf_event(struct real *r, struct real_card *c, const struct guc_event *g);
/* Look after processes that ended. */
void real_reap(struct real *r);
/* Tell clients to end and wait for it; the verdict may change. */
void real_vfs_end(struct real *r);

#endif
