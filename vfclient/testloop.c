/* SPDX-License-Identifier: MIT */
/* What a VF answers its PF over the relay: "not supported", and, in a driver for
 * debugging, the test loop (vf-lifecycle 7.2). No slot or no room for an answer: the
 * PF's own time limit tells it. */
#include "vfc_priv.h"

static void answer(struct vfc_gt *gt, uint32_t id, const uint32_t *dw, uint32_t len)
{
	vfc_relay_start(gt, RELAY_ANSWER, dw, len, id, NULL);
}

static void answer_one(struct vfc_gt *gt, uint32_t id, enum hxg_type type)
{
	const uint32_t dw = hxg_header(HXG_ORIGIN_HOST, type, 0);

	answer(gt, id, &dw, 1);
}

static void begin_busy(struct vfc_gt *gt, uint32_t id)
{
	gt->relay.loop.id = id;
	gt->relay.loop.since = gt->v->now;
	gt->relay.loop.due = gt->v->now + RELAY_TESTLOOP_STEP;
	answer_one(gt, id, HXG_BUSY);
}

bool vfc_testloop_step(struct vfc_gt *gt)
{
	uint64_t now = gt->v->now;

	if (!gt->relay.loop.due || now < gt->relay.loop.due)
		return false;
	if (now - gt->relay.loop.since < RELAY_TESTLOOP_WHILE) {
		gt->relay.loop.due = now + RELAY_TESTLOOP_STEP;
		answer_one(gt, gt->relay.loop.id, HXG_BUSY);
	} else {
		gt->relay.loop.due = 0;
		answer_one(gt, gt->relay.loop.id, HXG_SUCCESS);
	}
	return true;
}

static void answer_retry(struct vfc_gt *gt, uint32_t id)
{
	uint64_t now = gt->v->now, *since = &gt->relay.loop.retry_since;

	if (!*since)
		*since = now ? now : 1;
	if (now - *since < RELAY_TESTLOOP_WHILE) {
		answer_one(gt, id, HXG_RETRY);
		return;
	}
	*since = 0;
	answer_one(gt, id, HXG_SUCCESS);
}

static void answer_echo(struct vfc_gt *gt, uint32_t id, const uint32_t *dw, uint32_t len)
{
	uint32_t out[RELAY_MAX_DWORDS];

	memcpy(out, dw, len * sizeof(*dw));
	out[0] = hxg_success(HXG_ORIGIN_HOST, len);
	answer(gt, id, out, len);
}

/* 0 when it was answered, or will be; else the errno to answer with. */
static int testloop(struct vfc_gt *gt, uint32_t id, const uint32_t *dw, uint32_t len)
{
	bool event = hxg_type(dw[0]) == HXG_EVENT;

	switch (hxg_data0(dw[0])) {
	case RELAY_TESTLOOP_NOP:
		if (!event)
			answer_one(gt, id, HXG_SUCCESS);
		return 0;
	case RELAY_TESTLOOP_BUSY:
		if (event)
			return EPROTO;
		begin_busy(gt, id);
		return 0;
	case RELAY_TESTLOOP_RETRY:
		if (event)
			return EPROTO;
		answer_retry(gt, id);
		return 0;
	case RELAY_TESTLOOP_ECHO:
		if (event)
			return EPROTO;
		answer_echo(gt, id, dw, len);
		return 0;
	case RELAY_TESTLOOP_FAIL:
		return EHWPOISON;
	}
	return EBADRQC;
}

void vfc_serve_pf(struct vfc_gt *gt, uint32_t id, const uint32_t *dw, uint32_t len)
{
	int err = EOPNOTSUPP;
	uint32_t out;

	if (hxg_action(dw[0]) == RELAY_TESTLOOP)
		err = gt->v->opt.testloop ? testloop(gt, id, dw, len) : ECONNREFUSED;
	if (!err)
		return;
	out = hxg_failure(HXG_ORIGIN_HOST, (uint32_t)err, (uint32_t)err);
	answer(gt, id, &out, 1);
}
