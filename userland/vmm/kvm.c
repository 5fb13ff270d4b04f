// SPDX-License-Identifier: GPL-2.0-only
/* The KVM ioctl ABI wrapper, see kvm.h. Documentation/virt/kvm/api.rst is the reference. */
#include "kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"

#define MAX_CPUID_ENTRIES	256

static const char *open_advice(const char *path, int errnum)
{
	if (errnum == EACCES)
		return "run as root, or join the group that owns the device";
	if (strcmp(path, SHADOWPT_DEVICE) == 0)
		return "insmod kmod/shadowpt/shadowpt.ko, or use the course VM: make vm";
	return "give a KVM device with --accel";
}

static int open_default(struct kvm *kvm, struct error *err)
{
	if (access(SHADOWPT_DEVICE, F_OK) == 0) {
		kvm->path = SHADOWPT_DEVICE;
	} else if (access(KVM_DEVICE, F_OK) == 0) {
		kvm->path = KVM_DEVICE;
	} else {
		return error_set(err, ENOENT,
				 "cannot open an accelerator: neither " SHADOWPT_DEVICE " nor " KVM_DEVICE
				 " exists: insmod kmod/shadowpt/shadowpt.ko, or use the course VM: make vm");
	}
	kvm->dev_fd = open(kvm->path, O_RDWR | O_CLOEXEC);
	if (kvm->dev_fd < 0)
		return error_errno(err, errno, open_advice(kvm->path, errno),
				   "cannot open accelerator: %s", kvm->path);
	return 0;
}

int kvm_open(struct kvm *kvm, const char *path, struct error *err)
{
	int version;

	*kvm = (struct kvm)KVM_CLOSED;
	if (path) {
		kvm->path = path;
		kvm->dev_fd = open(path, O_RDWR | O_CLOEXEC);
		if (kvm->dev_fd < 0)
			return error_errno(err, errno, open_advice(path, errno),
					   "cannot open accelerator: %s", path);
	} else {
		int ret = open_default(kvm, err);

		if (ret < 0)
			return ret;
	}

	version = ioctl(kvm->dev_fd, KVM_GET_API_VERSION, 0);
	if (version < 0)
		return error_set(err, ENOTTY,
				 "cannot use accelerator: %s: it does not speak the KVM ABI: give "
				 SHADOWPT_DEVICE " or " KVM_DEVICE, kvm->path);
	if (version != KVM_API_VERSION)
		return error_set(err, EPROTO,
				 "cannot use accelerator: %s: KVM ABI version %d, not %d",
				 kvm->path, version, KVM_API_VERSION);

	/* KVM itself answers EINVAL, other KVM clones ENOTTY: any error means "not shadowpt". */
	version = ioctl(kvm->dev_fd, SPT_GET_ABI_VERSION, 0);
	kvm->is_shadowpt = version >= 0;
	if (kvm->is_shadowpt && version != SPT_ABI_VERSION)
		return error_set(err, EPROTO,
				 "cannot use accelerator: %s: module has ABI version %d, vmm %d: build both from one tree",
				 kvm->path, version, SPT_ABI_VERSION);
	return 0;
}

int kvm_create_vm(struct kvm *kvm, uint32_t strategy, struct error *err)
{
	const uint64_t identity_map = 0xfffbc000;

	if (strategy != SPT_STRATEGY_DEFAULT && !kvm->is_shadowpt)
		return error_set(err, ENOTTY,
				 "--paging needs " SHADOWPT_DEVICE
				 ": %s has no choice of shadow paging: drop --paging, or give --accel "
				 SHADOWPT_DEVICE, kvm->path);
	kvm->vm_fd = ioctl(kvm->dev_fd, KVM_CREATE_VM, 0);
	if (kvm->vm_fd < 0)
		return error_errno(err, errno,
				   errno == EBUSY ? "another hypervisor holds SVM: unload kvm_amd"
						  : NULL,
				   "cannot create a VM: %s", kvm->path);
	if (strategy != SPT_STRATEGY_DEFAULT && ioctl(kvm->vm_fd, SPT_SET_STRATEGY, &strategy) < 0)
		return error_errno(err, errno, NULL, "cannot set the paging strategy: %s",
				   strategy_name(strategy));

	/* Old Intel CPUs need pages of their own to run real mode; keep them out of RAM's way. */
	if (ioctl(kvm->dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0 &&
	    ioctl(kvm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) < 0)
		return error_errno(err, errno, NULL, "cannot place the identity map: %s",
				   kvm->path);
	if (ioctl(kvm->dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_TSS_ADDR) > 0 &&
	    ioctl(kvm->vm_fd, KVM_SET_TSS_ADDR, identity_map + 0x1000) < 0)
		return error_errno(err, errno, NULL, "cannot place the TSS: %s", kvm->path);
	return 0;
}

int kvm_set_memory(struct kvm *kvm, void *host, uint64_t size, struct error *err)
{
	struct kvm_userspace_memory_region region = {
		.slot = 0,
		.guest_phys_addr = 0,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	if (ioctl(kvm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return error_errno(err, errno,
				   errno == ENOMEM && kvm->is_shadowpt ?
				   "guest memory is pinned: lower --mem, raise `ulimit -l`, or run as root" :
				   NULL,
				   "cannot give the VM its memory: %llu KiB",
				   (unsigned long long)(size >> 10));
	return 0;
}

/*
 * Take away what this machine lacks: an APIC, and state that the vmm would have
 * to set up (XSAVE and all that rests on it) or that the shadow walk does not
 * know (PCID, LA57, PKU).
 */
static void mask_cpuid(struct kvm_cpuid_entry2 *e)
{
	switch (e->function) {
	case 0x1:
		e->ecx &= ~(1u << 3 |			/* MONITOR */
			    1u << 5 |			/* VMX */
			    1u << 12 | 1u << 28 | 1u << 29 |	/* FMA, AVX, F16C */
			    1u << 17 |			/* PCID */
			    1u << 21 | 1u << 24 |	/* x2APIC, TSC deadline */
			    1u << 26 | 1u << 27);	/* XSAVE, OSXSAVE */
		e->edx &= ~(1u << 9);			/* APIC */
		break;
	case 0x7:
		if (e->index == 0) {
			e->ebx &= ~(1u << 5 | 1u << 10 | /* AVX2, INVPCID */
				    0xdc230000u | /* AVX-512 F, DQ, IFMA, PF, ER, CD, BW, VL */
				    1u << 14);	  /* MPX */
			e->ecx &= (1u << 2 | 1u << 22);	/* only UMIP, RDPID stay */
			e->edx = 0;
		} else {
			e->eax = e->ebx = e->ecx = e->edx = 0;
		}
		break;
	case 0xb:
	case 0xd:
	case 0x14:
	case 0x1d:
	case 0x1e:
	case 0x1f:
	case 0x24:
		e->eax = e->ebx = e->ecx = e->edx = 0;
		break;
	case 0x80000001:
		e->ecx &= ~(1u << 2 |			/* SVM */
			    1u << 3 |			/* extended APIC space */
			    1u << 11 | 1u << 16 |	/* XOP, FMA4 */
			    1u << 15 | 1u << 29);	/* LWP, MONITORX */
		e->edx &= ~(1u << 9);			/* APIC */
		break;
	case 0x8000000a:
		e->eax = e->ebx = e->ecx = e->edx = 0;
		break;
	}
}

static int set_cpuid(struct kvm *kvm, struct error *err)
{
	union {
		struct kvm_cpuid2 header;
		uint8_t room[sizeof(struct kvm_cpuid2) +
			     MAX_CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2)];
	} memory = { .header.nent = MAX_CPUID_ENTRIES };
	struct kvm_cpuid2 *cpuid = &memory.header;

	if (ioctl(kvm->dev_fd, KVM_CHECK_EXTENSION, KVM_CAP_EXT_CPUID) <= 0)
		return 0;
	if (ioctl(kvm->dev_fd, KVM_GET_SUPPORTED_CPUID, cpuid) < 0)
		return error_errno(err, errno, NULL, "cannot read the supported CPUID: %s",
				   kvm->path);
	for (uint32_t i = 0; i < cpuid->nent && i < MAX_CPUID_ENTRIES; i++)
		mask_cpuid(&cpuid->entries[i]);
	if (ioctl(kvm->vcpu_fd, KVM_SET_CPUID2, cpuid) < 0)
		return error_errno(err, errno, NULL, "cannot set CPUID: %s", kvm->path);
	return 0;
}

int kvm_create_vcpu(struct kvm *kvm, struct error *err)
{
	int size = ioctl(kvm->dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	void *run;

	if (size < (int)sizeof(struct kvm_run))
		return error_set(err, EPROTO,
				 "cannot create a vCPU: %s: its shared page has %d bytes, at least %zu needed",
				 kvm->path, size, sizeof(struct kvm_run));
	kvm->vcpu_fd = ioctl(kvm->vm_fd, KVM_CREATE_VCPU, 0);
	if (kvm->vcpu_fd < 0)
		return error_errno(err, errno, NULL, "cannot create a vCPU: %s", kvm->path);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, kvm->vcpu_fd, 0);
	if (run == MAP_FAILED)
		return error_errno(err, errno, NULL, "cannot map the vCPU's shared page: %s",
				   kvm->path);
	kvm->run = run;
	kvm->run_size = size;
	return set_cpuid(kvm, err);
}

int kvm_get_registers(struct kvm *kvm, struct kvm_regs *regs, struct kvm_sregs *sregs,
		      struct error *err)
{
	if (ioctl(kvm->vcpu_fd, KVM_GET_REGS, regs) < 0 ||
	    ioctl(kvm->vcpu_fd, KVM_GET_SREGS, sregs) < 0)
		return error_errno(err, errno, NULL, "cannot read the vCPU's registers: %s",
				   kvm->path);
	return 0;
}

int kvm_set_registers(struct kvm *kvm, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
		      struct error *err)
{
	if (ioctl(kvm->vcpu_fd, KVM_SET_SREGS, sregs) < 0 ||
	    ioctl(kvm->vcpu_fd, KVM_SET_REGS, regs) < 0)
		return error_errno(err, errno, NULL, "cannot set the vCPU's registers: %s",
				   kvm->path);
	return 0;
}

void kvm_close(struct kvm *kvm)
{
	if (kvm->run)
		munmap(kvm->run, kvm->run_size);
	cleanup_fd(&kvm->vcpu_fd);
	cleanup_fd(&kvm->vm_fd);
	cleanup_fd(&kvm->dev_fd);
	*kvm = (struct kvm)KVM_CLOSED;
}

int kvm_get_shadow_stats(struct kvm *kvm, struct spt_stats *stats, struct error *err)
{
	if (ioctl(kvm->vm_fd, SPT_GET_STATS, stats) < 0)
		return error_errno(err, errno, NULL, "cannot read statistics: %s", kvm->path);
	return 0;
}

int kvm_get_shadow_tables(struct kvm *kvm, struct spt_tables *tables, struct spt_entry **entries,
			  struct error *err)
{
	uint32_t room = 1024;

	*entries = NULL;
	for (;;) {
		struct spt_entry *grown = realloc(*entries, room * sizeof(**entries));

		if (!grown) {
			free(*entries);
			return error_errno(err, ENOMEM, NULL, "cannot read %u shadow entries",
					   room);
		}
		*entries = grown;
		*tables = (struct spt_tables){ .entries = (uintptr_t)grown, .max = room };
		if (ioctl(kvm->vcpu_fd, SPT_GET_TABLES, tables) == 0)
			return 0;
		if (errno != E2BIG || tables->count <= room) {
			error_errno(err, errno, NULL, "cannot read the shadow tables: %s",
				    kvm->path);
			free(*entries);
			return -1;
		}
		room = tables->count;
	}
}

const char *strategy_name(uint32_t strategy)
{
	switch (strategy) {
	case SPT_STRATEGY_DEFAULT: return "default";
	case SPT_STRATEGY_VTLB: return "vtlb";
	case SPT_STRATEGY_TRAP: return "trap";
	default: return "unknown";
	}
}
