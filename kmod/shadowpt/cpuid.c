// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID: what we can support of the host's, and what the client told the guest.
 * The guest's CPUID also decides which control bits it may set.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/processor-flags.h>

#include "vm.h"

#define CPUID_MAX_ENTRIES	256	/* as KVM_MAX_CPUID_ENTRIES */

/* Bits of the leaves below, by their names in <asm/cpufeatures.h>. */
#define BIT_OF(feature)		BIT((feature) & 31)

/*
 * Left out, because nothing here virtualises them: APIC, MTRR, MCE, VME, XSAVE and
 * all that needs it, MONITOR, PCID, LA57, protection keys, SVM itself.
 */
#define LEAF1_EDX	(BIT_OF(X86_FEATURE_FPU) | BIT_OF(X86_FEATURE_DE) |			\
	BIT_OF(X86_FEATURE_PSE) | BIT_OF(X86_FEATURE_TSC) | BIT_OF(X86_FEATURE_MSR) |		\
	BIT_OF(X86_FEATURE_PAE) | BIT_OF(X86_FEATURE_CX8) | BIT_OF(X86_FEATURE_SEP) |		\
	BIT_OF(X86_FEATURE_PGE) | BIT_OF(X86_FEATURE_CMOV) | BIT_OF(X86_FEATURE_PAT) |		\
	BIT_OF(X86_FEATURE_CLFLUSH) | BIT_OF(X86_FEATURE_MMX) | BIT_OF(X86_FEATURE_FXSR) |	\
	BIT_OF(X86_FEATURE_XMM) | BIT_OF(X86_FEATURE_XMM2))
#define LEAF1_ECX	(BIT_OF(X86_FEATURE_XMM3) | BIT_OF(X86_FEATURE_SSSE3) |			\
	BIT_OF(X86_FEATURE_CX16) | BIT_OF(X86_FEATURE_XMM4_1) | BIT_OF(X86_FEATURE_XMM4_2) |	\
	BIT_OF(X86_FEATURE_MOVBE) | BIT_OF(X86_FEATURE_POPCNT) | BIT_OF(X86_FEATURE_AES) |	\
	BIT_OF(X86_FEATURE_PCLMULQDQ) | BIT_OF(X86_FEATURE_RDRAND))
#define LEAF7_EBX	(BIT_OF(X86_FEATURE_FSGSBASE) | BIT_OF(X86_FEATURE_BMI1) |		\
	BIT_OF(X86_FEATURE_SMEP) | BIT_OF(X86_FEATURE_BMI2) | BIT_OF(X86_FEATURE_ERMS) |	\
	BIT_OF(X86_FEATURE_RDSEED) | BIT_OF(X86_FEATURE_ADX) | BIT_OF(X86_FEATURE_SMAP))
#define LEAF8_1_EDX	((LEAF1_EDX & ~(BIT_OF(X86_FEATURE_SEP) | BIT_OF(X86_FEATURE_CLFLUSH) | \
	BIT_OF(X86_FEATURE_XMM) | BIT_OF(X86_FEATURE_XMM2))) | BIT_OF(X86_FEATURE_SYSCALL) |	\
	BIT_OF(X86_FEATURE_NX) | BIT_OF(X86_FEATURE_GBPAGES) | BIT_OF(X86_FEATURE_LM))
#define LEAF8_1_ECX	(BIT_OF(X86_FEATURE_LAHF_LM) | BIT_OF(X86_FEATURE_ABM) |		\
	BIT_OF(X86_FEATURE_SSE4A) | BIT_OF(X86_FEATURE_3DNOWPREFETCH))

/* Where a hypervisor says its name: twelve characters in EBX, ECX, EDX. */
#define LEAF_HYPERVISOR	0x40000000

static const u32 leaves[] = { 0, 1, 7, LEAF_HYPERVISOR,
			      0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000004,
			      0x80000005, 0x80000006, 0x80000007, 0x80000008 };

static void supported_entry(u32 leaf, struct kvm_cpuid_entry2 *e)
{
	memset(e, 0, sizeof(*e));
	e->function = leaf;
	cpuid_count(leaf, 0, &e->eax, &e->ebx, &e->ecx, &e->edx);

	switch (leaf) {
	case 0:
		e->eax = min(e->eax, 7u);
		break;
	case 1:
		e->ebx &= 0xff00;	/* CLFLUSH size; APIC id 0, one CPU */
		e->ecx = (e->ecx & LEAF1_ECX) | BIT_OF(X86_FEATURE_HYPERVISOR);
		e->edx &= LEAF1_EDX;
		break;
	case 7:
		e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		e->eax = 0;
		e->ebx &= LEAF7_EBX;
		e->ecx = 0;
		e->edx = 0;
		break;
	case LEAF_HYPERVISOR:
		e->eax = LEAF_HYPERVISOR;
		memcpy(&e->ebx, "shad", 4);
		memcpy(&e->ecx, "owpt", 4);
		e->edx = 0;
		break;
	case 0x80000000:
		e->eax = min(e->eax, 0x80000008);
		break;
	case 0x80000001:
		e->ecx &= LEAF8_1_ECX;
		e->edx &= LEAF8_1_EDX;
		break;
	case 0x80000007:
		e->eax = 0;
		e->ebx = 0;
		e->ecx = 0;
		e->edx &= BIT(8);	/* the TSC runs at a constant rate */
		break;
	case 0x80000008:
		e->eax &= 0xffff;	/* address sizes */
		e->ebx = 0;
		e->ecx = 0;
		e->edx = 0;
		break;
	}
}

/**
 * spt_cpuid_supported - KVM_GET_SUPPORTED_CPUID
 * @user: where to put the entries; @nent says how many fit
 *
 * Returns 0, -E2BIG if they do not fit, -EFAULT.
 */
int spt_cpuid_supported(struct kvm_cpuid2 __user *user)
{
	struct kvm_cpuid_entry2 e;
	u32 i, nent;

	if (get_user(nent, &user->nent))
		return -EFAULT;
	if (nent < ARRAY_SIZE(leaves))
		return -E2BIG;
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		supported_entry(leaves[i], &e);
		if (copy_to_user(&user->entries[i], &e, sizeof(e)))
			return -EFAULT;
	}
	return put_user((u32)ARRAY_SIZE(leaves), &user->nent);
}

static const struct kvm_cpuid_entry2 *find(const struct kvm_cpuid_entry2 *entries, u32 nent,
					   u32 function, u32 index)
{
	u32 i;

	for (i = 0; i < nent; i++)
		if (entries[i].function == function &&
		    (!(entries[i].flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) ||
		     entries[i].index == index))
			return &entries[i];
	return NULL;
}

/* Control bits are allowed where the guest's CPUID and the host both have the feature. */
static void allow_features(struct spt_vcpu *vcpu)
{
	static const struct kvm_cpuid_entry2 none;
	const struct kvm_cpuid_entry2 *l7, *l81, *l88;
	u8 phys = boot_cpu_data.x86_phys_bits;

	l7 = find(vcpu->cpuid, vcpu->cpuid_nent, 7, 0) ?: &none;
	l81 = find(vcpu->cpuid, vcpu->cpuid_nent, 0x80000001, 0) ?: &none;
	l88 = find(vcpu->cpuid, vcpu->cpuid_nent, 0x80000008, 0);

	vcpu->cr4_allowed = X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE |
			    X86_CR4_MCE | X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
	if ((l7->ebx & BIT_OF(X86_FEATURE_SMEP)) && boot_cpu_has(X86_FEATURE_SMEP))
		vcpu->cr4_allowed |= X86_CR4_SMEP;
	if ((l7->ebx & BIT_OF(X86_FEATURE_SMAP)) && boot_cpu_has(X86_FEATURE_SMAP))
		vcpu->cr4_allowed |= X86_CR4_SMAP;
	if ((l7->ebx & BIT_OF(X86_FEATURE_FSGSBASE)) && boot_cpu_has(X86_FEATURE_FSGSBASE))
		vcpu->cr4_allowed |= X86_CR4_FSGSBASE;

	vcpu->efer_allowed = EFER_SCE | EFER_LME | EFER_LMA;
	if (l81->edx & BIT_OF(X86_FEATURE_NX))
		vcpu->efer_allowed |= EFER_NX;
	vcpu->cpu.gbpages = l81->edx & BIT_OF(X86_FEATURE_GBPAGES);
	vcpu->cpu.maxphyaddr = 36;
	if (l88 && (l88->eax & 0xff) >= 32)
		vcpu->cpu.maxphyaddr = min_t(u32, l88->eax & 0xff, 52);
	/* An address beyond the host's width would have no meaning in an spte. */
	if (vcpu->cpu.maxphyaddr > phys)
		vcpu->cpu.maxphyaddr = phys;
}

/* Virtual addresses of 48 or 57 bits, as KVM has it; unsaid is 48. */
static bool address_sizes_sane(const struct kvm_cpuid_entry2 *entries, u32 nent)
{
	const struct kvm_cpuid_entry2 *l88 = find(entries, nent, 0x80000008, 0);
	u32 bits = l88 ? l88->eax >> 8 & 0xff : 0;

	return bits == 0 || bits == 48 || bits == 57;
}

static void cpuid_replace(struct spt_vcpu *vcpu, struct kvm_cpuid_entry2 *entries, u32 nent)
{
	kvfree(vcpu->cpuid);
	vcpu->cpuid = entries;
	vcpu->cpuid_nent = nent;
	allow_features(vcpu);
}

/**
 * spt_cpuid_none - a vCPU's CPUID at creation: nothing
 * @vcpu: vCPU
 */
void spt_cpuid_none(struct spt_vcpu *vcpu)
{
	cpuid_replace(vcpu, NULL, 0);
}

/**
 * spt_cpuid_set - KVM_SET_CPUID2
 * @vcpu: vCPU
 * @user: the entries
 *
 * Returns 0, -E2BIG, -EFAULT, -ENOMEM, or -EINVAL if the guest cannot have such a
 * CPU, or has run and would see its CPU change.
 */
int spt_cpuid_set(struct spt_vcpu *vcpu, const struct kvm_cpuid2 __user *user)
{
	struct kvm_cpuid_entry2 *entries = NULL;
	int ret = 0;
	u32 nent;

	if (get_user(nent, &user->nent))
		return -EFAULT;
	if (nent > CPUID_MAX_ENTRIES)
		return -E2BIG;
	if (nent) {
		entries = vmemdup_user(user->entries, array_size(sizeof(*entries), nent));
		if (IS_ERR(entries))
			return PTR_ERR(entries);
	}
	if (!vcpu->ran && address_sizes_sane(entries, nent)) {
		cpuid_replace(vcpu, entries, nent);
		return 0;
	}
	if (!vcpu->ran || nent != vcpu->cpuid_nent ||
	    memcmp(entries, vcpu->cpuid, nent * sizeof(*entries)))
		ret = -EINVAL;
	kvfree(entries);
	return ret;
}

/**
 * spt_cpuid_run - the CPUID instruction
 * @vcpu: vCPU
 * @eax: in: function; out
 * @ebx: out
 * @ecx: in: index; out
 * @edx: out
 *
 * What the client did not set reads as zero, as on an AMD CPU.
 */
void spt_cpuid_run(const struct spt_vcpu *vcpu, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	const struct kvm_cpuid_entry2 *e = find(vcpu->cpuid, vcpu->cpuid_nent, *eax, *ecx);

	*eax = e ? e->eax : 0;
	*ebx = e ? e->ebx : 0;
	*ecx = e ? e->ecx : 0;
	*edx = e ? e->edx : 0;
}
