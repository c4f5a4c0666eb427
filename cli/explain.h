/* SPDX-License-Identifier: MIT */
/* The two halves of gucemu explain: looking up, and taking messages apart. */
#ifndef GUCEMU_CLI_EXPLAIN_H
#define GUCEMU_CLI_EXPLAIN_H

#include "cli/facts.h"

#define EXPLAIN_DWORDS_MAX 255u /* of the longest HXG message */

/* The fields of the HXG message dw[0..n), n > 0: a new table, or NULL without
 * memory. */
struct table *explain_message(const uint32_t *dw, uint32_t n);

#endif
