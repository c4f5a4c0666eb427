/* SPDX-License-Identifier: MIT */
/* What a hook did at a crossing as the bytes of a GUC_PT_FAULT event, and done again
 * from them: so a recording of a card with a hook repeats without the hook. Dwords,
 * little endian: flags, delay, value, code and byte, error, cut; then, each behind
 * its number, patches (2 dwords), deeds (3), answer, message. */
#include "core.h"

#include <errno.h>

#define F_VERDICT BITS(7, 0)
#define F_BUSY    BITS(8, 8)
#define F_FAIL    BITS(9, 9)
#define F_BYTE    BITS(10, 10) /* has one */
#define F_COPIES  BITS(23, 16)
#define F_BEHIND  BITS(31, 24)

#define HEADER 8u

size_t guc_fault_pack(const struct guc_event *ev, const struct guc_hook_action *act,
		      uint8_t *bytes)
{
	uint32_t dw[GUC_FAULT_DWORDS], n = HEADER;

	dw[0] = field_put(F_VERDICT, ev->verdict) | field_put(F_BUSY, act->busy) |
		field_put(F_FAIL, act->fail) | field_put(F_BYTE, act->has_byte) |
		field_put(F_COPIES, act->copies) | field_put(F_BEHIND, act->behind);
	dw[1] = lo32(act->delay);
	dw[2] = hi32(act->delay);
	dw[3] = lo32(ev->value);
	dw[4] = hi32(ev->value);
	dw[5] = ev->code;
	dw[6] = act->byte | (uint32_t)ev->error << 16;
	dw[7] = act->cut;
	dw[n++] = act->patch_n;
	for (uint32_t i = 0; i < act->patch_n; i++) {
		dw[n++] = act->patch[i].at;
		dw[n++] = act->patch[i].keep | (uint32_t)act->patch[i].flip << 8;
	}
	dw[n++] = act->deed_n;
	for (uint32_t i = 0; i < act->deed_n; i++) {
		dw[n++] = act->deed[i].what;
		dw[n++] = act->deed[i].arg;
		dw[n++] = act->deed[i].value;
	}
	dw[n++] = act->answer_len;
	memcpy(&dw[n], act->answer, act->answer_len * sizeof(*dw));
	n += act->answer_len;
	dw[n++] = ev->msg ? ev->msg_len : 0;
	if (ev->msg) {
		memcpy(&dw[n], ev->msg, ev->msg_len * sizeof(*dw));
		n += ev->msg_len;
	}
	for (uint32_t i = 0; i < n; i++)
		le32_put(bytes + 4 * (size_t)i, dw[i]);
	return 4 * (size_t)n;
}

struct reader {
	const uint8_t *bytes;
	size_t dwords, at;
	bool bad;
};

static uint32_t take(struct reader *r)
{
	if (r->at >= r->dwords) {
		r->bad = true;
		return 0;
	}
	return le32_get(r->bytes + 4 * r->at++);
}

static uint32_t count(struct reader *r, uint32_t max)
{
	uint32_t n = take(r);

	if (n > max)
		r->bad = true;
	return r->bad ? 0 : n;
}

int guc_fault_replay(const void *bytes, size_t len, struct guc_event *ev,
		     struct guc_hook_action *act)
{
	struct reader r = { .bytes = bytes, .dwords = len / 4, .bad = len % 4 != 0 };
	uint32_t flags = take(&r), n;

	act->delay = take(&r);
	act->delay |= (uint64_t)take(&r) << 32;
	ev->value = take(&r);
	ev->value |= (uint64_t)take(&r) << 32;
	ev->code = take(&r);
	n = take(&r);
	act->byte = (uint8_t)n;
	ev->error = (uint16_t)(n >> 16);
	act->cut = take(&r);
	act->busy = field_get(F_BUSY, flags) != 0;
	act->fail = field_get(F_FAIL, flags) != 0;
	act->has_byte = field_get(F_BYTE, flags) != 0;
	act->copies = (uint8_t)field_get(F_COPIES, flags);
	act->behind = (uint8_t)field_get(F_BEHIND, flags);
	act->patch_n = count(&r, GUC_HOOK_PATCHES);
	for (uint32_t i = 0; i < act->patch_n; i++) {
		act->patch[i].at = take(&r);
		n = take(&r);
		act->patch[i].keep = (uint8_t)n;
		act->patch[i].flip = (uint8_t)(n >> 8);
	}
	act->deed_n = count(&r, GUC_HOOK_DEEDS);
	for (uint32_t i = 0; i < act->deed_n; i++) {
		act->deed[i].what = (uint8_t)take(&r);
		act->deed[i].arg = take(&r);
		act->deed[i].value = take(&r);
	}
	act->answer_len = count(&r, GUC_HOOK_ANSWER_MAX);
	for (uint32_t i = 0; i < act->answer_len; i++)
		act->answer[i] = take(&r);
	n = count(&r, ev->msg ? CTB_HXG_MAX_DWORDS : 0);
	for (uint32_t i = 0; i < n; i++)
		ev->msg[i] = take(&r);
	if (ev->msg)
		ev->msg_len = n;
	if (r.bad || r.at != r.dwords || field_get(F_VERDICT, flags) > GUC_ANSWER)
		return -EBADMSG;
	return (int)field_get(F_VERDICT, flags);
}
