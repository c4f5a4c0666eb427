/* SPDX-License-Identifier: MIT */
/* What a migration must not lose beside the driver's own memory: content of local
 * memory (LMEM) on a discrete card, and compression metadata. A surface of 128 KiB
 * lies in LMEM, or on an integrated card in the driver's memory; jobs copy its
 * metadata in and out. In LMEM there are also a dword for each queue that jobs
 * store to, and some pages far apart. All is written with a pattern that depends
 * on the place and on a seed, and read back and compared when the user wants.
 *
 * On a discrete card surface and dwords are seen through a window of the GGTT, the
 * pages of the driver's memory behind it are not used. */
#include "vfc_priv.h"

#include "proto/mi.h"

#define SURFACE_BYTES (KEEP_SURFACE_PAGES * GGTT_PAGE)
#define RESULT_BYTES  (KEEP_RESULT_PAGES * GGTT_PAGE)
#define KEEP_EXTENTS  6u

/* In the metadata page: what goes in, what came out, what the compression contexts
 * carry over a migration. */
#define META_PUT   0u
#define META_GET   1024u
#define META_CARRY 2048u

static uint32_t meta_bytes(const struct vfc *v)
{
	return v->opt.ccs_ratio ? SURFACE_BYTES / v->opt.ccs_ratio : 0;
}

int vfc_keep_place(struct vfc *v)
{
	struct vfc_keep *k = &v->keep;

	if (!v->opt.discrete && !v->opt.ccs_ratio)
		return 0;
	k->surface = host_pages_alloc(&v->pages, SURFACE_BYTES);
	k->results = host_pages_alloc(&v->pages, RESULT_BYTES);
	k->meta = host_pages_alloc(&v->pages, GGTT_PAGE);
	k->placed = k->surface != SIZE_MAX && k->results != SIZE_MAX && k->meta != SIZE_MAX;
	return k->placed ? 0 : -ENOMEM;
}

static uint64_t lmem_size(const struct vfc *v)
{
	return v->opt.discrete ? v->gt[0].config.lmem_size : 0;
}

static uint64_t surface_off(const struct vfc *v)
{
	return lmem_size(v) / 2 & ~(uint64_t)(SURFACE_BYTES - 1);
}

uint64_t vfc_keep_pte(const struct vfc *v, uint32_t page)
{
	const struct vfc_keep *k = &v->keep;
	uint64_t at = (uint64_t)page * GGTT_PAGE;

	if (k->placed && lmem_size(v) && at - k->surface < SURFACE_BYTES)
		return (surface_off(v) + at - k->surface) | PTE_DEVMEM | PTE_PRESENT;
	if (k->placed && lmem_size(v) && at - k->results < RESULT_BYTES)
		return (at - k->results) | PTE_DEVMEM | PTE_PRESENT;
	return ((v->mem->dma + at) & PTE_ADDR) | PTE_PRESENT;
}

/* --- jobs -------------------------------------------------------------------------- */

static size_t result_at(const struct vfc_gt *gt, uint32_t id)
{
	return gt->v->keep.results + 4 * ((size_t)gt->id * VFC_MAX_QUEUES + id);
}

int vfc_keep_job_ok(const struct vfc_gt *gt, const struct vfc_queue *q, enum vfc_job_kind kind)
{
	const struct vfc *v = gt->v;

	if (kind != VFC_JOB_LOCAL && kind != VFC_JOB_CCS_PUT && kind != VFC_JOB_CCS_GET)
		return 0;
	if (!v->keep.placed || q->width > 1)
		return -EINVAL;
	if (kind == VFC_JOB_LOCAL)
		return lmem_size(v) ? 0 : -EINVAL;
	if (!v->opt.ccs_ratio)
		return -EINVAL;
	if (kind == VFC_JOB_CCS_GET)
		memset(v->mem->base + v->keep.meta + META_GET, 0, meta_bytes(v));
	return 0;
}

/* XY_CTRL_SURF_COPY_BLT between the surface's metadata and the metadata page. */
static size_t put_copy(const struct vfc *v, size_t at, size_t linear, bool in)
{
	uint64_t surface = vfc_addr(v, v->keep.surface), page = vfc_addr(v, v->keep.meta + linear);
	uint64_t src = in ? page : surface, dst = in ? surface : page;
	uint32_t size = v->opt.ccs_ratio == CCS_RATIO_XE2 ?
				field_put(BLT_SIZE_PAGES, KEEP_SURFACE_PAGES - 1) :
				field_put(BLT_SIZE_BLOCKS, meta_bytes(v) / CCS_BLOCK - 1);

	host_put32(v->mem, at, BLT_CTRL_SURF_COPY | size | (in ? BLT_SRC_DIRECT : BLT_DST_DIRECT));
	host_put32(v->mem, at + 4, lo32(src));
	host_put32(v->mem, at + 8, hi32(src));
	host_put32(v->mem, at + 12, lo32(dst));
	host_put32(v->mem, at + 16, hi32(dst));
	return at + 20;
}

size_t vfc_keep_job(struct vfc_gt *gt, uint32_t id, const struct vfc_job_slot *j, size_t at)
{
	const struct vfc *v = gt->v;
	uint64_t to = vfc_addr(v, result_at(gt, id));

	if (j->kind != VFC_JOB_LOCAL)
		return put_copy(v, at, j->kind == VFC_JOB_CCS_PUT ? META_PUT : META_GET,
				j->kind == VFC_JOB_CCS_PUT);
	host_put32(v->mem, at, MI_SDI_DWORD_GGTT);
	host_put32(v->mem, at + 4, lo32(to));
	host_put32(v->mem, at + 8, hi32(to));
	host_put32(v->mem, at + 12, j->value);
	return at + 16;
}

void vfc_keep_job_ended(struct vfc_gt *gt, uint32_t id, const struct vfc_job_slot *j)
{
	struct vfc_keep *k = &gt->v->keep;

	if (j->kind == VFC_JOB_LOCAL) {
		k->stored[gt->id][id] = j->value;
		k->is_stored[gt->id][id / 64] |= 1ull << id % 64;
	} else if (j->kind == VFC_JOB_CCS_PUT) {
		k->put = true;
	} else if (j->kind == VFC_JOB_CCS_GET) {
		k->got = true;
	}
}

/* What the compression contexts run: save to the page, restore from it. */
size_t vfc_keep_carry(const struct vfc *v, size_t at, bool restore)
{
	if (!v->keep.placed || !v->opt.ccs_ratio || v->opt.discrete)
		return at;
	return put_copy(v, at, META_CARRY, restore);
}

/* --- writing and comparing ----------------------------------------------------------- */

static uint32_t pattern(const struct vfc_keep *k, uint64_t off)
{
	uint32_t x = (uint32_t)(off / 4) * 0x9E3779B1u ^ k->seed;

	return (x ^ x >> 15) * 0x85EBCA77u | 1;
}

struct extent {
	uint64_t off, len;
};

/* The places, by offset in LMEM; without it just the surface. */
static struct extent extent(const struct vfc *v, unsigned i)
{
	uint64_t size = lmem_size(v);

	switch (i) {
	case 0: return (struct extent){ surface_off(v), SURFACE_BYTES };
	case 1: return (struct extent){ 16 * GGTT_PAGE, size ? GGTT_PAGE : 0 };
	case 2: return (struct extent){ size / 4, size ? GGTT_PAGE : 0 };
	case 3: return (struct extent){ size / 4 * 3, size ? GGTT_PAGE : 0 };
	case 4: return (struct extent){ size - GGTT_PAGE, size ? GGTT_PAGE : 0 };
	case 5: return (struct extent){ 0, size ? RESULT_BYTES : 0 };
	}
	return (struct extent){ 0, 0 };
}
#define RESULTS 5u /* of the extents: jobs write it, it is only compared */

static void keep_end(struct vfc *v, int err)
{
	struct vfc_keep *k = &v->keep;
	struct vfc_event e = { .kind = VFC_EV_KEEP, .gt = VFC_DEVICE, .tag = k->tag, .err = err,
			       .value = k->done, .base = k->off };

	k->phase = VFC_KEEP_IDLE;
	vfc_event(v, &e);
}

static int start(struct vfc *v, enum vfc_keep_phase phase, uint64_t tag)
{
	struct vfc_keep *k = &v->keep;

	if (!v->up || v->wedged_err)
		return -ENODEV;
	if (!k->placed || (v->opt.discrete && !v->opt.lmem.call))
		return -ENXIO;
	if (k->phase != VFC_KEEP_IDLE)
		return -EBUSY;
	k->phase = phase;
	k->tag = tag;
	k->at_extent = 0;
	k->at = k->done = k->off = 0;
	k->waiting = k->answered = false;
	v->dirty = true;
	return 0;
}

int vfc_keep_write(struct vfc *v, uint32_t seed, uint64_t tag)
{
	int err = start(v, VFC_KEEP_WRITE, tag);

	if (err)
		return err;
	v->keep.seed = seed;
	v->keep.put = v->keep.got = false;
	for (uint32_t i = 0; i < meta_bytes(v); i += 4)
		host_put32(v->mem, v->keep.meta + META_PUT + i,
			   pattern(&v->keep, 0x80000000u + i));
	return 0;
}

int vfc_keep_check(struct vfc *v, uint64_t tag)
{
	return start(v, VFC_KEEP_CHECK, tag);
}

void vfc_lmem_done(struct vfc *v, uint32_t cookie, int err, const void *data, uint64_t len)
{
	struct vfc_keep *k = &v->keep;

	if (!k->waiting || cookie != k->cookie)
		return;
	k->waiting = false;
	k->answered = true;
	k->err = err;
	v->dirty = true;
	if (err || k->phase != VFC_KEEP_CHECK)
		return;
	if (len != GGTT_PAGE)
		k->err = -EPROTO;
	else if (data)
		memcpy(k->page, data, GGTT_PAGE);
	else
		memset(k->page, 0, GGTT_PAGE);
}

static void call(struct vfc *v, uint64_t off)
{
	struct vfc_keep *k = &v->keep;
	const struct host_lmem what = {
		.op = k->phase == VFC_KEEP_WRITE ? HOST_LMEM_WRITE : HOST_LMEM_READ,
		.off = off, .len = GGTT_PAGE, .data = k->page,
	};

	k->waiting = true;
	k->cookie++;
	v->opt.lmem.call(v->opt.lmem.user, &what, k->cookie);
}

/* Is the dword at `off` of this extent as it must be? */
static bool right(const struct vfc_keep *k, unsigned ext, uint64_t off, uint32_t word)
{
	uint64_t n = off / 4;

	if (ext != RESULTS)
		return word == pattern(k, off);
	if (!(k->is_stored[n / VFC_MAX_QUEUES][n % VFC_MAX_QUEUES / 64] >> n % 64 & 1))
		return true;
	return word == k->stored[n / VFC_MAX_QUEUES][n % VFC_MAX_QUEUES];
}

static int compare_page(struct vfc *v, uint64_t off)
{
	struct vfc_keep *k = &v->keep;

	for (uint32_t i = 0; i < GGTT_PAGE; i += 4)
		if (!right(k, k->at_extent, off + i, le32_get(k->page + i))) {
			k->off = off + i;
			vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR,
				"%s differs at offset 0x%lx: 0x%08x",
				lmem_size(v) ? "local memory" : "the surface",
				(unsigned long)k->off, le32_get(k->page + i));
			return -EIO;
		}
	return 0;
}

/* Metadata that was put in and taken out again. */
static int compare_meta(struct vfc *v)
{
	struct vfc_keep *k = &v->keep;
	const uint8_t *page = v->mem->base + k->meta;

	if (!k->put || !k->got)
		return 0;
	k->got = false;
	for (uint32_t i = 0; i < meta_bytes(v); i++)
		if (page[META_PUT + i] != page[META_GET + i]) {
			k->off = i;
			vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR,
				"compression metadata differs at byte %u: 0x%02x", i,
				page[META_GET + i]);
			return -EIO;
		}
	k->done += meta_bytes(v);
	return 0;
}

/* The page at k->at: made or compared. 0, or -errno. */
static int one_page(struct vfc *v, uint64_t off)
{
	struct vfc_keep *k = &v->keep;
	uint8_t *own = v->mem->base + k->surface + k->at;

	if (k->phase == VFC_KEEP_CHECK && !lmem_size(v))
		memcpy(k->page, own, GGTT_PAGE);
	if (k->phase == VFC_KEEP_CHECK)
		return compare_page(v, off);
	if (!lmem_size(v))
		memcpy(own, k->page, GGTT_PAGE);
	return 0;
}

static void make_page(struct vfc_keep *k, uint64_t off)
{
	for (uint32_t i = 0; i < GGTT_PAGE; i += 4)
		le32_put(k->page + i, pattern(k, off + i));
}

bool vfc_keep_step(struct vfc *v)
{
	struct vfc_keep *k = &v->keep;
	struct extent e;
	int err = 0;

	if (k->phase == VFC_KEEP_IDLE || k->waiting)
		return false;
	e = extent(v, k->at_extent);
	if (k->at_extent == KEEP_EXTENTS) {
		keep_end(v, k->phase == VFC_KEEP_CHECK ? compare_meta(v) : 0);
		return true;
	}
	if (k->at >= e.len || (k->at_extent == RESULTS && k->phase == VFC_KEEP_WRITE)) {
		k->at_extent++;
		k->at = 0;
		return true;
	}
	if (!k->answered && k->phase == VFC_KEEP_WRITE)
		make_page(k, e.off + k->at);
	if (!k->answered && lmem_size(v)) {
		call(v, e.off + k->at);
		return true;
	}
	err = k->answered ? k->err : 0;
	k->answered = false;
	if (!err)
		err = one_page(v, e.off + k->at);
	if (err) {
		keep_end(v, err);
		return true;
	}
	k->at += GGTT_PAGE;
	k->done += GGTT_PAGE;
	return true;
}

void vfc_keep_cancel(struct vfc *v, int err)
{
	v->keep.waiting = false;
	if (v->keep.phase != VFC_KEEP_IDLE)
		keep_end(v, err);
}
