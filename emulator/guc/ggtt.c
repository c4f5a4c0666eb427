/* SPDX-License-Identifier: MIT */
/* The GGTT of a tile: access to its entries, and translation on behalf of a
 * function (guc-abi 2, vf-lifecycle 3.4). All isolation between functions is
 * decided here: a VF touches entries inside its provisioned range that carry
 * its VFID, and memory behind them; the PF writes every entry, but reaches
 * memory only through entries with VFID 0. An entry's DMA address lies in the
 * memory of the function whose VFID it carries. */
#include "core.h"

#include <errno.h>

static uint32_t entry_count(const struct guc_card *c)
{
	return (uint32_t)(c->block->geometry.ggtt_size >> GGTT_PAGE_SHIFT);
}

static unsigned pte_vfid(uint64_t pte)
{
	return (unsigned)((pte & PTE_VFID) >> PTE_VFID_SHIFT);
}

/* Each GuC of a tile is told the ranges by itself, the GGTT is one: what any
 * of them was told counts. */
bool guc_in_range(const struct guc_card *c, unsigned tile, unsigned fn, uint64_t addr,
		  uint64_t len)
{
	unsigned gts = c->block->geometry.gts;

	if (len > c->block->geometry.ggtt_size ||
	    addr > c->block->geometry.ggtt_size - len)
		return false;
	if (fn == 0)
		return true;
	for (unsigned gt = tile * gts; gt < (tile + 1) * gts; gt++) {
		const struct guc_config *cfg = &guc_fn(c, gt, fn)->config;

		if (len <= cfg->ggtt_size && addr >= cfg->ggtt_start &&
		    addr - cfg->ggtt_start <= cfg->ggtt_size - len)
			return true;
	}
	return false;
}

uint64_t guc_ggtt_entry(const struct guc_card *card, unsigned tile, uint64_t addr)
{
	if (tile >= card->block->geometry.tiles || addr >= card->block->geometry.ggtt_size)
		return 0;
	return guc_ggtt(card, tile)[addr >> GGTT_PAGE_SHIFT];
}

/* --- entries over MMIO ---------------------------------------------------------- */

static bool pte_allowed(const struct guc_card *c, unsigned tile, unsigned fn, uint32_t index)
{
	if (index >= entry_count(c))
		return false;
	if (fn == 0)
		return true;
	return guc_in_range(c, tile, fn, (uint64_t)index << GGTT_PAGE_SHIFT, GGTT_PAGE) &&
	       pte_vfid(guc_ggtt(c, tile)[index]) == fn;
}

/* A VF reads 0 outside its range; that is what hardware does, no violation. */
uint64_t guc_pte_read(struct guc_card *c, unsigned tile, unsigned fn, uint32_t index)
{
	return pte_allowed(c, tile, fn, index) ? guc_ggtt(c, tile)[index] : 0;
}

void guc_pte_write(struct guc_card *c, unsigned tile, unsigned fn, uint32_t index, uint64_t pte)
{
	if (!pte_allowed(c, tile, fn, index)) {
		if (fn)
			guc_violate(c, tile * c->block->geometry.gts, fn, GUC_VIOL_PTE_FOREIGN,
				    (uint64_t)index << GGTT_PAGE_SHIFT, pte);
		return;
	}
	if (fn)
		pte = (pte & ~PTE_VFID) | (uint64_t)fn << PTE_VFID_SHIFT;
	guc_ggtt(c, tile)[index] = pte;
}

static uint64_t *shadow(const struct guc_card *c, unsigned tile)
{
	return (uint64_t *)((char *)c->block + c->block->tlb_off[tile]);
}

/* A VF's invalidation reaches the entries of its range, the PF's all. */
uint32_t guc_ggtt_invalidate(struct guc_card *c, unsigned tile, unsigned fn)
{
	unsigned gts = c->block->geometry.gts;
	uint64_t *entries = shadow(c, tile);
	uint32_t all = 0;

	if (!c->block->options.ggtt_tlb)
		return 0;
	if (fn == 0) {
		memset(entries, 0, entry_count(c) * sizeof(entries[0]));
		return entry_count(c);
	}
	for (unsigned gt = tile * gts; gt < (tile + 1) * gts; gt++) {
		const struct guc_config *cfg = &guc_fn(c, gt, fn)->config;
		uint32_t n = (uint32_t)(cfg->ggtt_size >> GGTT_PAGE_SHIFT);

		if (n)
			memset(entries + (cfg->ggtt_start >> GGTT_PAGE_SHIFT), 0,
			       n * sizeof(entries[0]));
		all += n;
	}
	return all;
}

/* The entry that translation uses. With the TLB a present entry stays as it
 * was when first used; what is not present is never cached. */
static uint64_t pte_used(struct guc_card *c, unsigned tile, uint32_t index)
{
	uint64_t live = guc_ggtt(c, tile)[index];
	uint64_t *cached;

	if (!c->block->options.ggtt_tlb)
		return live;
	cached = &shadow(c, tile)[index];
	if (!(*cached & PTE_PRESENT))
		*cached = live;
	return *cached;
}

/* --- memory ------------------------------------------------------------------------ */

/* Local memory has to be fn's own. */
static int in_share(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_place *p,
		    size_t len, uint64_t pte)
{
	uint64_t size;

	if (p->space == GUC_SPACE_SYSTEM)
		return 0;
	size = guc_lmem_size(c, guc_gt_tile(c, gt), fn);
	if (p->off < size && len <= size - p->off)
		return 0;
	guc_violate(c, gt, fn, GUC_VIOL_LMEM_FOREIGN, p->off, pte);
	return -EACCES;
}

/* Inside what this GuC itself was told of fn, as nearly every access is? */
static inline bool in_own_range(const struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr)
{
	const struct guc_config *cfg = &guc_fn(c, gt, fn)->config;

	return addr - cfg->ggtt_start < cfg->ggtt_size && addr < c->block->geometry.ggtt_size;
}

__attribute__((noinline, cold))
static int untranslated(struct guc_card *c, unsigned gt, unsigned fn, enum guc_violation why,
			uint64_t addr, uint64_t pte)
{
	guc_violate(c, gt, fn, why, addr, pte);
	return why == GUC_VIOL_GGTT_UNMAPPED ? -ENXIO : -EACCES;
}

static inline int translate(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr,
			    struct guc_place *p)
{
	unsigned tile = guc_gt_tile(c, gt);
	uint64_t pte;

	if (!in_own_range(c, gt, fn, addr) && !guc_in_range(c, tile, fn, addr, 1))
		return untranslated(c, gt, fn, GUC_VIOL_GGTT_FOREIGN, addr, 0);
	pte = pte_used(c, tile, (uint32_t)(addr >> GGTT_PAGE_SHIFT));
	if (!(pte & PTE_PRESENT))
		return untranslated(c, gt, fn, GUC_VIOL_GGTT_UNMAPPED, addr, pte);
	if (pte_vfid(pte) != fn)
		return untranslated(c, gt, fn, GUC_VIOL_GGTT_FOREIGN, addr, pte);
	p->space = pte & PTE_DEVMEM ? GUC_SPACE_LMEM : GUC_SPACE_SYSTEM;
	p->off = (pte & PTE_ADDR) | (addr & (GGTT_PAGE - 1));
	/* Shares are whole pages, so the rest of the page lies inside too. */
	return p->space == GUC_SPACE_SYSTEM ? 0 : in_share(c, gt, fn, p, 1, pte);
}

int guc_ggtt_place(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr,
		   struct guc_place *place)
{
	return translate(c, gt, fn, addr, place);
}

static size_t page_rest(uint64_t addr, size_t len)
{
	size_t rest = GGTT_PAGE - (size_t)(addr & (GGTT_PAGE - 1));

	return len < rest ? len : rest;
}

/* Memory of the card itself. */
static int access_local(const struct guc_card *c, unsigned gt, unsigned fn,
			const struct guc_place *at, void *dst, const void *src, size_t len)
{
	const struct guc_local *l = &c->local;
	unsigned tile = guc_gt_tile(c, gt);

	if (dst)
		return l->read ? l->read(l->user, at->space, tile, fn, at->off, dst, len) : -EFAULT;
	return l->write ? l->write(l->user, at->space, tile, fn, at->off, src, len) : -EFAULT;
}

/* The access itself: dst or src, never both. */
static inline int access_port(const struct guc_card *c, unsigned gt, unsigned fn,
			      const struct guc_place *at, void *dst, const void *src, size_t len,
			      bool dword)
{
	const struct guc_port *p = &c->port;

	if (__builtin_expect(at->space != GUC_SPACE_SYSTEM, 0))
		return access_local(c, gt, fn, at, dst, src, len);
	if (dword && dst)
		return p->load32(p->user, fn, at->off, dst);
	if (dword)
		return p->store32(p->user, fn, at->off, le32_get(src));
	if (dst)
		return p->mem_read(p->user, fn, at->off, dst, len);
	return p->mem_write(p->user, fn, at->off, src, len);
}

/* The same while hook or sink watch: kept apart, since rings are fast without. */
__attribute__((noinline, cold))
static int access_watched(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_place *at,
			  void *dst, const void *src, size_t len, bool dword)
{
	struct guc_event ev = {
		.point = dst ? GUC_PT_MEM_READ : GUC_PT_MEM_WRITE,
		.fn = (uint8_t)fn,
		.gt = (uint8_t)gt,
		.size = dword ? 4 : 0,
		.addr = at->off,
		.code = at->space,
		.len = (uint32_t)len,
		.bytes = src,
	};
	struct guc_hook_action act;
	enum guc_verdict v = guc_hook(c, &ev, &act);
	uint8_t copy[GGTT_PAGE];
	int err = 0;

	if (v == GUC_CHANGE && src && len <= sizeof(copy)) {
		memcpy(copy, src, len);
		guc_patch(&act, copy, len);
		src = copy;
	}
	if (v != GUC_SWALLOW)
		err = access_port(c, gt, fn, at, dst, src, len, dword);
	else if (act.fail)
		err = -EFAULT;
	else if (dst)
		memset(dst, 0, len);
	ev.bytes = err ? NULL : dst ? dst : src;
	guc_emit(c, &ev);
	if (v == GUC_CHANGE && dst && !err)
		guc_patch(&act, dst, len);
	return err;
}

/* One access inside a page, with its crossing. `dst` or `src`, never both. */
static inline int access_place(struct guc_card *c, unsigned gt, unsigned fn,
			       const struct guc_place *at, void *dst, const void *src, size_t len,
			       bool dword)
{
	int err;

	if (guc_watched(c, dst ? GUC_PT_MEM_READ : GUC_PT_MEM_WRITE)) {
		err = access_watched(c, gt, fn, at, dst, src, len, dword);
	} else {
		c->block->seq++;
		err = access_port(c, gt, fn, at, dst, src, len, dword);
	}
	if (err) {
		guc_violate(c, gt, fn, GUC_VIOL_DMA_FAULT, at->off, 0);
		return -EFAULT;
	}
	return 0;
}

int guc_place_access(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_place *at,
		     void *dst, const void *src, size_t len, bool dword)
{
	int err = in_share(c, gt, fn, at, len, 0);

	return err ? err : access_place(c, gt, fn, at, dst, src, len, dword);
}

int guc_place_ccs(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_place *at,
		  void *dst, const void *src)
{
	uint32_t ratio = c->block->options.ccs_ratio;
	struct guc_place meta = { GUC_SPACE_CCS, (at->off & ~(uint64_t)(GGTT_PAGE - 1)) / ratio };
	int err = in_share(c, gt, fn, at, 1, 0);

	if (at->space == GUC_SPACE_LMEM)
		meta.space = GUC_SPACE_LMEM_CCS;
	return err ? err : access_place(c, gt, fn, &meta, dst, src, GGTT_PAGE / ratio, false);
}

/* Every page is translated before the first byte moves, so an entry that is
 * foreign or missing fails the whole access. A hole in the function's own
 * memory shows only when the port meets it, and may leave the pages before it
 * written. Nobody takes those for a message or a blob: what crosses pages is
 * announced afterwards, by TAIL or by a reply, and neither comes. */
static int copy(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint8_t *dst,
		const uint8_t *src, size_t len)
{
	struct guc_place place = { GUC_SPACE_SYSTEM, 0 };
	uint64_t at = addr;
	size_t left, n;
	int err;

	if (len > 0 && page_rest(at, len) == len) {
		err = translate(c, gt, fn, at, &place);
		return err ? err : access_place(c, gt, fn, &place, dst, src, len, false);
	}
	for (left = len; left > 0; left -= n, at += n) {
		n = page_rest(at, left);
		err = translate(c, gt, fn, at, &place);
		if (err)
			return err;
	}
	for (at = addr, left = len; left > 0; left -= n, at += n) {
		n = page_rest(at, left);
		err = translate(c, gt, fn, at, &place);
		if (!err)
			err = access_place(c, gt, fn, &place, dst ? dst + (at - addr) : NULL,
					   src ? src + (at - addr) : NULL, n, false);
		if (err)
			return err;
	}
	return 0;
}

int guc_ggtt_read(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, void *dst,
		  size_t len)
{
	return copy(c, gt, fn, addr, dst, NULL, len);
}

int guc_ggtt_write(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, const void *src,
		   size_t len)
{
	return copy(c, gt, fn, addr, NULL, src, len);
}

/* An aligned dword, for reading or writing. */
static int access32(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t *dst,
		    const uint32_t *src)
{
	struct guc_place place;
	int err = translate(c, gt, fn, addr, &place);

	if (!err && place.off & 3) {
		guc_violate(c, gt, fn, GUC_VIOL_DMA_FAULT, place.off, 0);
		return -EFAULT;
	}
	return err ? err : access_place(c, gt, fn, &place, dst, src, sizeof(*dst), true);
}

int guc_ggtt_load32(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t *v)
{
	*v = 0;
	return access32(c, gt, fn, addr, v, NULL);
}

int guc_ggtt_store32(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t v)
{
	return access32(c, gt, fn, addr, NULL, &v);
}
