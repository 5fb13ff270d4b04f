"""The debug kernel: each of its checkers catches the fault that it is there for."""
from __future__ import annotations

import os

import pytest
from vm import klog

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("KERNEL") != "debug",
                       reason="builds a kernel for ten minutes: run with KERNEL=debug"),
]


def test_clean_run_has_no_finding(vm):
    ended = vm("sh", "-c", "modprobe kvm-amd npt=0; ls /dev/kvm /sys/kernel/debug/kcov")
    assert ended.status == 0
    assert klog.findings(ended.kernel_log) == []


@pytest.mark.parametrize(("how", "kind"), [
    ("use-after-free", "kasan"),
    ("overflow", "kasan"),
    ("lock-order", "lockdep"),
    ("rcu", "lockdep"),
    ("sleep-atomic", "atomic-sleep"),
    ("shift", "ubsan"),
    ("leak", "kmemleak"),
])
def test_fault_is_caught(break_kernel, how, kind):
    ended = break_kernel(how)
    found = klog.findings(ended.kernel_log)
    assert ended.status == 0
    assert found[0].kind == kind
    assert any(f"do_{how.replace('-', '_')}" in line for line in found[0].trace)
