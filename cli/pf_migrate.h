/* SPDX-License-Identifier: MIT */
/* gucemu pf migrate: one live VF from one emulated card to another. */
#ifndef GUCEMU_CLI_PF_MIGRATE_H
#define GUCEMU_CLI_PF_MIGRATE_H

int gucemu_pf_migrate_main(int argc, char **argv);

#endif
