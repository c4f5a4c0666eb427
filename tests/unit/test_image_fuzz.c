/* SPDX-License-Identifier: MIT */
/* Images and packet streams changed at random, checksums made right again or not:
 * the readers end with an error or a good image, never elsewhere. Deterministic: a
 * round is its seed, which a failure prints. Without arguments a fixed number of
 * rounds; GUCEMU_FUZZ_SECONDS goes on for that long from a new seed,
 * GUCEMU_FUZZ_SEED does one round again ("./run fuzz-image SECONDS [SEED]"). */
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "cli/image_doc.h"
#include "emulator/guc/blob.h"
#include "image_fixture.h"
#include "pfclient/linux_stream.h"
#include "tests/check_main.h"

#define ROUNDS 2000u

static uint64_t rng;

static uint64_t next(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static uint64_t below(uint64_t n)
{
	return next() % n;
}

static uint64_t interesting(void)
{
	static const uint64_t values[] = {
		0, 1, 3, 4, 7, 8, 24, 40, 48, 255, 4095, 4096, 65535, 1u << 20, 1u << 23,
		INT32_MAX, 1u << 31, UINT32_MAX, UINT32_MAX - 3, 1ull << 40, INT64_MAX, 1ull << 63,
		UINT64_MAX, UINT64_MAX - 4095,
	};

	return below(3) ? values[below(sizeof(values) / sizeof(values[0]))] : next();
}

/* One change of bytes[0..*len), of which there is room for `cap`. */
static void change(uint8_t *bytes, size_t *len, size_t cap)
{
	size_t at = below(*len), n = 1 + below(64), from = below(*len);

	switch (below(8)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		bytes[at] = (uint8_t)next();
		break;
	case 2:
		if (at + 4 <= *len)
			le32_put(bytes + at, (uint32_t)interesting());
		break;
	case 3:
		if (at + 8 <= *len)
			le64_put(bytes + at, interesting());
		break;
	case 4:
		*len = 1 + at;
		break;
	case 5: /* left out */
		if (at + n < *len) {
			memmove(bytes + at, bytes + at + n, *len - at - n);
			*len -= n;
		}
		break;
	case 6: /* put in */
		if (*len + n <= cap && from + n <= *len) {
			memmove(bytes + at + n, bytes + at, *len - at);
			*len += n;
		}
		break;
	default: /* copied over */
		if (at + n <= *len && from + n <= *len)
			memmove(bytes + at, bytes + from, n);
		break;
	}
}

/* --- images ------------------------------------------------------------------------- */

static struct ix m;
static uint8_t whole[sizeof(((struct ix *)0)->bytes)];

/* Walk what still looks like sections and make their checksums right. */
static void sign(void)
{
	size_t at = PFC_IMAGE_HEADER;

	if (m.len < PFC_IMAGE_HEADER)
		return;
	le32_put(m.bytes + HDR_CRC, crc32c(0, m.bytes, HDR_CRC));
	while (at + PFC_IMAGE_SECTION <= m.len) {
		uint32_t stored = le32_get(m.bytes + at + SEC_STORED);
		uint8_t *payload = m.bytes + at + PFC_IMAGE_SECTION;

		if (stored > m.len - at - PFC_IMAGE_SECTION)
			return;
		if (m.bytes[at + SEC_TYPE] == PFC_IMAGE_TRAILER_SECTION &&
		    stored == PFC_IMAGE_TRAILER)
			le32_put(payload + TRL_CRC, crc32c(0, m.bytes, at));
		le32_put(m.bytes + at + SEC_PAYLOAD_CRC, crc32c(0, payload, stored));
		ix_sign(&m, at);
		at += PFC_IMAGE_SECTION + stored;
	}
}

/* What was taken is where it may be. */
static void check_parts(void)
{
	const struct pfc_image_reader *r = &m.reader;

	for (unsigned i = 0; i < r->parts; i++) {
		ck_assert(r->part[i].data >= r->stage);
		ck_assert(r->part[i].data + r->part[i].stored <= r->stage + r->stage_small);
		ck_assert_uint_lt(r->part[i].gt, (unsigned)r->want.tiles * r->want.gts);
	}
}

static void fuzz_image(void)
{
	bool content = below(2), right = below(2), changed;
	size_t len;
	int err;

	if (content)
		ix_make_content(&m);
	else
		ix_make(&m);
	ix_write(&m, 4096);
	len = m.len;
	memcpy(whole, m.bytes, len);
	for (unsigned n = 1 + (unsigned)below(4); n; n--)
		change(m.bytes, &m.len, sizeof(m.bytes));
	if (right)
		sign();
	changed = m.len != len || memcmp(m.bytes, whole, len) != 0;
	err = ix_read(&m, m.len, 1 + below(below(2) ? 5000 : 50));
	check_parts();
	ck_assert(m.applied <= IX_LMEM + IX_CCS);
	ck_assert_msg(err < 0 || !changed || right, "a changed image was taken");
	ck_assert_msg(err == 0 || changed, "a good image was refused");
	ck_assert(err == 0 || (m.reader.why && m.reader.bad_at <= m.len));
	/* Nobody knows what it is for: announced content may be larger. */
	if (m.reader.from.lmem_size <= IX_LMEM && m.reader.from.ccs_size <= IX_LMEM) {
		(void)ix_read_as(&m, m.len, 1 + below(999), NULL);
		check_parts();
	}
}

/* --- Linux' stream -------------------------------------------------------------------- */

static uint64_t announced, arrived;

static int on_packet(void *user, const struct linux_packet *p)
{
	(void)user;
	ck_assert_uint_lt(p->gt, PFC_IMAGE_GTS);
	ck_assert(p->type != PFC_IMAGE_GUC || p->size <= PFC_IMAGE_MAX_GUC);
	ck_assert_uint_le(p->size, LINUX_MAX_CHUNK);
	announced = p->size;
	arrived = 0;
	return 0;
}

static int on_data(void *user, const struct linux_packet *p, uint64_t at, const uint8_t *bytes,
		   size_t n)
{
	(void)user;
	(void)p;
	ck_assert_uint_eq(at, arrived);
	ck_assert_uint_le(n, announced - arrived);
	ck_assert_ptr_nonnull(bytes);
	arrived += n;
	return 0;
}

static size_t put_packet(uint8_t *out, unsigned type, unsigned gt, uint64_t offset, size_t size)
{
	const struct linux_packet p = {
		.version = 1, .type = (uint8_t)type, .gt = (uint8_t)gt, .offset = offset,
		.size = size,
	};

	linux_packet_put(out, &p);
	memset(out + LINUX_PACKET_HEADER, 0x11, size);
	return LINUX_PACKET_HEADER + size;
}

static void fuzz_linux(void)
{
	static const struct linux_sink sink = { .packet = on_packet, .data = on_data };
	static uint8_t bytes[8192];
	static struct linux_reader r;
	size_t len = 0, step = 1 + below(300);
	int err;

	len += put_packet(bytes, PFC_IMAGE_DESCRIPTOR, 0, 0, 76);
	ck_assert_int_eq(linux_describe(&ix_profile, bytes + LINUX_PACKET_HEADER, 76), 76);
	len += put_packet(bytes + len, PFC_IMAGE_GUC, 0, 0, 64);
	len += put_packet(bytes + len, PFC_IMAGE_GGTT, 0, 0, 128);
	len += put_packet(bytes + len, PFC_IMAGE_MMIO, 0, 0, 16);
	len += put_packet(bytes + len, PFC_IMAGE_VRAM, 0, 0, 500);
	len += put_packet(bytes + len, PFC_IMAGE_VRAM, 0, 500, 100);
	len += put_packet(bytes + len, PFC_IMAGE_GUC, 1, 0, 32);
	len += put_packet(bytes + len, PFC_IMAGE_MMIO, 1, 0, 16);
	len += put_packet(bytes + len, PFC_IMAGE_TRAILER_SECTION, 0, 0, 0);
	for (unsigned n = (unsigned)below(4); n; n--)
		change(bytes, &len, sizeof(bytes));
	linux_reader_init(&r, 1, 2, &sink);
	for (size_t at = 0; at < len; at += step)
		linux_take(&r, bytes + at, step < len - at ? step : len - at);
	err = linux_finish(&r);
	ck_assert(err == 0 || (err == r.err && r.why && r.bad_at <= len));
	ck_assert(err < 0 || r.ended);
}

/* --- a GuC's blob as image show reads it ------------------------------------------------ */

static void fuzz_blob(void)
{
	uint32_t dwords = BLOB_HEADER_DWORDS + (uint32_t)below(200);
	uint8_t *bytes = malloc(4 * dwords);

	ck_assert_ptr_nonnull(bytes);
	for (uint32_t i = 0; i < dwords; i++)
		le32_put(bytes + 4 * i, (uint32_t)(below(2) ? below(8) : interesting()));
	le32_put(bytes + 4 * BLOB_MAGIC_LO, (uint32_t)BLOB_MAGIC);
	le32_put(bytes + 4 * BLOB_MAGIC_HI, (uint32_t)(BLOB_MAGIC >> 32));
	le32_put(bytes + 4 * BLOB_FORMAT, BLOB_VERSION);
	json_object_put(image_blob_json(bytes, 4 * dwords));
	free(bytes);
}

/* --- rounds ------------------------------------------------------------------------------ */

/* The seed under way, where the parent of a test that fell can read it. */
static volatile uint64_t *current;

static void round_of(uint64_t seed)
{
	*current = seed;
	rng = seed * 0x9E3779B97F4A7C15ull | 1;
	next();
	switch (below(4)) {
	case 0:
		fuzz_linux();
		break;
	case 1:
		fuzz_blob();
		break;
	default:
		fuzz_image();
		break;
	}
}

static uint64_t number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : 0;
}

START_TEST(M_25_random_changes)
{
	/* M-25 to M-28: whatever is done to an image, a stream or a blob, it is refused
	 * or it is good. */
	uint64_t seconds = number("GUCEMU_FUZZ_SECONDS"), one = number("GUCEMU_FUZZ_SEED");
	time_t began = time(NULL);
	uint64_t seed = seconds ? (uint64_t)began << 20 : 1, rounds = 0;

	if (one) {
		round_of(one);
		ix_free(&m);
		return;
	}
	while (seconds ? (uint64_t)(time(NULL) - began) < seconds : rounds < ROUNDS) {
		round_of(seed++);
		rounds++;
	}
	ix_free(&m);
	if (seconds)
		printf("image-fuzz: %llu rounds, seeds %llu to %llu\n",
		       (unsigned long long)rounds, (unsigned long long)(seed - rounds),
		       (unsigned long long)(seed - 1));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image-fuzz");
	TCase *t = tcase_create("fuzz");
	int failed;

	current = mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (current == MAP_FAILED)
		return EXIT_FAILURE;
	tcase_set_timeout(t, (double)number("GUCEMU_FUZZ_SECONDS") + 120);
	tcase_add_test(t, M_25_random_changes);
	suite_add_tcase(s, t);
	failed = check_main(s);
	if (failed)
		printf("image-fuzz: GUCEMU_FUZZ_SEED=%llu fell\n", (unsigned long long)*current);
	return failed;
}
