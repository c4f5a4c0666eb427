/* SPDX-License-Identifier: MIT */
/* Configuration space. See pci.h. */
#include "pci.h"

#include <string.h>

#include "proto/bits.h"

/* Where things are; the capabilities as the prototype's that the driver liked. */
#define COMMAND     0x04u
#define STATUS      0x06u
#define STATUS_CAPS 0x10u
#define BAR0        0x10u
#define BAR2        0x18u
#define BAR_64      0x4u
#define BAR_PREFETCH 0x8u
#define CAP_LIST    0x34u

#define CAP_MSI   0xACu
#define MSI_64    0x0080u
#define MSI_ENABLE 0x0001u
#define CAP_PCIE  0x70u
#define PCIE_RC_ENDPOINT 0x0092u /* version 2, root complex integrated endpoint */
#define PCIE_DEVCAP_FLR 0x10000000u
#define PCIE_DEVCTL     (CAP_PCIE + 8u)
#define PCIE_DEVCTL_FLR 0x8000u
#define CAP_MSIX  0xD0u
#define MSIX_ENABLE_MASK 0xC000u

#define ID_MSI  0x05u
#define ID_PCIE 0x10u
#define ID_MSIX 0x11u

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)v;
	at[1] = (uint8_t)(v >> 8);
}

void pci_init(struct pci *p, const struct pci_identity *id)
{
	memset(p, 0, sizeof(*p));
	put16(p->bytes, 0x8086);
	put16(p->bytes + 0x02, id->device);
	put16(p->bytes + STATUS, STATUS_CAPS);
	p->bytes[0x08] = id->revision;
	p->bytes[0x0A] = 0x80; /* a display controller that is no VGA: xe-vf-probe 1.1 */
	p->bytes[0x0B] = 0x03;
	p->bytes[BAR0] = BAR_64;
	if (id->bar2_bytes)
		p->bytes[BAR2] = BAR_64 | BAR_PREFETCH;
	put16(p->bytes + 0x2C, 0x8086);
	put16(p->bytes + 0x2E, id->device);
	put16(p->writable + COMMAND, 0x0407); /* decode, bus master, INTx off */
	p->writable[0x3C] = 0xFF;             /* interrupt line */

	p->bytes[CAP_LIST] = CAP_PCIE;
	p->bytes[CAP_PCIE] = ID_PCIE;
	p->bytes[CAP_PCIE + 1] = CAP_MSI;
	put16(p->bytes + CAP_PCIE + 2, PCIE_RC_ENDPOINT);
	le32_put(p->bytes + CAP_PCIE + 4, PCIE_DEVCAP_FLR);
	put16(p->writable + PCIE_DEVCTL, 0x7FFF);
	p->bytes[CAP_MSI] = ID_MSI;
	p->bytes[CAP_MSI + 1] = id->msix ? CAP_MSIX : 0;
	put16(p->bytes + CAP_MSI + 2, MSI_64);
	put16(p->writable + CAP_MSI + 2, MSI_ENABLE);
	memset(p->writable + CAP_MSI + 4, 0xFF, 10); /* address, data */
	p->writable[CAP_MSI + 4] = 0xFC;
	if (!id->msix)
		return;
	p->bytes[CAP_MSIX] = ID_MSIX;
	put16(p->bytes + CAP_MSIX + 2, PCI_MSIX_VECTORS - 1);
	put16(p->writable + CAP_MSIX + 2, MSIX_ENABLE_MASK);
	le32_put(p->bytes + CAP_MSIX + 4, PCI_MSIX_TABLE); /* BAR 0 */
	le32_put(p->bytes + CAP_MSIX + 8, PCI_MSIX_PBA);
}

void pci_read(const struct pci *p, uint32_t off, void *dst, uint32_t len)
{
	memcpy(dst, p->bytes + off, len);
}

bool pci_write(struct pci *p, uint32_t off, const void *src, uint32_t len)
{
	const uint8_t *from = src;
	bool flr = false;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t mask = p->writable[off + i];

		if (off + i == PCIE_DEVCTL + 1 && from[i] & PCIE_DEVCTL_FLR >> 8)
			flr = true;
		p->bytes[off + i] = (uint8_t)((p->bytes[off + i] & ~mask) | (from[i] & mask));
	}
	return flr;
}
