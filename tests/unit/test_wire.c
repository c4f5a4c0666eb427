/* SPDX-License-Identifier: MIT */
/* A wire on one end of a socket pair, raw bytes on the other: splits,
 * descriptors, queues, ends. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "wire/listen.h"
#include "wire/memfd.h"
#include "wire/stream.h"

#define T(name) gucemu_FrameType_##name

static uv_loop_t loop;
static struct wire *wire;
static int peer;
static uint8_t buf[FRAME_MAX + 16], big[FRAME_DATA_MAX];

/* What the wire's owner saw. */
static struct {
	unsigned frames, drained, again;
	struct frame last;
	bool later;       /* ... not before wire_again() */
	unsigned offered; /* calls */
	uint8_t data[64];
	ino_t inode; /* of the last descriptor */
	int closed;  /* calls */
	int err;
	char reason[64];
} seen;

static enum wire_next on_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	struct stat st;

	ck_assert_ptr_eq(user, &seen);
	if (f->fds > 0) {
		ck_assert_int_eq(fstat(fds[0], &st), 0);
		seen.inode = st.st_ino;
	}
	seen.offered++;
	if (seen.again > 0) {
		seen.again--;
		return seen.later ? WIRE_LATER : WIRE_AGAIN;
	}
	seen.frames++;
	seen.last = *f;
	if (f->data_len <= sizeof(seen.data) && f->data_len > 0)
		memcpy(seen.data, f->data, f->data_len);
	if (f->type == T(THAW))
		wire_close(w, 0, NULL);
	return WIRE_NEXT;
}

static void on_closed(struct wire *w, void *user, int err, const char *reason)
{
	(void)w;
	(void)user;
	seen.closed++;
	seen.err = err;
	strncpy(seen.reason, reason, sizeof(seen.reason) - 1);
	wire = NULL;
}

static void on_drained(struct wire *w, void *user)
{
	(void)w;
	(void)user;
	seen.drained++;
}

static const struct wire_ops ops = { on_frame, on_closed, on_drained };

static void turns(unsigned n)
{
	while (n-- > 0)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void setup(void)
{
	int pair[2];

	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	peer = pair[1];
	wire = wire_open(&loop, pair[0], &ops, &seen);
	ck_assert_ptr_nonnull(wire);
}

static void teardown(void)
{
	if (wire)
		wire_close(wire, 0, NULL);
	while (uv_run(&loop, UV_RUN_NOWAIT))
		;
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	close(peer);
}

static size_t encode(const struct frame *f)
{
	long n = frame_encode(f, buf, sizeof(buf));

	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

static void peer_bytes(const void *bytes, size_t len)
{
	ck_assert_int_eq(send(peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void peer_fds(const void *bytes, size_t len, const int *fds, unsigned n)
{
	union {
		char space[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
			      .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	ck_assert_int_eq(sendmsg(peer, &msg, MSG_NOSIGNAL), (ssize_t)len);
}

/* The next STATUS the peer receives, from the start of its stream. */
static int peer_status(void)
{
	struct frame f;
	ssize_t n = recv(peer, buf, sizeof(buf), MSG_DONTWAIT);

	ck_assert_int_gt(n, 0);
	ck_assert_int_gt(frame_decode(buf, (size_t)n, &f), 0);
	ck_assert_int_eq(f.type, T(STATUS));
	return f.status;
}

START_TEST(any_split)
{
	/* A stream parser that takes bytes in any split: one at a time, and all at once. */
	struct frame f = { .type = T(MEM_WRITE), .seq = 5, .addr = 77,
			   .data = (const uint8_t *)"some bytes", .data_len = 10 };
	size_t n = encode(&f);

	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(seen.frames, 0);
		peer_bytes(buf + i, 1);
		turns(1);
	}
	ck_assert_uint_eq(seen.frames, 1);
	ck_assert_uint_eq(seen.last.addr, 77);
	ck_assert_int_eq(memcmp(seen.data, "some bytes", 10), 0);
	for (int i = 0; i < 100; i++)
		peer_bytes(buf, n);
	turns(2);
	ck_assert_uint_eq(seen.frames, 101);
}
END_TEST

START_TEST(largest_frames)
{
	/* Frames of the largest data, back to back, through every position of the buffer. */
	struct frame f = { .type = T(MEM_WRITE), .data = big, .data_len = sizeof(big) };
	size_t n = encode(&f), sent = 0;

	while (sent < 20 * n) {
		ssize_t k = send(peer, buf + sent % n, n - sent % n, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += k > 0 ? (size_t)k : 0;
		turns(1);
	}
	turns(20);
	ck_assert_uint_eq(seen.frames, 20);
	ck_assert_uint_eq(seen.last.data_len, sizeof(big));
}
END_TEST

START_TEST(descriptors_in_order)
{
	/* Descriptors are taken in order of arrival; surplus ones are closed. */
	struct frame f = { .type = T(MEM_SHARE), .fds = 1 };
	unsigned before = open_fds();
	struct stat st[2];
	int fds[2];
	size_t n;

	for (int i = 0; i < 2; i++) {
		fds[i] = memfd_create("t", MFD_CLOEXEC);
		ck_assert_int_eq(fstat(fds[i], &st[i]), 0);
	}
	n = encode(&f);
	buf[n] = buf[0];
	peer_fds(buf, n + 1, fds, 2);
	turns(3);
	ck_assert_uint_eq(seen.frames, 1);
	ck_assert_uint_eq(seen.inode, st[0].st_ino);
	/* The second came with the beginning of the second frame and is its. */
	peer_bytes(buf + 1, n - 1);
	turns(2);
	ck_assert_uint_eq(seen.frames, 2);
	ck_assert_uint_eq(seen.inode, st[1].st_ino);
	peer_fds(buf, n, fds, 2);
	turns(2);
	ck_assert_uint_eq(seen.frames, 3);
	close(fds[0]);
	close(fds[1]);
	ck_assert_uint_eq(open_fds(), before);
}
END_TEST

START_TEST(missing_descriptor)
{
	/* A frame without its descriptor ends the connection with a word on it. */
	struct frame f = { .type = T(MEM_SHARE), .fds = 2 };
	int fd = memfd_create("t", MFD_CLOEXEC);

	peer_fds(buf, encode(&f), &fd, 1);
	turns(2);
	ck_assert_int_eq(seen.closed, 1);
	ck_assert_int_eq(seen.err, -EPROTO);
	ck_assert_int_eq(peer_status(), -EPROTO);
	close(fd);
}
END_TEST

START_TEST(offered_again)
{
	/* WIRE_AGAIN: the same frame with the same descriptors, nothing else before it. */
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .seq = 9 };
	int fd = memfd_create("t", MFD_CLOEXEC);
	const uint8_t *bytes;
	const int *fds;
	struct stat st;
	size_t len;
	unsigned n;

	ck_assert_int_eq(fstat(fd, &st), 0);
	seen.again = 3;
	peer_fds(buf, encode(&f), &fd, 1);
	f = (struct frame){ .type = T(FLR), .seq = 10 };
	peer_bytes(buf, encode(&f));
	turns(2);
	ck_assert_uint_eq(seen.frames, 0);
	wire_pause(wire);
	ck_assert_int_eq(wire_peek(wire, &bytes, &len, &fds, &n), -EBUSY);
	wire_resume(wire);
	turns(4);
	ck_assert_uint_eq(seen.frames, 2);
	ck_assert_uint_eq(seen.inode, st.st_ino);
	ck_assert_uint_eq(seen.last.seq, 10);
	close(fd);
}
END_TEST

START_TEST(offered_later)
{
	/* WIRE_LATER: the frame is offered again when the owner says so, and until then
	 * nothing keeps the loop awake, whatever else the peer sends, nor a pause. */
	struct frame f = { .type = T(FLR), .seq = 9 };

	seen.again = 2;
	seen.later = true;
	peer_bytes(buf, encode(&f));
	f.seq = 10;
	peer_bytes(buf, encode(&f));
	turns(5);
	ck_assert_uint_eq(seen.offered, 1);
	ck_assert_int_eq(uv_backend_timeout(wire_loop(wire)), -1);
	wire_again(wire);
	ck_assert_int_eq(uv_backend_timeout(wire_loop(wire)), 0);
	turns(5);
	ck_assert_uint_eq(seen.offered, 2);
	ck_assert_int_eq(uv_backend_timeout(wire_loop(wire)), -1);
	wire_pause(wire);
	wire_again(wire);
	turns(5);
	ck_assert_uint_eq(seen.offered, 2);
	wire_resume(wire);
	turns(5);
	ck_assert_uint_eq(seen.frames, 2);
	ck_assert_uint_eq(seen.last.seq, 10);
	wire_again(wire);
	turns(2);
	ck_assert_uint_eq(seen.offered, 4);
}
END_TEST

START_TEST(gone_while_a_frame_waits)
{
	/* A peer that goes while its frame is offered again and again, or waits (_i 1), is
	 * noticed, though nothing is read meanwhile; the descriptors that it left are
	 * closed. */
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .seq = 9 };
	int fd = memfd_create("t", MFD_CLOEXEC);

	peer_fds(buf, encode(&f), &fd, 1);
	close(fd);
	seen.again = UINT32_MAX / 2;
	seen.later = _i;
	turns(3);
	ck_assert_uint_eq(seen.closed, 0);
	shutdown(peer, SHUT_RDWR);
	while (seen.closed == 0) /* else the test's own time limit ends it */
		turns(1);
	ck_assert_int_eq(seen.err, 0);
	ck_assert_uint_eq(seen.frames, 0);
}
END_TEST

START_TEST(closed_in_a_frame)
{
	/* The owner may close in the middle of what was received: no callback follows. */
	struct frame thaw = { .type = T(THAW) }, flr = { .type = T(FLR) };

	peer_bytes(buf, encode(&thaw));
	peer_bytes(buf, encode(&flr));
	turns(3);
	wire = NULL;
	ck_assert_uint_eq(seen.frames, 1);
	ck_assert_int_eq(seen.closed, 0);
}
END_TEST

START_TEST(end_within_a_frame)
{
	/* A peer that ends between frames ended in order; within one it did not. */
	struct frame f = { .type = T(FLR), .seq = 3 };
	size_t n = encode(&f);

	peer_bytes(buf, _i ? n - 1 : n);
	shutdown(peer, SHUT_WR);
	turns(3);
	ck_assert_int_eq(seen.closed, 1);
	ck_assert_int_eq(seen.err, _i ? -EPROTO : 0);
	ck_assert_uint_eq(seen.frames, _i ? 0 : 1);
}
END_TEST

START_TEST(peer_leaves_bytes_unread)
{
	/* A peer that goes and leaves unread what we sent is noticed, and what it sent
	 * before is read: at once, behind a frame that is offered again, or paused. Then
	 * neither the wire nor its descriptor stays. */
	struct frame f = { .type = T(FLR), .seq = 3 };

	ck_assert_int_eq(wire_send(wire, &f, NULL), 0);
	turns(2);
	peer_bytes(buf, encode(&f));
	peer_bytes(buf, encode(&f));
	seen.again = _i == 1 ? 5 : 0;
	if (_i == 2)
		wire_pause(wire);
	if (_i == 3)
		turns(1);
	close(peer);
	peer = open("/dev/null", O_RDWR | O_CLOEXEC);
	turns(20);
	ck_assert_int_eq(seen.closed, 1);
	ck_assert_int_eq(seen.err, 0);
	ck_assert_uint_eq(seen.frames, _i == 2 ? 0 : 2);
}
END_TEST

START_TEST(queue_is_bounded)
{
	/* A peer that doesn't read: the queue ends at its limit, in whole frames; when
	 * it reads again all of it is there and the owner is told. */
	struct frame f = { .type = T(BLOB), .data = big, .data_len = 10000 }, got;
	struct wire_stats stats;
	unsigned sent = 0, received = 0;
	size_t have = 0;
	static uint8_t in[4 << 20];

	while (wire_send(wire, &f, NULL) == 0) {
		f.seq = ++sent;
		turns(1);
	}
	wire_stats(wire, &stats);
	ck_assert_uint_le(stats.queued, WIRE_OUT_MAX);
	ck_assert_uint_gt(stats.queued, WIRE_OUT_MAX - 2 * 10200);
	ck_assert_int_eq(seen.drained, 0);
	while (received < sent) {
		ssize_t n = recv(peer, in + have, sizeof(in) - have, MSG_DONTWAIT);
		long used;

		turns(1);
		if (n > 0)
			have += (size_t)n;
		while ((used = frame_decode(in, have, &got)) > 0) {
			ck_assert_uint_eq(got.seq, received++);
			memmove(in, in + used, have - (size_t)used);
			have -= (size_t)used;
		}
		ck_assert_int_eq(used, 0);
	}
	turns(1);
	ck_assert_int_eq(seen.drained, 1);
	wire_stats(wire, &stats);
	ck_assert_uint_eq(stats.queued, 0);
	ck_assert_uint_eq(stats.frames_out, sent);
}
END_TEST

START_TEST(serving_stalls_a_deaf_peer)
{
	/* A serving wire doesn't take requests of a peer that doesn't read answers. */
	struct frame f = { .type = T(BLOB), .data = big, .data_len = 60000 };
	struct frame flr = { .type = T(FLR) };
	static uint8_t in[1 << 16];

	wire_serving(wire, 0);
	for (int i = 0; i < 15; i++) {
		ck_assert_int_eq(wire_send(wire, &f, NULL), 0);
		turns(1);
	}
	peer_bytes(buf, encode(&flr));
	turns(5);
	ck_assert_uint_eq(seen.frames, 0);
	for (int i = 0; i < 100; i++) {
		(void)!recv(peer, in, sizeof(in), MSG_DONTWAIT);
		turns(1);
	}
	ck_assert_uint_eq(seen.frames, 1);
}
END_TEST

static struct {
	unsigned frames; /* known to the owner behind the last poll */
	unsigned missed; /* times that the loop was to sleep with others */
} behind;

static void look_behind(uv_check_t *check)
{
	(void)check;
	behind.frames = seen.frames;
}

static void before_sleep(uv_prepare_t *prepare)
{
	if (seen.frames != behind.frames && uv_backend_timeout(prepare->loop) != 0)
		behind.missed++;
}

START_TEST(no_sleep_behind_a_frame)
{
	/* Frames that were left for another turn are dispatched before the loop polls. It
	 * must not sleep there: an owner that looks behind the poll has not seen them. */
	struct frame f = { .type = T(FLR) };
	uv_prepare_t prepare;
	uv_check_t check;

	memset(&behind, 0, sizeof(behind));
	wire_serving(wire, 1);
	uv_check_init(&loop, &check);
	uv_prepare_init(&loop, &prepare);
	uv_check_start(&check, look_behind);
	uv_prepare_start(&prepare, before_sleep);
	for (unsigned i = 0; i < 3; i++)
		peer_bytes(buf, encode(&f));
	turns(10);
	ck_assert_uint_eq(seen.frames, 3);
	ck_assert_uint_eq(behind.frames, 3);
	ck_assert_uint_eq(behind.missed, 0);
	ck_assert_int_eq(uv_backend_timeout(&loop), -1);
	uv_close((uv_handle_t *)&check, NULL);
	uv_close((uv_handle_t *)&prepare, NULL);
	turns(1);
}
END_TEST

START_TEST(turn_is_bounded)
{
	/* With a limit of a turn a flood is served frame by frame, and all of it. */
	struct frame flr = { .type = T(FLR) };
	size_t n = encode(&flr);

	wire_serving(wire, 1);
	for (int i = 0; i < 50; i++)
		peer_bytes(buf, n);
	turns(1);
	ck_assert_uint_ge(seen.frames, 1);
	ck_assert_uint_lt(seen.frames, 50);
	turns(60);
	ck_assert_uint_eq(seen.frames, 50);
}
END_TEST

START_TEST(paused)
{
	/* A paused wire dispatches nothing, but sends, and notices the peer's end. */
	struct frame flr = { .type = T(FLR), .seq = 1 };
	const uint8_t *bytes;
	const int *fds;
	size_t len;
	unsigned n;

	(void)encode(&flr);
	peer_bytes(buf, 1);
	turns(2);
	wire_pause(wire);
	turns(2);
	ck_assert_int_eq(wire_peek(wire, &bytes, &len, &fds, &n), 0);
	ck_assert_uint_eq(len, 1);
	ck_assert_int_eq(wire_send(wire, &flr, NULL), 0);
	turns(1);
	ck_assert_int_gt(recv(peer, buf, sizeof(buf), MSG_DONTWAIT), 0);
	shutdown(peer, SHUT_RDWR);
	turns(2);
	ck_assert_int_eq(seen.closed, 1);
}
END_TEST

START_TEST(fed)
{
	/* Bytes and descriptors from another process come before the socket's. */
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .seq = 1 };
	int fd = memfd_create("t", MFD_CLOEXEC);
	size_t n = encode(&f);
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(wire_feed(wire, buf, 4, &fd, 1), 0);
	ck_assert_int_eq(fd, -1);
	peer_bytes(buf + 4, n - 4);
	turns(3);
	ck_assert_uint_eq(seen.frames, 1);
	ck_assert_uint_eq(seen.inode, st.st_ino);
}
END_TEST

START_TEST(descriptors_are_sent)
{
	/* Descriptors go with their frame, also behind others that wait. */
	struct frame plain = { .type = T(FLR) };
	struct frame with = { .type = T(ADOPT), .fds = 1 };
	unsigned before = open_fds();
	int fd = memfd_create("t", MFD_CLOEXEC), got = -1;
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	struct frame f;

	ck_assert_int_eq(wire_send(wire, &plain, NULL), 0);
	ck_assert_int_eq(wire_send(wire, &with, &fd), 0);
	ck_assert_int_eq(wire_send(wire, &plain, NULL), 0);
	close(fd);
	turns(1);
	for (int i = 0; i < 2 && got < 0; i++) {
		msg.msg_controllen = sizeof(control.space);
		ck_assert_int_gt(recvmsg(peer, &msg, MSG_DONTWAIT), 0);
		if (CMSG_FIRSTHDR(&msg))
			memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
	}
	ck_assert_int_ge(got, 0);
	/* Linux ends a read behind the bytes that brought descriptors. */
	ck_assert_int_gt(frame_decode(buf, sizeof(buf), &f), 0);
	close(got);
	ck_assert_uint_eq(open_fds(), before);
}
END_TEST

/* --- calls ------------------------------------------------------------------------- */

static void answer(struct wire *w, const struct frame *f)
{
	struct frame piece = { .type = T(BLOB), .seq = f->seq, .flags = 2,
			       .data = (const uint8_t *)"{\"a\":", .data_len = 5 };
	struct frame reply = { .type = T(REPLY), .seq = f->seq, .status = -ESTALE, .text = "1}",
			       .text_len = 2 };
	struct frame other = { .type = T(INTERRUPT), .code = 15 };

	ck_assert_int_eq(wire_send(w, &other, NULL), 0);
	ck_assert_int_eq(wire_send(w, &piece, NULL), 0);
	ck_assert_int_eq(wire_send(w, &reply, NULL), 0);
}

static enum wire_next server_frame(struct wire *w, void *user, const struct frame *f, int *fds)
{
	(void)user;
	(void)fds;
	if (f->type == T(CONTROL) && f->text_len == 3)
		wire_close(w, -ESHUTDOWN, "bye");
	else if (f->type == T(CONTROL) && f->text_len > 0)
		answer(w, f);
	return WIRE_NEXT;
}

static void server_closed(struct wire *w, void *user, int err, const char *reason)
{
	(void)w;
	(void)user;
	(void)err;
	(void)reason;
}

START_TEST(synchronous_call)
{
	/* A call runs the loop until its answer: pieces are joined, other frames go to
	 * the owner, a silent or dying peer ends it. */
	static const struct wire_ops server_ops = { server_frame, server_closed, NULL };
	struct wire *server = wire_open(&loop, dup(peer), &server_ops, NULL);
	struct wire_answer a;

	ck_assert_int_eq(wire_control(wire, "state", 0, &a), -ESTALE);
	ck_assert_str_eq(a.text, "{\"a\":1}");
	ck_assert_uint_eq(a.frame.text_len, 7);
	ck_assert_uint_eq(seen.frames, 1);
	ck_assert_int_eq(seen.last.type, T(INTERRUPT));
	ck_assert_int_eq(wire_control(wire, "", 50, &a), -ETIMEDOUT);
	ck_assert_int_eq(wire_control(wire, "more", 0, &a), -ESTALE);
	close(peer);
	ck_assert_int_eq(wire_control(wire, "end", 0, &a), -EPIPE);
	ck_assert_int_eq(seen.closed, 1);
	ck_assert_int_eq(seen.last.status, -ESHUTDOWN);
	(void)server;
	peer = dup(0);
}
END_TEST

START_TEST(call_after_a_pause)
{
	/* A time limit is that of the call: a loop that did not turn for longer, whose clock
	 * is behind, neither ends a call at once nor waits without a limit. */
	const struct timespec pause = { 0, 120000000 };
	struct wire_answer a;
	uint64_t began;

	uv_update_time(&loop);
	nanosleep(&pause, NULL);
	began = uv_hrtime();
	ck_assert_int_eq(wire_control(wire, "", 50, &a), -ETIMEDOUT);
	ck_assert_uint_ge(uv_hrtime() - began, 49000000);
}
END_TEST

START_TEST(connect_errors)
{
	/* Errors of connecting say what to do. */
	struct listen_socket l;
	struct wire *w;
	char dir[] = "/tmp/gucemu-wire.XXXXXX", path[64], err[256], longest[200];
	int file;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	ck_assert_int_eq(wire_connect(&w, &loop, path, &ops, NULL, err, sizeof(err)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err, "is the emulator running"));
	ck_assert_ptr_null(w);
	ck_assert_int_eq(listen_open(&l, path, err, sizeof(err)), 0);
	close(l.fd);
	ck_assert_int_eq(wire_connect(&w, &loop, path, &ops, NULL, err, sizeof(err)),
			 -ECONNREFUSED);
	ck_assert_ptr_nonnull(strstr(err, "stale"));
	unlink(path);
	file = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_lt(wire_connect(&w, &loop, path, &ops, NULL, err, sizeof(err)), 0);
	close(file);
	unlink(path);
	rmdir(dir);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(wire_connect(&w, &loop, longest, &ops, NULL, err, sizeof(err)),
			 -ENAMETOOLONG);
}
END_TEST

START_TEST(foreign_memory)
{
	/* Memory that its giver could cut is not mapped. */
	void *map, *again;
	int fd = memfd_create_sealed("t", 8192, &map), loose = memfd_create("t", 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(ftruncate(fd, 4096), 0);
	ck_assert_int_eq(memfd_map_foreign(fd, 4096, 4096, true, &again), 0);
	((char *)map)[4096] = 'x';
	ck_assert_int_eq(*(char *)again, 'x');
	munmap(again, 4096);
	ck_assert_int_eq(memfd_map_foreign(fd, 4096, 8192, true, &again), -EINVAL);
	ck_assert_int_eq(memfd_map_foreign(fd, UINT64_MAX, 4096, true, &again), -EINVAL);
	ck_assert_int_eq(ftruncate(loose, 8192), 0);
	ck_assert_int_eq(memfd_map_foreign(loose, 0, 4096, true, &again), -EPERM);
	ck_assert_int_eq(memfd_map_foreign(0, 0, 4096, true, &again), -EPERM);
	munmap(map, 8192);
	close(fd);
	close(loose);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wire");
	TCase *tc = tcase_create("wire");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, any_split);
	tcase_add_test(tc, largest_frames);
	tcase_add_test(tc, descriptors_in_order);
	tcase_add_test(tc, missing_descriptor);
	tcase_add_test(tc, offered_again);
	tcase_add_test(tc, offered_later);
	tcase_add_loop_test(tc, gone_while_a_frame_waits, 0, 2);
	tcase_add_test(tc, closed_in_a_frame);
	tcase_add_loop_test(tc, end_within_a_frame, 0, 2);
	tcase_add_loop_test(tc, peer_leaves_bytes_unread, 0, 4);
	tcase_add_test(tc, queue_is_bounded);
	tcase_add_test(tc, serving_stalls_a_deaf_peer);
	tcase_add_test(tc, no_sleep_behind_a_frame);
	tcase_add_test(tc, turn_is_bounded);
	tcase_add_test(tc, paused);
	tcase_add_test(tc, fed);
	tcase_add_test(tc, descriptors_are_sent);
	tcase_add_test(tc, synchronous_call);
	tcase_add_test(tc, call_after_a_pause);
	tcase_add_test(tc, connect_errors);
	tcase_add_test(tc, foreign_memory);
	suite_add_tcase(s, tc);
	return check_main(s);
}
