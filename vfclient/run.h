/* SPDX-License-Identifier: MIT */
/* "gucemu vf": a VF from the shell. Like every command a main of its own. */
#ifndef GUCEMU_VFCLIENT_RUN_H
#define GUCEMU_VFCLIENT_RUN_H

int gucemu_vf_main(int argc, char **argv);

#endif
