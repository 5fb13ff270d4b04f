/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels we build for (6.1, 6.12, 7.3), in one place.
 * Force-included before every file of every module, so that the files read as
 * if there were one kernel. Features are probed, not versions: distributions
 * backport.
 */
#ifndef VIRTLAB_COMPAT_H
#define VIRTLAB_COMPAT_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/*
 * 6.9 renamed the members of struct kvm_run that the client can change while we
 * read them, so that nobody reads them twice.
 */
#include <linux/kvm.h>
#ifdef HINT_UNSAFE_IN_KVM
#define immediate_exit HINT_UNSAFE_IN_KVM(immediate_exit)
#endif

/* 6.16: a header of its own for CPUID; rdmsrl() and wrmsrl() have become ...q(). */
#ifdef HAVE_ASM_CPUID_API_H
#include <asm/cpuid/api.h>
#endif
#include <asm/msr.h>
#ifndef rdmsrq
#define rdmsrq rdmsrl
#define wrmsrq wrmsrl
#endif

/* 6.15: one call instead of hrtimer_init() and an assignment. */
#ifndef HAVE_HRTIMER_SETUP
#include <linux/hrtimer.h>
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/*
 * pidfd_pid() is not exported. Before 6.9 a pidfd is an anonymous inode's file, told
 * by its name; since then it belongs to a file system of its own.
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/string.h>
static inline struct pid *compat_pidfd_pid(const struct file *file)
{
#ifdef PID_FS_MAGIC
	bool pidfs = file_inode(file)->i_sb->s_magic == PID_FS_MAGIC;

	return pidfs && S_ISREG(file_inode(file)->i_mode) ? file_inode(file)->i_private : NULL;
#else
	bool anon = file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC;

	return anon && !strcmp(file->f_path.dentry->d_name.name, "[pidfd]") ? file->private_data :
									      NULL;
#endif
}

/* 6.3: a function instead of an assignment. */
#ifndef HAVE_VM_FLAGS_CLEAR
#define vm_flags_clear(vma, flags) ((vma)->vm_flags &= ~(flags))
#endif

/* 6.4: kernel threads within a user's process (vhost). */
#ifdef PF_USER_WORKER
#define COMPAT_PF_USER_WORKER PF_USER_WORKER
#else
#define COMPAT_PF_USER_WORKER 0
#endif

/* 6.12 to 6.13 must be told that work is queued where no memory can be allocated (KASAN). */
#ifdef HAVE_TWAF_NO_ALLOC
#define COMPAT_TWA_RESUME ((enum task_work_notify_mode)(TWA_RESUME | TWAF_NO_ALLOC))
#else
#define COMPAT_TWA_RESUME TWA_RESUME
#endif

/* 6.5: a header of its own. Whoever needs it says COMPAT_NET: it brings all of networking. */
#if defined(COMPAT_NET) && defined(HAVE_NET_GSO_H)
#include <net/gso.h>
#endif

/* 6.2: a namespace may have a table of its own. */
#ifdef HAVE_NET_UDP_TABLE
#define compat_udp_table(net) ((net)->ipv4.udp_table)
#else
#define compat_udp_table(net) (&udp_table)
#endif

/* 7.3: a TAP device that stops its queue, as ours do always, if it is asked to. */
#define COMPAT_IFF_BACKPRESSURE 0x0080

/* 6.2: segmentation of UDP for readers of TAP devices, in <linux/virtio_net.h> too. */
#ifdef HAVE_TUN_F_USO
#define COMPAT_TUN_F_USO (TUN_F_USO4 | TUN_F_USO6)
#else
#define COMPAT_TUN_F_USO 0
#endif

/* 6.12: a bit of its own in struct net_device. */
#ifdef HAVE_NETDEV_LLTX
#define compat_set_lltx(dev) ((dev)->lltx = true)
#else
#define compat_set_lltx(dev) ((dev)->features |= NETIF_F_LLTX)
#endif

/* 6.16: hardware addresses may be longer than a struct sockaddr. */
#ifdef HAVE_MAC_SOCKADDR_STORAGE
#define COMPAT_MAC_SOCKADDR(address) (address)
#else
#define COMPAT_MAC_SOCKADDR(address) ((struct sockaddr *)(address))
#endif

/* 6.15: arguments of newlink() in a struct. */
#ifdef HAVE_RTNL_NEWLINK_PARAMS
#define COMPAT_NEWLINK(newlink)								\
	newlink(struct net_device *dev, struct rtnl_newlink_params *params,		\
		struct netlink_ext_ack *extack)
#define COMPAT_NEWLINK_NET (params->src_net)
#define COMPAT_NEWLINK_DATA (params->data)
#else
#define COMPAT_NEWLINK(newlink)								\
	newlink(struct net *src_net, struct net_device *dev, struct nlattr *tb[],	\
		struct nlattr *data[], struct netlink_ext_ack *extack)
#define COMPAT_NEWLINK_NET (src_net)
#define COMPAT_NEWLINK_DATA (data)
#endif

#endif /* VIRTLAB_COMPAT_H */
