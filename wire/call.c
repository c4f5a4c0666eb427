/* SPDX-License-Identifier: MIT */
/* Synchronous calls for simple clients: send, then run the loop until the
 * answer came. Everything else goes to the wire's owner meanwhile. */
#include "stream_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* HELLO must be answered at once. */
#define HELLO_MS 5000u

uint32_t wire_seq(struct wire *w)
{
	if (++w->seq == 0)
		w->seq = 1;
	return w->seq;
}

static bool is_answer(gucemu_FrameType type)
{
	return type == gucemu_FrameType_STATUS || type == gucemu_FrameType_WELCOME ||
	       type == gucemu_FrameType_REPLY || type == gucemu_FrameType_MMIO_DATA ||
	       type == gucemu_FrameType_MEM_DATA;
}

/* Bytes of a long REPLY's pieces. */
#define PIECES_MAX (16u << 20)

/* Append bytes to the answer's buffer, with room for a zero byte. */
static bool answer_append(struct wire *w, const void *data, size_t len)
{
	char *buf;

	if (len > PIECES_MAX - w->answer_len)
		return false;
	buf = realloc(w->answer, w->answer_len + len + 1);
	if (!buf)
		return false;
	if (len > 0)
		memcpy(buf + w->answer_len, data, len);
	buf[w->answer_len + len] = '\0';
	w->answer = buf;
	w->answer_len += len;
	return true;
}

bool wire_answered(struct wire *w, const struct frame *f)
{
	struct wire_wait *wait = &w->wait;
	size_t text_len;

	if (wait->seq == 0 || wait->done || f->seq != wait->seq)
		return false;
	if (f->type == gucemu_FrameType_BLOB && (f->flags & FRAME_BLOB_PIECE))
		return answer_append(w, f->data, f->data_len);
	if (!is_answer(f->type))
		return false;
	wait->done = true;
	wait->answer = *f;
	if (!answer_append(w, f->text, f->text_len))
		goto no_memory;
	text_len = w->answer_len;
	w->answer_len++; /* the data comes behind the zero byte */
	if (!answer_append(w, f->data, f->data_len))
		goto no_memory;
	wait->answer.text = w->answer;
	wait->answer.text_len = text_len;
	wait->answer.data = (const uint8_t *)w->answer + text_len + 1;
	return true;
no_memory:
	wait->answer = (struct frame){ .type = f->type, .status = -ENOMEM };
	return true;
}

static void on_late(uv_timer_t *timer)
{
	struct wire *w = timer->data;

	w->wait.late = true;
}

int wire_call(struct wire *w, struct frame *request, const int *fds, unsigned timeout_ms,
	      struct wire_answer *answer)
{
	struct wire_wait *wait = &w->wait;
	uv_loop_t *loop = wire_loop(w);
	bool done;
	int err;

	request->seq = wire_seq(w);
	err = wire_send(w, request, fds);
	if (err != 0)
		return err;
	*wait = (struct wire_wait){ .seq = request->seq };
	w->answer_len = 0;
	if (timeout_ms > 0)
		wire_limit_start(&w->timer, on_late, timeout_ms);
	while (!wait->done && !wait->ended && !wait->late)
		uv_run(loop, UV_RUN_ONCE);
	done = wait->done;
	wait->seq = 0;
	if (wait->ended) {
		/* The owner was told, and the answer's text goes with the wire. */
		if (w->handles == 0)
			wire_free(w);
		return -EPIPE;
	}
	uv_timer_stop(&w->timer);
	if (!done)
		return -ETIMEDOUT;
	if (answer) {
		answer->frame = wait->answer;
		answer->text = wait->answer.text ? wait->answer.text : "";
	}
	return wait->answer.status < 0 ? wait->answer.status : 0;
}

int wire_hello(struct wire *w, enum frame_role role, unsigned function, uint32_t features,
	       const char *name, struct frame *welcome, char *err, size_t cap)
{
	struct frame hello = {
		.type = gucemu_FrameType_HELLO,
		.value = FRAME_PROTOCOL,
		.code = (uint32_t)role,
		.function = function,
		.flags = features,
		.text = name,
		.text_len = name ? strlen(name) : 0,
	};
	struct wire_answer answer;
	int status = wire_call(w, &hello, NULL, HELLO_MS, &answer);

	if (status == -EPIPE || status == -ETIMEDOUT) {
		snprintf(err, cap, "%s", status == -EPIPE ? "the emulator closed the connection"
							  : "the emulator does not answer");
		return status;
	}
	if (status == 0 && answer.frame.type != gucemu_FrameType_WELCOME)
		status = -EPROTO;
	if (status != 0) {
		snprintf(err, cap, "refused: %s",
			 answer.text[0] ? answer.text : strerror(-status));
		return status;
	}
	if (welcome)
		*welcome = answer.frame;
	return 0;
}

int wire_control(struct wire *w, const char *line, unsigned timeout_ms,
		 struct wire_answer *answer)
{
	struct frame f = {
		.type = gucemu_FrameType_CONTROL,
		.text = line,
		.text_len = strlen(line),
	};

	return wire_call(w, &f, NULL, timeout_ms, answer);
}
