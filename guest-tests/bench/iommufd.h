/* SPDX-License-Identifier: MIT */
/*
 * Mapping memory for a device by iommufd, which pins it and enters it in page tables of
 * the device's own. The device is the DMA test device, behind the SMMU, held by vfio-pci.
 */
#ifndef PINLAB_IOMMUFD_H
#define PINLAB_IOMMUFD_H

#include <stdbool.h>

#include "buffer.h"

/* Whether the kernel has iommufd; attaches the device to page tables of its own. */
bool open_iommufd(void);
void map_by_iommufd(struct buffer *buf);
void unmap_by_iommufd(struct buffer *buf);

#endif
