/* SPDX-License-Identifier: MIT */
/* The PF inside the server: its memory is hosted memory of function 0, its
 * registers are the card's, both without a socket between. See pf.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/bits.h"
#include "server.h"

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct server *s = user;

	(void)guc_mmio_write(&s->card, 0, off, 4, value);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct server *s = user;

	(void)guc_mmio_write_run(&s->card, 0, off, n, values);
}

static void port_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct server *s = user;
	uint64_t words[HOST_READ_MAX / 8];
	uint8_t *at = (uint8_t *)words;

	if (size == 8)
		(void)guc_mmio_read_run(&s->card, 0, off, n, words);
	for (unsigned i = 0; size == 4 && i < n; i++) {
		uint64_t value = 0;

		(void)guc_mmio_read(&s->card, 0, off + 4ull * i, 4, &value);
		le32_put(at + 4 * (size_t)i, (uint32_t)value);
	}
	pfc_read_done(pf_driver(s->pf), cookie, words, n);
}

static void port_lmem(void *user, const struct host_lmem *what, uint32_t cookie)
{
	static uint8_t data[HOST_LMEM_MAX];
	struct server *s = user;
	uint64_t len;
	bool zeros;
	int err = lmem_pf(s, what, data, &len, &zeros);

	pfc_lmem_done(pf_driver(s->pf), cookie, err, zeros ? NULL : data, len);
}

static void pf_reply(void *user, uint64_t client, uint32_t seq, int status,
		     struct json_object *o, const char *text)
{
	control_reply_to(user, client, seq, status, o, text);
}

static bool pf_blob(void *user, uint64_t client, uint32_t seq, uint64_t off,
		    const uint8_t *data, size_t len, bool last)
{
	struct client *c = client_find(user, client);
	struct frame f = {
		.type = gucemu_FrameType_BLOB,
		.seq = seq,
		.addr = off,
		.flags = last ? FRAME_BLOB_LAST : 0,
		.data = data,
		.data_len = len,
	};
	struct wire_stats stats;

	if (!c)
		return true;
	if (len == 0 && !last) {
		wire_stats(c->wire, &stats);
		return stats.queued < WIRE_OUT_LOW;
	}
	client_send(c, &f, NULL);
	return true;
}

static void pf_progress(void *user, uint64_t client, uint32_t seq, uint64_t done, uint64_t total)
{
	struct client *c = client_find(user, client);
	const struct frame f = {
		.type = gucemu_FrameType_BLOB,
		.seq = seq,
		.flags = FRAME_BLOB_PROGRESS,
		.addr = done,
		.value = total,
	};

	if (c)
		client_send(c, &f, NULL);
}

static void pf_ready(void *user, int err)
{
	struct server *s = user;

	if (err != 0)
		server_log(s, LOG_ERROR, "pf: not up, or not every VF is provisioned: %s",
			   strerror(-err));
	server_ready(s, err);
}

static void pf_log(void *user, unsigned level, unsigned vf, unsigned gt, const char *text)
{
	const struct server *s = user;
	char label[64];

	server_log(s, (enum server_log)(level <= LOG_DEBUG ? level : LOG_DEBUG), "%s %s",
		   vf == 0 || vf >= GUC_MAX_FUNCTIONS || gt >= GUC_MAX_GTS
			   ? "pf"
			   : function_label(s, vf, gt, label, sizeof(label)),
		   text);
}

static void pf_step(void *user, unsigned vf, unsigned gt, const char *text)
{
	events_step(user, vf, gt, text);
}

static const struct pf_ops ops = {
	.reply = pf_reply,
	.blob = pf_blob,
	.progress = pf_progress,
	.ready = pf_ready,
	.log = pf_log,
	.step = pf_step,
};

int builtin_start(struct server *s)
{
	static const struct host_port port_calls = {
		.write32 = port_write32,
		.write64 = port_write64,
		.read = port_read,
	};
	struct memory *memory = &s->fn[0].memory;
	struct pfc_options o;
	size_t size;
	int err;

	pfc_options_default(&o);
	o.tiles = s->opt.geometry.tiles;
	o.gts = s->opt.geometry.gts;
	o.vfs = s->opt.geometry.vfs;
	o.ggtt_size = s->opt.geometry.ggtt_size;
	o.ggtt_offset = s->opt.ggtt_offset;
	o.contexts = s->opt.geometry.contexts;
	o.vf_stride = s->opt.guc.vf_stride;
	o.abi_minor = s->opt.guc.abi_minor;
	o.devid = s->opt.guc.devid;
	o.revid = s->opt.guc.revid;
	o.graphics_ver = s->opt.platform->graphics;
	o.lmem_size = s->opt.guc.lmem_size;
	o.ccs_ratio = s->opt.guc.ccs_ratio;
	o.lmem = (struct host_lmem_port){ s, port_lmem };
	size = pf_mem_size(&o);
	err = memory_host(memory, PF_DMA, size);
	if (err != 0)
		return err;
	s->pf_port = port_calls;
	s->pf_port.user = s;
	s->pf_mem = (struct host_mem){ memory_find(memory, PF_DMA)->at, size, PF_DMA };
	s->pf = pf_new(&o, &s->pf_port, &s->pf_mem, &ops, s);
	return s->pf ? pf_begin(s->pf, false, s->opt.provision) : -EINVAL;
}

void builtin_stop(struct server *s)
{
	if (s->pf)
		pf_free(s->pf);
	s->pf = NULL;
}

void builtin_irq(struct server *s)
{
	pfc_irq(pf_driver(s->pf));
	card_kick(s);
}

bool builtin_turn(struct server *s, uint64_t now, uint64_t *deadline, bool *moved)
{
	return s->pf ? pf_work(s->pf, now, SERVER_SLICE_NS, deadline, moved) : false;
}
