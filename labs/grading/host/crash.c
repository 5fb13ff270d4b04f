// SPDX-License-Identifier: GPL-2.0
/*
 * Says where a host program crashed: called first by the main() of every lab's;
 * hosttest.py turns the line into a place in the source.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include "crash.h"

static void crashed(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char text[128];
	int n = snprintf(text, sizeof(text), "crash: %s at %llx address %lx\n",
			 sig == SIGSEGV ? "SIGSEGV" : sig == SIGBUS ? "SIGBUS" :
			 sig == SIGILL ? "SIGILL" : "SIGFPE",
			 (unsigned long long)uc->uc_mcontext.gregs[REG_RIP],
			 (unsigned long)info->si_addr);

	if (write(STDERR_FILENO, text, n) < 0)
		_exit(4);
	_exit(3);
}

void report_crashes(void)
{
	static char stack[65536];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (sigaltstack(&alternate, NULL)) {
		fprintf(stderr, "no signal stack\n");
		exit(2);
	}
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
}
