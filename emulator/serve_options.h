/* SPDX-License-Identifier: MIT */
/* The command line of `gucemu serve`. */
#ifndef GUCEMU_EMULATOR_SERVE_OPTIONS_H
#define GUCEMU_EMULATOR_SERVE_OPTIONS_H

#include "server.h"

/* An enum cli_result. Strings stay in argv. */
int serve_options_parse(struct server_options *o, int argc, char **argv);

#endif
