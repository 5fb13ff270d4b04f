// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a box may not ask of the kernel: calls that change more than the box, and calls through which
 * others got out of boxes. Data, for filter.c; main.c installs it.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include "filter.h"

#define NO (SECCOMP_RET_ERRNO | EPERM)
#define NO_SUCH_CALL (SECCOMP_RET_ERRNO | ENOSYS)
#define NEVER(name) { .number = __NR_##name, .argument = FILTER_ANY, .verdict = NO }
/* All flags that may be in an argument: one rule for each, since any of them is enough. */
#define NOT_WITH(name, n, flag) \
	{ .number = __NR_##name, .argument = (n), .mask = (flag), .value = (flag), .verdict = NO }

static const struct filter_rule rules[] = {
	/* other namespaces, other roots */
	NEVER(unshare), NEVER(setns), NEVER(mount), NEVER(umount2), NEVER(pivot_root),
	NEVER(open_tree), NEVER(move_mount), NEVER(fsopen), NEVER(fsconfig), NEVER(fsmount),
	NEVER(fspick), NEVER(mount_setattr),
	NOT_WITH(clone, 0, CLONE_NEWUSER), NOT_WITH(clone, 0, CLONE_NEWNS),
	NOT_WITH(clone, 0, CLONE_NEWNET), NOT_WITH(clone, 0, CLONE_NEWPID),
	NOT_WITH(clone, 0, CLONE_NEWUTS), NOT_WITH(clone, 0, CLONE_NEWIPC),
	NOT_WITH(clone, 0, CLONE_NEWCGROUP),
	/* its flags are in memory, where no filter can look: the C library goes on with clone() then */
	{ .number = __NR_clone3, .argument = FILTER_ANY, .verdict = NO_SUCH_CALL },

	/* the kernel itself, and the machine */
	NEVER(init_module), NEVER(finit_module), NEVER(delete_module), NEVER(kexec_load),
	NEVER(kexec_file_load), NEVER(reboot), NEVER(swapon), NEVER(swapoff), NEVER(syslog),
	NEVER(settimeofday), NEVER(clock_settime), NEVER(adjtimex), NEVER(clock_adjtime),
	NEVER(acct), NEVER(quotactl), NEVER(iopl), NEVER(ioperm),

	/* large, and seldom needed: where most holes were found */
	NEVER(bpf), NEVER(perf_event_open), NEVER(userfaultfd), NEVER(io_uring_setup),
	NEVER(io_uring_enter), NEVER(io_uring_register), NEVER(ptrace), NEVER(process_vm_readv),
	NEVER(process_vm_writev), NEVER(kcmp), NEVER(open_by_handle_at), NEVER(name_to_handle_at),

	/* keys have no namespace */
	NEVER(add_key), NEVER(request_key), NEVER(keyctl),

	/* types into the terminal that it shares with who started it; only 32 bits of the argument are read */
	{ .number = __NR_ioctl, .argument = 1, .mask = 0xffffffff, .value = TIOCSTI, .verdict = NO },
};

const struct filter_policy filter_default = {
	.rules = rules, .count = sizeof(rules) / sizeof(rules[0]), .otherwise = SECCOMP_RET_ALLOW,
};
