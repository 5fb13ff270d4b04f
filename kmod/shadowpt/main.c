// SPDX-License-Identifier: GPL-2.0
/*
 * The module and its device: /dev/shadowpt, which answers the system ioctls of
 * the KVM ABI and makes virtual machines.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "vm.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

const struct spt_cpu_ops *spt_hw;

/* --- module parameters --- */

static const struct spt_strategy *default_strategy = &spt_trap;

static int strategy_set(const char *val, const struct kernel_param *kp)
{
	const struct spt_strategy *found;
	char name[16];

	if (strscpy(name, val, sizeof(name)) < 0)
		return -EINVAL;
	found = spt_strategy_by_name(strim(name));
	if (!found) {
		pr_err("strategy: %s: no such strategy: use vtlb or trap\n", strim(name));
		return -EINVAL;
	}
	WRITE_ONCE(default_strategy, found);
	return 0;
}

static int strategy_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", READ_ONCE(default_strategy)->name);
}

static const struct kernel_param_ops strategy_ops = { .set = strategy_set, .get = strategy_get };
module_param_cb(strategy, &strategy_ops, NULL, 0644);
MODULE_PARM_DESC(strategy, "Shadow-paging strategy of VMs that choose none: vtlb or trap (default trap)");

static unsigned int max_shadow_pages = 4096;

static int max_pages_set(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, SPT_PAGES_MIN, 1u << 20);
}

static const struct kernel_param_ops max_pages_ops = {
	.set = max_pages_set,
	.get = param_get_uint,
};
module_param_cb(max_shadow_pages, &max_pages_ops, &max_shadow_pages, 0644);
MODULE_PARM_DESC(max_shadow_pages,
		 "Shadow pages a VM may have at a time, 16 KiB each: 16 to 1048576 (default 4096)");

static unsigned int audit;
module_param(audit, uint, 0644);
MODULE_PARM_DESC(audit,
		 "Check every invariant of the shadow tables after each Nth exit; 1 is slow, 0 is off (default 0)");

const struct spt_strategy *spt_default_strategy(void)
{
	return READ_ONCE(default_strategy);
}

u32 spt_max_shadow_pages(void)
{
	return READ_ONCE(max_shadow_pages);
}

u32 spt_audit_interval(void)
{
	return READ_ONCE(audit);
}

/* --- the device --- */

/**
 * spt_check_extension - KVM_CHECK_EXTENSION
 * @ext: KVM_CAP_*
 *
 * Returns what KVM would for one vCPU, no interrupt controller and no device.
 */
long spt_check_extension(unsigned long ext)
{
	switch (ext) {
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_EXT_CPUID:
	case KVM_CAP_NR_VCPUS:
	case KVM_CAP_MAX_VCPUS:
	case KVM_CAP_MAX_VCPU_ID:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_CHECK_EXTENSION_VM:
	case KVM_CAP_INTERNAL_ERROR_DATA:
		return 1;
	case KVM_CAP_NR_MEMSLOTS:
		return SPT_MAX_SLOTS;
	default:
		return 0;
	}
}

static long dev_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		return arg ? -EINVAL : spt_vm_create();
	case KVM_CHECK_EXTENSION:
		return spt_check_extension(arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : SPT_VCPU_MMAP_PAGES * PAGE_SIZE;
	case KVM_GET_SUPPORTED_CPUID:
		return spt_cpuid_supported((void __user *)arg);
	case SPT_GET_ABI_VERSION:
		return arg ? -EINVAL : SPT_ABI_VERSION;
	default:
		return -EINVAL;
	}
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "shadowpt",
	.fops = &dev_fops,
	.mode = 0600,
};

static int __init shadowpt_init(void)
{
	int ret;

	spt_hw = &spt_svm_ops;
	ret = spt_hw->setup();
	if (ret)
		return ret;
	ret = misc_register(&device);
	if (ret) {
		spt_hw->teardown();
		return ret;
	}
	pr_info("ready: %s, strategy %s%s\n", spt_hw->name, default_strategy->name,
		audit ? ", audit on" : "");
	return 0;
}

static void __exit shadowpt_exit(void)
{
	misc_deregister(&device);
	spt_hw->teardown();
}

module_init(shadowpt_init);
module_exit(shadowpt_exit);

MODULE_DESCRIPTION("A hypervisor that virtualises memory with shadow page tables");
MODULE_AUTHOR("VirtLab");
MODULE_LICENSE("GPL");
