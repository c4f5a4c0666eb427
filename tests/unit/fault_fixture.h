/* SPDX-License-Identifier: MIT */
/* What the tests of fault rules at work share: a card of two VFs, rules on it, and two
 * requests to try them on. */
#ifndef GUCEMU_TESTS_FAULT_FIXTURE_H
#define GUCEMU_TESTS_FAULT_FIXTURE_H

#include "fault/priv.h"
#include "guc_fixture.h"

extern struct fx *f;
extern struct fault rules;
extern const uint32_t query[2], relay_msg[4];

#define OK 0xF0000000u

void fr_setup(void);
void fr_teardown(void);
/* Add a rule: its number. */
int fr_rule(const char *line);
/* How often it fired. */
uint64_t fr_fired(int number);
/* VF `vf` asks for its GGTT start over the mailbox: the reply's header. */
uint32_t fr_ask(unsigned vf);
/* VF 1's and 2's CTBs on GT 0; nothing of it unread. */
void fr_boot(void);
/* So much time passes on the card. */
void fr_wait(uint64_t ns);
/* A request in VF 1's ring: the header of what comes back, 0 for nothing. */
uint32_t fr_send(void);

#endif
