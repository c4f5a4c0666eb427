/* SPDX-License-Identifier: MIT */
/* Messages of a virtual machine. See device.h. A table says how long each
 * command's body is and who carries it out; a handler checks the rest. Errors
 * are answered, and nothing was done then; only what leaves no way to find the
 * next message ends a connection. */
#include "device.h"

#include <errno.h>
#include <string.h>

#include "proto/bits.h"

/* What we say in VERSION. Nothing we send depends on the client's answer: one
 * descriptor at most, and no more data than it asks for. */
static const char capabilities[] =
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":65536,\"pgsizes\":4096,"
	"\"max_dma_maps\":256,\"write_multiple\":true}}";
_Static_assert(VDEV_FDS == 8 && VDEV_DATA_MAX == 65536 && VDEV_MAPS == 256, "as the text says");

/* A command under way: its body, and the reply's body. */
struct call {
	struct vdev *d;
	const uint8_t *body;
	size_t len;
	int *fds;
	unsigned fds_n, budget;
	uint8_t *reply;
	size_t reply_len;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}


/* --- opening -------------------------------------------------------------------------- */

static int version(struct call *c)
{
	if (get16(c->body) != 0)
		return -EPROTONOSUPPORT;
	if (c->len > VU_VERSION_JSON && c->body[c->len - 1] != '\0')
		return -EINVAL;
	c->d->greeted = true;
	memset(c->reply, 0, VU_VERSION_JSON);
	memcpy(c->reply + VU_VERSION_JSON, capabilities, sizeof(capabilities));
	c->reply_len = VU_VERSION_JSON + sizeof(capabilities);
	return 0;
}

static int get_info(struct call *c)
{
	if (le32_get(c->body + VU_INFO_ARGSZ) < VU_INFO_BYTES)
		return -EINVAL;
	le32_put(c->reply + VU_INFO_ARGSZ, VU_INFO_BYTES);
	le32_put(c->reply + VU_INFO_FLAGS, VU_INFO_RESET | VU_INFO_PCI);
	le32_put(c->reply + VU_INFO_REGIONS, VU_REGIONS);
	le32_put(c->reply + VU_INFO_IRQS, VU_IRQS);
	c->reply_len = VU_INFO_BYTES;
	return 0;
}

static uint64_t region_bytes(const struct vdev *d, uint32_t index)
{
	switch (index) {
	case VU_BAR0:
		return VDEV_BAR0_BYTES;
	case VU_BAR2:
		return d->identity.bar2_bytes;
	case VU_CONFIG:
		return PCI_CONFIG_BYTES;
	}
	return 0;
}

/* QEMU posts its writes to regions that can't be mapped, and waits for the reply of
 * others. Local memory must be written before the guest goes on: what follows may be
 * a store to a ring in its own memory, which passes the socket by, and the GuC would
 * see that first. On a bus its read could not overtake the writes. Therefore such a
 * region can be mapped, in no place. */
static void sparse(struct call *c, uint32_t room)
{
	le32_put(c->reply + VU_REGION_ARGSZ, VU_SPARSE_BYTES);
	le32_put(c->reply + VU_REGION_FLAGS, VU_REGION_F_READ | VU_REGION_F_WRITE |
						     VU_REGION_F_MMAP | VU_REGION_F_CAPS);
	le32_put(c->reply + VU_REGION_CAP, VU_SPARSE_ID);
	if (room < VU_SPARSE_BYTES)
		return; /* it asks again */
	memset(c->reply + VU_SPARSE_ID, 0, VU_SPARSE_BYTES - VU_SPARSE_ID);
	le32_put(c->reply + VU_SPARSE_ID, 1u << 16 | 1u);
	c->reply_len = VU_SPARSE_BYTES;
}

static int get_region_info(struct call *c)
{
	uint32_t index = le32_get(c->body + VU_REGION_INDEX);
	uint32_t room = le32_get(c->body + VU_REGION_ARGSZ);
	uint64_t size = region_bytes(c->d, index);

	if (room < VU_REGION_BYTES || index >= VU_REGIONS)
		return -EINVAL;
	memset(c->reply, 0, VU_REGION_BYTES);
	le32_put(c->reply + VU_REGION_ARGSZ, VU_REGION_BYTES);
	le32_put(c->reply + VU_REGION_FLAGS, size ? VU_REGION_F_READ | VU_REGION_F_WRITE : 0);
	le32_put(c->reply + VU_REGION_INDEX, index);
	le64_put(c->reply + VU_REGION_SIZE, size);
	c->reply_len = VU_REGION_BYTES;
	if (index == VU_BAR2 && size)
		sparse(c, room);
	return 0;
}

/* --- interrupts ----------------------------------------------------------------------- */

static uint32_t irq_count(const struct vdev *d, uint32_t index)
{
	switch (index) {
	case VU_MSI:
		return 1;
	case VU_MSIX:
		return d->identity.msix ? VDEV_VECTORS : 0;
	case VU_ERR: /* never raised; without it QEMU complains (bringup-log 2) */
		return 1;
	}
	return 0;
}

static int get_irq_info(struct call *c)
{
	uint32_t index = le32_get(c->body + VU_IRQ_INDEX);

	if (le32_get(c->body + VU_IRQ_ARGSZ) < VU_IRQ_BYTES || index >= VU_IRQS)
		return -EINVAL;
	le32_put(c->reply + VU_IRQ_ARGSZ, VU_IRQ_BYTES);
	le32_put(c->reply + VU_IRQ_FLAGS, VU_IRQ_EVENTFD | VU_IRQ_NORESIZE);
	le32_put(c->reply + VU_IRQ_INDEX, index);
	le32_put(c->reply + VU_IRQ_COUNT, irq_count(c->d, index));
	c->reply_len = VU_IRQ_BYTES;
	return 0;
}

/* Eventfds for vectors [start, start + count), or none any more. Masks, and
 * raising an interrupt by hand, are for INTx and self tests: there is no INTx. */
static int set_irqs(struct call *c)
{
	uint32_t flags = le32_get(c->body + VU_SET_FLAGS);
	uint32_t index = le32_get(c->body + VU_SET_INDEX);
	uint32_t start = le32_get(c->body + VU_SET_START);
	uint32_t count = le32_get(c->body + VU_SET_COUNT);
	uint32_t max = index < VU_IRQS ? irq_count(c->d, index) : 0;
	bool vectors = index == VU_MSI || index == VU_MSIX;

	if (index >= VU_IRQS || start > max || count > max - start)
		return -EINVAL;
	if (flags == (VU_SET_NONE | VU_SET_TRIGGER) && count == 0) {
		for (uint32_t i = 0; vectors && i < max; i++)
			c->d->ops->vector(c->d->user, i, -1);
		return 0;
	}
	if (flags != (VU_SET_EVENTFD | VU_SET_TRIGGER))
		return -EOPNOTSUPP;
	/* As many as vectors: or fewer, then the others have none. */
	if (c->fds_n > count)
		return -EINVAL;
	for (uint32_t i = 0; vectors && i < c->fds_n; i++)
		if (!c->d->ops->is_vector(c->d->user, c->fds[i]))
			return -EINVAL;
	for (uint32_t i = 0; vectors && i < count; i++) {
		c->d->ops->vector(c->d->user, start + i, i < c->fds_n ? c->fds[i] : -1);
		if (i < c->fds_n)
			c->fds[i] = -1;
	}
	return 0;
}

/* --- guest memory ----------------------------------------------------------------------- */

static int dma_map(struct call *c)
{
	uint32_t flags = le32_get(c->body + VU_MAP_FLAGS);
	uint64_t addr = le64_get(c->body + VU_MAP_ADDR), size = le64_get(c->body + VU_MAP_SIZE);
	int fd = c->fds_n ? c->fds[0] : -1, err;

	if (le32_get(c->body + VU_MAP_ARGSZ) < VU_MAP_BYTES || c->fds_n > 1 ||
	    flags & ~(VU_MAP_READ | VU_MAP_WRITE) || !(flags & VU_MAP_READ) || size == 0 ||
	    addr + size < addr)
		return -EINVAL;
	err = c->d->ops->dma_map(c->d->user, addr, size, le64_get(c->body + VU_MAP_OFFSET),
				 !(flags & VU_MAP_WRITE), fd);
	if (err == 0 && fd >= 0)
		c->fds[0] = -1;
	return err;
}

static int dma_unmap(struct call *c)
{
	uint32_t flags = le32_get(c->body + VU_UNMAP_FLAGS);
	int err = 0;

	if (le32_get(c->body + VU_UNMAP_ARGSZ) < VU_UNMAP_BYTES || flags & ~VU_UNMAP_ALL)
		return -EINVAL;
	if (flags & VU_UNMAP_ALL)
		c->d->ops->dma_unmap_all(c->d->user);
	else
		err = c->d->ops->dma_unmap(c->d->user, le64_get(c->body + VU_UNMAP_ADDR),
					   le64_get(c->body + VU_UNMAP_SIZE));
	memcpy(c->reply, c->body, VU_UNMAP_BYTES);
	c->reply_len = VU_UNMAP_BYTES;
	return err;
}

/* --- regions ---------------------------------------------------------------------------- */

/* The longest aligned access of 1, 2, 4 or 8 bytes at `off` with `len` to go. */
static unsigned step(uint64_t off, size_t len)
{
	unsigned size = 8;

	while (off % size || size > len)
		size /= 2;
	return size;
}

static bool in_msix(const struct vdev *d, uint64_t off)
{
	return d->identity.msix && off >= PCI_MSIX_TABLE &&
	       off < PCI_MSIX_TABLE + sizeof(d->msix);
}

/* Registers are 32 bits wide, entries 64: narrower accesses go to the one that
 * they lie in. */
static int bar0_read(struct vdev *d, uint64_t off, uint8_t *dst, unsigned size)
{
	unsigned wide = size < 4 ? 4 : size;
	uint8_t bytes[8];
	uint64_t value;
	int err;

	if (in_msix(d, off)) {
		memcpy(dst, d->msix + (off - PCI_MSIX_TABLE), size);
		return 0;
	}
	err = d->ops->mmio_read(d->user, off & ~(uint64_t)(wide - 1), wide, &value);
	if (err == 0) {
		le64_put(bytes, value);
		memcpy(dst, bytes + (off & (wide - 1)), size);
	}
	return err;
}

static int bar0_write(struct vdev *d, uint64_t off, const uint8_t *src, unsigned size)
{
	unsigned wide = size < 4 ? 4 : size;
	uint64_t at = off & ~(uint64_t)(wide - 1), value = 0;
	uint8_t bytes[8] = { 0 };
	int err = 0;

	if (in_msix(d, off)) {
		memcpy(d->msix + (off - PCI_MSIX_TABLE), src, size);
		return 0;
	}
	if (size < wide)
		err = d->ops->mmio_read(d->user, at, wide, &value);
	if (err)
		return err;
	le64_put(bytes, value);
	memcpy(bytes + (off & (wide - 1)), src, size);
	return d->ops->mmio_write(d->user, at, wide, wide == 8 ? le64_get(bytes) : le32_get(bytes));
}

static int region_check(const struct vdev *d, uint32_t region, uint64_t off, uint32_t count)
{
	uint64_t size = region_bytes(d, region);

	if (region >= VU_REGIONS || count == 0)
		return -EINVAL;
	return off < size && count <= size - off ? 0 : -ERANGE;
}

static int region_read(struct vdev *d, uint32_t region, uint64_t off, uint8_t *dst, uint32_t count)
{
	int err = region_check(d, region, off, count);

	if (err)
		return err;
	if (region == VU_CONFIG) {
		pci_read(&d->pci, (uint32_t)off, dst, count);
		return 0;
	}
	if (region == VU_BAR2)
		return d->ops->lmem_read(d->user, off, dst, count);
	for (uint32_t i = 0; i < count && err == 0;) {
		unsigned n = step(off + i, count - i);

		err = bar0_read(d, off + i, dst + i, n);
		i += n;
	}
	return err;
}

static int region_write(struct vdev *d, uint32_t region, uint64_t off, const uint8_t *src,
			uint32_t count)
{
	int err = region_check(d, region, off, count);

	if (err)
		return err;
	if (region == VU_CONFIG) {
		if (pci_write(&d->pci, (uint32_t)off, src, count))
			d->ops->reset(d->user);
		return 0;
	}
	if (region == VU_BAR2)
		return d->ops->lmem_write(d->user, off, src, count);
	for (uint32_t i = 0; i < count && err == 0;) {
		unsigned n = step(off + i, count - i);

		err = bar0_write(d, off + i, src + i, n);
		i += n;
	}
	return err;
}

static int access_read(struct call *c)
{
	uint32_t count = le32_get(c->body + VU_ACCESS_COUNT);
	int err;

	if (count > VDEV_DATA_MAX)
		return -E2BIG;
	err = region_read(c->d, le32_get(c->body + VU_ACCESS_REGION),
			  le64_get(c->body + VU_ACCESS_OFFSET), c->reply + VU_ACCESS_BYTES, count);
	memcpy(c->reply, c->body, VU_ACCESS_BYTES);
	c->reply_len = VU_ACCESS_BYTES + (err ? 0 : count);
	return err;
}

static int access_write(struct call *c)
{
	uint32_t count = le32_get(c->body + VU_ACCESS_COUNT);

	if (count != c->len - VU_ACCESS_BYTES)
		return -EINVAL;
	memcpy(c->reply, c->body, VU_ACCESS_BYTES);
	c->reply_len = VU_ACCESS_BYTES;
	return region_write(c->d, le32_get(c->body + VU_ACCESS_REGION),
			    le64_get(c->body + VU_ACCESS_OFFSET), c->body + VU_ACCESS_BYTES, count);
}

/* Done up to the first bad one, as if they had come one by one. */
static int write_multi(struct call *c)
{
	uint64_t count = le64_get(c->body);
	int err = 0;

	if (count != (c->len - VU_MULTI_FIRST) / VU_MULTI_BYTES ||
	    (c->len - VU_MULTI_FIRST) % VU_MULTI_BYTES)
		return -EINVAL;
	for (; c->d->cursor < count && err == 0; c->d->cursor++) {
		const uint8_t *w = c->body + VU_MULTI_FIRST + c->d->cursor * VU_MULTI_BYTES;
		uint32_t n = le32_get(w + VU_MULTI_COUNT);

		if (c->budget-- == 0)
			return -EAGAIN;
		err = n > 8 ? -EINVAL :
			      region_write(c->d, le32_get(w + VU_MULTI_REGION),
					   le64_get(w + VU_MULTI_OFFSET), w + VU_MULTI_DATA, n);
	}
	c->d->cursor = 0;
	return err;
}

static int reset(struct call *c)
{
	c->d->ops->reset(c->d->user);
	return 0;
}

/* --- the table ------------------------------------------------------------------------- */

/* Bodies have [min, max] bytes. */
static const struct {
	uint32_t min, max;
	int (*run)(struct call *c);
} commands[] = {
	[VU_VERSION] = { VU_VERSION_JSON, 4096, version },
	[VU_DMA_MAP] = { VU_MAP_BYTES, VU_MAP_BYTES, dma_map },
	[VU_DMA_UNMAP] = { VU_UNMAP_BYTES, VU_UNMAP_BYTES, dma_unmap },
	[VU_GET_INFO] = { VU_INFO_BYTES, VU_INFO_BYTES, get_info },
	[VU_GET_REGION_INFO] = { VU_REGION_BYTES, VU_REGION_BYTES, get_region_info },
	[VU_GET_IRQ_INFO] = { VU_IRQ_BYTES, VU_IRQ_BYTES, get_irq_info },
	[VU_SET_IRQS] = { VU_SET_BYTES, VU_SET_BYTES, set_irqs },
	[VU_REGION_READ] = { VU_ACCESS_BYTES, VU_ACCESS_BYTES, access_read },
	[VU_REGION_WRITE] = { VU_ACCESS_BYTES + 1, VU_ACCESS_BYTES + VDEV_DATA_MAX, access_write },
	[VU_RESET] = { 0, 0, reset },
	[VU_REGION_WRITE_MULTI] = { VU_MULTI_FIRST, VDEV_MSG_MAX - VU_HEADER, write_multi },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool known(uint16_t command, uint32_t body)
{
	return command < COMMANDS && commands[command].run && body >= commands[command].min &&
	       body <= commands[command].max;
}

int vdev_header(const struct vdev *d, const uint8_t header[VU_HEADER], uint32_t *body)
{
	uint32_t size = le32_get(header + VU_H_SIZE);

	if (size < VU_HEADER || size > VDEV_MSG_MAX)
		return -EPROTO;
	/* We ask nothing: a reply is to nothing. */
	if ((le32_get(header + VU_H_FLAGS) & VU_TYPE_MASK) != VU_TYPE_COMMAND)
		return -EPROTO;
	if (!d->greeted && get16(header + VU_H_COMMAND) != VU_VERSION)
		return -EPROTO;
	*body = size - VU_HEADER;
	return 0;
}

static int execute(struct call *c, uint16_t command)
{
	if (command == VU_VERSION && c->d->greeted)
		return -EEXIST;
	if (command >= COMMANDS || !commands[command].run)
		return -EOPNOTSUPP;
	return known(command, (uint32_t)c->len) ? commands[command].run(c) : -EINVAL;
}

int vdev_command(struct vdev *d, const uint8_t *msg, size_t len, int *fds, unsigned n,
		 unsigned budget, uint8_t *reply)
{
	uint16_t command = get16(msg + VU_H_COMMAND);
	uint32_t flags = le32_get(msg + VU_H_FLAGS);
	struct call c = {
		.d = d,
		.body = msg + VU_HEADER,
		.len = len - VU_HEADER,
		.fds = fds,
		.fds_n = n,
		.budget = budget,
		.reply = reply + VU_HEADER,
	};
	int err = execute(&c, command);

	if (err == -EAGAIN)
		return err;
	if (err)
		d->errors++;
	if (flags & VU_NO_REPLY)
		return 0;
	if (err)
		c.reply_len = 0;
	memcpy(reply, msg, VU_H_SIZE);
	le32_put(reply + VU_H_SIZE, (uint32_t)(VU_HEADER + c.reply_len));
	le32_put(reply + VU_H_FLAGS, VU_TYPE_REPLY | (err ? VU_ERROR : 0));
	le32_put(reply + VU_H_ERROR, err ? (uint32_t)-err : 0);
	return (int)(VU_HEADER + c.reply_len);
}

void vdev_init(struct vdev *d, const struct pci_identity *identity, const struct vdev_ops *ops,
	       void *user)
{
	memset(d, 0, sizeof(*d));
	d->ops = ops;
	d->user = user;
	d->identity = *identity;
	pci_init(&d->pci, identity);
}

void vdev_forget(struct vdev *d)
{
	for (unsigned i = 0; i < VDEV_VECTORS; i++)
		d->ops->vector(d->user, i, -1);
	d->ops->dma_unmap_all(d->user);
	pci_init(&d->pci, &d->identity);
	memset(d->msix, 0, sizeof(d->msix));
	d->greeted = false;
	d->cursor = 0;
}

int vdev_adopt(struct vdev *d, const uint8_t config[PCI_CONFIG_BYTES],
	       const uint8_t msix[16u * VDEV_VECTORS], bool greeted)
{
	for (unsigned i = 0; i < PCI_CONFIG_BYTES; i++)
		if ((config[i] ^ d->pci.bytes[i]) & ~d->pci.writable[i])
			return -EXDEV;
	memcpy(d->pci.bytes, config, PCI_CONFIG_BYTES);
	memcpy(d->msix, msix, sizeof(d->msix));
	d->greeted = greeted;
	d->cursor = 0;
	return 0;
}
