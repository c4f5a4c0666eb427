/* SPDX-License-Identifier: MIT */
/* A VF kept for the control client that moves another card's VF here: from its look
 * whether the place is free to the client's arrival nobody else can come in, whose VF
 * the move would reset. It ends with the arrival, the verb, or the control client. */
#include <errno.h>

#include "server.h"
#include "vfio/vfio.h"

void reserve_verb(struct client *by, uint32_t seq, unsigned fn)
{
	struct server *s = by->server;
	struct function *f = &s->fn[fn];

	if (f->client || vfio_attached(s, fn)) {
		control_reply(by, seq, -EBUSY, NULL,
			      "it has a client there, which the move would destroy");
	} else if (f->reserved_by != 0 && f->reserved_by != by->id) {
		control_reply(by, seq, -EBUSY, NULL, "it is reserved for another move");
	} else {
		f->reserved_by = by->id;
		control_reply(by, seq, 0, NULL, NULL);
	}
}

void unreserve_verb(struct client *by, uint32_t seq, unsigned fn)
{
	struct function *f = &by->server->fn[fn];

	if (f->reserved_by != by->id) {
		control_reply(by, seq, -EPERM, NULL, "it is not reserved by this connection");
		return;
	}
	f->reserved_by = 0;
	control_reply(by, seq, 0, NULL, NULL);
}

void reserve_asker_lost(struct server *s, uint64_t id)
{
	for (unsigned fn = 1; fn <= s->opt.geometry.vfs; fn++) {
		if (s->fn[fn].reserved_by == id)
			s->fn[fn].reserved_by = 0;
	}
}
