"""Emulation, or the host's own virtualisation where it is known to carry nested SVM.

shadowpt needs SVM in the guest. QEMU emulates it for everyone; a host's KVM passes it on only
on AMD machines that allow nesting. And /dev/kvm proves nothing: there are machines where it
opens, where KVM_CREATE_VM succeeds, and where guests hang for ever. So a guest is booted.
"""
from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from . import cache, job, session
from .errors import CourseVMError
from .machine import Machine

PROBE_TIMEOUT = 30.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NESTED = Path("/sys/module/kvm_amd/parameters/nested")

# In the guest: the processor offers SVM and Linux's own hypervisor takes it.
PROBE = ("sh", "-c", "grep -qw svm /proc/cpuinfo && modprobe kvm-amd && test -c /dev/kvm")


def host_offers_svm(cpuinfo: str, nested: str) -> bool:
    """True if the host's processor has SVM and its KVM would pass it on."""
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "")
    return "svm" in flags.split() and nested.strip() in ("1", "Y")


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def guest_boots(virtual: Machine, timeout: float = PROBE_TIMEOUT) -> bool:
    """Boots the course VM under KVM once and asks it for nested SVM."""
    plan = session.Plan(dataclasses.replace(virtual, accel="kvm"), job.Job(PROBE, ""),
                        timeout=timeout)
    try:
        return session.run(plan).status == 0
    except CourseVMError:
        return False


def choose(virtual: Machine) -> str:
    """The accelerator for a live run: $VIRTLAB_ACCEL, or what this host is good for.

    The answer for a boot of the host is kept; the probe runs once.
    """
    asked = os.environ.get("VIRTLAB_ACCEL")
    # With thread=single the processors take turns: slower, and without QEMU's own races.
    if asked in ("tcg", "tcg,thread=single", "kvm"):
        return asked
    if asked:
        raise CourseVMError(f"accelerator unknown: VIRTLAB_ACCEL={asked}: there are tcg, "
                            "tcg,thread=single and kvm")
    if not host_offers_svm(read(Path("/proc/cpuinfo")), read(NESTED)):
        return "tcg"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        cache.progress("emulating: /dev/kvm may not be opened: join the group that owns it")
        return "tcg"
    kept = cache.directory() / f"accel-{cache.key(read(BOOT_ID), virtual.vmlinuz.name)}"
    answer = read(kept).strip()
    if answer not in ("tcg", "kvm"):
        cache.progress("accelerator: booting a guest under KVM to see whether it works here")
        answer = "kvm" if guest_boots(virtual) else "tcg"
        kept.write_text(answer + "\n")
    return answer
