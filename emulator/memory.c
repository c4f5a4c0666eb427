/* SPDX-License-Identifier: MIT */
/* Memory of a function. See memory.h. The other side may change every byte at
 * any time: nothing here looks at what it copies. */
#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/memfd.h"

static bool aligned(uint64_t v)
{
	return v % MEMORY_PAGE == 0;
}

/* Index of the first region that ends above `dma`. */
static unsigned region_after(const struct memory *m, uint64_t dma)
{
	unsigned lo = 0, hi = m->n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (m->region[mid].dma + m->region[mid].size <= dma)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int check_range(const struct memory *m, uint64_t dma, uint64_t size, bool hosted,
		       unsigned regions)
{
	uint64_t used = hosted ? m->hosted : m->shared;
	uint64_t max = hosted ? MEMORY_HOSTED_MAX : MEMORY_SHARED_MAX;
	unsigned i;

	if (size == 0 || dma >= MEMORY_DMA_END || size > MEMORY_DMA_END - dma)
		return -EINVAL;
	if (m->n >= regions || size > max - used)
		return -ENOSPC;
	i = region_after(m, dma);
	if (i < m->n && m->region[i].dma < dma + size)
		return -EEXIST;
	return 0;
}

static void insert(struct memory *m, const struct memory_region *r)
{
	unsigned i = region_after(m, r->dma);

	memmove(&m->region[i + 1], &m->region[i], (m->n - i) * sizeof(*r));
	m->region[i] = *r;
	m->n++;
	m->changes++;
	m->last = i;
	if (r->hosted)
		m->hosted += r->size;
	else
		m->shared += r->size;
}

/* Map what is of whole pages and sealed; else -EPERM. */
static int share_mapped(struct memory *m, struct memory_region *r)
{
	void *at;
	int err = aligned(r->dma | r->size | r->offset) ?
			  memfd_map_foreign(r->fd, r->offset, (size_t)r->size, r->readonly, &at) :
			  -EPERM;

	if (err != 0)
		return err;
	r->at = at;
	insert(m, r);
	return 0;
}

int memory_share(struct memory *m, int fd, uint64_t dma, uint64_t size, uint64_t offset,
		 bool readonly)
{
	struct memory_region r = { dma, size, offset, NULL, fd, false, readonly };
	int err = aligned(dma | size | offset) ?
			  check_range(m, dma, size, false, MEMORY_REGIONS) : -EINVAL;

	return err ? err : share_mapped(m, &r);
}

int memory_share_guest(struct memory *m, int fd, uint64_t dma, uint64_t size, uint64_t offset,
		       bool readonly)
{
	struct memory_region r = { dma, size, offset, NULL, fd, false, readonly };
	int err = check_range(m, dma, size, false, MEMORY_GUEST_REGIONS);
	struct stat st;

	if (err == 0)
		err = share_mapped(m, &r);

	if (err != -EPERM)
		return err;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || offset > INT64_MAX - size)
		return -EINVAL;
	insert(m, &r);
	return 0;
}

int memory_host(struct memory *m, uint64_t dma, uint64_t size)
{
	struct memory_region r = { .dma = dma, .size = size, .hosted = true };
	int err = aligned(dma | size) ? check_range(m, dma, size, true, MEMORY_REGIONS) : -EINVAL;
	void *at;

	if (err != 0)
		return err;
	r.fd = memfd_create_sealed("gucemu-hosted", (size_t)size, &at);
	if (r.fd < 0)
		return r.fd;
	r.at = at;
	insert(m, &r);
	return 0;
}

int memory_adopt(struct memory *m, int fd, uint64_t dma, uint64_t size)
{
	struct memory_region r = { .dma = dma, .size = size, .fd = fd, .hosted = true };
	int err = aligned(dma | size) ? check_range(m, dma, size, true, MEMORY_REGIONS) : -EINVAL;
	void *at;

	if (err == 0)
		err = memfd_map_foreign(fd, 0, (size_t)size, false, &at);
	if (err != 0)
		return err;
	r.at = at;
	insert(m, &r);
	return 0;
}

static void unmap(struct memory *m, unsigned i)
{
	struct memory_region *r = &m->region[i];

	if (r->at)
		munmap(r->at, (size_t)r->size);
	close(r->fd);
	if (r->hosted)
		m->hosted -= r->size;
	else
		m->shared -= r->size;
	m->n--;
	m->changes++;
	memmove(r, r + 1, (m->n - i) * sizeof(*r));
	m->last = 0;
}

struct memory_region *memory_find(struct memory *m, uint64_t dma)
{
	unsigned i = region_after(m, dma);

	return i < m->n && m->region[i].dma == dma ? &m->region[i] : NULL;
}

int memory_drop(struct memory *m, uint64_t dma)
{
	struct memory_region *r = memory_find(m, dma);

	if (!r)
		return -ENOENT;
	unmap(m, (unsigned)(r - m->region));
	return 0;
}

void memory_drop_all(struct memory *m)
{
	while (m->n > 0)
		unmap(m, m->n - 1);
}

/* Index of the region that holds `dma`, or -1. */
static int region_of(struct memory *m, uint64_t dma)
{
	unsigned i = m->last;

	if (i >= m->n || dma < m->region[i].dma ||
	    dma - m->region[i].dma >= m->region[i].size) {
		i = region_after(m, dma);
		if (i >= m->n || dma < m->region[i].dma)
			return -1;
		m->last = i;
	}
	return (int)i;
}

/* The region of `dma` if [dma, dma + len) has no hole, through neighbours; -1. */
static int covered(struct memory *m, uint64_t dma, uint64_t len, bool write)
{
	int first = region_of(m, dma);

	if (first < 0 || len > MEMORY_DMA_END - dma)
		return -1;
	for (unsigned i = (unsigned)first;; i++) {
		const struct memory_region *r = &m->region[i];
		uint64_t end = r->dma + r->size;

		if (write && r->readonly)
			return -1;
		if (end - dma >= len)
			return first;
		if (i + 1 >= m->n || m->region[i + 1].dma != end)
			return -1;
		len -= end - dma;
		dma = end;
	}
}

/* Bytes of a region. A file that has shrunk is a hole. */
static int region_read(const struct memory_region *r, uint64_t at, void *dst, size_t len)
{
	if (!r->at)
		return pread(r->fd, dst, len, (off_t)(r->offset + at)) == (ssize_t)len ? 0 : -EFAULT;
	memcpy(dst, r->at + at, len);
	return 0;
}

static int region_write(const struct memory_region *r, uint64_t at, const void *src, size_t len)
{
	if (!r->at)
		return pwrite(r->fd, src, len, (off_t)(r->offset + at)) == (ssize_t)len ? 0 :
											  -EFAULT;
	memcpy(r->at + at, src, len);
	return 0;
}

bool memory_covers(struct memory *m, uint64_t dma, uint64_t len)
{
	return covered(m, dma, len, false) >= 0;
}

int memory_read(struct memory *m, uint64_t dma, void *dst, size_t len)
{
	int i = covered(m, dma, len, false);
	uint8_t *p = dst;

	if (i < 0)
		return -EFAULT;
	for (const struct memory_region *r = &m->region[i]; len > 0; r++) {
		uint64_t left = r->dma + r->size - dma;
		size_t n = len < left ? len : (size_t)left;

		if (region_read(r, dma - r->dma, p, n) != 0)
			return -EFAULT;
		p += n;
		dma += n;
		len -= n;
	}
	return 0;
}

int memory_write(struct memory *m, uint64_t dma, const void *src, size_t len)
{
	int i = covered(m, dma, len, true);
	const uint8_t *p = src;

	if (i < 0)
		return -EFAULT;
	for (const struct memory_region *r = &m->region[i]; len > 0; r++) {
		uint64_t left = r->dma + r->size - dma;
		size_t n = len < left ? len : (size_t)left;

		if (region_write(r, dma - r->dma, p, n) != 0)
			return -EFAULT;
		p += n;
		dma += n;
		len -= n;
	}
	return 0;
}

int memory_load32(struct memory *m, uint64_t dma, uint32_t *value)
{
	int i = dma % 4 == 0 ? region_of(m, dma) : -1;

	if (i < 0)
		return -EFAULT;
	if (!m->region[i].at)
		return memory_read(m, dma, value, sizeof(*value));
	*value = __atomic_load_n(
		(const uint32_t *)(const void *)(m->region[i].at + (dma - m->region[i].dma)),
		__ATOMIC_ACQUIRE);
	return 0;
}

int memory_store32(struct memory *m, uint64_t dma, uint32_t value)
{
	int i = dma % 4 == 0 ? region_of(m, dma) : -1;

	if (i < 0 || m->region[i].readonly)
		return -EFAULT;
	if (!m->region[i].at)
		return memory_write(m, dma, &value, sizeof(value));
	__atomic_store_n((uint32_t *)(void *)(m->region[i].at + (dma - m->region[i].dma)), value,
			 __ATOMIC_RELEASE);
	return 0;
}
