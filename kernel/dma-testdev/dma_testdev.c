// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver for QEMU's dma-testdev: hands queues that DMA by virtual address to
 * user space, through the uacce framework.
 *
 * The driver binds a queue to the process's PASID and starts or stops it. Work
 * is submitted by the process itself, through the queue's doorbell page.
 */
#include <linux/bitmap.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uacce.h>

#include "dma-testdev-regs.h"

#define DRIVER_NAME	"dma_testdev"

/**
 * struct dma_testdev - one device
 * @pdev: the PCI function
 * @control: BAR 0
 * @doorbell: BAR 2, of which user space maps one page a queue
 * @uacce: the character device
 * @pasid_bits: width of the PASIDs it can carry
 * @nr_queues: queues offered, each with its own interrupt vector
 * @nr_free: queues not open; written under uacce->mutex
 * @busy: bit n: queue n is open; under uacce->mutex
 */
struct dma_testdev {
	struct pci_dev *pdev;
	void __iomem *control;
	void __iomem *doorbell;
	struct uacce_device *uacce;
	unsigned int pasid_bits;
	unsigned int nr_queues;
	unsigned int nr_free;
	DECLARE_BITMAP(busy, DMA_TESTDEV_MAX_QUEUES);
};

/**
 * struct dma_testdev_queue - one open queue
 * @dev: the device
 * @q: the file's side of it
 * @index: of the queue in the device
 * @updated: an interrupt came that no poll has reported yet
 */
struct dma_testdev_queue {
	struct dma_testdev *dev;
	struct uacce_queue *q;
	unsigned int index;
	atomic_t updated;
};

static void queue_write(struct dma_testdev_queue *queue, u32 reg, u32 value)
{
	writel(value, queue->dev->control + DMA_TESTDEV_QUEUE(queue->index) + reg);
}

static void __iomem *queue_doorbell(struct dma_testdev_queue *queue)
{
	return queue->dev->doorbell + queue->index * DMA_TESTDEV_DB_PAGE_SIZE;
}

static irqreturn_t dma_testdev_irq(int irq, void *data)
{
	struct dma_testdev_queue *queue = data;

	atomic_set(&queue->updated, 1);
	wake_up_interruptible(&queue->q->wait);
	return IRQ_HANDLED;
}

static int dma_testdev_get_available_instances(struct uacce_device *uacce)
{
	struct dma_testdev *dev = uacce->priv;

	return READ_ONCE(dev->nr_free);
}

static int dma_testdev_get_queue(struct uacce_device *uacce, unsigned long pasid,
				 struct uacce_queue *q)
{
	struct dma_testdev *dev = uacce->priv;
	struct dma_testdev_queue *queue;
	unsigned int index;

	if (pasid >> dev->pasid_bits)
		return -ERANGE;

	index = find_first_zero_bit(dev->busy, dev->nr_queues);
	if (index == dev->nr_queues)
		return -EBUSY;

	queue = kzalloc(sizeof(*queue), GFP_KERNEL_ACCOUNT);
	if (!queue)
		return -ENOMEM;

	queue->dev = dev;
	queue->q = q;
	queue->index = index;
	q->priv = queue;
	__set_bit(index, dev->busy);
	WRITE_ONCE(dev->nr_free, dev->nr_free - 1);
	return 0;
}

static void dma_testdev_put_queue(struct uacce_queue *q)
{
	struct dma_testdev_queue *queue = q->priv;
	struct dma_testdev *dev = queue->dev;

	/* The next owner must not find this one's rings. */
	writel(DMA_TESTDEV_CONTROL_RESET,
	       queue_doorbell(queue) + DMA_TESTDEV_DB_CONTROL);
	__clear_bit(queue->index, dev->busy);
	WRITE_ONCE(dev->nr_free, dev->nr_free + 1);
	q->priv = NULL;
	kfree(queue);
}

static int dma_testdev_start_queue(struct uacce_queue *q)
{
	struct dma_testdev_queue *queue = q->priv;
	struct pci_dev *pdev = queue->dev->pdev;
	int ret;

	/*
	 * Not in get_queue: a vector left pending by the previous owner would
	 * be delivered before uacce has initialised q->wait.
	 */
	atomic_set(&queue->updated, 0);
	ret = request_irq(pci_irq_vector(pdev, queue->index), dma_testdev_irq, 0,
			  DRIVER_NAME, queue);
	if (ret)
		return ret;

	queue_write(queue, DMA_TESTDEV_QUEUE_VECTOR, queue->index);
	queue_write(queue, DMA_TESTDEV_QUEUE_PASID,
		    q->pasid | DMA_TESTDEV_QUEUE_PASID_VALID);
	queue_write(queue, DMA_TESTDEV_QUEUE_ENABLE, 1);
	return 0;
}

static void dma_testdev_stop_queue(struct uacce_queue *q)
{
	struct dma_testdev_queue *queue = q->priv;

	/* No DMA with this PASID once the first write has reached the device. */
	queue_write(queue, DMA_TESTDEV_QUEUE_ENABLE, 0);
	queue_write(queue, DMA_TESTDEV_QUEUE_PASID, 0);
	queue_write(queue, DMA_TESTDEV_QUEUE_VECTOR,
		    DMA_TESTDEV_QUEUE_VECTOR_NONE);
	/* Reading back flushes posted writes. */
	readl(queue->dev->control + DMA_TESTDEV_QUEUE(queue->index) +
	      DMA_TESTDEV_QUEUE_STATE);
	free_irq(pci_irq_vector(queue->dev->pdev, queue->index), queue);
}

/*
 * Consumes the event, as other uacce drivers do: a poll() reports each
 * interrupt once. Not for epoll, which polls twice before it reports.
 */
static int dma_testdev_is_q_updated(struct uacce_queue *q)
{
	struct dma_testdev_queue *queue = q->priv;

	return atomic_xchg(&queue->updated, 0);
}

static int dma_testdev_mmap(struct uacce_queue *q, struct vm_area_struct *vma,
			    struct uacce_qfile_region *qfr)
{
	struct dma_testdev_queue *queue = q->priv;
	resource_size_t page;

	/* remap_pfn_range() would overwrite vm_pgoff, uacce's region number. */
	if (qfr->type != UACCE_QFRT_MMIO || !(vma->vm_flags & VM_SHARED) ||
	    vma->vm_end - vma->vm_start != DMA_TESTDEV_DB_PAGE_SIZE)
		return -EINVAL;

	page = pci_resource_start(queue->dev->pdev, DMA_TESTDEV_BAR_DOORBELL) +
	       queue->index * DMA_TESTDEV_DB_PAGE_SIZE;
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return io_remap_pfn_range(vma, vma->vm_start, page >> PAGE_SHIFT,
				  DMA_TESTDEV_DB_PAGE_SIZE, vma->vm_page_prot);
}

static const struct uacce_ops dma_testdev_uacce_ops = {
	.get_available_instances = dma_testdev_get_available_instances,
	.get_queue	= dma_testdev_get_queue,
	.put_queue	= dma_testdev_put_queue,
	.start_queue	= dma_testdev_start_queue,
	.stop_queue	= dma_testdev_stop_queue,
	.is_q_updated	= dma_testdev_is_q_updated,
	.mmap		= dma_testdev_mmap,
};

static int dma_testdev_identify(struct dma_testdev *dev)
{
	u32 id = readl(dev->control + DMA_TESTDEV_ID);
	u32 version = readl(dev->control + DMA_TESTDEV_VERSION);

	if (id != DMA_TESTDEV_ID_MAGIC ||
	    version >> 16 != DMA_TESTDEV_VERSION_1_0 >> 16)
		return dev_err_probe(&dev->pdev->dev, -ENODEV,
				     "unknown device %#x version %#x\n", id, version);

	dev->pasid_bits = readl(dev->control + DMA_TESTDEV_PASID_BITS);
	dev->nr_queues = min_t(u32, readl(dev->control + DMA_TESTDEV_QUEUES),
			       DMA_TESTDEV_MAX_QUEUES);
	if (!dev->nr_queues)
		return dev_err_probe(&dev->pdev->dev, -ENODEV, "no queues\n");
	return 0;
}

static int dma_testdev_map(struct dma_testdev *dev)
{
	struct pci_dev *pdev = dev->pdev;

	dev->control = pcim_iomap_region(pdev, DMA_TESTDEV_BAR_CONTROL, DRIVER_NAME);
	if (IS_ERR(dev->control))
		return PTR_ERR(dev->control);

	dev->doorbell = pcim_iomap_region(pdev, DMA_TESTDEV_BAR_DOORBELL, DRIVER_NAME);
	return PTR_ERR_OR_ZERO(dev->doorbell);
}

static int dma_testdev_alloc_vectors(struct dma_testdev *dev)
{
	int ret;

	ret = pci_alloc_irq_vectors(dev->pdev, 1, dev->nr_queues, PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	dev->nr_queues = ret;
	dev->nr_free = ret;
	return 0;
}

static int dma_testdev_register(struct dma_testdev *dev)
{
	struct uacce_interface interface = {
		.name	= DRIVER_NAME,
		.flags	= UACCE_DEV_SVA,
		.ops	= &dma_testdev_uacce_ops,
	};
	struct uacce_device *uacce;
	int ret;

	uacce = uacce_alloc(&dev->pdev->dev, &interface);
	if (IS_ERR(uacce))
		return PTR_ERR(uacce);

	dev->uacce = uacce;
	if (!(uacce->flags & UACCE_DEV_SVA)) {
		ret = dev_err_probe(&dev->pdev->dev, -EOPNOTSUPP,
				    "no shared virtual addressing: check the SMMU, the PASID capability and dma-can-stall\n");
		goto err_remove;
	}

	uacce->priv = dev;
	uacce->api_ver = DRIVER_NAME "_v1";
	uacce->algs = "copy\nfill\ncompare\nchecksum\natomic\ntouch\n";
	uacce->qf_pg_num[UACCE_QFRT_MMIO] = 1;

	ret = uacce_register(uacce);
	if (ret)
		goto err_remove;
	return 0;

err_remove:
	uacce_remove(uacce);
	return ret;
}

static int dma_testdev_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct dma_testdev *dev;
	int ret;

	/* Larger pages would hand a process its neighbours' doorbells. */
	if (PAGE_SIZE != DMA_TESTDEV_DB_PAGE_SIZE)
		return dev_err_probe(&pdev->dev, -EOPNOTSUPP,
				     "needs 4 KiB pages\n");

	dev = devm_kzalloc(&pdev->dev, sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	dev->pdev = pdev;
	pci_set_drvdata(pdev, dev);

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;

	ret = dma_testdev_map(dev);
	if (ret)
		return ret;

	ret = dma_testdev_identify(dev);
	if (ret)
		return ret;

	writel(1, dev->control + DMA_TESTDEV_RESET);
	ret = dma_testdev_alloc_vectors(dev);
	if (ret)
		return ret;

	pci_set_master(pdev);
	ret = dma_testdev_register(dev);
	if (ret)
		goto err_clear_master;
	return 0;

err_clear_master:
	pci_clear_master(pdev);
	pci_free_irq_vectors(pdev);
	return ret;
}

static void dma_testdev_remove(struct pci_dev *pdev)
{
	struct dma_testdev *dev = pci_get_drvdata(pdev);

	uacce_remove(dev->uacce);
	writel(1, dev->control + DMA_TESTDEV_RESET);
	pci_clear_master(pdev);
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id dma_testdev_ids[] = {
	{ PCI_DEVICE(DMA_TESTDEV_VENDOR_ID, DMA_TESTDEV_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, dma_testdev_ids);

static struct pci_driver dma_testdev_driver = {
	.name		= DRIVER_NAME,
	.id_table	= dma_testdev_ids,
	.probe		= dma_testdev_probe,
	.remove		= dma_testdev_remove,
};
module_pci_driver(dma_testdev_driver);

MODULE_DESCRIPTION("Shared virtual addressing queues of QEMU's dma-testdev");
MODULE_LICENSE("GPL");
