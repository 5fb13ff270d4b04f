/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stops a running guest from outside: Ctrl-C, a termination signal, the
 * --timeout. A signal makes KVM_RUN return EINTR; the flag in struct kvm_run
 * closes the gap between the check and the ioctl.
 */
#ifndef VMM_INTERRUPT_H
#define VMM_INTERRUPT_H

#include <linux/kvm.h>

#include "error.h"

enum interrupt {
	INTERRUPT_NONE,
	INTERRUPT_SIGNAL,
	INTERRUPT_TIMEOUT,
};

/*
 * Catch SIGINT and SIGTERM, and SIGALRM after @timeout seconds (0: never), for
 * the vCPU whose shared page is @run. One vCPU a process.
 */
int interrupt_arm(struct kvm_run *run, double timeout, struct error *err);

/* Forget @run before it is unmapped; later signals end the process as usual. */
void interrupt_disarm(void);

enum interrupt interrupt_pending(void);

/* The signal number behind INTERRUPT_SIGNAL. */
int interrupt_signal(void);

#endif
