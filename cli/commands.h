/* SPDX-License-Identifier: MIT */
/* The commands of gucemu that live in this directory. Each is a main of its
 * own: argv[0] is the command's name; the exit status is returned. */
#ifndef GUCEMU_CLI_COMMANDS_H
#define GUCEMU_CLI_COMMANDS_H

int gucemu_pf_main(int argc, char **argv);
int gucemu_state_main(int argc, char **argv);
int gucemu_image_main(int argc, char **argv);
int gucemu_trace_main(int argc, char **argv);
int gucemu_run_main(int argc, char **argv);
int gucemu_conformance_main(int argc, char **argv);
int gucemu_clock_main(int argc, char **argv);
int gucemu_snapshot_main(int argc, char **argv);
int gucemu_demo_main(int argc, char **argv);
int gucemu_actions_main(int argc, char **argv);
int gucemu_klvs_main(int argc, char **argv);
int gucemu_states_main(int argc, char **argv);
int gucemu_explain_main(int argc, char **argv);
int gucemu_fault_main(int argc, char **argv);

#endif
