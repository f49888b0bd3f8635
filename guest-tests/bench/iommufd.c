// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "check.h"
#include "iommufd.h"
#include "proc.h"

/* linux/iommufd.h and what linux/vfio.h says about it: Debian 12's are too old for them. */
struct bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};
struct attach_iommufd {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id;
};
struct ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};
struct ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 reserved;
	__u64 user_va;
	__u64 length;
	__u64 iova;
};
struct ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__u64 iova;
	__u64 length;
};
#define BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)
#define ATTACH_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 19)
#define IOAS_ALLOC	_IO(';', 0x81)
#define IOAS_MAP	_IO(';', 0x85)
#define IOAS_UNMAP	_IO(';', 0x86)
#define MAP_FIXED_IOVA	(1 << 0)
#define MAP_WRITEABLE	(1 << 1)
#define MAP_READABLE	(1 << 2)

#define DEVICE		"0000:00:01.0"
/* Beyond the addresses that interrupts are written to. */
#define IOVA		((__u64)4 << 30)

static int iommufd;
static __u32 ioas;

static int open_device(void)
{
	int device;

	write_text("/sys/bus/pci/devices/" DEVICE "/driver_override", "vfio-pci");
	write_text("/sys/bus/pci/drivers_probe", DEVICE);
	device = open("/dev/vfio/devices/vfio0", O_RDWR | O_CLOEXEC);
	CHECK(device >= 0);
	return device;
}

bool open_iommufd(void)
{
	struct bind_iommufd bind = { .argsz = sizeof(bind) };
	struct attach_iommufd attach = { .argsz = sizeof(attach) };
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	int device;

	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		return false;
	device = open_device();
	bind.iommufd = iommufd;
	CHECK(ioctl(device, BIND_IOMMUFD, &bind) == 0);
	CHECK(ioctl(iommufd, IOAS_ALLOC, &alloc) == 0);
	ioas = alloc.out_ioas_id;
	attach.pt_id = ioas;
	CHECK(ioctl(device, ATTACH_IOMMUFD, &attach) == 0);
	return true;
}

void map_by_iommufd(struct buffer *buf)
{
	struct ioas_map map = {
		.size = sizeof(map),
		.flags = MAP_FIXED_IOVA | MAP_WRITEABLE | MAP_READABLE,
		.ioas_id = ioas,
		.user_va = (uintptr_t)buf->data,
		.length = buf->length,
		.iova = IOVA,
	};

	CHECK(ioctl(iommufd, IOAS_MAP, &map) == 0);
}

void unmap_by_iommufd(struct buffer *buf)
{
	struct ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = IOVA,
		.length = buf->length,
	};

	CHECK(ioctl(iommufd, IOAS_UNMAP, &unmap) == 0);
}
