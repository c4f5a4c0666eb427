/* SPDX-License-Identifier: MIT */
/* The words of fault rules as help, JSON and page. */
#ifndef GUCEMU_CLI_FAULT_H
#define GUCEMU_CLI_FAULT_H

#include "cli/table.h"

/* Print them; 0, or -ENOMEM. */
int fault_words_print(enum table_format format);

#endif
