/* SPDX-License-Identifier: MIT */
/* The daemon around one card: what its files call of one another. Private.
 * One thread, one libuv loop. The GuC is pure; here are its clock (card.c),
 * its functions' memory (memory.c) and everybody who talks to it (client.c and
 * the files behind its table). */
#ifndef GUCEMU_EMULATOR_SERVER_H
#define GUCEMU_EMULATOR_SERVER_H

#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "emulator/clock.h"
#include "emulator/guc/guc.h"
#include "emulator/vfio/pci.h"
#include "host/lmem.h"
#include "local.h"
#include "log.h"
#include "memory.h"
#include "pf.h"
#include "proto/platform.h"
#include "view/json.h"
#include "wire/listen.h"
#include "wire/stream.h"

#define SERVER_CLIENTS    256u        /* connections at one time */
#define SERVER_HELLO_MS   5000u       /* to say HELLO */
#define SERVER_PIECE_MS   10000u      /* to go on with what descriptors came for */
#define SERVER_FREEZE_MS  5000u       /* to answer FREEZE */
#define SERVER_HANDOVER_MS 5000u      /* for the other emulator */
/* What all clients together may use of a turn of the loop. */
#define SERVER_TURN_NS    800000u
#define SERVER_SLICE_NS   200000u     /* of one long frame, one job */
#define SERVER_LOG_QUOTA  32u         /* lines a second that clients cause by mistakes */
#define CLIENT_NAME_MAX   64u
#define NO_FUNCTION       UINT32_MAX

struct server_options {
	const char *socket, *name, *run;
	int level; /* enum server_log */
	struct guc_geometry geometry;
	struct guc_options guc;
	const struct platform *platform;
	uint64_t ggtt_offset;
	bool no_pf;
	unsigned provision; /* VFs to provision at start */
	int ready_fd;       /* or -1 */
	const char *vfio_user; /* "vf1=PATH,...", or NULL */
	struct pci_identity pci;
	const char *record; /* trace file, or NULL */
	bool overwrite;     /* ... that may be there already */
	struct fault *fault; /* its rules; free() */
	uint64_t snapshot_bytes; /* of all snapshots; zeros take none */
};

/* An interrupt that waits in the wire's queue: equal ones are not queued again. */
#define IRQS_QUEUED 32u
struct irq_queued {
	struct guc_irq irq;
	uint64_t pos; /* stream position of its frame */
};

/* Why a client's frame can't be taken now. */
enum client_wait { WAITS_NOT, WAITS_DISK, WAITS_PF, WAITS_PROXY, WAITS_SNAPSHOT };

#define FRAME_TYPES ((unsigned)_gucemu_FrameType_ARRAYSIZE)

struct client {
	struct server *server;
	struct client *next;
	struct wire *wire;
	uint64_t id;           /* never used again */
	bool closed;           /* in the graves */
	bool doomed;           /* to be closed at the end of the turn */
	pid_t pid;
	uint64_t since;        /* ns; of the connection, then of HELLO */
	enum frame_role role;  /* 0 before HELLO */
	uint32_t fn;           /* role 1, else NO_FUNCTION */
	uint32_t features;
	char name[CLIENT_NAME_MAX];
	size_t cursor;         /* how far a frame offered again has been done */
	enum client_wait waits; /* what its frame waits for (WIRE_LATER) */
	uint32_t waits_seq;    /* ... with this seq */
	uint64_t errors;       /* requests answered with an error */
	uint32_t kinds[FRAME_TYPES]; /* frames of each type, carried out */
	uint64_t held_since;   /* ns or 0; it left descriptors with us, and then */
	uint64_t held_bytes;   /* sent nothing more than this */
	struct irq_queued irqs[IRQS_QUEUED];
	unsigned irqs_n;
	/* Control role: event stream. */
	uint64_t points;       /* bit p: wanted; 0 = no stream */
	bool steps;
	uint32_t events_seq;
	uint64_t lost;
	/* Peer role: what is being handed over to us. */
	struct adoption *adoption;
};

/* Plain CTB of one GT (plain_ctb.c). */
struct plain_ctb;

enum freeze_state { THAWED, FREEZING, FROZEN };

struct function {
	struct client *client;
	struct memory memory;
	struct plain_ctb *plain[GUC_MAX_GTS];
	uint8_t state[GUC_MAX_GTS]; /* enum guc_vf_state, as last reported */
	uint64_t reserved_by; /* control client that moves a VF here, 0 none */
	enum freeze_state freeze;
	uint64_t freeze_limit;
	uint64_t freeze_by; /* control client and its seq, to be answered */
	uint32_t freeze_seq;
	bool freeze_keep;  /* stays when its control client goes */
	uint64_t held_by;  /* control client whose pause it is, of a PF in a process of its
			    * own; 0: nobody's */
	bool resume_asked; /* an orphan: the PF is about to resume it, */
	uint64_t resume_again; /* or could not and is asked again then, ns */
	bool unconfirmed;  /* adopted; the giver may still take it back */
	bool thaw_later;   /* asked for (freeze_by) while unconfirmed */
	struct handover *handover; /* under way, or NULL */
	struct bell_page *bells; /* that the client shares, or NULL */
	uint32_t bell_looked[GUC_MAX_GTS];
	struct vfio *vfio; /* its vfio-user socket, or NULL */
	pid_t migration; /* that a fault rule began, or 0 */
};

struct server {
	uv_loop_t loop;
	struct server_options opt;
	struct guc_card card;
	struct local local;
	size_t block_size;
	struct listen_socket listen;
	uv_poll_t accept;
	int spare_fd;         /* for the connection that none is left for */
	uv_timer_t timer;     /* next deadline of GuC and PF */
	uv_idle_t idle;       /* active while there is work at once */
	uv_check_t check;
	uv_signal_t sigterm, sigint, sigchld;
	bool ticked, ready, stopping;
	uint64_t belled; /* bit fn: may have BELL_AWAKE somewhere */
	uint64_t orphans; /* bit fn: paused for a client that is gone: to be resumed */
	bool again;  /* somebody has work for the next turn */
	bool doomed; /* some client is */
	unsigned waiters; /* clients with a frame that waits */
	unsigned plains, freezes, handovers; /* open, under way: nothing to look at if 0 */
	int status;           /* exit status */
	pid_t child;          /* of --run, or 0 */
	struct client *clients;
	struct client *graves; /* closed in this turn, freed at its end */
	unsigned clients_n;
	uint64_t clients_ever;
	uint64_t now;         /* of the card's clock */
	struct card_clock clock;
	struct snapshot *snapshots; /* a list */
	struct snapshot *snapshots_gone; /* whose memory is to be given back, a list */
	struct snapshot_job *snapshot_job; /* the card stands still for it, or NULL */
	uint64_t points;      /* union of what anybody wants to see */
	enum server_log level;
	uint64_t quota_since; /* of the log; see log.c */
	unsigned quota_used;
	struct function fn[GUC_MAX_FUNCTIONS];
	struct recorder *recorder; /* or NULL */
	struct pf *pf;        /* built in, or NULL */
	struct host_port pf_port;
	struct host_mem pf_mem;
	struct proxy *proxy;  /* verbs at a PF of another process */
	uint64_t refused;     /* connections ended for a breach of the protocol */
};

/* --- serve.c ------------------------------------------------------------------ */

/* The PF is up (err 0) or will not be: say so and take clients, or end. */
void server_ready(struct server *s, int err);
/* End, with this exit status. */
void server_end(struct server *s, int status);

/* --- log.c -------------------------------------------------------------------- */

void server_log(const struct server *s, enum server_log level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* May a line be logged that a client can cause at any rate? Counts it. */
bool server_log_quota(struct server *s);
/* "vf1/gt0{VF_RUNNING}", "pf"; at most cap bytes. */
const char *function_label(const struct server *s, unsigned fn, unsigned gt, char *buf,
			   size_t cap);

/* --- card.c: the card's block, port and clock ------------------------------------ */

int card_start(struct server *s);
void card_stop(struct server *s);
/* Tell the card the time, once a turn of the loop before it is used. */
void card_time(struct server *s);
/* Some work was left: come back before the loop sleeps. */
void card_kick(struct server *s);
unsigned card_gts(const struct server *s);

/* --- client.c: connections, roles, dispatch --------------------------------------- */

int clients_start(struct server *s);
void clients_accept(struct server *s); /* begin to take connections */
void clients_stop(struct server *s, const char *why);
/* Time limits; *deadline is lowered to the next one. */
void clients_check(struct server *s, uint64_t now, uint64_t *deadline);
/* The client's frame has to wait: for the handler to return. */
enum wire_next client_waits(struct client *c, enum client_wait why, uint32_t seq);
/* Offer again the frames of those whose wait is over. `pf_moved`: the PF inside has
 * done something. */
void clients_again(struct server *s, bool pf_moved, uint64_t *deadline);
void clients_bury(struct server *s);   /* end of a turn */
struct client *client_find(struct server *s, uint64_t id);
/* End the connection: STATUS to it, a log line, everything it held is freed. */
void client_close(struct client *c, int status, const char *text);
/* Make a client of a connected socket that another emulator gave. */
struct client *client_adopt(struct server *s, int fd, unsigned fn, uint32_t features,
			    const char *name);
/* Take it away without a word: another emulator has it. */
void client_release(struct client *c);
/* Queue a frame. A client that doesn't read until its queue is full is closed;
 * the struct lives until the end of the turn. */
void client_send(struct client *c, const struct frame *f, const int *fds);
/* For callers inside a call of the card, who can't end a client there. */
void client_post(struct client *c, const struct frame *f);
/* Count and log a request that is answered with an error. */
void client_error(struct client *c, int status, const char *text);
/* STATUS; an error is counted and logged. */
void client_status(struct client *c, uint32_t seq, int status, const char *text);
/* "client 7 (name, pid 12, vf1)" */
const char *client_label(const struct client *c, char *buf, size_t cap);

/* Handlers of frames, by type. WIRE_AGAIN, WIRE_LATER: c->cursor says how far it is. */
typedef enum wire_next (*frame_handler)(struct client *c, const struct frame *f, int *fds);

/* --- function.c: registers, memory, interrupts of a function ------------------------ */

enum wire_next on_mmio_write(struct client *c, const struct frame *f, int *fds);
enum wire_next on_mmio_read(struct client *c, const struct frame *f, int *fds);
enum wire_next on_flr(struct client *c, const struct frame *f, int *fds);
void function_irq(struct server *s, unsigned fn, const struct guc_irq *irq);
/* Its client has gone: memory and rings go, a VF is reset as VFIO would. */
void function_lost(struct server *s, unsigned fn);
enum wire_next on_mem_share(struct client *c, const struct frame *f, int *fds);
enum wire_next on_mem_host(struct client *c, const struct frame *f, int *fds);
enum wire_next on_mem_drop(struct client *c, const struct frame *f, int *fds);
enum wire_next on_mem_read(struct client *c, const struct frame *f, int *fds);
enum wire_next on_mem_write(struct client *c, const struct frame *f, int *fds);

/* --- lmem.c: local memory and compression metadata ---------------------------------- */

/* Join the card to its own memory. */
void lmem_start(struct server *s);
/* The PF's access, function 0's BAR 2 of old: as pfc_lmem_done() wants it. */
int lmem_pf(struct server *s, const struct host_lmem *what, void *data, uint64_t *len,
	    bool *zeros);
enum wire_next on_lmem_read(struct client *c, const struct frame *f, int *fds);
enum wire_next on_lmem_write(struct client *c, const struct frame *f, int *fds);
enum wire_next on_lmem_stage(struct client *c, const struct frame *f, int *fds);

/* --- bell.c: doorbells only for who sleeps ------------------------------------------- */

enum wire_next on_bell(struct client *c, const struct frame *f, int *fds);
/* Its client is gone or given away: it shall signal always. */
void bell_drop(struct server *s, unsigned fn);
/* Registers are about to be written, a doorbell perhaps among them. */
void bell_look_at(struct server *s, unsigned fn);
/* End of a turn: the loop may sleep, so say so to the clients, and ring for who was
 * too late. In each turn, busy ones too: the card looks only when it is rung. */
void bell_turn(struct server *s);
/* Must the client be told of this interrupt? */
bool bell_irq(struct server *s, unsigned fn, const struct guc_irq *irq);

/* --- plain_ctb.c -------------------------------------------------------------------- */

enum wire_next on_ctb_open(struct client *c, const struct frame *f, int *fds);
enum wire_next on_ctb_send(struct client *c, const struct frame *f, int *fds);
enum wire_next on_ctb_restart(struct client *c, const struct frame *f, int *fds);
void plain_irq(struct server *s, unsigned fn, const struct guc_irq *irq);
/* Interrupt registers (plain_irq.c), where the card has them: turn on what plain CTB
 * waits for; take what GuC raised, a bit each. */
void plain_intr_enable(struct server *s, unsigned fn, unsigned gt);
uint32_t plain_intr_take(struct server *s, unsigned fn, unsigned gt);
/* Go on with what is open: requests, received messages. True: more at once.
 * *deadline is lowered to when it has to be called again. */
bool plain_turn(struct server *s, uint64_t now, uint64_t *deadline);
/* Rings found in adopted memory. */
int plain_adopt(struct server *s, unsigned fn);
void plain_drop(struct server *s, unsigned fn);
bool plain_is_region(uint64_t dma);
/* A CTB_OPEN is under way. */
/* Bytes of struct plain_ctb, of which a copy is a snapshot. */
size_t plain_size(void);
bool plain_busy(const struct server *s, unsigned fn);

/* --- freeze.c, handover.c --------------------------------------------------------------- */

enum wire_next on_frozen(struct client *c, const struct frame *f, int *fds);
/* Verbs: answered now or later. */
/* `keep`: the freeze outlives the control client that asks for it. */
void freeze_verb(struct client *by, uint32_t seq, unsigned fn, bool keep);
void thaw_verb(struct client *by, uint32_t seq, unsigned fn);
void freeze_check(struct server *s, uint64_t now, uint64_t *deadline);
/* Its client is gone while somebody waits for it. */
void freeze_lost(struct server *s, unsigned fn);
/* A control client is gone: what it froze would stay so for ever. */
void freeze_asker_lost(struct server *s, uint64_t id);
/* A hand-over failed: thaw if the control client went away during it. */
void freeze_given_back(struct server *s, unsigned fn);
/* An adopted client is ours for good. */
void freeze_confirmed(struct server *s, unsigned fn);

/* --- hold.c: pauses that end with the control client that asked for them --------------- */

void hold_client_lost(struct server *s, uint64_t id);
/* A hand-over of the paused VF failed, or succeeded. */
void hold_given_back(struct server *s, unsigned fn);
void hold_handed_over(struct server *s, unsigned fn);
/* Of a PF in a process of its own: it has paused the VF for a client (0: for good), has
 * resumed, stopped or reset it, has answered to proxy_resume(). */
void hold_paused(struct server *s, unsigned fn, uint64_t id);
void hold_over(struct server *s, unsigned fn);
void hold_asked(struct server *s, unsigned fn, int status);
/* Have resumed what is to be. */
void hold_turn(struct server *s, uint64_t now, uint64_t *deadline);

/* --- mishap.c ------------------------------------------------------------------------------ */

void mishap_verb(struct client *by, uint32_t seq, unsigned fn, const struct verb *v);

/* --- reserve.c --------------------------------------------------------------------------- */

void reserve_verb(struct client *by, uint32_t seq, unsigned fn);
void unreserve_verb(struct client *by, uint32_t seq, unsigned fn);
/* A control client is gone: what it reserved is free. */
void reserve_asker_lost(struct server *s, uint64_t id);

enum wire_next on_adopt(struct client *c, const struct frame *f, int *fds);
enum wire_next on_peer_status(struct client *c, const struct frame *f, int *fds);
void handover_verb(struct client *by, uint32_t seq, unsigned fn, const char *to);
struct adoption;
struct handover;
void handover_check(struct server *s, uint64_t now, uint64_t *deadline);
/* The client is gone: what was under way for it fails. */
void handover_lost(struct server *s, unsigned fn);
/* A peer connection ended: what it had not confirmed is dropped. */
void adoption_lost(struct client *peer);

/* --- control.c, state.c: the control role ----------------------------------------- */

enum wire_next on_control(struct client *c, const struct frame *f, int *fds);
enum wire_next on_blob(struct client *c, const struct frame *f, int *fds);
/* REPLY with a JSON object, which is put (NULL: an empty one). With a status it
 * gets an `error` member with `text`. A long one goes in pieces. */
void control_reply(struct client *c, uint32_t seq, int status, struct json_object *o,
		   const char *text);
/* The same to a client that may have gone. */
void control_reply_to(struct server *s, uint64_t id, uint32_t seq, int status,
		      struct json_object *o, const char *text);
struct json_object *state_card(const struct server *s);
struct json_object *state_all(const struct server *s);
/* What each GuC has of a VF, whoever is the PF. */
struct json_object *state_config(const struct server *s, unsigned vf);
struct json_object *state_findings(const struct server *s, unsigned vf);

/* --- pf_builtin.c, pf_proxy.c: the PF inside, or the client that is function 0 ---------------- */

int builtin_start(struct server *s);
void builtin_stop(struct server *s);
void builtin_irq(struct server *s);
/* *moved: it did something. */
bool builtin_turn(struct server *s, uint64_t now, uint64_t *deadline, bool *moved);

/* Pass a PF verb and its image bytes to the PF's process, and its answers back. */
void proxy_verb(struct client *c, const struct frame *f, const struct verb *v);
enum wire_next proxy_blob(struct client *c, const struct frame *f);
/* Could a piece of this client's image be passed on? */
bool proxy_room(struct client *c, uint32_t seq);
enum wire_next on_pf_reply(struct client *c, const struct frame *f, int *fds);
enum wire_next on_pf_blob(struct client *c, const struct frame *f, int *fds);
enum wire_next on_pf_status(struct client *c, const struct frame *f, int *fds);
void proxy_turn(struct server *s);
/* The PF's process, or a control client, has gone. */
void proxy_pf_lost(struct server *s);
void proxy_client_lost(struct client *c);
/* Have a VF resumed, without a control client; hold_asked() is told what came of it.
 * False: there is no PF. */
bool proxy_resume(struct server *s, unsigned fn);
/* Nobody asked for this one but a fault rule. False: there is no PF. */
bool proxy_pause(struct server *s, unsigned fn);

/* --- faults.c: fault rules -------------------------------------------------------------------- */

/* The card is there: let the rules see what it does. */
void faults_attach(struct server *s);
/* Before the card does something: which files are there? */
void faults_look(struct server *s);
/* After it: do what rules want of the world. */
void faults_turn(struct server *s);
/* Some child has ended: true when it was a migration of ours. */
bool faults_child(struct server *s);
/* The verb `fault`, without that word. */
void faults_verb(struct client *c, uint32_t seq, const char *text, size_t len);

/* --- record.c: the trace file ------------------------------------------------------------------- */

/* Open it and describe the card that is about to be powered on. 0, also when
 * none was asked for, or -errno, logged. */
int record_start(struct server *s);
/* Something is being recorded (and nothing stopped it). */
bool record_active(const struct server *s);
void record_event(struct server *s, const struct guc_event *event);
/* What is not the card's: the PF's steps, clients that come and go. */
void record_step(struct server *s, unsigned fn, unsigned gt, const char *text);
/* What whoever reads it should know. */
void record_mark(struct server *s, const char *text);
void record_attach(struct server *s, unsigned fn, const char *name, bool adopted);
void record_detach(struct server *s, unsigned fn, bool given);
/* The disk is behind: what has time waits for it, such as the PF; */
bool record_behind(const struct server *s);
/* functions' requests wait, too, for a little while. */
bool record_holds(const struct server *s);
/* ... until then, at the latest (ns). */
uint64_t record_holds_until(const struct server *s);
/* End of a turn: what was recorded goes to the disk, now or soon: *deadline is
 * lowered to when it has to be called again. */
void record_turn(struct server *s, uint64_t now, uint64_t *deadline);
void record_stop(struct server *s);

/* --- events.c ----------------------------------------------------------------------------------- */

void events_sink(void *user, const struct guc_event *event);
/* Something the PF does, for diagram and log. */
void events_step(struct server *s, unsigned fn, unsigned gt, const char *text);
/* Points by names "state,h2g"; false: an unknown name. */
bool events_points(const char *names, size_t len, uint64_t *points, bool *steps);
/* Recompute what the card has to report. */
void events_update(struct server *s);

#endif
