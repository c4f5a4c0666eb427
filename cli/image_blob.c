/* SPDX-License-Identifier: MIT */
/* The state blob of a GuC in words. Unlike GuC itself this looks at blobs that
 * nobody will restore, so every record is checked for being there before it is
 * read, and a blob that makes no sense is shown as far as it does. */
#include "cli/image_doc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/blob.h"
#include "emulator/guc/guc.h"

struct blob {
	const uint32_t *dw;
	uint32_t len, at; /* dwords, of the records */
};

/* The next n dwords, or NULL when there are no more. */
static const uint32_t *take(struct blob *b, uint32_t n)
{
	const uint32_t *at = b->dw + b->at;

	if (n > b->len - b->at)
		return NULL;
	b->at += n;
	return at;
}

static void add_hex(struct json_object *o, const char *key, uint32_t value)
{
	json_add_fmt(o, key, "0x%" PRIx32, value);
}

/* Registers of a platform without memory interrupts (emulator/guc/intr.h). */
static void add_interrupts(struct json_object *o, const uint32_t *b)
{
	struct json_object *list = NULL;

	for (uint32_t i = 0; i < GUC_INTR_DWORDS; i++) {
		char name[16];

		if (!blob_get(b, BLOB_INTR + i))
			continue;
		if (!list)
			list = json_add_object(o, "interrupts");
		snprintf(name, sizeof(name), "dword%u", i);
		add_hex(list, name, blob_get(b, BLOB_INTR + i));
	}
}

static void add_header(struct json_object *o, const uint32_t *b)
{
	static const char *const address[BLOB_ADDRS] = {
		"memirq_status", "memirq_source", "h2g", "h2g_desc", "g2h", "g2h_desc",
	};
	uint32_t abi = blob_get(b, BLOB_ABI), flags = blob_get(b, BLOB_FLAGS);
	struct json_object *self = json_add_object(o, "offsets");

	json_add_u64(o, "format", blob_get(b, BLOB_FORMAT));
	json_add_u64(o, "bytes", blob_get(b, BLOB_BYTES));
	json_add_fmt(o, "crc", "0x%08x", blob_get(b, BLOB_CRC));
	json_add_fmt(o, "device", "0x%04x", blob_get(b, BLOB_DEVICE) & 0xFFFF);
	json_add_u64(o, "revision", blob_get(b, BLOB_DEVICE) >> 16);
	json_add_str(o, "kind", blob_get(b, BLOB_GT_KIND) ? "media" : "main");
	add_hex(o, "gmd_id", blob_get(b, BLOB_GMD_ID));
	json_add_u64(o, "ggtt_size",
		     make64(blob_get(b, BLOB_GGTT_LO), blob_get(b, BLOB_GGTT_HI)));
	json_add_u64(o, "num_contexts", blob_get(b, BLOB_NUM_CONTEXTS));
	json_add_str(o, "paused_from", guc_vf_state_name(blob_get(b, BLOB_PAUSED_FROM)));
	if (abi)
		json_add_fmt(o, "abi", "%u.%u", abi >> 16, abi & 0xFFFF);
	else
		json_add_str(o, "abi", "none");
	add_hex(o, "opt_in", blob_get(b, BLOB_OPT_IN));
	json_add_bool(o, "ctb", flags & BLOB_F_CTB);
	json_add_bool(o, "mailbox_rung", flags & BLOB_F_MBOX_RUNG);
	json_add_bool(o, "h2g_stopped", flags & BLOB_F_H2G_STOPPED);
	json_add_bool(o, "g2h_stopped", flags & BLOB_F_G2H_STOPPED);
	for (uint32_t i = 0; i < BLOB_ADDRS; i++)
		if (flags & BLOB_F_ADDR(i))
			add_hex(self, address[i], blob_get(b, BLOB_ADDR + i));
	json_add_u64(o, "h2g_bytes", blob_get(b, BLOB_H2G_BYTES));
	json_add_u64(o, "g2h_bytes", blob_get(b, BLOB_G2H_BYTES));
	json_add_u64(o, "h2g_cursor", blob_get(b, BLOB_H2G_CURSOR));
	json_add_u64(o, "g2h_cursor", blob_get(b, BLOB_G2H_CURSOR));
	json_add_u64(o, "notes", blob_get(b, BLOB_NOTES));
	json_add_u64(o, "notes_lost", blob_get(b, BLOB_NOTES_LOST));
	add_hex(o, "notes_base", blob_get(b, BLOB_NOTES_BASE));
	add_interrupts(o, b);
}

/* Where a batch stands: an offset, or an address of its PPGTT. */
static void add_batch(struct json_object *lrc, bool ppgtt, const char *what, const uint32_t *l)
{
	char name[16];

	snprintf(name, sizeof(name), "%s_%s", what, ppgtt ? "address" : "offset");
	json_add_fmt(lrc, name, "0x%" PRIx64, make64(blob_get(l, 0), blob_get(l, 1)));
}

static void add_lrc(struct json_object *o, unsigned i, const uint32_t *l)
{
	uint32_t level = field_get(BLOB_LRC_LEVEL, blob_get(l, BLOB_LRC_STATE));
	uint32_t ppgtt = field_get(BLOB_LRC_PPGTT, blob_get(l, BLOB_LRC_STATE));
	char name[16];
	struct json_object *lrc;

	snprintf(name, sizeof(name), "lrc%u", i);
	lrc = json_add_object(o, name);
	add_hex(lrc, "offset", blob_get(l, BLOB_LRC_ADDR));
	add_hex(lrc, "descriptor", blob_get(l, BLOB_LRC_DESC));
	if (level)
		add_batch(lrc, ppgtt & GUC_EXEC_BATCH, "batch", l + BLOB_LRC_BATCH);
	if (level == 2)
		add_batch(lrc, ppgtt & GUC_EXEC_BACK, "back", l + BLOB_LRC_BACK);
	if (blob_get(l, BLOB_LRC_PROGRESS))
		json_add_u64(lrc, "progress", blob_get(l, BLOB_LRC_PROGRESS));
}

static void add_context(struct json_object *o, const uint32_t *r)
{
	static const char *const types[] = { "normal", "compression-save", "compression-restore",
					     "3" };
	uint32_t flags = blob_get(r, BLOB_CTX_FLAGS);

	json_add_str(o, "type", types[field_get(BLOB_CTX_TYPE, flags)]);
	json_add_u64(o, "class", field_get(BLOB_CTX_CLASS, flags));
	json_add_bool(o, "enabled", flags & BLOB_CTX_ENABLED);
	json_add_bool(o, "killed", flags & BLOB_CTX_KILLED);
	add_hex(o, "mask", blob_get(r, BLOB_CTX_MASK));
	for (uint32_t i = BLOB_CTX_POLICY; i < BLOB_CTX_WQ_DESC; i++) {
		char name[16];

		snprintf(name, sizeof(name), "policy%u", i - BLOB_CTX_POLICY);
		json_add_u64(o, name, blob_get(r, i));
	}
	if (blob_get(r, BLOB_CTX_WQ_BYTES)) {
		add_hex(o, "wq_desc_offset", blob_get(r, BLOB_CTX_WQ_DESC));
		add_hex(o, "wq_offset", blob_get(r, BLOB_CTX_WQ_BASE));
		json_add_u64(o, "wq_bytes", blob_get(r, BLOB_CTX_WQ_BYTES));
	}
}

static bool add_contexts(struct json_object *o, struct blob *b)
{
	struct json_object *all = json_add_object(o, "contexts");

	for (uint32_t i = 0; i < blob_get(b->dw, BLOB_CONTEXTS); i++) {
		const uint32_t *r = take(b, BLOB_CTX_DWORDS), *l;
		struct json_object *one;
		uint32_t width;
		char name[16];

		if (!r)
			return false;
		snprintf(name, sizeof(name), "%u", blob_get(r, BLOB_CTX_ID) & 0xFFFF);
		width = blob_get(r, BLOB_CTX_ID) >> 16;
		one = json_add_object(all, name);
		json_add_u64(one, "width", width);
		add_context(one, r);
		for (uint32_t n = 0; n < width; n++) {
			l = take(b, BLOB_LRC_DWORDS);
			if (!l)
				return false;
			add_lrc(one, n, l);
		}
	}
	return true;
}

/* Messages that wait for the VF, as their dwords. */
static bool add_queued(struct json_object *o, struct blob *b)
{
	struct json_object *list = json_add_array(o, "queued_g2h");

	for (uint32_t i = 0; i < blob_get(b->dw, BLOB_QUEUED); i++) {
		const uint32_t *h = take(b, BLOB_QUEUED_HEADER), *dw;
		char text[256] = "";
		uint32_t len;

		if (!h)
			return false;
		len = blob_get(h, 0) & 0xFFFF;
		dw = take(b, len);
		if (!dw)
			return false;
		for (uint32_t n = 0, at = 0; n < len && at + 10 < sizeof(text); n++)
			at += (uint32_t)snprintf(text + at, sizeof(text) - at, "%s%08x",
						 n ? " " : "", blob_get(dw, n));
		json_push_str(list, text);
	}
	return true;
}

struct json_object *image_blob_json(const uint8_t *bytes, uint32_t len)
{
	struct json_object *o = json_object_new_object();
	uint32_t *copy = malloc(len ? len : 4);
	struct blob b = { .dw = copy, .len = len / 4, .at = BLOB_HEADER_DWORDS };
	const char *why = NULL;

	if (!copy)
		return o;
	memcpy(copy, bytes, len);
	if (b.len < BLOB_HEADER_DWORDS ||
	    make64(blob_get(copy, BLOB_MAGIC_LO), blob_get(copy, BLOB_MAGIC_HI)) != BLOB_MAGIC) {
		why = "no blob of this GuC";
	} else if (blob_get(copy, BLOB_FORMAT) != BLOB_VERSION) {
		json_add_u64(o, "format", blob_get(copy, BLOB_FORMAT));
		why = "a format that this program does not know";
	} else {
		if (blob_get(copy, BLOB_BYTES) != len)
			why = "another length than the section's";
		else if (guc_blob_crc(copy, len) != blob_get(copy, BLOB_CRC))
			why = "wrong checksum";
		add_header(o, copy);
		if (!add_contexts(o, &b) || !add_queued(o, &b))
			why = "records beyond its end";
	}
	if (why)
		json_add_str(o, "bad", why);
	free(copy);
	return o;
}
