// SPDX-License-Identifier: GPL-2.0-only
/*
 * mempinfd(2): hold the physical pages behind a range of user memory.
 *
 * A file owns pins, each with an id. A pin keeps its pages until it is unpinned
 * by its id or the file is released. The pages are long-term pinned, charged to
 * RLIMIT_MEMLOCK of the user who opened the file unless CAP_IPC_LOCK lifts it,
 * and shown as VmPin of the address space that opened it, which is also the only
 * one that may use it.
 *
 * Nothing is locked while pages are faulted in: a pin that waits for user space
 * (userfaultfd, FUSE) delays nobody else who uses the file.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include <uapi/linux/mempinfd.h>

#include "internal.h"

#define MEMPINFD_PIN_FLAGS	(MEMPINFD_PIN_READ | MEMPINFD_PIN_WRITE)
#define MEMPINFD_PIN_SIZE_V0	32
#define MEMPINFD_UNPIN_SIZE_V0	16

/*
 * The size in the command number is that of the caller's headers. The size in
 * the struct is the one that counts, so that a struct can grow.
 */
#define MEMPINFD_CMD(cmd)	((cmd) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))

/* Pages that one call of GUP handles: with the NULL that ends them, one page. */
#define MEMPINFD_BATCH		(PAGE_SIZE / sizeof(struct page *) - 1)
#define MEMPINFD_BATCH_SMALL	31

/*
 * A pin of a small folio is GUP_PIN_COUNTING_BIAS references, so all files
 * together cannot bring a count near its end while they hold less than this.
 * What others pin (io_uring, RDMA, direct I/O) is beyond reach here: they look
 * at no count, and can get it there without a file of ours.
 */
#define MEMPINFD_CHECK_REFS	(INT_MAX / GUP_PIN_COUNTING_BIAS / 4)

/*
 * Pages held by all pins: a page can be pinned by many users. 64 bits, because
 * who is not limited gets to the end of a long on 32-bit machines.
 */
static atomic64_t mempinfd_held ____cacheline_aligned_in_smp = ATOMIC64_INIT(0);

/**
 * struct mempinfd_run - 2^order physically contiguous pages
 * @low: bits 31:0 of pfn << 4 | order
 * @high: bits 47:32
 *
 * Six bytes, because at worst there is one for every base page.
 */
struct mempinfd_run {
	u32 low;
	u16 high;
} __packed __aligned(2);

#define MEMPINFD_RUN_ORDER_BITS	4
#define MEMPINFD_RUN_ORDER_MAX	15

/**
 * struct mempinfd_chunk - runs that the pin itself has no room for
 * @next: the chunk filled before this one
 * @nr: runs used
 * @max: runs allocated
 * @runs: the runs
 */
struct mempinfd_chunk {
	struct mempinfd_chunk *next;
	u32 nr;
	u32 max;
	struct mempinfd_run runs[] __counted_by(max);
};

#define MEMPINFD_CHUNK_MAX \
	((PAGE_SIZE - sizeof(struct mempinfd_chunk)) / sizeof(struct mempinfd_run))
#define MEMPINFD_INLINE_MAX	4

/**
 * struct mempinfd_record - what one MEMPINFD_PIN holds
 * @addr: as given, without a tag
 * @len: as given
 * @nr_pages: pages held
 * @chunks: runs after the first few, newest chunk first
 * @nr_inline: of @runs in use
 * @flags: MEMPINFD_PIN_*
 * @check_refs: enough is pinned, by whomever, for a reference count to overflow
 * @in_locked_vm: the pages are charged to the user, not only to the mm
 * @runs: the first few runs; most pins need no more
 */
struct mempinfd_record {
	u64 addr;
	u64 len;
	unsigned long nr_pages;
	struct mempinfd_chunk *chunks;
	u32 nr_inline;
	u16 flags;
	bool check_refs;
	bool in_locked_vm;
	struct mempinfd_run runs[MEMPINFD_INLINE_MAX];
};

/**
 * struct mempinfd_ctx - one file
 * @mm: the only address space that may use the file; mm_count is held
 * @user: charged for every pin
 * @last_id: id of the newest pin
 * @records: by id; its lock decides which of two callers unpins
 */
struct mempinfd_ctx {
	struct mm_struct *mm;
	struct user_struct *user;
	atomic_long_t last_id;
	struct xarray records;
};

static void mempinfd_set_run(struct mempinfd_run *run, unsigned long pfn,
			     unsigned int order)
{
	u64 value = (u64)pfn << MEMPINFD_RUN_ORDER_BITS | order;

#ifdef MAX_PHYSMEM_BITS
	BUILD_BUG_ON(MAX_PHYSMEM_BITS - PAGE_SHIFT + MEMPINFD_RUN_ORDER_BITS > 48);
#endif
	run->high = value >> 32;
	run->low = value;
}

/* Unpins folio by folio: neighbouring pfns may belong to different ones. */
static void mempinfd_unpin_run(const struct mempinfd_run *run)
{
	u64 value = (u64)run->high << 32 | run->low;
	unsigned long pfn = value >> MEMPINFD_RUN_ORDER_BITS;
	unsigned long end = pfn + (1UL << (value & MEMPINFD_RUN_ORDER_MAX));

	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = page_folio(page);
		unsigned long nr = 1;

		if (folio_test_large(folio))
			nr = min_t(unsigned long, end - pfn, folio_nr_pages(folio) -
				   folio_page_idx(folio, page));
		unpin_user_folio(folio, nr);
		pfn += nr;
	}
}

/*
 * Device writes reach memory through the process's own page tables, which keep
 * track of dirty pages; so there is nothing to mark dirty here.
 */
static void mempinfd_unpin_record(struct mempinfd_record *record)
{
	struct mempinfd_chunk *chunk, *next;
	u32 i;

	for (chunk = record->chunks; chunk; chunk = next) {
		for (i = 0; i < chunk->nr; i++)
			mempinfd_unpin_run(&chunk->runs[i]);
		next = chunk->next;
		kfree(chunk);
		cond_resched();
	}
	for (i = 0; i < record->nr_inline; i++)
		mempinfd_unpin_run(&record->runs[i]);
}

/**
 * struct mempinfd_room - where the next runs of a record go
 * @runs: the first free one
 * @nr: how many are free
 * @used: counts those that are not
 */
struct mempinfd_room {
	struct mempinfd_run *runs;
	unsigned long nr;
	u32 *used;
};

/* Finds room for one run or more of the @expected ones; there may be more in the end. */
static int mempinfd_get_room(struct mempinfd_record *record, unsigned long expected,
			     struct mempinfd_room *room)
{
	struct mempinfd_chunk *chunk = record->chunks;
	u32 max;

	if (record->nr_inline < MEMPINFD_INLINE_MAX) {
		room->runs = record->runs + record->nr_inline;
		room->nr = MEMPINFD_INLINE_MAX - record->nr_inline;
		room->used = &record->nr_inline;
		return 0;
	}

	if (!chunk || chunk->nr == chunk->max) {
		max = min_t(unsigned long, expected, MEMPINFD_CHUNK_MAX);
		chunk = kmalloc(struct_size(chunk, runs, max), GFP_KERNEL_ACCOUNT);
		if (!chunk)
			return -ENOMEM;
		chunk->nr = 0;
		chunk->max = max;
		chunk->next = record->chunks;
		record->chunks = chunk;
	}
	room->runs = chunk->runs + chunk->nr;
	room->nr = chunk->max - chunk->nr;
	room->used = &chunk->nr;
	return 0;
}

/* The memory maps of two sections may adjoin where the pages do not. */
#define MEMPINFD_ONE_MEMORY_MAP \
	(!IS_ENABLED(CONFIG_SPARSEMEM) || IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP))

static bool mempinfd_follows(const struct page *page, const struct page *first,
			     unsigned long nr)
{
	if (!MEMPINFD_ONE_MEMORY_MAP)
		return page && page_to_pfn(page) == page_to_pfn(first) + nr;
	return page == first + nr;
}

static struct page *mempinfd_memory_map(void)
{
	return MEMPINFD_ONE_MEMORY_MAP ? pfn_to_page(0) : NULL;
}

/* Spares page_to_pfn() from looking up where @map is, for every page again. */
static unsigned long mempinfd_pfn(const struct page *page, const struct page *map)
{
	return MEMPINFD_ONE_MEMORY_MAP ? page - map : page_to_pfn(page);
}

/*
 * Returns how many pages the runs hold for which there was room. pages[nr] must
 * be writable. This loop is what a pin costs beyond GUP, so it is kept tight.
 */
static unsigned long mempinfd_fill_room(struct mempinfd_room *room,
					struct page **pages, unsigned long nr)
{
	struct page **next = pages, **end = pages + min(nr, room->nr);
	const struct page *map = mempinfd_memory_map();
	struct mempinfd_run *run = room->runs;
	struct page *page, *saved = *end;

	/* Ends the loops, and is cheaper to ask for than for the number of pages. */
	*end = NULL;
	page = *next;
	while (page) {
		unsigned long pfn = mempinfd_pfn(page, map);
		struct page *first = page;
		unsigned long count = 1;
		unsigned int order;

		page = next[1];
		if (likely(!mempinfd_follows(page, first, 1))) {
			mempinfd_set_run(run++, pfn, 0);
			next++;
			continue;
		}
		/* Read again, so that it takes no register above. */
		first = *next;
		do {
			count++;
		} while (mempinfd_follows(next[count], first, count));
		order = min_t(unsigned int, __fls(count), MEMPINFD_RUN_ORDER_MAX);
		mempinfd_set_run(run++, pfn, order);
		next += 1UL << order;
		page = *next;
	}
	*end = saved;
	*room->used += run - room->runs;
	return next - pages;
}

/*
 * GUP warns of a reference count that has overflowed, and adds no more to it. User
 * space should not get there: the other half of the range is for what GUP has
 * pinned and nobody checked yet. It holds the pins of MEMPINFD_CHECK_REFS without
 * a check, and still those of 17000 calls that wait, all but done with a batch.
 */
static bool mempinfd_many_refs(struct page *page)
{
	return (unsigned int)folio_ref_count(page_folio(page)) > INT_MAX / 2;
}

/*
 * Takes over the pins of @pages: on failure those not recorded are released.
 * pages[nr] must be writable.
 */
static int mempinfd_record_pages(struct mempinfd_record *record,
				 struct page **pages, unsigned long nr,
				 unsigned long left)
{
	struct mempinfd_room room;
	unsigned long i, done;

	for (i = 0; record->check_refs && i < nr; i++)
		if (mempinfd_many_refs(pages[i]))
			goto err_unpin;

	while (nr) {
		if (mempinfd_get_room(record, left, &room))
			goto err_unpin;
		done = mempinfd_fill_room(&room, pages, nr);
		pages += done;
		nr -= done;
		left -= done;
	}
	return 0;

err_unpin:
	unpin_user_pages(pages, nr);
	return -ENOMEM;
}

/*
 * As mempinfd_record_pages(), for the @nr pages of one folio from @page on. What
 * follows is expected to be as large, so that few huge pages take little room.
 */
static int mempinfd_record_leaf(struct mempinfd_record *record, struct page *page,
				unsigned long nr, unsigned long left)
{
	unsigned long pfn = page_to_pfn(page);
	struct mempinfd_room room;
	unsigned int order;

	if (record->check_refs && mempinfd_many_refs(page))
		goto err_unpin;

	while (nr) {
		if (mempinfd_get_room(record, DIV_ROUND_UP(left, nr), &room))
			goto err_unpin;
		order = min_t(unsigned int, __fls(nr), MEMPINFD_RUN_ORDER_MAX);
		mempinfd_set_run(room.runs, pfn, order);
		++*room.used;
		pfn += 1UL << order;
		nr -= 1UL << order;
		left -= 1UL << order;
	}
	return 0;

err_unpin:
	unpin_user_folio(page_folio(page), nr);
	return -ENOMEM;
}

static int mempinfd_gup_error(long ret)
{
	switch (ret) {
	case -EAGAIN:
		/* Killed while it waited for the mmap lock. */
		return -EINTR;
	case 0:
	case -EEXIST:
		/* Mapped, but not to a page that can be held. */
		return -EFAULT;
	default:
		return ret;
	}
}

/*
 * On failure the pages pinned so far are in @record. @pages has room for @batch
 * pages and one more.
 */
static int mempinfd_pin_pages(struct mempinfd_record *record, unsigned long start,
			      struct page **pages, unsigned long batch)
{
	unsigned int gup_flags = FOLL_LONGTERM;
	unsigned long left = record->nr_pages;
	long got;
	int ret;

	if (record->flags & MEMPINFD_PIN_WRITE)
		gup_flags |= FOLL_WRITE;

	while (left) {
		if (fatal_signal_pending(current))
			return -EINTR;

		/* A few pages are not worth the second walk of the page table. */
		got = 0;
		if (left > MEMPINFD_BATCH_SMALL)
			got = pin_user_leaf_fast(start, left, gup_flags, pages);
		if (got) {
			ret = mempinfd_record_leaf(record, *pages, got, left);
		} else {
			got = pin_user_pages_fast(start, min(left, batch), gup_flags,
						  pages);
			if (got <= 0)
				return mempinfd_gup_error(got);
			ret = mempinfd_record_pages(record, pages, got, left);
		}
		if (ret)
			return ret;

		start += got << PAGE_SHIFT;
		left -= got;
		cond_resched();
	}
	return 0;
}

static int mempinfd_pin_range(struct mempinfd_record *record)
{
	unsigned long start = record->addr & PAGE_MASK;
	struct page *small[MEMPINFD_BATCH_SMALL + 1];
	struct page **pages;
	int ret;

	/*
	 * References are checked after GUP, which user space can make wait with
	 * a batch all but pinned. A small one is less to wait with.
	 */
	if (record->nr_pages <= MEMPINFD_BATCH_SMALL || record->check_refs)
		return mempinfd_pin_pages(record, start, small, MEMPINFD_BATCH_SMALL);

	pages = kmalloc_array(MEMPINFD_BATCH + 1, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	ret = mempinfd_pin_pages(record, start, pages, MEMPINFD_BATCH);
	kfree(pages);
	return ret;
}

static int mempinfd_charge_user(struct user_struct *user, unsigned long nr_pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long locked = atomic_long_read(&user->locked_vm);
	unsigned long charged;

	do {
		charged = locked + nr_pages;
		if (charged > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &locked, charged));
	return 0;
}

static int mempinfd_charge(struct mempinfd_ctx *ctx, struct mempinfd_record *record)
{
	unsigned long nr_pages = record->nr_pages;
	int ret;

	if (!can_do_mlock())
		return -EPERM;

	/* Who lacks the capability is limited, which is nothing to audit. */
	record->in_locked_vm = !ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK);
	if (record->in_locked_vm) {
		ret = mempinfd_charge_user(ctx->user, nr_pages);
		if (ret)
			return ret;
	}
	atomic64_add(nr_pages, &ctx->mm->pinned_vm);
	record->check_refs = atomic64_add_return(nr_pages, &mempinfd_held) >=
			     MEMPINFD_CHECK_REFS;
	return 0;
}

/* What was charged, whatever capabilities the caller has now. */
static void mempinfd_uncharge(struct mempinfd_ctx *ctx,
			      const struct mempinfd_record *record)
{
	atomic64_sub(record->nr_pages, &mempinfd_held);
	atomic64_sub(record->nr_pages, &ctx->mm->pinned_vm);
	if (record->in_locked_vm)
		atomic_long_sub(record->nr_pages, &ctx->user->locked_vm);
}

static void mempinfd_drop(struct mempinfd_ctx *ctx, struct mempinfd_record *record)
{
	mempinfd_unpin_record(record);
	mempinfd_uncharge(ctx, record);
	kfree(record);
}

/* Checks the range and returns how many pages it touches. */
static long mempinfd_nr_pages(u64 addr, u64 len)
{
	u64 end, last;

	if (!len || check_add_overflow(addr, len, &end) ||
	    check_add_overflow(end, (u64)PAGE_SIZE - 1, &last))
		return -EINVAL;
	last &= ~((u64)PAGE_SIZE - 1);

	if (last > TASK_SIZE || !access_ok(u64_to_user_ptr(addr), len))
		return -EFAULT;

	return (last >> PAGE_SHIFT) - (addr >> PAGE_SHIFT);
}

static struct mempinfd_record *mempinfd_new_record(const struct mempinfd_pin *arg)
{
	struct mempinfd_record *record;
	u64 addr = arg->addr;
	long nr_pages;

	if (!arg->flags || arg->flags & ~MEMPINFD_PIN_FLAGS)
		return ERR_PTR(-EINVAL);

	if (addr == (unsigned long)addr)
		addr = untagged_addr((unsigned long)addr);
	nr_pages = mempinfd_nr_pages(addr, arg->len);
	if (nr_pages < 0)
		return ERR_PTR(nr_pages);
	/* Filling all memory first would not make it succeed. */
	if (nr_pages > totalram_pages())
		return ERR_PTR(-ENOMEM);

	record = kmalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);
	if (!record)
		return ERR_PTR(-ENOMEM);
	record->addr = addr;
	record->len = arg->len;
	record->nr_pages = nr_pages;
	record->chunks = NULL;
	record->flags = arg->flags;
	record->nr_inline = 0;
	record->check_refs = false;
	record->in_locked_vm = false;
	return record;
}

static int mempinfd_new_id(struct mempinfd_ctx *ctx, unsigned long *id)
{
	*id = atomic_long_fetch_add_unless(&ctx->last_id, 1, -1L) + 1;
	return *id ? 0 : -ENOSPC;
}

static int mempinfd_copy_arg(void *arg, size_t known, size_t least,
			     const void __user *uarg)
{
	u32 size;

	if (get_user(size, (const u32 __user *)uarg))
		return -EFAULT;
	if (size < least)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(arg, known, uarg, size);
}

static int mempinfd_ioctl_pin(struct mempinfd_ctx *ctx,
			      struct mempinfd_pin __user *uarg)
{
	struct mempinfd_record *record;
	struct mempinfd_pin arg;
	unsigned long id;
	int ret;

	ret = mempinfd_copy_arg(&arg, sizeof(arg), MEMPINFD_PIN_SIZE_V0, uarg);
	if (ret)
		return ret;

	record = mempinfd_new_record(&arg);
	if (IS_ERR(record))
		return PTR_ERR(record);

	ret = mempinfd_charge(ctx, record);
	if (ret)
		goto err_free;

	ret = mempinfd_pin_range(record);
	if (ret)
		goto err_drop;

	ret = mempinfd_new_id(ctx, &id);
	if (ret)
		goto err_drop;

	/* Before anybody can unpin it: a caller that gets EFAULT has no pin. */
	if (put_user(id, &uarg->id)) {
		ret = -EFAULT;
		goto err_drop;
	}

	ret = xa_err(xa_store(&ctx->records, id, record, GFP_KERNEL_ACCOUNT));
	if (ret)
		goto err_drop;
	return 0;

err_drop:
	mempinfd_drop(ctx, record);
	return ret;
err_free:
	kfree(record);
	return ret;
}

static int mempinfd_ioctl_unpin(struct mempinfd_ctx *ctx,
				struct mempinfd_unpin __user *uarg)
{
	struct mempinfd_record *record = NULL;
	struct mempinfd_unpin arg;
	int ret;

	ret = mempinfd_copy_arg(&arg, sizeof(arg), MEMPINFD_UNPIN_SIZE_V0, uarg);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;

	if (arg.id == (unsigned long)arg.id)
		record = xa_erase(&ctx->records, arg.id);
	if (!record)
		return -ENOENT;

	mempinfd_drop(ctx, record);
	return 0;
}

static long mempinfd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct mempinfd_ctx *ctx = file->private_data;
	void __user *uarg = (void __user *)arg;

	if (current->mm != ctx->mm)
		return -EACCES;

	switch (MEMPINFD_CMD(cmd)) {
	case MEMPINFD_CMD(MEMPINFD_PIN):
		return mempinfd_ioctl_pin(ctx, uarg);
	case MEMPINFD_CMD(MEMPINFD_UNPIN):
		return mempinfd_ioctl_unpin(ctx, uarg);
	default:
		return -ENOTTY;
	}
}

#ifdef CONFIG_PROC_FS
/* Copies each record's fields: it may be unpinned as soon as the lock drops. */
static void mempinfd_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct mempinfd_ctx *ctx = file->private_data;
	struct mempinfd_record *record;
	unsigned long id = 0;
	u64 addr, len;
	u32 flags;

	while (!seq_has_overflowed(m)) {
		xa_lock(&ctx->records);
		record = xa_find_after(&ctx->records, &id, ULONG_MAX, XA_PRESENT);
		if (record) {
			addr = record->addr;
			len = record->len;
			flags = record->flags;
		}
		xa_unlock(&ctx->records);
		if (!record)
			break;
		seq_printf(m, "pin:\t%lu %#llx %llu %s\n", id, addr, len,
			   flags & MEMPINFD_PIN_WRITE ? "rw" : "r");
		cond_resched();
	}
}
#endif

static int mempinfd_release(struct inode *inode, struct file *file)
{
	struct mempinfd_ctx *ctx = file->private_data;
	struct mempinfd_record *record;
	unsigned long id;

	xa_for_each(&ctx->records, id, record) {
		mempinfd_drop(ctx, record);
		cond_resched();
	}
	xa_destroy(&ctx->records);
	free_uid(ctx->user);
	mmdrop(ctx->mm);
	kfree(ctx);
	return 0;
}

static const struct file_operations mempinfd_fops = {
	.owner		= THIS_MODULE,
	.release	= mempinfd_release,
	.unlocked_ioctl	= mempinfd_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= mempinfd_show_fdinfo,
#endif
};

static struct mempinfd_ctx *mempinfd_new_ctx(void)
{
	struct mempinfd_ctx *ctx;

	ctx = kmalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return NULL;
	ctx->mm = current->mm;
	mmgrab(ctx->mm);
	ctx->user = get_uid(current_user());
	atomic_long_set(&ctx->last_id, 0);
	xa_init_flags(&ctx->records, XA_FLAGS_ACCOUNT);
	return ctx;
}

/**
 * sys_mempinfd - create a file that can pin memory of the calling process
 * @flags: MEMPINFD_CLOEXEC or 0
 *
 * Return: a file descriptor, or -EINVAL, -EMFILE, -ENFILE, -ENOMEM
 */
SYSCALL_DEFINE1(mempinfd, unsigned int, flags)
{
	struct mempinfd_ctx *ctx;
	int fd;

	if (flags & ~MEMPINFD_CLOEXEC)
		return -EINVAL;

	ctx = mempinfd_new_ctx();
	if (!ctx)
		return -ENOMEM;

	/* An inode of its own, so that security modules can tell it apart. */
	fd = anon_inode_create_getfd("[mempinfd]", &mempinfd_fops, ctx,
				     O_RDWR | (flags & MEMPINFD_CLOEXEC ? O_CLOEXEC : 0),
				     NULL);
	if (fd < 0) {
		free_uid(ctx->user);
		mmdrop(ctx->mm);
		kfree(ctx);
	}
	return fd;
}
