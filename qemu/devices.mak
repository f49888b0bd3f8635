# SPDX-License-Identifier: GPL-2.0-or-later
# Devices of pinlab's aarch64 machine. Everything not named is left out, so
# that QEMU builds in minutes; what the virt machine needs it selects itself.

# The machine: GIC, PL011, PL031, fw_cfg, PCIe host bridge and SMMUv3 come with it.
CONFIG_ARM_VIRT=y
# The transport of every virtio device below.
CONFIG_VIRTIO_PCI=y
# SSH into the guest.
CONFIG_VIRTIO_NET=y
# Swap, so that pages can be reclaimed.
CONFIG_VIRTIO_BLK=y
# Without entropy the SSH server waits.
CONFIG_VIRTIO_RNG=y
# The guest's ready event and other side channels.
CONFIG_VIRTIO_SERIAL=y
# Memory pressure from the outside.
CONFIG_VIRTIO_BALLOON=y
# Memory that can be taken out again: arm64 lets none go that was there at boot.
CONFIG_VIRTIO_MEM=y
# Persistent memory, for files that are mapped without the page cache.
CONFIG_NVDIMM=y
# The device that pinned buffers are DMAed by.
CONFIG_DMA_TESTDEV=y
# A slot for it, whose registers a qtest makes it write to.
CONFIG_PCIE_PORT=y
