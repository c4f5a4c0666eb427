/* SPDX-License-Identifier: MIT */
/* Sealed memory. See memfd.h. */
#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

int memfd_create_sealed(const char *name, size_t bytes, void **map)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		goto fail;
	*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*map == MAP_FAILED)
		goto fail;
	return fd;
fail:
	err = -errno;
	close(fd);
	return err;
}

int memfd_map_foreign(int fd, uint64_t off, size_t len, bool readonly, void **map)
{
	int prot = readonly ? PROT_READ : PROT_READ | PROT_WRITE;
	int seals = fcntl(fd, F_GET_SEALS);
	struct statfs fs;
	struct stat st;

	/* Other files don't know seals: their owner could cut them any time,
	 * and the next access would be a SIGBUS. */
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EPERM;
	/* Nor huge pages: a hole punched into them may not be filled again. */
	if (fstatfs(fd, &fs) != 0 || fs.f_type != TMPFS_MAGIC)
		return -EPERM;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (st.st_size < 0 || off > (uint64_t)st.st_size || len > (uint64_t)st.st_size - off)
		return -EINVAL;
	*map = mmap(NULL, len, prot, MAP_SHARED, fd, (off_t)off);
	return *map == MAP_FAILED ? -errno : 0;
}
