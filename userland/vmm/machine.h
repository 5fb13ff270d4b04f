/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole virtual machine: an accelerator, RAM, one vCPU and the devices, from
 * an image on disk to the reason why the guest stopped.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include <stdio.h>

#include "devices/device.h"
#include "kvm.h"
#include "loader/loader.h"

/* What the command line says about a machine. */
struct machine_config {
	const char *accel;		/* NULL: choose */
	uint32_t strategy;		/* enum spt_strategy_id */
	uint64_t memory;
	double timeout;			/* seconds, 0: none */
	const char *image;
	int argc;			/* words for the guest */
	char *const *argv;
	int console_in;
	int console_out;
};

/* Why the guest is not running any more. */
enum run_end {
	RUN_EXIT,		/* it wrote the exit port; value: status */
	RUN_STOP,		/* it reached a stop label; value: label */
	RUN_HALT,		/* HLT: nothing can wake it */
	RUN_SHUTDOWN,		/* triple fault */
	RUN_MMIO,		/* touched an address without memory */
	RUN_INTERNAL_ERROR,	/* the accelerator gave up */
	RUN_FAIL_ENTRY,		/* the CPU refused the guest state */
	RUN_UNKNOWN,		/* an exit vmm does not know */
	RUN_TIMEOUT,
	RUN_SIGNAL,		/* value: signal number */
	RUN_END_NR,
};

/* User exits are counted by KVM_EXIT_*; higher reasons share the last slot. */
#define MACHINE_EXIT_REASONS	48

struct machine {
	struct kvm kvm;
	struct guest_memory memory;
	struct bus bus;
	bool bus_is_open;
	uint64_t user_exits[MACHINE_EXIT_REASONS];
};

struct run_result {
	enum run_end end;
	uint32_t value;
	char detail[256];	/* what the exit structure told, for people */
};

/* Build the machine of @config with its image loaded. The caller closes it even on error. */
int machine_open(struct machine *machine, const struct machine_config *config, struct error *err);
void machine_close(struct machine *machine);

/*
 * Run the guest until it ends or, if @stops is set, reaches a stop port
 * write of label @label (-1: any label). The vCPU can then be looked at, and
 * run again. Returns 0 with @result filled, or a negative errno.
 */
int machine_run(struct machine *machine, bool stops, int label, struct run_result *result,
		struct error *err);

/* vmm's exit status for a run that ended so. */
int run_exit_status(const struct run_result *result);

/*
 * One line on stream @out about an end that is not the guest's own doing, with
 * the registers below it when they matter. Prints nothing for RUN_EXIT.
 */
void machine_report(struct machine *machine, const struct run_result *result, FILE *out);

/* The name of KVM_EXIT_@reason without its prefix, or NULL. */
const char *user_exit_name(uint32_t reason);

#endif
