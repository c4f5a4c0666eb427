/* SPDX-License-Identifier: MIT */
/* libgucvf, the whole VF: the pure driver of vfc.h on a link of vft_link.h. It
 * steps the driver in each turn of the loop, keeps its clock, passes its events
 * on. Asynchronous calls end with a vfc_event; those named _sync or wait run the
 * loop themselves until then. Several VFs may live in one loop, one thread.
 *
 * While the virtual machine is frozen for a migration asynchronous calls fail
 * with -EAGAIN (on_freeze tells when it is over); the waiting ones just wait. */
#ifndef GUCEMU_VFT_H
#define GUCEMU_VFT_H

#include "vfc.h"
#include "vft_link.h"

struct vft;

struct vft_options {
	const char *socket;
	unsigned function;        /* 1..63 */
	const char *name;         /* in the emulator's log, or NULL */
	unsigned queues, width;   /* memory is laid out for so many queues of a GT,
				   * each so many LRCs wide */
	size_t extra;             /* bytes of memory beyond that: a VFC_JOB_LONG
				   * takes 4 for each no-op */
	uint64_t dma;             /* of that memory */
	struct vfc_options driver;/* gts 0: as many as the card has. Its on_event,
				   * hook and user are called unchanged */
	/* All may be NULL; vft_close() may be called in them, in the driver's
	 * on_event too. */
	void (*on_open)(void *user, struct vft *t, const struct vft_card *card);
	/* The emulator is gone, or refused us. The driver was wedged before. */
	void (*on_lost)(void *user, struct vft *t, int err, const char *text);
	void (*on_freeze)(void *user, struct vft *t, bool frozen);
	/* The virtual machine is about to stop: calls of the driver made in here are
	 * its last, their register writes reach the emulator after the thaw. So a
	 * message can be in the ring that GuC was not told of. Before on_freeze. */
	void (*on_stop)(void *user, struct vft *t);
	/* It refused a register access: a driver's mistake. */
	void (*on_refused)(void *user, struct vft *t, int err, const char *text);
	void *user;
};

/* VF 1, memory for 16 queues of 2 LRCs a GT and 1 MiB more, at VFT_DMA; the
 * driver's own defaults, as many GTs as the card has. `socket` is left NULL. */
void vft_options_default(struct vft_options *options);

/* Connect, share memory, lay out the driver; on_open or on_lost follow. *out is
 * the caller's until vft_close(). 0, or -errno with *out NULL and a text in
 * err[0..cap). `socket` and `name` must last until on_open or on_lost. */
int vft_open(struct vft **out, uv_loop_t *loop, const struct vft_options *options, char *err,
	     size_t cap);
/* The same, running the loop until on_open, at most `timeout_ms` of real time. */
int vft_open_sync(struct vft **out, uv_loop_t *loop, const struct vft_options *options,
		  unsigned timeout_ms, char *err, size_t cap);
/* Let go at once, as when a process is killed; vft_shutdown_sync() is the
 * orderly way before. No callback comes any more. Never within a waiting call
 * of the same VF. The loop must turn once more to have it freed. */
void vft_close(struct vft *t);

/* The driver (vfc.h), NULL before on_open: for looking in and for calls that
 * have no wrapper here; don't use it while frozen. */
struct vfc *vft_driver(struct vft *t);
/* The link below (vft_link.h), owned by the VF: never close it. */
struct vft_link *vft_link(struct vft *t);
/* 0, or why the connection ended or the driver is wedged. text may be NULL. */
int vft_error(const struct vft *t, const char **text);
/* True between FREEZE and THAW of a migration. */
bool vft_frozen(const struct vft *t);
/* The VF's clock, ns. */
uint64_t vft_now(const struct vft *t);
/* Number of GTs the driver has; 0 before on_open. */
unsigned vft_gts(const struct vft *t);

/* --- asynchronous: as the functions of vfc.h, and -EAGAIN frozen, -ENOTCONN not
 * open, or the error of a lost connection. Tags below VFT_TAG_SYNC are yours. --- */

#define VFT_TAG_SYNC (1ull << 63)

/* Bootstrap and unload; VFC_EV_OP with `tag`. */
int vft_boot(struct vft *t, uint64_t tag);
int vft_shutdown(struct vft *t, uint64_t tag);
/* Queues and their jobs; id or number, VFC_EV_QUEUE and VFC_EV_JOB. */
int vft_queue_create(struct vft *t, unsigned gt, enum guc_engine_class engine_class,
		     unsigned width);
int vft_group_create(struct vft *t, unsigned gt, enum guc_engine_class engine_class);
int vft_group_add(struct vft *t, unsigned gt, uint32_t primary);
int vft_queue_destroy(struct vft *t, unsigned gt, uint32_t queue);
int vft_job_submit(struct vft *t, unsigned gt, uint32_t queue, const struct vfc_job *job);
int vft_job_release(struct vft *t, unsigned gt, uint32_t queue, uint32_t job);
/* Content that must survive; VFC_EV_KEEP with `tag`. */
int vft_keep_write(struct vft *t, uint32_t seed, uint64_t tag);
int vft_keep_check(struct vft *t, uint64_t tag);
/* A relay request to the PF; VFC_EV_RELAY with `tag`. */
int vft_relay(struct vft *t, unsigned gt, const uint32_t *dw, uint32_t len, uint64_t tag);

/* --- waiting: at most `timeout_ms` of real time. 0, -ETIMEDOUT, the result's own
 * error, -EDEADLK in a callback --------------------------------------------------- */

/* Until the driver is booted; until it is unloaded. */
int vft_boot_sync(struct vft *t, unsigned timeout_ms);
int vft_shutdown_sync(struct vft *t, unsigned timeout_ms);
/* Result of a job, also of one that ended before: the last VFT_RESULTS of each
 * queue made with the calls above are known, -ESTALE for older ones. */
#define VFT_RESULTS 16u
int vft_wait_job(struct vft *t, unsigned gt, uint32_t queue, uint32_t job, unsigned timeout_ms);
/* Until no job is unfinished and no recovery under way on any GT. */
int vft_wait_idle(struct vft *t, unsigned timeout_ms);
/* Until `n` recoveries have ended on every GT since boot. */
int vft_wait_recoveries(struct vft *t, unsigned n, unsigned timeout_ms);
/* Until the virtual machine is thawed. */
int vft_wait_thaw(struct vft *t, unsigned timeout_ms);
/* Relay request and answer: dwords of the answer (at most `cap`) or -errno. */
int vft_relay_sync(struct vft *t, unsigned gt, const uint32_t *dw, uint32_t len, uint32_t *answer,
		   uint32_t cap, unsigned timeout_ms);

#endif
