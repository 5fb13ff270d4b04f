"""The module in the course VM: it answers as KVM does, survives everything, and leaves nothing behind.

The test programs of tests/kselftest/shadowpt and the guests of userland/vmm/guests run on
/dev/kvm (kvm-amd, npt=0: the reference) and on /dev/shadowpt in both strategies.
"""
from __future__ import annotations

import json
import re

import module_vm
import pytest
from module_vm import DEBUG

TRACED = "exit fill pt_write sync zap".split()
DEVICES = [f"{program}-{device}" for program in ("abi", "run", "cpu") for device in ("kvm", "vtlb", "trap")]
LIFETIME = ["trace-vtlb", "trace-trap", "garbage-vtlb", "garbage-trap", "lifecycle-trap"]

# How many tests each program has at least, so that none is lost unseen.
AT_LEAST = {"abi": 35, "run": 18, "cpu": 39, "trace": len(TRACED), "garbage": 2, "lifecycle": 19, "beside": 1,
            "pagetables": 74}


def judge_tap(name: str, status: int, text: str) -> None:
    # On KVM some tests have no object. On shadowpt all run; a debug kernel may lack a controller.
    module_vm.judge_tap(name, status, text, at_least=AT_LEAST[name.split("-")[0]],
                        may_skip=name.endswith("kvm") or DEBUG)


@pytest.mark.parametrize("name", DEVICES)
def test_ioctls_exits_and_cpu_are_as_on_kvm(boot, name):
    judge_tap(name, *boot("devices").tap(name))


def test_kvm_keeps_the_hardware_it_has(boot):
    judge_tap("beside-trap", *boot("devices").tap("beside-trap"))


@pytest.mark.parametrize("name", LIFETIME)
def test_lifetime(boot, name):
    judge_tap(name, *boot("lifetime").tap(name))


@pytest.mark.parametrize("paging", ["vtlb", "trap"])
def test_guest_pagetables(boot, paging):
    judge_tap("pagetables", *boot("guests").tap(f"pagetables-{paging}"))


def test_guest_pagetables_on_kvm(boot):
    """The reference itself, but for two rules that KVM in emulation does not keep."""
    _, text = boot("guests").tap("pagetables-kvm")
    failed = set(re.findall(r"^not ok \d+ - (.*)", text, re.M))
    assert failed <= {"EFER.NXE=0 makes NX a reserved bit", "SMAP"}, text
    if "exit while delivering an event" in text:
        return  # seen on 7.3: KVM gives up where an exception's stack is a shadowed page table
    assert len(re.findall(r"^ok \d+", text, re.M)) + len(failed) >= AT_LEAST["pagetables"], text


@pytest.mark.parametrize("paging", ["vtlb", "trap"])
def test_guest_hello(boot, paging):
    status, text = boot("guests").tap(f"hello-{paging}")
    assert status == 0 and "ello" in text, text


@pytest.mark.parametrize("paging", ["vtlb", "trap"])
def test_guest_fork_counts_are_exact(boot, paging):
    status, text = boot("guests").tap(f"fork-{paging}")
    assert status == 0, text
    assert re.search(r"^forks 2 pages 16 writes 4$", text, re.M), text


def events(boot, name: str) -> dict[str, int]:
    return json.loads((boot("guests").out / f"{name}.json").read_text())["events"]


def test_strategies_differ_as_they_should(boot):
    """vtlb traps no page-table write and fills more; trap carries most writes over by emulation."""
    vtlb, trap = events(boot, "pagetables-vtlb"), events(boot, "pagetables-trap")
    assert vtlb["PT_WRITE"] == vtlb["SYNC"] == 0
    assert trap["PT_WRITE"] > 0 and trap["SYNC"] > 0
    assert trap["PT_EMULATED"] > trap["PT_UNSHADOW"]
    assert vtlb["FILL"] > trap["FILL"]


def test_bpftrace_counts_exits_and_fills(boot):
    status, text = boot("guests").tap("bpftrace")
    assert status == 0, text
    counts = {int(k): int(v) for k, v in re.findall(r"^@exits\[(\d+)\]: (\d+)", text, re.M)}
    # By enum spt_exit_reason: page faults and port I/O at least.
    assert counts.get(0, 0) > 0 and counts.get(7, 0) > 0, text
    assert int(re.search(r"^@fills: (\d+)", text, re.M).group(1)) > 0, text


@pytest.mark.parametrize("what", ["devices", "lifetime", "guests"])
def test_kernel_log_is_clean(boot, what):
    log = boot(what).judge_kernel_log()
    assert "ready: AMD SVM" in log
    broken = [line for line in log.splitlines() if "broken: " in line]
    assert not broken, "the audit found:\n" + "\n".join(broken)
