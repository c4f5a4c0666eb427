/* SPDX-License-Identifier: MIT */
/* The commands that serve: an emulated card on a Unix socket, and the PF of
 * one that was started with --no-pf. Mains of their own: argv[0] is the
 * command's name ("gucemu serve"); the exit status is returned. */
#ifndef GUCEMU_EMULATOR_SERVE_H
#define GUCEMU_EMULATOR_SERVE_H

int gucemu_serve_main(int argc, char **argv);
int gucemu_pf_serve_main(int argc, char **argv);

#endif
