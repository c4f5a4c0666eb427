/* SPDX-License-Identifier: MIT */
/* The vfio-user device without sockets: each command by its bytes, what it does
 * to a card of arrays, and everything a hostile machine may say. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/vfio/device.h"
#include "proto/bits.h"
#include "tests/check_main.h"

#define REGS 64u /* dwords of registers that the card of the test has, at 0x1000 */
#define LMEM 8192u

static struct card {
	uint32_t reg[REGS];
	uint64_t entry[8]; /* at 8 MiB */
	uint8_t lmem[LMEM];
	uint64_t map_addr, map_size, map_offset;
	int map_fd, maps, unmaps, all, resets, vector[VDEV_VECTORS], map_err;
	bool map_readonly;
	unsigned writes;
} card;
static struct vdev dev;
static uint8_t reply[VDEV_MSG_MAX];

static int mmio_read(void *user, uint64_t off, unsigned size, uint64_t *value)
{
	(void)user;
	ck_assert(size == 4 || size == 8);
	ck_assert_uint_eq(off % size, 0);
	if (off >= 0x800000 && off < 0x800000 + sizeof(card.entry))
		*value = size == 8 ? card.entry[(off - 0x800000) / 8] :
				     (uint32_t)(card.entry[(off - 0x800000) / 8] >> 8 * (off & 4));
	else if (off >= 0x1000 && off < 0x1000 + sizeof(card.reg))
		*value = card.reg[(off - 0x1000) / 4] |
			 (size == 8 ? (uint64_t)card.reg[(off - 0x1000) / 4 + 1] << 32 : 0);
	else
		*value = 0;
	return 0;
}

static int mmio_write(void *user, uint64_t off, unsigned size, uint64_t value)
{
	(void)user;
	ck_assert(size == 4 || size == 8);
	ck_assert_uint_eq(off % size, 0);
	card.writes++;
	if (off >= 0x800000 && off < 0x800000 + sizeof(card.entry) && size == 8)
		card.entry[(off - 0x800000) / 8] = value;
	else if (off >= 0x1000 && off + size <= 0x1000 + sizeof(card.reg))
		memcpy(&card.reg[(off - 0x1000) / 4], &value, size);
	return 0;
}

static int lmem_read(void *user, uint64_t off, void *dst, size_t len)
{
	(void)user;
	ck_assert_uint_le(off + len, LMEM);
	memcpy(dst, card.lmem + off, len);
	return 0;
}

static int lmem_write(void *user, uint64_t off, const void *src, size_t len)
{
	(void)user;
	ck_assert_uint_le(off + len, LMEM);
	memcpy(card.lmem + off, src, len);
	return 0;
}

static int dma_map(void *user, uint64_t addr, uint64_t size, uint64_t offset, bool readonly, int fd)
{
	(void)user;
	if (card.map_err)
		return card.map_err;
	card.map_addr = addr;
	card.map_size = size;
	card.map_offset = offset;
	card.map_readonly = readonly;
	card.map_fd = fd;
	card.maps++;
	return 0;
}

static int dma_unmap(void *user, uint64_t addr, uint64_t size)
{
	(void)user;
	card.unmaps++;
	return addr == card.map_addr && size == card.map_size ? 0 : -ENOENT;
}

static void dma_unmap_all(void *user)
{
	(void)user;
	card.all++;
}

#define NO_EVENTFD 77

static bool is_vector(void *user, int fd)
{
	(void)user;
	return fd != NO_EVENTFD;
}

static void vector(void *user, unsigned n, int fd)
{
	(void)user;
	ck_assert_uint_lt(n, VDEV_VECTORS);
	card.vector[n] = fd;
}

static void reset(void *user)
{
	(void)user;
	card.resets++;
}

static const struct vdev_ops ops = {
	mmio_read, mmio_write, lmem_read, lmem_write, dma_map, dma_unmap, dma_unmap_all,
	is_vector, vector, reset,
};

/* --- messages ------------------------------------------------------------------------- */

/* Send a command; the error of its reply, whose body is at reply + VU_HEADER. */
static uint32_t command(uint16_t cmd, const void *body, size_t len, int *fd)
{
	uint8_t *msg = calloc(1, VU_HEADER + len);
	int fds[1] = { fd ? *fd : -1 }, n;
	uint32_t want, err;

	msg[VU_H_ID] = 0x34;
	msg[VU_H_COMMAND] = (uint8_t)cmd;
	le32_put(msg + VU_H_SIZE, (uint32_t)(VU_HEADER + len));
	if (len)
		memcpy(msg + VU_HEADER, body, len);
	ck_assert_int_eq(vdev_header(&dev, msg, &want), 0);
	ck_assert_uint_eq(want, len);
	do
		n = vdev_command(&dev, msg, VU_HEADER + len, fds, fd ? 1 : 0, 4, reply);
	while (n == -EAGAIN);
	if (fd)
		*fd = fds[0];
	free(msg);
	ck_assert_int_ge(n, (int)VU_HEADER);
	ck_assert_uint_eq(le32_get(reply + VU_H_SIZE), (uint32_t)n);
	ck_assert_uint_eq(reply[VU_H_ID], 0x34);
	err = le32_get(reply + VU_H_ERROR);
	ck_assert_uint_eq(le32_get(reply + VU_H_FLAGS), VU_TYPE_REPLY | (err ? VU_ERROR : 0));
	ck_assert(!err || n == (int)VU_HEADER);
	return err;
}

static uint32_t region(uint16_t cmd, uint32_t index, uint64_t off, uint32_t count, const void *data)
{
	uint8_t body[VU_ACCESS_BYTES + 64] = { 0 };

	le64_put(body, off);
	le32_put(body + VU_ACCESS_REGION, index);
	le32_put(body + VU_ACCESS_COUNT, count);
	if (data)
		memcpy(body + VU_ACCESS_BYTES, data, count);
	return command(cmd, body, VU_ACCESS_BYTES + (data ? count : 0), NULL);
}

static uint64_t bar_get(uint64_t off, uint32_t count)
{
	uint64_t value = 0;

	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR0, off, count, NULL), 0);
	memcpy(&value, reply + VU_HEADER + VU_ACCESS_BYTES, count);
	return value;
}

static void bar_put(uint64_t off, uint32_t count, uint64_t value)
{
	ck_assert_uint_eq(region(VU_REGION_WRITE, VU_BAR0, off, count, &value), 0);
}

static void greet(void)
{
	uint8_t body[4 + 3] = { 0, 0, 0, 0, '{', '}', 0 };

	ck_assert_uint_eq(command(VU_VERSION, body, sizeof(body), NULL), 0);
}

static void new_device(bool lmem, bool msix)
{
	const struct pci_identity id = { .device = 0xB080, .revision = 4,
					 .bar2_bytes = lmem ? LMEM : 0, .msix = msix };

	memset(&card, 0, sizeof(card));
	card.vector[0] = card.vector[1] = -1;
	vdev_init(&dev, &id, &ops, NULL);
	greet();
}

static void setup(void)
{
	new_device(false, false);
}

/* --- tests ------------------------------------------------------------------------------ */

START_TEST(version_first)
{
	/* Nothing goes before VERSION, of which there is one; another major is
	 * refused; the reply names our limits. */
	const struct pci_identity id = { .device = 0xB080 };
	uint8_t body[8] = { 1, 0, 0, 0, '{', '}', 0, 0 }, header[VU_HEADER] = { 0 };
	uint32_t want;

	vdev_init(&dev, &id, &ops, NULL);
	header[VU_H_COMMAND] = VU_RESET;
	le32_put(header + VU_H_SIZE, VU_HEADER);
	ck_assert_int_eq(vdev_header(&dev, header, &want), -EPROTO);
	ck_assert_uint_eq(command(VU_VERSION, body, sizeof(body), NULL), EPROTONOSUPPORT);
	body[0] = 0;
	body[7] = 'x';
	ck_assert_uint_eq(command(VU_VERSION, body, sizeof(body), NULL), EINVAL);
	body[7] = 0;
	ck_assert_uint_eq(command(VU_VERSION, body, sizeof(body), NULL), 0);
	ck_assert_ptr_nonnull(strstr((char *)reply + VU_HEADER + 4, "\"write_multiple\":true"));
	ck_assert_uint_eq(command(VU_VERSION, body, sizeof(body), NULL), EEXIST);
}
END_TEST

START_TEST(describes_itself)
{
	/* DEVICE_GET_INFO, regions, interrupts as QEMU asks for them. */
	uint8_t body[VU_REGION_BYTES] = { 0 };

	body[0] = VU_INFO_BYTES;
	ck_assert_uint_eq(command(VU_GET_INFO, body, VU_INFO_BYTES, NULL), 0);
	ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_INFO_FLAGS), VU_INFO_RESET | VU_INFO_PCI);
	ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_INFO_REGIONS), VU_REGIONS);
	for (uint32_t i = 0; i < VU_REGIONS; i++) {
		uint64_t size = i == VU_BAR0 ? VDEV_BAR0_BYTES : i == VU_CONFIG ? 256 : 0;

		le32_put(body, VU_REGION_BYTES);
		le32_put(body + VU_REGION_INDEX, i);
		ck_assert_uint_eq(command(VU_GET_REGION_INFO, body, VU_REGION_BYTES, NULL), 0);
		ck_assert_uint_eq(le64_get(reply + VU_HEADER + VU_REGION_SIZE), size);
	}
	le32_put(body + VU_REGION_INDEX, VU_REGIONS);
	ck_assert_uint_eq(command(VU_GET_REGION_INFO, body, VU_REGION_BYTES, NULL), EINVAL);
	for (uint32_t i = 0; i < VU_IRQS; i++) {
		le32_put(body, VU_IRQ_BYTES);
		le32_put(body + VU_IRQ_INDEX, i);
		ck_assert_uint_eq(command(VU_GET_IRQ_INFO, body, VU_IRQ_BYTES, NULL), 0);
		ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_IRQ_COUNT), i == VU_MSI || i == VU_ERR);
	}
	le32_put(body + VU_IRQ_INDEX, VU_IRQS);
	ck_assert_uint_eq(command(VU_GET_IRQ_INFO, body, VU_IRQ_BYTES, NULL), EINVAL);
}
END_TEST

START_TEST(config_space)
{
	/* The walk that finds MSI and PCI Express; what can't be written stays. */
	uint8_t c[PCI_CONFIG_BYTES], seen = 0;
	const uint32_t ones = UINT32_MAX;

	ck_assert_uint_eq(region(VU_REGION_READ, VU_CONFIG, 0, 256, NULL), 0);
	memcpy(c, reply + VU_HEADER + VU_ACCESS_BYTES, sizeof(c));
	ck_assert_uint_eq(le32_get(c), 0xB0808086);
	ck_assert_uint_eq(c[8], 4);
	ck_assert_uint_eq(c[11], 3);
	for (uint8_t at = c[0x34]; at; at = c[at + 1])
		seen |= c[at] == 0x05 ? 1 : c[at] == 0x10 ? 2 : 4;
	ck_assert_uint_eq(seen, 3);
	for (uint32_t off = 0; off < 256; off += 4)
		ck_assert_uint_eq(region(VU_REGION_WRITE, VU_CONFIG, off, 4, &ones), 0);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_CONFIG, 0, 64, NULL), 0);
	ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_ACCESS_BYTES), 0xB0808086);
	ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_ACCESS_BYTES + 0x10), 4);
	ck_assert_int_eq(card.resets, 1); /* FLR, with the PCI Express device control */
	ck_assert_uint_eq(region(VU_REGION_READ, VU_CONFIG, 250, 8, NULL), ERANGE);
}
END_TEST

START_TEST(registers)
{
	/* Accesses of 1, 2, 4 and 8 bytes and crooked ones, as a bus would do them. */
	bar_put(0x1000, 4, 0x44332211);
	bar_put(0x1004, 4, 0x88776655);
	ck_assert_uint_eq(bar_get(0x1000, 8), 0x8877665544332211ull);
	ck_assert_uint_eq(bar_get(0x1001, 1), 0x22);
	ck_assert_uint_eq(bar_get(0x1002, 2), 0x4433);
	ck_assert_uint_eq(bar_get(0x1001, 6), 0x776655443322ull);
	bar_put(0x1001, 1, 0xAA);
	bar_put(0x1006, 2, 0xBBCC);
	ck_assert_uint_eq(bar_get(0x1000, 8), 0xBBCC66554433AA11ull);
	bar_put(0x800008, 8, 0x123456789ABCDEFull);
	ck_assert_uint_eq(card.entry[1], 0x123456789ABCDEFull);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR0, VDEV_BAR0_BYTES - 4, 8, NULL), ERANGE);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR0, UINT64_MAX - 3, 8, NULL), ERANGE);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR0, 0, 0, NULL), EINVAL);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR0, 0, VDEV_DATA_MAX + 1, NULL), E2BIG);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR2, 0, 4, NULL), ERANGE);
	ck_assert_uint_eq(region(VU_REGION_READ, 77, 0, 4, NULL), EINVAL);
}
END_TEST

START_TEST(many_writes)
{
	/* REGION_WRITE_MULTI in order, in slices of the budget; the list ends at its
	 * first bad write; a count that is not the list's does nothing. */
	uint8_t body[VU_MULTI_FIRST + 10 * VU_MULTI_BYTES] = { 0 };

	le64_put(body, 10);
	for (uint32_t i = 0; i < 10; i++) {
		uint8_t *w = body + VU_MULTI_FIRST + i * VU_MULTI_BYTES;

		le64_put(w, 0x1000 + 4 * i);
		le32_put(w + VU_MULTI_REGION, VU_BAR0);
		le32_put(w + VU_MULTI_COUNT, 4);
		le32_put(w + VU_MULTI_DATA, 100 + i);
	}
	ck_assert_uint_eq(command(VU_REGION_WRITE_MULTI, body, sizeof(body), NULL), 0);
	for (uint32_t i = 0; i < 10; i++)
		ck_assert_uint_eq(card.reg[i], 100 + i);
	ck_assert_uint_eq(card.writes, 10);
	le32_put(body + VU_MULTI_FIRST + 6 * VU_MULTI_BYTES + VU_MULTI_COUNT, 9);
	ck_assert_uint_eq(command(VU_REGION_WRITE_MULTI, body, sizeof(body), NULL), EINVAL);
	ck_assert_uint_eq(card.writes, 16);
	le64_put(body, 11);
	ck_assert_uint_eq(command(VU_REGION_WRITE_MULTI, body, sizeof(body), NULL), EINVAL);
	le64_put(body, UINT64_MAX / VU_MULTI_BYTES + 11);
	ck_assert_uint_eq(command(VU_REGION_WRITE_MULTI, body, sizeof(body), NULL), EINVAL);
	ck_assert_uint_eq(card.writes, 16);
}
END_TEST

START_TEST(posted)
{
	/* NO_REPLY: nothing is sent back, also when it fails. */
	uint8_t msg[VU_HEADER + VU_ACCESS_BYTES + 4] = { 0 };

	msg[VU_H_COMMAND] = VU_REGION_WRITE;
	le32_put(msg + VU_H_SIZE, sizeof(msg));
	le32_put(msg + VU_H_FLAGS, VU_NO_REPLY);
	le64_put(msg + VU_HEADER, 0x1000);
	le32_put(msg + VU_HEADER + VU_ACCESS_COUNT, 4);
	le32_put(msg + VU_HEADER + VU_ACCESS_BYTES, 7);
	ck_assert_int_eq(vdev_command(&dev, msg, sizeof(msg), NULL, 0, 4, reply), 0);
	ck_assert_uint_eq(card.reg[0], 7);
	le32_put(msg + VU_HEADER + VU_ACCESS_REGION, 99);
	ck_assert_int_eq(vdev_command(&dev, msg, sizeof(msg), NULL, 0, 4, reply), 0);
	ck_assert_uint_eq(dev.errors, 1);
}
END_TEST

START_TEST(guest_memory)
{
	/* A map keeps its descriptor, a refused one gives it back; one without a
	 * descriptor is a map as well; unmaps are exact, or of all. */
	uint8_t map[VU_MAP_BYTES] = { 0 }, unmap[VU_UNMAP_BYTES] = { 0 };
	int fd = 42;

	le32_put(map, VU_MAP_BYTES);
	le32_put(map + VU_MAP_FLAGS, VU_MAP_READ | VU_MAP_WRITE);
	le64_put(map + VU_MAP_OFFSET, 0x3000);
	le64_put(map + VU_MAP_ADDR, 0x100000);
	le64_put(map + VU_MAP_SIZE, 0x2000);
	ck_assert_uint_eq(command(VU_DMA_MAP, map, sizeof(map), &fd), 0);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(card.map_fd, 42);
	ck_assert_uint_eq(card.map_offset, 0x3000);
	ck_assert(!card.map_readonly);
	fd = 43;
	card.map_err = -EEXIST;
	ck_assert_uint_eq(command(VU_DMA_MAP, map, sizeof(map), &fd), EEXIST);
	ck_assert_int_eq(fd, 43);
	card.map_err = 0;
	le32_put(map + VU_MAP_FLAGS, VU_MAP_READ);
	ck_assert_uint_eq(command(VU_DMA_MAP, map, sizeof(map), NULL), 0);
	ck_assert_int_eq(card.map_fd, -1);
	ck_assert(card.map_readonly);
	le32_put(map + VU_MAP_FLAGS, 4);
	ck_assert_uint_eq(command(VU_DMA_MAP, map, sizeof(map), NULL), EINVAL);
	le32_put(map + VU_MAP_FLAGS, VU_MAP_READ);
	le64_put(map + VU_MAP_SIZE, UINT64_MAX);
	ck_assert_uint_eq(command(VU_DMA_MAP, map, sizeof(map), NULL), EINVAL);
	le32_put(unmap, VU_UNMAP_BYTES);
	le64_put(unmap + VU_UNMAP_ADDR, 0x100000);
	le64_put(unmap + VU_UNMAP_SIZE, 0x1000);
	ck_assert_uint_eq(command(VU_DMA_UNMAP, unmap, sizeof(unmap), NULL), ENOENT);
	le64_put(unmap + VU_UNMAP_SIZE, 0x2000);
	ck_assert_uint_eq(command(VU_DMA_UNMAP, unmap, sizeof(unmap), NULL), 0);
	ck_assert_mem_eq(reply + VU_HEADER, unmap, sizeof(unmap));
	le32_put(unmap + VU_UNMAP_FLAGS, VU_UNMAP_ALL);
	ck_assert_uint_eq(command(VU_DMA_UNMAP, unmap, sizeof(unmap), NULL), 0);
	ck_assert_int_eq(card.all, 1);
}
END_TEST

START_TEST(interrupts)
{
	/* MSI's eventfd arrives, is replaced, is taken away; what we don't have is
	 * refused and its descriptor given back. */
	uint8_t body[VU_SET_BYTES] = { 0 };
	int fd = 5;

	le32_put(body, VU_SET_BYTES);
	le32_put(body + VU_SET_FLAGS, VU_SET_EVENTFD | VU_SET_TRIGGER);
	le32_put(body + VU_SET_INDEX, VU_MSI);
	le32_put(body + VU_SET_COUNT, 1);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), &fd), 0);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(card.vector[0], 5);
	fd = NO_EVENTFD;
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), &fd), EINVAL);
	ck_assert_int_eq(fd, NO_EVENTFD);
	ck_assert_int_eq(card.vector[0], 5);
	fd = 6;
	le32_put(body + VU_SET_START, 1);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), &fd), EINVAL);
	ck_assert_int_eq(fd, 6);
	le32_put(body + VU_SET_START, UINT32_MAX);
	le32_put(body + VU_SET_COUNT, 2);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), &fd), EINVAL);
	le32_put(body + VU_SET_START, 0);
	le32_put(body + VU_SET_COUNT, 0);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), &fd), EINVAL);
	le32_put(body + VU_SET_FLAGS, VU_SET_BOOL | VU_SET_TRIGGER);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), NULL), EOPNOTSUPP);
	le32_put(body + VU_SET_FLAGS, VU_SET_NONE | VU_SET_TRIGGER);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), NULL), 0);
	ck_assert_int_eq(card.vector[0], -1);
	le32_put(body + VU_SET_INDEX, VU_IRQS);
	ck_assert_uint_eq(command(VU_SET_IRQS, body, sizeof(body), NULL), EINVAL);
}
END_TEST

START_TEST(msix)
{
	/* As an option: its capability, two vectors, a table that keeps what is
	 * written and is no register. */
	uint8_t body[VU_IRQ_BYTES] = { 0 };
	bool found = false;

	new_device(false, true);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_CONFIG, 0, 256, NULL), 0);
	for (uint8_t *c = reply + VU_HEADER + VU_ACCESS_BYTES, at = c[0x34]; at; at = c[at + 1])
		found |= c[at] == 0x11 && le32_get(c + at + 4) == PCI_MSIX_TABLE;
	ck_assert(found);
	le32_put(body, VU_IRQ_BYTES);
	le32_put(body + VU_IRQ_INDEX, VU_MSIX);
	ck_assert_uint_eq(command(VU_GET_IRQ_INFO, body, sizeof(body), NULL), 0);
	ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_IRQ_COUNT), 2);
	bar_put(PCI_MSIX_TABLE + 16, 8, 0xFEE00000);
	ck_assert_uint_eq(bar_get(PCI_MSIX_TABLE + 16, 4), 0xFEE00000);
	ck_assert_uint_eq(card.writes, 0);
}
END_TEST

START_TEST(lmem)
{
	/* BAR 2 of a card that has LMEM. */
	const uint64_t value = 0x1122334455667788ull;

	new_device(true, false);
	ck_assert_uint_eq(region(VU_REGION_WRITE, VU_BAR2, LMEM - 8, 8, &value), 0);
	ck_assert_mem_eq(card.lmem + LMEM - 8, &value, 8);
	ck_assert_uint_eq(region(VU_REGION_READ, VU_BAR2, LMEM - 4, 4, NULL), 0);
	ck_assert_uint_eq(le32_get(reply + VU_HEADER + VU_ACCESS_BYTES), 0x11223344);
	ck_assert_uint_eq(region(VU_REGION_WRITE, VU_BAR2, LMEM - 4, 8, &value), ERANGE);
}
END_TEST

START_TEST(lmem_writes_wait)
{
	/* The region of local memory can be mapped, in no place: then QEMU posts no writes
	 * to it, which the GuC's reads of guest memory would overtake. A short question is
	 * answered in its length, with what a longer one would get. */
	uint8_t body[VU_REGION_BYTES] = { 0 };
	const uint8_t *info = reply + VU_HEADER;

	new_device(true, false);
	le32_put(body + VU_REGION_INDEX, VU_BAR2);
	for (uint32_t room = VU_REGION_BYTES; room <= VU_SPARSE_BYTES;
	     room += VU_SPARSE_BYTES - VU_REGION_BYTES) {
		le32_put(body, room);
		ck_assert_uint_eq(command(VU_GET_REGION_INFO, body, VU_REGION_BYTES, NULL), 0);
		ck_assert_uint_eq(le32_get(reply + VU_H_SIZE), VU_HEADER + room);
		ck_assert_uint_eq(le32_get(info + VU_REGION_ARGSZ), VU_SPARSE_BYTES);
		ck_assert_uint_eq(le32_get(info + VU_REGION_CAP), VU_SPARSE_ID);
		ck_assert_uint_eq(le32_get(info + VU_REGION_FLAGS),
				  VU_REGION_F_READ | VU_REGION_F_WRITE | VU_REGION_F_MMAP |
					  VU_REGION_F_CAPS);
		ck_assert_uint_eq(le64_get(info + VU_REGION_SIZE), LMEM);
	}
	ck_assert_uint_eq(le32_get(info + VU_SPARSE_ID), 0x10001);
	ck_assert_uint_eq(le32_get(info + VU_SPARSE_AREAS), 0);
	le32_put(body + VU_REGION_INDEX, VU_BAR0);
	ck_assert_uint_eq(command(VU_GET_REGION_INFO, body, VU_REGION_BYTES, NULL), 0);
	ck_assert_uint_eq(le32_get(info + VU_REGION_FLAGS), VU_REGION_F_READ | VU_REGION_F_WRITE);
}
END_TEST

START_TEST(reset_and_leave)
{
	/* DEVICE_RESET; a machine that goes leaves nothing behind. */
	ck_assert_uint_eq(command(VU_RESET, NULL, 0, NULL), 0);
	ck_assert_int_eq(card.resets, 1);
	card.vector[0] = 9;
	vdev_forget(&dev);
	ck_assert_int_eq(card.vector[0], -1);
	ck_assert_int_eq(card.all, 1);
	greet();
}
END_TEST

START_TEST(bad_headers)
{
	/* Sizes and types after which no next message can be found. */
	static const struct {
		uint32_t size, flags;
	} bad[] = {
		{ 0, 0 }, { VU_HEADER - 1, 0 }, { VDEV_MSG_MAX + 1, 0 }, { UINT32_MAX, 0 },
		{ VU_HEADER, VU_TYPE_REPLY }, { VU_HEADER, 2 },
	};
	uint8_t header[VU_HEADER] = { 0 };
	uint32_t body;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		header[VU_H_COMMAND] = VU_RESET;
		le32_put(header + VU_H_SIZE, bad[i].size);
		le32_put(header + VU_H_FLAGS, bad[i].flags);
		ck_assert_int_eq(vdev_header(&dev, header, &body), -EPROTO);
	}
}
END_TEST

START_TEST(any_bytes)
{
	/* Every command with bodies of every small length and of random bytes: always
	 * an answer, never outside the card (ops assert), no descriptor lost. */
	uint8_t body[64];
	uint32_t seed = 12345;

	for (unsigned round = 0; round < 20000; round++) {
		size_t len = round % sizeof(body);
		int fd = 1000;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525u + 1013904223u;
			body[i] = seed >> 24 & 3 ? (uint8_t)(seed >> 28) : (uint8_t)(seed >> 16);
		}
		card.map_fd = card.vector[0] = card.vector[1] = -1;
		(void)command((uint16_t)(round / sizeof(body) % 20), body, len, &fd);
		ck_assert((fd == 1000) != (card.map_fd == 1000 || card.vector[0] == 1000 ||
					   card.vector[1] == 1000));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vfio_device");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, version_first);
	tcase_add_test(tc, describes_itself);
	tcase_add_test(tc, config_space);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, many_writes);
	tcase_add_test(tc, posted);
	tcase_add_test(tc, guest_memory);
	tcase_add_test(tc, interrupts);
	tcase_add_test(tc, msix);
	tcase_add_test(tc, lmem);
	tcase_add_test(tc, lmem_writes_wait);
	tcase_add_test(tc, reset_and_leave);
	tcase_add_test(tc, bad_headers);
	tcase_add_test(tc, any_bytes);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
