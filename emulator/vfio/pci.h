/* SPDX-License-Identifier: MIT */
/* PCI configuration space of a VF as the virtual machine sees it (xe-vf-probe 1,
 * bringup-log 3): identity, MSI, PCI Express with FLR, optionally MSI-X. Pure. */
#ifndef GUCEMU_VFIO_PCI_H
#define GUCEMU_VFIO_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_CONFIG_BYTES 256u
#define PCI_MSIX_VECTORS 2u /* what xe asks for at least (xe-vf-probe 1.3) */
/* MSI-X table and pending bits, in BAR 0 where no register is. */
#define PCI_MSIX_TABLE   0x3FE000u
#define PCI_MSIX_PBA     0x3FF000u

struct pci_identity {
	uint16_t device; /* the vendor is Intel */
	uint8_t revision;
	uint64_t bar2_bytes; /* LMEM aperture; 0: none */
	bool msix;
};

struct pci {
	uint8_t bytes[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES]; /* a bit for each that a write changes */
};

void pci_init(struct pci *p, const struct pci_identity *id);
/* Bytes [off, off + len); the caller has checked the range. */
void pci_read(const struct pci *p, uint32_t off, void *dst, uint32_t len);
/* True when the write asks for a function level reset. BARs keep what they
 * are: the virtual machine's host side places them. */
bool pci_write(struct pci *p, uint32_t off, const void *src, uint32_t len);

#endif
