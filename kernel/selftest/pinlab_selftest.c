// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breaks the running kernel on request, so that pinlab can prove that it
 * notices: the name of a cause, written to <debugfs>/pinlab_selftest/cause,
 * happens in the context of the writer.
 *
 * An external module, so that it works on the very kernel under test, whatever
 * its configuration; drivers/misc/lkdtm would have to be configured into it.
 */
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_MUTEX(first_lock);
static DEFINE_MUTEX(second_lock);
static DEFINE_SPINLOCK(atomic_lock);
static int __rcu *protected_by_rcu;
static struct dentry *directory;

static void spin(unsigned int seconds)
{
	unsigned long end = jiffies + seconds * HZ;

	while (time_before(jiffies, end))
		cpu_relax();
}

static void cause_panic(void)
{
	panic("asked for by the self-test");
}

static void cause_oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
}

static void cause_bug(void)
{
	BUG();
}

static void cause_warning(void)
{
	WARN_ON(1);
}

static void cause_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

/* Longer than twice kernel.watchdog_thresh, which is to be 1. */
static void cause_soft_lockup(void)
{
	preempt_disable();
	spin(5);
	preempt_enable();
}

/*
 * Longer than rcupdate.rcu_cpu_stall_timeout, which is to be 3, its least; a
 * kernel with PROVE_RCU adds 5 (RCU_STALL_DELAY_DELTA).
 */
static void cause_rcu_stall(void)
{
	rcu_read_lock();
	start_poll_synchronize_rcu();
	spin(IS_ENABLED(CONFIG_PROVE_RCU) ? 11 : 5);
	rcu_read_unlock();
}

/* Longer than three times kernel.hung_task_timeout_secs, which is to be 1. */
static void cause_hung_task(void)
{
	schedule_timeout_uninterruptible(5 * HZ);
}

static void cause_use_after_free(void)
{
	int *object = kmalloc(sizeof(*object), GFP_KERNEL);

	if (!object)
		return;
	kfree(object);
	OPTIMIZER_HIDE_VAR(object);
	READ_ONCE(*object);
}

static void lock_both(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static void cause_lock_order(void)
{
	lock_both(&first_lock, &second_lock);
	lock_both(&second_lock, &first_lock);
}

static void cause_rcu_usage(void)
{
	rcu_dereference(protected_by_rcu);
}

static void cause_atomic_sleep(void)
{
	spin_lock(&atomic_lock);
	might_sleep();
	spin_unlock(&atomic_lock);
}

static void cause_list_corruption(void)
{
	struct list_head entry;
	LIST_HEAD(head);

	list_add(&entry, &head);
	list_del(&entry);
	list_del(&entry);
}

static void cause_shift(void)
{
	int bits = 40;
	int value = 1;

	OPTIMIZER_HIDE_VAR(bits);
	value <<= bits;
	OPTIMIZER_HIDE_VAR(value);
}

static const struct {
	const char *name;
	void (*happen)(void);
} causes[] = {
	{ "panic", cause_panic },
	{ "oops", cause_oops },
	{ "bug", cause_bug },
	{ "warning", cause_warning },
	{ "refcount", cause_refcount },
	{ "soft_lockup", cause_soft_lockup },
	{ "rcu_stall", cause_rcu_stall },
	{ "hung_task", cause_hung_task },
	{ "use_after_free", cause_use_after_free },
	{ "lock_order", cause_lock_order },
	{ "rcu_usage", cause_rcu_usage },
	{ "atomic_sleep", cause_atomic_sleep },
	{ "list_corruption", cause_list_corruption },
	{ "shift", cause_shift },
};

static ssize_t cause_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	char name[32] = "";
	size_t i;

	if (count >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, count))
		return -EFAULT;
	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		if (!sysfs_streq(name, causes[i].name))
			continue;
		causes[i].happen();
		return count;
	}
	return -EINVAL;
}

static const struct file_operations cause_fops = {
	.owner = THIS_MODULE,
	.write = cause_write,
};

static int __init selftest_init(void)
{
	directory = debugfs_create_dir("pinlab_selftest", NULL);
	debugfs_create_file("cause", 0200, directory, NULL, &cause_fops);
	return 0;
}
module_init(selftest_init);

static void __exit selftest_exit(void)
{
	debugfs_remove(directory);
}
module_exit(selftest_exit);

MODULE_DESCRIPTION("Breaks the kernel on request, for pinlab selftest");
MODULE_LICENSE("GPL");
