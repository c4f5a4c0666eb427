/* SPDX-License-Identifier: MIT */
/* Memory that is shared by descriptor: created, sealed, mapped. */
#ifndef GUCEMU_WIRE_MEMFD_H
#define GUCEMU_WIRE_MEMFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A memfd of `bytes` zeroes with F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_SEAL,
 * mapped read and write at *map. Descriptor, or -errno. */
int memfd_create_sealed(const char *name, size_t bytes, void **map);

/* Map `len` bytes at `off` of a descriptor that another process gave: -EPERM
 * unless it is a memfd sealed against shrinking, -EINVAL when the file is
 * shorter. The mapping stays valid whatever the giver does. */
int memfd_map_foreign(int fd, uint64_t off, size_t len, bool readonly, void **map);

#endif
