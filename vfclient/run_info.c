/* SPDX-License-Identifier: MIT */
/* "gucemu vf info": boot a VF, print what it was given, shut it down. */
#include "run_priv.h"

#include "view/json.h"
#include "proto/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 10000u

static void print_json(const struct vft_card *card, struct vft *t)
{
	struct json_object *o = json_object_new_object();
	struct json_object *gts;

	json_add_str(o, "card", card->name);
	json_add_u64(o, "vf", card->function);
	json_add_u64(o, "tiles", card->tiles);
	json_add_u64(o, "card_gts", card->gts);
	gts = json_add_array(o, "gts");
	for (unsigned gt = 0; gt < vft_gts(t); gt++) {
		struct json_object *g = json_push_object(gts);
		struct vfc_info i;

		vfc_info(vft_driver(t), gt, &i);
		json_add_fmt(g, "abi", "%u.%u", i.abi_major, i.abi_minor);
		json_add_u64(g, "ggtt_start", i.ggtt_start);
		json_add_u64(g, "ggtt_size", i.ggtt_size);
		if (i.lmem_size)
			json_add_u64(g, "lmem_size", i.lmem_size);
		json_add_u64(g, "contexts", i.contexts);
		json_add_u64(g, "doorbells", i.doorbells);
		json_add_u64(g, "gmd_id", i.gmd_id);
		json_add_bool(g, "sched_groups", i.sched_groups);
		json_add_bool(g, "migration_supported", i.migration_supported);
		json_add_fmt(g, "relay", "%u.%u", i.relay_major, i.relay_minor);
		json_add_u64(g, "runtime_registers", i.runtime_n);
	}
	puts(json_line(o));
	json_object_put(o);
}

static void print_text(const struct vft_card *card, struct vft *t)
{
	printf("VF %u of card %s (%u GTs, %u tiles)\n", card->function, card->name, card->gts,
	       card->tiles);
	for (unsigned gt = 0; gt < vft_gts(t); gt++) {
		struct vfc_info i;

		vfc_info(vft_driver(t), gt, &i);
		printf("  GT %u: VF ABI %u.%u, migration %ssupported\n", gt, i.abi_major,
		       i.abi_minor, i.migration_supported ? "" : "not ");
		printf("    GGTT       0x%" PRIx64 "-0x%" PRIx64 " (%" PRIu64 " MiB)\n",
		       i.ggtt_start, i.ggtt_start + i.ggtt_size - 1, i.ggtt_size >> 20);
		if (i.lmem_size)
			printf("    LMEM       %" PRIu64 " MiB\n", i.lmem_size >> 20);
		printf("    contexts   %u, doorbells %u, scheduling groups %s\n", i.contexts,
		       i.doorbells, i.sched_groups ? "on" : "off");
		printf("    relay      %u.%u, %u runtime registers, GMD_ID 0x%08x\n",
		       i.relay_major, i.relay_minor, i.runtime_n, i.gmd_id);
	}
}

static int info(uv_loop_t *loop, const struct vft_options *options, bool json)
{
	struct vft *t;
	char err[256];
	int status = RUN_GOOD;
	int r = vft_open_sync(&t, loop, options, PATIENCE_MS, err, sizeof(err));

	if (r != 0) {
		fprintf(stderr, "gucemu vf info: %s\n", err);
		uv_run(loop, UV_RUN_DEFAULT); /* what was begun is freed */
		return RUN_DEAD;
	}
	r = vft_boot_sync(t, PATIENCE_MS);
	if (r != 0) {
		fprintf(stderr, "gucemu vf info: the VF does not boot: %s%s\n", text_errno(r),
			run_boot_hint(r));
		status = vft_error(t, NULL) ? RUN_DEAD : RUN_FAILED;
	} else if (json) {
		print_json(vft_link_card(vft_link(t)), t);
	} else {
		print_text(vft_link_card(vft_link(t)), t);
	}
	if (r == 0)
		(void)vft_shutdown_sync(t, PATIENCE_MS);
	vft_close(t);
	uv_run(loop, UV_RUN_DEFAULT);
	return status;
}

int run_info_main(int argc, char **argv)
{
	struct vft_options o;
	bool json = false;
	uv_loop_t loop;
	int status;
	const struct cli_option options[] = {
		{ "socket", CLI_STRING, "PATH", "the emulator's socket (else $GUCEMU_SOCKET)",
		  &o.socket, 0, 0 },
		{ "vf", CLI_UINT, "N", "which VF (1)", &o.function, 1, 63 },
		{ "json", CLI_FLAG, NULL, "as a JSON object", &json, 0, 0 },
	};
	const struct cli_command command = {
		.name = "gucemu vf info",
		.args = "--socket PATH [options]",
		.about = "boot a VF, say what it was given, shut it down",
		.options = options,
		.options_n = sizeof(options) / sizeof(options[0]),
	};

	vft_options_default(&o);
	o.socket = getenv("GUCEMU_SOCKET");
	switch (cli_parse(&command, &argc, argv)) {
	case CLI_HELP:
		return 0;
	case CLI_BAD:
		return CLI_EXIT_USAGE;
	case CLI_RUN:
		break;
	}
	if (argc > 1 || !o.socket) {
		cli_complain(command.name, argc > 1 ? "'%s' is too much" :
						      "which emulator? --socket PATH%s",
			     argc > 1 ? argv[1] : "");
		return CLI_EXIT_USAGE;
	}
	o.name = "gucemu vf info";
	(void)uv_loop_init(&loop);
	status = info(&loop, &o, json);
	(void)uv_loop_close(&loop);
	return status;
}
