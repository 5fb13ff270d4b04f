/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The KVM ioctl ABI, one small function a step. The same calls drive /dev/kvm
 * and /dev/shadowpt; what only shadowpt has is at the end.
 */
#ifndef VMM_KVM_H
#define VMM_KVM_H

#include <linux/kvm.h>
#include <shadowpt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define KVM_DEVICE	"/dev/kvm"
#define SHADOWPT_DEVICE	"/dev/shadowpt"

struct kvm {
	const char *path;
	bool is_shadowpt;
	int dev_fd;
	int vm_fd;
	int vcpu_fd;
	struct kvm_run *run;
	size_t run_size;
};

#define KVM_CLOSED { .dev_fd = -1, .vm_fd = -1, .vcpu_fd = -1 }

/* Open @path, or when NULL the better of the two devices, and check that it speaks KVM's ABI. */
int kvm_open(struct kvm *kvm, const char *path, struct error *err);

/* Make the VM. @strategy: SPT_STRATEGY_DEFAULT, or another on shadowpt only. */
int kvm_create_vm(struct kvm *kvm, uint32_t strategy, struct error *err);

/* Guest physical 0 .. @size becomes the memory at @host. */
int kvm_set_memory(struct kvm *kvm, void *host, uint64_t size, struct error *err);

/* Make vCPU 0, with the CPUID of the device less what this machine does not have. */
int kvm_create_vcpu(struct kvm *kvm, struct error *err);

int kvm_get_registers(struct kvm *kvm, struct kvm_regs *regs, struct kvm_sregs *sregs,
		      struct error *err);
int kvm_set_registers(struct kvm *kvm, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
		      struct error *err);

void kvm_close(struct kvm *kvm);

/* shadowpt only. */
int kvm_get_shadow_stats(struct kvm *kvm, struct spt_stats *stats, struct error *err);

/*
 * The shadow tables of the current CR3: @tables is filled, its entries are in
 * *@entries, which the caller frees.
 */
int kvm_get_shadow_tables(struct kvm *kvm, struct spt_tables *tables, struct spt_entry **entries,
			  struct error *err);

const char *strategy_name(uint32_t strategy);

#endif
