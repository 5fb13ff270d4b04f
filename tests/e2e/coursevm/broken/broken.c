// SPDX-License-Identifier: GPL-2.0
/*
 * broken.c - a module that does what no module may do, once, when it is loaded.
 *
 * The tests of the course VM's launcher and log scanner load it with how=... and look at what
 * the host makes of it.
 */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *how = "";
module_param(how, charp, 0400);
MODULE_PARM_DESC(how, "which fault: a name in the table of ways");

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static DEFINE_MUTEX(mutex);
static int __rcu *pointer;
static volatile int shift = 40;

static void do_oops(void)
{
	*(volatile int *)8 = 1;
}

static void do_warn(void)
{
	WARN(1, "broken: asked to warn\n");
}

static void do_bug(void)
{
	BUG();
}

static void do_spin(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static void do_sleep_atomic(void)
{
	spin_lock(&first);
	msleep(1);
	spin_unlock(&first);
}

static void do_lock_order(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);
	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void do_use_after_free(void)
{
	volatile char *p = kmalloc(64, GFP_KERNEL);

	kfree((void *)p);
	p[3] = 1;
}

static void do_overflow(void)
{
	volatile char *p = kmalloc(64, GFP_KERNEL);

	p[64] = 1;
	kfree((void *)p);
}

static void do_leak(void)
{
	for (int i = 0; i < 10; i++)
		memset(kmalloc(1000, GFP_KERNEL), 0, 1000);
}

static void do_shift(void)
{
	shift = 1 << shift;
}

static void do_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static void do_list(void)
{
	struct list_head a, b;

	INIT_LIST_HEAD(&a);
	INIT_LIST_HEAD(&b);
	list_add(&b, &a);
	a.next = &a;
	list_del(&b);
}

static void do_rcu(void)
{
	(void)rcu_dereference(pointer);
}

static void do_unbalanced(void)
{
	spin_unlock(&first);
}

static void do_leave_locked(void)
{
	mutex_lock(&mutex);
}

static void do_hung(void)
{
	mutex_lock(&mutex);
	mutex_lock_nested(&mutex, 1);
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{ "oops", do_oops },
	{ "warn", do_warn },
	{ "bug", do_bug },
	{ "spin", do_spin },
	{ "sleep-atomic", do_sleep_atomic },
	{ "lock-order", do_lock_order },
	{ "use-after-free", do_use_after_free },
	{ "overflow", do_overflow },
	{ "leak", do_leak },
	{ "shift", do_shift },
	{ "refcount", do_refcount },
	{ "list", do_list },
	{ "rcu", do_rcu },
	{ "unbalanced", do_unbalanced },
	{ "leave-locked", do_leave_locked },
	{ "hung", do_hung },
};

static int __init broken_init(void)
{
	for (int i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!strcmp(how, ways[i].name)) {
			ways[i].act();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit broken_exit(void)
{
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Faults on demand, for the tests of the course VM");
