/* SPDX-License-Identifier: MIT */
/* What the GuC's tables say, as tables to print: for gucemu actions, klvs,
 * states and explain. Each is filled from the rows that the GuC works by. */
#ifndef GUCEMU_CLI_FACTS_H
#define GUCEMU_CLI_FACTS_H

#include "cli/table.h"

/* Which rows are wanted; NULL fields: all. */
struct facts_wish {
	const char *from;    /* "pf", "vf", "guc" */
	const char *over;    /* "mmio", "ctb" */
	int code;            /* of an action or KLV; negative: all */
	bool modelled;       /* only what this GuC knows */
	bool vf;             /* KLVs that a VF sets or reads */
	const char *state;   /* names as guc_vf_state_name() and */
	const char *event;   /* guc_vf_input_name() have them */
};

/* A new table, or NULL without memory. */
struct table *facts_actions(const struct facts_wish *wish);
struct table *facts_klvs(const struct facts_wish *wish);
struct table *facts_states(const struct facts_wish *wish);
/* Print the lifecycle as a Graphviz graph. */
void facts_graph(void);

#endif
