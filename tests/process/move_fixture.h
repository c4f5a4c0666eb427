/* SPDX-License-Identifier: MIT */
/* Two real servers, A and B, that a client moves between: control clients of
 * both, PF verbs and images, and VF 1 as a plain CTB client. For the tests of
 * migration and hand-over. */
#ifndef GUCEMU_TESTS_MOVE_FIXTURE_H
#define GUCEMU_TESTS_MOVE_FIXTURE_H

#include "server_fixture.h"

#define IMAGE_MAX (32u << 20)

extern struct server_process card_a, card_b;
extern struct raw_client vf, at_a, at_b; /* VF 1; control clients */
extern uint8_t *image;                   /* IMAGE_MAX bytes */
extern size_t image_len;

/* Start A with these arguments, and B; checked fixtures that do, the second with
 * cards that have interrupt registers. */
void move_start(const char *const *args);
void move_setup(void);
void move_setup_tgl(void);
void move_teardown(void);

/* A verb of the control role: 0 or -errno. */
int verb(struct raw_client *c, const char *line);
/* `pf save vf=1` into image; `pf restore vf=1`, begun, and whole in pieces. */
int save(struct raw_client *c);
void begin_restore(struct raw_client *c);
int restore(struct raw_client *c, size_t len, size_t piece);
/* Pause and save at A, pause and restore at B. */
void move_image(void);

/* Header of a host's request. */
uint32_t hxg_request(uint32_t action, uint32_t data0);
/* Boot `vf` at A as a plain CTB client; send; a handshake with the PF; the
 * recovery after a move. */
void plain_boot(uint32_t features);
int ctb_send(uint32_t fence, const uint32_t *dw, size_t n);
void relay_handshake(uint32_t relay_id);
void recover(void);
/* The verb that hands VF 1 over to the server at `socket`. */
void handover_line(char *line, size_t cap, const char *socket);

#endif
