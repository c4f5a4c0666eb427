/* SPDX-License-Identifier: MIT */
#include "tests/unit/vft_link_fixture.h"

struct link_fixture t;

static void on_opened(void *user, const struct vft_card *card)
{
	(void)user;
	ck_assert_str_eq(card->name, "fake");
	ck_assert_uint_eq(card->gts, 2);
	t.opened = true;
}

static void on_lost(void *user, int err, const char *text)
{
	(void)user;
	ck_assert(!t.lost);
	t.lost = true;
	t.err = err;
	snprintf(t.text, sizeof(t.text), "%s", text);
}

static void on_irq(void *user, const struct vft_irq *irq)
{
	(void)user;
	t.irqs++;
	t.irq = *irq;
}

static void on_refused(void *user, int err, const char *text)
{
	(void)user;
	(void)text;
	t.refused++;
	t.last_refused = err;
}

void link_words(void *user, uint32_t cookie, const void *words, unsigned n)
{
	(void)user;
	(void)cookie;
	t.reads++;
	t.words_n = n;
	if (words)
		memcpy(t.words, words, n * 4);
}

static void on_freeze(void *user, bool frozen)
{
	(void)user;
	t.freezes += frozen;
	t.thaws += !frozen;
	if (!frozen || !t.last_words)
		return;
	vft_link_write32(t.link, 0x80, 1);
	ck_assert_int_eq(vft_link_read(t.link, 0x40, 4, 1, link_words, NULL, 0), 0);
}

const struct vft_link_ops link_ops = {
	.opened = on_opened,
	.lost = on_lost,
	.irq = on_irq,
	.freeze = on_freeze,
	.refused = on_refused,
};

void link_open(void)
{
	struct vft_link_options o = {
		.socket = t.server.path, .function = 1, .name = "test", .ops = &link_ops,
	};
	char err[256];

	ck_assert_msg(vft_link_open(&t.link, &t.loop, &o, err, sizeof(err)) == 0, "%s", err);
	UNTIL(t.opened || t.lost);
}

void link_setup(void)
{
	memset(&t, 0, sizeof(t));
	ck_assert_int_eq(uv_loop_init(&t.loop), 0);
	fake_open(&t.server, &t.loop);
}

void link_setup_open(void)
{
	link_setup();
	link_open();
	ck_assert(t.opened);
}

void link_teardown(void)
{
	if (t.link)
		vft_link_close(t.link);
	fake_close(&t.server);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&t.loop), 0);
}
