/* SPDX-License-Identifier: MIT */
/* gucemu state: everything live in an emulated card, as an indented text, as
 * JSON, or again and again. The text is made from whatever the emulator
 * tells, so it never lags behind. */
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json_text.h"
#include "cli/options.h"
#include "view/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 10000u

static struct {
	const char *socket;
	bool json, watch;
	unsigned interval;
} opt;

static const struct cli_option options[] = {
	{ "socket", CLI_STRING, "PATH", "socket of the emulated card (else $GUCEMU_SOCKET)",
	  &opt.socket, 0, 0 },
	{ "json", CLI_FLAG, NULL, "as JSON, on one line", &opt.json, 0, 0 },
	{ "watch", CLI_FLAG, NULL, "again and again", &opt.watch, 0, 0 },
	{ "interval", CLI_UINT, "MS", "time between (default: 1000)", &opt.interval, 10, 3600000 },
};

static const struct cli_command command = {
	.name = "gucemu state",
	.args = "--socket PATH [options]",
	.about = "show everything in an emulated card",
	.options = options,
	.options_n = sizeof(options) / sizeof(options[0]),
};

static int show(struct control *c, uv_loop_t *loop)
{
	struct json_object *o;
	char *text;
	int status = control_wait(c, loop, NULL, "state", TIMEOUT_MS, &text);

	if (status < 0) {
		fprintf(stderr, "gucemu state: %s\n", control_error(status, text));
	} else if (opt.json) {
		printf("%s\n", text);
	} else {
		o = json_read(text, strlen(text));
		if (opt.watch && isatty(STDOUT_FILENO))
			printf("\033[H\033[J");
		if (json_object_is_type(o, json_type_object))
			json_text(o, 2);
		json_object_put(o);
	}
	fflush(stdout);
	free(text);
	return status < 0 ? 1 : 0;
}

static int run(uv_loop_t *loop)
{
	struct timespec pause = { opt.interval / 1000, (long)(opt.interval % 1000) * 1000000 };
	struct control *c;
	char err[256];
	int status;

	if (control_open(&c, loop, opt.socket, NULL, err, sizeof(err)) < 0) {
		fprintf(stderr, "gucemu state: %s\n", err);
		return 1;
	}
	status = show(c, loop);
	while (status == 0 && opt.watch && !ferror(stdout)) {
		nanosleep(&pause, NULL);
		status = show(c, loop);
	}
	control_close(c);
	return status;
}

int gucemu_state_main(int argc, char **argv)
{
	enum cli_result result;
	uv_loop_t loop;
	int status;

	opt.interval = 1000;
	opt.socket = getenv("GUCEMU_SOCKET");
	result = cli_parse(&command, &argc, argv);
	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (argc > 1 || !opt.socket) {
		cli_complain(command.name, argc > 1 ? "there are words too many"
						    : "needs --socket");
		return CLI_EXIT_USAGE;
	}
	if (uv_loop_init(&loop) != 0) {
		fprintf(stderr, "gucemu state: no event loop\n");
		return 1;
	}
	status = run(&loop);
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_loop_close(&loop);
	return status;
}
