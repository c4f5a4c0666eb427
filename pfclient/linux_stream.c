/* SPDX-License-Identifier: MIT */
/* Linux' stream of a saved VF: headers, descriptor and the reader's state
 * machine. See linux_stream.h. */
#include "linux_stream.h"

#include <errno.h>
#include <string.h>

#include "image_priv.h"
#include "proto/actions.h"
#include "proto/klv.h"
#include "proto/regs.h"

#define MAX_SKIPPED 64u
#define MAX_CONTENT (1ull << 40)
#define MAX_GGTT    ((1ull << 32 >> GGTT_PAGE_SHIFT) * 8)

/* Offsets in a packet's header. */
enum { PKT_VERSION, PKT_TYPE, PKT_TILE, PKT_GT, PKT_FLAGS, PKT_OFFSET = 8, PKT_SIZE = 16 };

void linux_packet_put(uint8_t out[LINUX_PACKET_HEADER], const struct linux_packet *p)
{
	out[PKT_VERSION] = p->version;
	out[PKT_TYPE] = p->type;
	out[PKT_TILE] = p->tile;
	out[PKT_GT] = p->gt;
	le32_put(out + PKT_FLAGS, p->flags);
	le64_put(out + PKT_OFFSET, p->offset);
	le64_put(out + PKT_SIZE, p->size);
}

struct linux_packet linux_packet_get(const uint8_t in[LINUX_PACKET_HEADER])
{
	return (struct linux_packet){
		.version = in[PKT_VERSION],
		.type = in[PKT_TYPE],
		.tile = in[PKT_TILE],
		.gt = in[PKT_GT],
		.flags = le32_get(in + PKT_FLAGS),
		.offset = le64_get(in + PKT_OFFSET),
		.size = le64_get(in + PKT_SIZE),
	};
}

int linux_describe(const struct pfc_image_profile *profile, uint8_t *out, size_t cap)
{
	uint32_t list[32];
	size_t n = 0;
	int err = 0;

	err |= klv_put32(list, 32, &n, PFC_KEY_DEVID, profile->devid);
	err |= klv_put32(list, 32, &n, PFC_KEY_REVID, profile->revid);
	err |= klv_put32(list, 32, &n, PFC_KEY_GT_MAP,
			 (uint32_t)profile->tiles << 8 | profile->gts);
	err |= klv_put32(list, 32, &n, PFC_KEY_GRAPHICS, profile->graphics);
	err |= klv_put32(list, 32, &n, PFC_KEY_CONTEXTS, profile->contexts);
	err |= klv_put32(list, 32, &n, PFC_KEY_DOORBELLS, profile->doorbells);
	err |= klv_put64(list, 32, &n, PFC_KEY_GGTT_START, profile->ggtt_start);
	err |= klv_put32(list, 32, &n, PFC_KEY_BEGIN_CONTEXT, profile->begin_context);
	err |= klv_put32(list, 32, &n, PFC_KEY_BEGIN_DOORBELL, profile->begin_doorbell);
	if (err || n * 4 > cap)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++)
		le32_put(out + 4 * i, list[i]);
	return (int)(n * 4);
}

/* --- reader ------------------------------------------------------------------------ */

static void fail(struct linux_reader *r, int err, const char *why)
{
	if (r->err)
		return;
	r->err = err;
	r->why = why;
	r->bad_at = r->total - r->have - (r->in_payload ? LINUX_PACKET_HEADER : 0);
}

void linux_reader_init(struct linux_reader *r, unsigned tiles, unsigned gts,
		       const struct linux_sink *sink)
{
	memset(r, 0, sizeof(*r));
	r->tiles = (uint8_t)tiles;
	r->gts = (uint8_t)gts;
	r->sink = sink;
}

static unsigned gts_of(const struct linux_reader *r)
{
	return (unsigned)r->tiles * r->gts;
}

static const char *bad_chunk(const struct linux_reader *r, const struct linux_packet *p)
{
	if (p->offset != r->content[pfc_image_content(p->type)][p->gt])
		return "LMEM out of place";
	if (p->size == 0 || p->size > LINUX_MAX_CHUNK)
		return "size of an LMEM packet";
	return p->size > MAX_CONTENT - p->offset ? "LMEM beyond any VF's" : NULL;
}

static const char *bad_size(const struct linux_reader *r, const struct linux_packet *p)
{
	if (pfc_image_content(p->type) >= 0)
		return bad_chunk(r, p);
	if (p->offset)
		return p->type == PFC_IMAGE_TRAILER_SECTION ? "trailer with an offset" :
							      "offset of a packet without slices";
	switch (p->type) {
	case PFC_IMAGE_DESCRIPTOR:
		return p->size == 0 || p->size > PFC_IMAGE_MAX_DESC || p->size % 4 ?
			       "size of the descriptor" : NULL;
	case PFC_IMAGE_TRAILER_SECTION:
		return p->size ? "trailer with a payload" : NULL;
	case PFC_IMAGE_GGTT:
		return p->size == 0 || p->size > MAX_GGTT || p->size % 8 ?
			       "size of the GGTT packet" : NULL;
	case PFC_IMAGE_MMIO:
		return p->size != 4 * MAILBOX_DWORDS ? "size of the MMIO packet" : NULL;
	case PFC_IMAGE_GUC:
		return p->size == 0 || p->size > PFC_IMAGE_MAX_GUC || p->size % 4 ?
			       "size of the GuC packet" : NULL;
	}
	return p->size > PFC_IMAGE_MAX_SKIP ? "packet too large" : NULL;
}

static bool is_known(const struct linux_packet *p)
{
	return p->type <= PFC_IMAGE_CCS;
}

static const char *bad_place(const struct linux_reader *r, const struct linux_packet *p)
{
	bool content = pfc_image_content(p->type) >= 0;

	if (p->version != LINUX_PACKET_VERSION)
		return "packet version not supported";
	if (p->type == 0)
		return "packet of type 0";
	if (p->flags)
		return "unknown flags of a packet";
	if (!r->described && p->type != PFC_IMAGE_DESCRIPTOR)
		return "no descriptor at the start";
	if ((p->type == PFC_IMAGE_DESCRIPTOR || p->type == PFC_IMAGE_TRAILER_SECTION) &&
	    (p->gt || p->tile))
		return "device packet on a GT";
	if (p->gt >= gts_of(r) || p->tile != p->gt / r->gts)
		return "packet of a GT that is not there";
	if ((content || p->type == PFC_IMAGE_GGTT) && p->gt % r->gts)
		return "packet does not belong to a media GT";
	if (is_known(p) && !content && r->seen[p->gt] & 1u << p->type)
		return "packet comes twice";
	return NULL;
}

/* The values of the keys that are known; device and revision have to be there. */
static void take_descriptor(struct linux_reader *r)
{
	uint32_t dw[PFC_IMAGE_MAX_DESC / 4], seen = 0;
	struct klv_reader in = { .dw = dw, .len = (size_t)r->cur.size / 4 };
	struct klv k;
	int more;

	for (size_t i = 0; i < in.len; i++)
		dw[i] = le32_get(r->desc + 4 * i);
	while ((more = klv_next(&in, &k)) > 0) {
		uint64_t v = klv_u64(&k);
		unsigned known = 0;

		switch (k.key) {
		case PFC_KEY_DEVID:
		case PFC_KEY_REVID:
			if (k.len != 1 || seen & 1u << (k.key & 3) ||
			    v > (k.key == PFC_KEY_DEVID ? UINT16_MAX : UINT8_MAX))
				fail(r, -EINVAL, "malformed key in the descriptor");
			seen |= 1u << (k.key & 3);
			if (k.key == PFC_KEY_DEVID)
				r->from.devid = (uint16_t)v;
			else
				r->from.revid = (uint8_t)v;
			continue;
		case PFC_KEY_GT_MAP:
			known = LINUX_KNOWS_GTS;
			r->from.tiles = (uint8_t)(v >> 8);
			r->from.gts = (uint8_t)v;
			break;
		case PFC_KEY_GRAPHICS:
			known = LINUX_KNOWS_GRAPHICS;
			r->from.graphics = (uint32_t)v;
			break;
		case PFC_KEY_CONTEXTS:
			known = LINUX_KNOWS_CONTEXTS;
			r->from.contexts = (uint32_t)v;
			break;
		case PFC_KEY_DOORBELLS:
			known = LINUX_KNOWS_DOORBELLS;
			r->from.doorbells = (uint32_t)v;
			break;
		case PFC_KEY_GGTT_START:
			r->from.ggtt_start = v;
			break;
		case PFC_KEY_BEGIN_CONTEXT:
			r->from.begin_context = (uint32_t)v;
			break;
		case PFC_KEY_BEGIN_DOORBELL:
			r->from.begin_doorbell = (uint32_t)v;
			break;
		}
		if (known && (k.len != 1 || r->known & known))
			fail(r, -EINVAL, "malformed key in the descriptor");
		r->known |= known;
	}
	if (more < 0)
		fail(r, -EINVAL, "descriptor ends inside a key");
	if (seen != (1u << (PFC_KEY_DEVID & 3) | 1u << (PFC_KEY_REVID & 3)))
		fail(r, -EINVAL, "key missing in the descriptor");
	if (r->known & LINUX_KNOWS_GTS) {
		if (r->from.tiles < 1 || r->from.gts < 1 || r->from.gts > 2 ||
		    r->from.tiles > PFC_IMAGE_GTS ||
		    (unsigned)r->from.tiles * r->from.gts > PFC_IMAGE_GTS) {
			fail(r, -EINVAL, "GTs out of range");
			return;
		}
		r->tiles = r->from.tiles;
		r->gts = r->from.gts;
	}
	r->described = true;
}

/* The trailer came: is there all of it, and the same on each tile? */
static void check_whole(struct linux_reader *r)
{
	const unsigned gt_must = 1u << PFC_IMAGE_GUC | 1u << PFC_IMAGE_MMIO;
	bool missing = false, uneven = false;

	for (unsigned gt = 0; gt < gts_of(r); gt++) {
		unsigned must = gt_must | (gt % r->gts ? 0 : 1u << PFC_IMAGE_GGTT);

		missing |= (r->seen[gt] & must) != must;
		for (unsigned i = 0; i < 2 && gt % r->gts == 0; i++)
			uneven |= r->content[i][gt] != r->content[i][0];
	}
	if (missing || uneven)
		fail(r, -ENODATA, "a packet is missing");
	r->from.tiles = r->tiles;
	r->from.gts = r->gts;
	r->from.lmem_size = r->content[0][0];
	r->from.ccs_size = r->content[1][0];
	r->ended = true;
}

static bool goes_to_sink(const struct linux_packet *p)
{
	return is_known(p) && p->type != PFC_IMAGE_DESCRIPTOR &&
	       p->type != PFC_IMAGE_TRAILER_SECTION;
}

/* A size that other tiles have as well is one of the VF. */
static const char *note_ggtt(struct linux_reader *r, uint64_t bytes)
{
	uint64_t size = bytes / 8 << GGTT_PAGE_SHIFT;

	if (r->from.ggtt_size && r->from.ggtt_size != size)
		return "GGTT sizes of the tiles differ";
	r->from.ggtt_size = size;
	return NULL;
}

static void begin_packet(struct linux_reader *r)
{
	const struct linux_packet p = linux_packet_get(r->head);
	const char *why = bad_place(r, &p);
	int err = 0;

	if (!why)
		why = bad_size(r, &p);
	if (!why && !is_known(&p) && ++r->skipped > MAX_SKIPPED)
		why = "too many unknown packets";
	if (!why && p.type == PFC_IMAGE_GGTT)
		why = note_ggtt(r, p.size);
	if (why) {
		fail(r, p.size > LINUX_MAX_CHUNK ? -EMSGSIZE : -EINVAL, why);
		return;
	}
	if (goes_to_sink(&p))
		err = r->sink->packet(r->sink->user, &p);
	if (err) {
		fail(r, err, "packet not taken");
		return;
	}
	if (is_known(&p))
		r->seen[p.gt] |= (uint8_t)(1u << p.type);
	r->cur = p;
	r->in_payload = true;
	r->have = 0;
}

static void end_packet(struct linux_reader *r)
{
	if (r->cur.type == PFC_IMAGE_DESCRIPTOR)
		take_descriptor(r);
	else if (r->cur.type == PFC_IMAGE_TRAILER_SECTION)
		check_whole(r);
	else if (pfc_image_content(r->cur.type) >= 0)
		r->content[pfc_image_content(r->cur.type)][r->cur.gt] += r->cur.size;
	r->in_payload = false;
	r->have = 0;
}

/* Take what there is of the header or payload being collected. */
static size_t collect(struct linux_reader *r, const uint8_t *buf, size_t len)
{
	uint64_t need = (r->in_payload ? r->cur.size : LINUX_PACKET_HEADER) - r->have;
	size_t n = need < len ? (size_t)need : len;
	int err = 0;

	if (n > 0 && !r->in_payload)
		memcpy(r->head + r->have, buf, n);
	else if (n > 0 && r->cur.type == PFC_IMAGE_DESCRIPTOR)
		memcpy(r->desc + r->have, buf, n);
	else if (n > 0 && goes_to_sink(&r->cur))
		err = r->sink->data(r->sink->user, &r->cur, r->have, buf, n);
	r->have += n;
	r->total += n;
	if (err)
		fail(r, err, "payload not taken");
	else if (n == need && r->in_payload)
		end_packet(r);
	else if (n == need)
		begin_packet(r);
	return n;
}

int linux_take(struct linux_reader *r, const uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (!r->err && (done < len || (r->in_payload && r->have == r->cur.size))) {
		if (r->ended) {
			fail(r, -EINVAL, "bytes after the trailer");
			break;
		}
		done += collect(r, buf + done, len - done);
	}
	return r->err;
}

int linux_finish(struct linux_reader *r)
{
	if (!r->ended && !r->err) {
		fail(r, -ENODATA, "stream ends early");
		r->bad_at = r->total;
	}
	return r->err;
}
