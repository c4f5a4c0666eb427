/* SPDX-License-Identifier: MIT */
/* The two relay services a VF uses: handshake and runtime registers, page by
 * page (vf-lifecycle 7.3, 7.4). Each function is called until it returns
 * something else than VFC_WAIT. The answers come from the PF and are believed
 * only as far as they fit: a page without progress, a total that changes or
 * does not fit, offsets out of order are refused (quirk TRUST_RUNTIME: not). */
#include "vfc_priv.h"

#include "proto/text.h"

/* Run one internal request. 0 with *s holding the answer (the caller frees it),
 * VFC_WAIT, or -errno. */
static int exchange(struct vfc_gt *gt, const uint32_t *dw, uint32_t len,
		    struct vfc_relay_slot **s)
{
	struct vfc_relay *r = &gt->relay;
	int err;

	if (!r->internal) {
		err = vfc_relay_start(gt, RELAY_INTERNAL, dw, len, 0, &r->internal);
		if (err) {
			r->internal = NULL;
			return err;
		}
	}
	if (!r->internal->ended)
		return VFC_WAIT;
	*s = r->internal;
	r->internal = NULL;
	(*s)->use = RELAY_FREE;
	return (*s)->err;
}

static int handshake_answer(struct vfc_gt *gt, const struct vfc_relay_slot *s)
{
	if (s->answer_len != 2 || field_get(HXG_SUCCESS_DATA0, s->answer[0]))
		return -EPROTO;
	if (s->answer[1] == 0)
		return -ENODATA;
	gt->relay.major = (uint16_t)field_get(RELAY_VERSION_MAJOR, s->answer[1]);
	gt->relay.minor = (uint16_t)field_get(RELAY_VERSION_MINOR, s->answer[1]);
	vfc_log(gt->v, gt->id, VFC_LOG_DEBUG, "using VF/PF ABI %u.%u", gt->relay.major,
		gt->relay.minor);
	return 0;
}

int vfc_handshake(struct vfc_gt *gt)
{
	const uint32_t dw[2] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, RELAY_VF2PF_HANDSHAKE, 0),
		field_put(RELAY_VERSION_MAJOR, RELAY_LATEST_MAJOR) |
			field_put(RELAY_VERSION_MINOR, RELAY_LATEST_MINOR),
	};
	struct vfc_relay_slot *s;
	int err = exchange(gt, dw, 2, &s);

	if (err == VFC_WAIT)
		return err;
	if (!err)
		err = handshake_answer(gt, s);
	if (err) {
		gt->relay.major = 0;
		gt->relay.minor = 0;
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR,
			"Unable to confirm VF/PF ABI version %u.%u (%s)", RELAY_LATEST_MAJOR,
			RELAY_LATEST_MINOR, text_errno(err));
	}
	return err;
}

/* Take one page of pairs. 0 all are there, VFC_MORE, -errno. */
static int page(struct vfc_gt *gt, const struct vfc_relay_slot *s)
{
	bool trust = vfc_quirk(gt->v, VFC_QUIRK_TRUST_RUNTIME);
	uint32_t count, remaining;

	if (s->answer_len < 2 || s->answer_len % 2)
		return -EPROTO;
	count = field_get(HXG_SUCCESS_DATA0, s->answer[0]);
	remaining = s->answer[1];
	if (count != (s->answer_len - 2) / 2)
		return -EPROTO;
	if (gt->runtime_n == 0 && !gt->runtime_total) {
		if (remaining > VFC_MAX_RUNTIME || count + remaining > VFC_MAX_RUNTIME)
			return -EPROTO;
		gt->runtime_total = count + remaining;
	}
	if (count > gt->runtime_total - gt->runtime_n)
		return -EPROTO;
	if (!trust && (remaining != gt->runtime_total - gt->runtime_n - count ||
		       (count == 0 && remaining)))
		return -EPROTO;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset = s->answer[2 + 2 * i];

		if (!trust && gt->runtime_n && offset <= gt->runtime[gt->runtime_n - 1][0])
			return -EPROTO;
		gt->runtime[gt->runtime_n][0] = offset;
		gt->runtime[gt->runtime_n][1] = s->answer[3 + 2 * i];
		gt->runtime_n++;
	}
	return remaining ? VFC_MORE : 0;
}

int vfc_query_runtime(struct vfc_gt *gt)
{
	struct vfc_relay_slot *s;
	uint32_t dw[2];
	int err;

	if (gt->relay.major != 1)
		return -ENOPKG;
	if (!gt->runtime_begun) {
		gt->runtime_begun = true;
		gt->runtime_n = 0;
		gt->runtime_total = 0;
	}
	dw[0] = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, RELAY_VF2PF_QUERY_RUNTIME,
			 VFC_RUNTIME_LIMIT);
	dw[1] = gt->runtime_n;
	err = exchange(gt, dw, 2, &s);
	if (err == VFC_WAIT)
		return err;
	if (!err)
		err = page(gt, s);
	if (err == VFC_MORE)
		return err;
	gt->runtime_begun = false;
	if (err) {
		gt->runtime_n = 0;
		vfc_log(gt->v, gt->id, VFC_LOG_ERROR, "Failed to get runtime info (%s)",
			text_errno(err));
	}
	return err;
}
