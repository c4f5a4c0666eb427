/* SPDX-License-Identifier: MIT */
/* gucemu: one program with commands, in the manner of git. The table below is
 * the list of commands for dispatch, help and suggestions. */
#include "cli/commands.h"
#include "cli/options.h"
#include "emulator/serve.h"
#include "vfclient/run.h"

#include <stdio.h>
#include <string.h>

#ifndef GUCEMU_VERSION
#define GUCEMU_VERSION "unknown"
#endif

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
};

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct command commands[] = {
	{ "demo", gucemu_demo_main, "migrate a busy VF between two emulated cards and show it" },
	{ "serve", gucemu_serve_main, "run an emulated card on a Unix socket" },
	{ "vf", gucemu_vf_main, "run a VF driver against an emulated card" },
	{ "pf", gucemu_pf_main, "steer VFs: provision, flr, pause, save, migrate, ..." },
	{ "run", gucemu_run_main, "run scenarios: say what should happen, and get a verdict" },
	{ "conformance", gucemu_conformance_main, "judge VF and PF drivers by the checklist" },
	{ "image", gucemu_image_main, "look into saved VFs, compare them, exchange them with Linux" },
	{ "clock", gucemu_clock_main, "stop a card's clock, move it on, let it go on" },
	{ "snapshot", gucemu_snapshot_main, "keep a whole card, and put it back" },
	{ "state", gucemu_state_main, "show everything in an emulated card" },
	{ "explain", gucemu_explain_main, "say what a number, name or message means" },
	{ "actions", gucemu_actions_main, "list the messages between drivers and GuC" },
	{ "klvs", gucemu_klvs_main, "list the keys of configuration and policies" },
	{ "states", gucemu_states_main, "list what a GuC does with a VF, or draw it" },
	{ "fault", gucemu_fault_main, "let an emulated card misbehave by rules" },
	{ "trace", gucemu_trace_main, "show and draw what --record wrote" },
	{ "version", version_main, "print the version" },
	{ "help", help_main, "explain a command" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void usage(FILE *out)
{
	fprintf(out, "gucemu: the GuC firmware of Intel Xe GPUs under SR-IOV, emulated\n\n"
		     "Usage: gucemu COMMAND [arguments]\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'gucemu COMMAND --help' explains a command. Start with 'gucemu demo'.\n");
}

static int unknown(const char *name)
{
	const char *names[COMMANDS];

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	return cli_unknown("gucemu", "command", name, names, COMMANDS);
}

static int version_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("gucemu %s\n", GUCEMU_VERSION);
	return 0;
}

/* A command's main sees its whole name as argv[0]: "gucemu serve". */
static int start(const struct command *c, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "gucemu %s", c->name);
	argv[0] = name;
	return c->main(argc, argv);
}

static int help_main(int argc, char **argv)
{
	char help[] = "--help";
	char *words[4] = { NULL, help, NULL, NULL };
	const struct command *c;

	if (argc < 2) {
		usage(stdout);
		return 0;
	}
	c = find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	if (c->main == help_main || c->main == version_main) {
		printf("gucemu %s: %s\n", c->name, c->help);
		return 0;
	}
	/* "help trace show" is "trace show --help". */
	if (argc > 2) {
		words[1] = argv[2];
		words[2] = help;
	}
	return start(c, argc > 2 ? 3 : 2, words);
}

/* Output that nobody got is a failure, whatever the command says. */
static int written(int status)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || status != 0)
		return status;
	fprintf(stderr, "gucemu: can't write the output\n");
	return 1;
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		usage(stderr);
		return CLI_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return written(0);
	}
	if (strcmp(argv[1], "--version") == 0)
		return written(version_main(argc - 1, argv + 1));
	c = find(argv[1]);
	return c ? written(start(c, argc - 1, argv + 1)) : unknown(argv[1]);
}
