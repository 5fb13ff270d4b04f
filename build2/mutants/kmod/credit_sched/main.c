// SPDX-License-Identifier: GPL-2.0
/*
 * The module and its device, /dev/credit_sched, which everybody may open: access.c says
 * who may do what with it.
 */
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "shell.h"

/* Programs are built against these; a change of one is a new CSCHED_ABI_VERSION. */
static_assert(sizeof(struct csched_ioc_create) == 168);
static_assert(sizeof(struct csched_ioc_set) == 32);
static_assert(sizeof(struct csched_ioc_add) == 16);
static_assert(sizeof(struct csched_ioc_group) == 200);
static_assert(sizeof(struct csched_ioc_status) == 48);
static_assert(sizeof(struct csched_ring) == 16);
static_assert(sizeof(struct csched_event) == 48);

static long dev_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	union {
		struct csched_ioc_create create;
		struct csched_ioc_set set;
		struct csched_ioc_add add;
		struct csched_ioc_group group;
		struct csched_ioc_status status;
	} args;
	long ret;

	if (_IOC_SIZE(ioctl) > sizeof(args))
		return -ENOTTY;
	if ((_IOC_DIR(ioctl) & _IOC_WRITE) && copy_from_user(&args, user, _IOC_SIZE(ioctl)))
		return -EFAULT;
	switch (ioctl) {
	case CSCHED_IOC_VERSION:
		return arg ? -EINVAL : CSCHED_ABI_VERSION;
	case CSCHED_IOC_CREATE:
		ret = cs_group_create(&args.create, file);
		break;
	case CSCHED_IOC_SET:
		return cs_group_set(&args.set);
	case CSCHED_IOC_ADD:
		return cs_group_add(&args.add);
	case CSCHED_IOC_REMOVE:
		return arg > U32_MAX ? -ENOENT : cs_group_remove(arg);
	case CSCHED_IOC_GROUP:
		ret = cs_group_info(&args.group);
		break;
	case CSCHED_IOC_STATUS:
		cs_status(&args.status);
		ret = 0;
		break;
	default:
		return -ENOTTY;
	}
	if (!ret && copy_to_user(user, &args, _IOC_SIZE(ioctl))) {
		/* Nobody knows its number. */
		if (ioctl == CSCHED_IOC_CREATE)
			cs_group_remove(args.create.id);
		ret = -EFAULT;
	}
	return ret;
}

static int dev_release(struct inode *inode, struct file *file)
{
	cs_groups_release(file);
	return 0;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = cs_ring_mmap,
	.release = dev_release,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "credit_sched",
	.fops = &dev_fops,
	.mode = 0666,
};

static void rescue(struct work_struct *work)
{
	cs_pools_rescue();
}

static DECLARE_WORK(rescue_work, rescue);

/* Tasks cannot be bound to it yet. */
static int cpu_up_now(unsigned int cpu)
{
	cs_pools_count_cpus(nr_cpu_ids);
	schedule_work(&rescue_work);
	return 0;
}

static int cpu_down_soon(unsigned int cpu)
{
	cs_pools_count_cpus(cpu);
	return 0;
}

static int hotplug;

static int __init credit_sched_init(void)
{
	int ret;

	ret = cs_rings_init();
	if (ret)
		return ret;
	ret = cs_members_init();
	if (ret)
		return ret;
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "credit_sched:online", cpu_up_now,
					cpu_down_soon);
	if (ret < 0)
		goto out_members;
	hotplug = ret;
	ret = misc_register(&device);
	if (ret)
		goto out_hotplug;
	return 0;

out_hotplug:
	cpuhp_remove_state_nocalls(hotplug);
	cancel_work_sync(&rescue_work);
out_members:
	cs_members_exit();
	return ret;
}

static void __exit credit_sched_exit(void)
{
	misc_deregister(&device);
	cpuhp_remove_state_nocalls(hotplug);
	cancel_work_sync(&rescue_work);
	cs_groups_release(NULL);
	cs_members_exit();
	cs_rings_exit();
}

module_init(credit_sched_init);
module_exit(credit_sched_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Proportional-share and credit scheduling of groups of tasks");
