// SPDX-License-Identifier: GPL-2.0-only
/* Signals and the timeout, see interrupt.h. */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

/* A handler can reach nothing but globals. */
static volatile sig_atomic_t pending;
static volatile sig_atomic_t pending_signal;
static struct kvm_run *volatile armed_run;

static void on_signal(int signal)
{
	struct kvm_run *run = armed_run;

	pending = signal == SIGALRM ? INTERRUPT_TIMEOUT : INTERRUPT_SIGNAL;
	pending_signal = signal;
	if (run)
		run->immediate_exit = 1;
}

static int set_handlers(void (*handler)(int))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGALRM };
	struct sigaction action = { .sa_handler = handler };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL) < 0)
			return -errno;
	return 0;
}

int interrupt_arm(struct kvm_run *run, double timeout, struct error *err)
{
	/* Repeats, so that a device without KVM_CAP_IMMEDIATE_EXIT is stopped too. */
	struct itimerval timer = { .it_interval = { .tv_usec = 200000 } };
	int ret;

	signal(SIGPIPE, SIG_IGN);
	armed_run = run;
	ret = set_handlers(on_signal);
	if (ret < 0)
		return error_errno(err, -ret, NULL, "cannot catch signals");
	if (timeout > 0) {
		timer.it_value.tv_sec = (time_t)timeout;
		timer.it_value.tv_usec = (timeout - (time_t)timeout) * 1e6;
		if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
			timer.it_value.tv_usec = 1;
		if (setitimer(ITIMER_REAL, &timer, NULL) < 0)
			return error_errno(err, errno, NULL, "cannot set the timeout");
	}
	return 0;
}

void interrupt_disarm(void)
{
	const struct itimerval off = { 0 };

	setitimer(ITIMER_REAL, &off, NULL);
	set_handlers(SIG_DFL);
	armed_run = NULL;
}

enum interrupt interrupt_pending(void)
{
	return pending;
}

int interrupt_signal(void)
{
	return pending_signal;
}
