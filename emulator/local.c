/* SPDX-License-Identifier: MIT */
/* The card's own memory. See local.h. Files are read and written, never mapped:
 * a system without memory then says -ENOSPC and not SIGBUS, and reading a hole
 * does not fill it. */
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Freed by one call of local_retire(): about 0.1 ms. */
#define RETIRE_BYTES (1u << 20)
/* DMA addresses end at 2^52. */
#define SYSTEM_END (1ull << 52)

static struct local_file none(void)
{
	return (struct local_file){ -1 };
}

void local_init(struct local *l, uint32_t ratio)
{
	memset(l, 0, sizeof(*l));
	l->ratio = ratio;
	for (unsigned fn = 0; fn < GUC_MAX_FUNCTIONS; fn++) {
		l->system[fn] = none();
		for (unsigned t = 0; t < GUC_MAX_TILES; t++)
			for (unsigned k = 0; k < LOCAL_KINDS; k++)
				l->share[t][fn].live[k] = l->share[t][fn].stage[k] = none();
	}
}

/* --- files ------------------------------------------------------------------------- */

static int file_open(struct local_file *f, uint64_t size)
{
	int err;

	if (f->fd >= 0)
		return 0;
	f->fd = memfd_create("gucemu-local", MFD_CLOEXEC);
	if (f->fd < 0)
		return -errno;
	if (ftruncate(f->fd, (off_t)size) == 0)
		return 0;
	err = -errno;
	close(f->fd);
	*f = none();
	return err;
}

/* Give a file up: emptied later, in slices. */
static void file_retire(struct local *l, struct local_file *f)
{
	if (f->fd >= 0 && l->retired_n < LOCAL_RETIRED)
		l->retired[l->retired_n++] = *f;
	else if (f->fd >= 0)
		close(f->fd);
	*f = none();
}

static int file_read(const struct local_file *f, uint64_t off, void *dst, size_t len)
{
	uint8_t *p = dst;

	if (f->fd < 0) {
		memset(dst, 0, len);
		return 0;
	}
	while (len > 0) {
		ssize_t n = pread(f->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int file_write(struct local_file *f, uint64_t size, uint64_t off, const void *src,
		      size_t len)
{
	const uint8_t *p = src;
	int err = file_open(f, size);

	while (!err && len > 0) {
		ssize_t n = pwrite(f->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return err;
}

bool local_retire(struct local *l)
{
	const int fd = l->retired_n ? l->retired[0].fd : -1;
	off_t at;

	if (fd < 0)
		return false;
	at = lseek(fd, (off_t)l->retired_at, SEEK_DATA);
	if (at >= 0 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
				 RETIRE_BYTES) == 0) {
		l->retired_at = (uint64_t)at + RETIRE_BYTES;
		return true;
	}
	close(fd);
	l->retired_n--;
	memmove(l->retired, l->retired + 1, l->retired_n * sizeof(l->retired[0]));
	l->retired_at = 0;
	return l->retired_n > 0;
}

/* --- shares ------------------------------------------------------------------------ */

uint64_t local_bytes(const struct local *l, unsigned tile, unsigned fn, enum local_kind kind)
{
	uint64_t size = l->share[tile][fn].size;

	if (kind == LOCAL_CONTENT)
		return size;
	return l->ratio ? size / l->ratio : 0;
}

static bool inside(const struct local *l, unsigned tile, unsigned fn, enum local_kind kind,
		   uint64_t off, uint64_t len)
{
	uint64_t size = local_bytes(l, tile, fn, kind);

	return off <= size && len <= size - off;
}

int local_read(struct local *l, unsigned tile, unsigned fn, enum local_kind kind, uint64_t off,
	       void *dst, size_t len)
{
	if (!inside(l, tile, fn, kind, off, len))
		return -ERANGE;
	return file_read(&l->share[tile][fn].live[kind], off, dst, len);
}

int local_write(struct local *l, unsigned tile, unsigned fn, enum local_kind kind, bool stage,
		uint64_t off, const void *src, size_t len)
{
	struct local_share *s = &l->share[tile][fn];

	if (!inside(l, tile, fn, kind, off, len))
		return -ERANGE;
	if (stage && !s->staged)
		return -ENOENT;
	return file_write(stage ? &s->stage[kind] : &s->live[kind],
			  local_bytes(l, tile, fn, kind), off, src, len);
}

static uint64_t file_hole(const struct local_file *f, uint64_t size, uint64_t off)
{
	off_t data;

	if (off >= size)
		return 0;
	if (f->fd < 0)
		return size - off;
	data = lseek(f->fd, (off_t)off, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? size - off : 0;
	return (uint64_t)data - off;
}

uint64_t local_hole(const struct local *l, unsigned tile, unsigned fn, enum local_kind kind,
		    uint64_t off)
{
	return file_hole(&l->share[tile][fn].live[kind], local_bytes(l, tile, fn, kind), off);
}

void local_abort(struct local *l, unsigned tile, unsigned fn)
{
	struct local_share *s = &l->share[tile][fn];

	for (unsigned k = 0; k < LOCAL_KINDS; k++)
		file_retire(l, &s->stage[k]);
	s->staged = false;
}

void local_stage(struct local *l, unsigned tile, unsigned fn)
{
	local_abort(l, tile, fn);
	l->share[tile][fn].staged = true;
}

int local_commit(struct local *l, unsigned tile, unsigned fn)
{
	struct local_share *s = &l->share[tile][fn];

	if (!s->staged)
		return -ENOENT;
	for (unsigned k = 0; k < LOCAL_KINDS; k++) {
		file_retire(l, &s->live[k]);
		s->live[k] = s->stage[k];
		s->stage[k] = none();
	}
	s->staged = false;
	return 0;
}

void local_resize(struct local *l, unsigned tile, unsigned fn, uint64_t bytes)
{
	struct local_share *s = &l->share[tile][fn];

	local_abort(l, tile, fn);
	for (unsigned k = 0; k < LOCAL_KINDS; k++)
		file_retire(l, &s->live[k]);
	s->size = bytes;
}

void local_forget(struct local *l, unsigned fn)
{
	file_retire(l, &l->system[fn]);
}

void local_free(struct local *l)
{
	for (unsigned fn = 0; fn < GUC_MAX_FUNCTIONS; fn++) {
		local_forget(l, fn);
		for (unsigned t = 0; t < GUC_MAX_TILES; t++)
			local_resize(l, t, fn, 0);
	}
	for (unsigned i = 0; i < l->retired_n; i++)
		close(l->retired[i].fd);
	l->retired_n = 0;
}

/* --- metadata of system memory ------------------------------------------------------- */

uint64_t local_system_bytes(const struct local *l)
{
	return l->ratio ? SYSTEM_END / l->ratio : 0;
}

uint64_t local_system_hole(const struct local *l, unsigned fn, uint64_t off)
{
	return file_hole(&l->system[fn], local_system_bytes(l), off);
}

int local_system_read(struct local *l, unsigned fn, uint64_t off, void *dst, size_t len)
{
	uint64_t size = local_system_bytes(l);

	if (off > size || len > size - off)
		return -ERANGE;
	return file_read(&l->system[fn], off, dst, len);
}

int local_system_write(struct local *l, unsigned fn, uint64_t off, const void *src, size_t len)
{
	uint64_t size = local_system_bytes(l);

	if (off > size || len > size - off)
		return -ERANGE;
	return file_write(&l->system[fn], size, off, src, len);
}
