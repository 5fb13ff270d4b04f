/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest finds when it starts; bootinfo.h draws it. */
#ifndef VMM_BOOT_H
#define VMM_BOOT_H

#include <linux/kvm.h>

#include "loader/loader.h"

/*
 * Write GDT, boot information and identity page tables into guest memory.
 * E2BIG when the guest arguments do not fit.
 */
int boot_write_tables(const struct guest_memory *memory, int argc, char *const *argv,
		      struct error *err);

/*
 * Turn what KVM_GET_SREGS returned into the state of a vCPU in 64-bit mode on
 * those tables, and @regs into the entry state.
 */
void boot_registers(uint64_t entry, struct kvm_sregs *sregs, struct kvm_regs *regs);

#endif
