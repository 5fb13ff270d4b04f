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

#endif /* VIRTLAB_COMPAT_H */
