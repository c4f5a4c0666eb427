/* SPDX-License-Identifier: MIT */
/* A VF of your own in one page: connect to an emulator, boot the driver, make
 * a context, run jobs in it, say what came out. If the VF is migrated meanwhile,
 * the driver recovers by itself and the jobs are right all the same.
 *
 *	gucemu serve --socket /tmp/a.sock --vfs 1 --run ./vf-socket
 *	cc vf-socket.c $(pkg-config --cflags --libs libgucvf) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfclient/vft.h"

#define LIMIT_MS 10000u

/* The driver's log lines and what happened to its GGTT range. */
static void on_event(void *user, const struct vfc_event *e)
{
	(void)user;
	if (e->kind == VFC_EV_LOG)
		printf("driver: %s\n", e->text);
	else if (e->kind == VFC_EV_BASE)
		printf("migrated: GGTT base 0x%" PRIx64 " -> 0x%" PRIx64 "\n", e->value, e->base);
}

static void on_lost(void *user, struct vft *t, int err, const char *text)
{
	(void)user;
	(void)t;
	(void)err;
	fprintf(stderr, "lost: %s\n", text);
}

/* One job of each kind; the last waits in the engine until it is released. */
static int run_jobs(struct vft *t)
{
	static const struct vfc_job jobs[] = {
		{ .kind = VFC_JOB_STORE, .value = 0xC0FFEE },
		{ .kind = VFC_JOB_LONG, .value = 0x600D, .length = 1000 },
		{ .kind = VFC_JOB_WAIT, .value = 0x1E7601 },
	};
	int queue = vft_queue_create(t, 0, GUC_CLASS_RENDER, 1);
	int number = 0;

	if (queue < 0) {
		fprintf(stderr, "no context: %s\n", strerror(-queue));
		return -1;
	}
	for (unsigned i = 0; i < 3; i++) {
		number = vft_job_submit(t, 0, (uint32_t)queue, &jobs[i]);
		if (number < 0)
			return -1;
	}
	vft_job_release(t, 0, (uint32_t)queue, (uint32_t)number);
	for (uint32_t i = 1; i <= 3; i++) {
		int err = vft_wait_job(t, 0, (uint32_t)queue, i, LIMIT_MS);

		printf("job %u: %s\n", i, err ? strerror(-err) : "its value is in memory");
		if (err != 0)
			return -1;
	}
	return 0;
}

static int run(struct vft *t)
{
	struct vfc_info info;
	int err = vft_boot_sync(t, LIMIT_MS);

	if (err != 0) {
		fprintf(stderr, "the VF does not boot: %s\n", strerror(-err));
		return -1;
	}
	vfc_info(vft_driver(t), 0, &info);
	printf("VF ABI %u.%u, GGTT 0x%" PRIx64 ", %" PRIu64 " MiB, %u contexts\n",
	       info.abi_major, info.abi_minor, info.ggtt_start, info.ggtt_size >> 20,
	       info.contexts);
	if (run_jobs(t) != 0)
		return -1;
	return vft_shutdown_sync(t, LIMIT_MS);
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();
	struct vft_options options;
	struct vft *t;
	char err[256];
	int result;

	vft_options_default(&options);
	options.socket = argc > 1 ? argv[1] : getenv("GUCEMU_SOCKET");
	options.function = 1;
	options.name = "vf-socket";
	options.driver.on_event = on_event;
	options.on_lost = on_lost;
	if (!options.socket) {
		fprintf(stderr, "usage: vf-socket SOCKET\n");
		return 2;
	}
	if (vft_open_sync(&t, loop, &options, LIMIT_MS, err, sizeof(err)) != 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	result = run(t);
	vft_close(t);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	return result == 0 ? 0 : 1;
}
