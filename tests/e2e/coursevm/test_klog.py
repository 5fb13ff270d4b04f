"""The kernel log scanner, on logs of real runs (logs/, made with broken.c) and hard lines."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import COURSEVM
from vm import klog

LOGS = Path(__file__).parent / "logs"

# log, kind of its first finding, a word that the shown trace must hold
EXPECTED = [
    ("oops", "oops", "RIP: 0010:do_oops"),
    ("bug", "oops", "RIP: 0010:do_bug"),
    ("warn", "warn", "do_warn"),
    ("spin", "lockup", "do_spin"),
    ("refcount", "refcount", "broken_init"),
    ("list", "list", "broken_init"),
    ("hung", "hung-task", "broken_init"),
    ("leak", "kmemleak", "do_leak"),
    ("use-after-free", "kasan", "do_use_after_free"),
    ("overflow", "kasan", "do_overflow"),
    ("lock-order", "lockdep", "do_lock_order"),
    ("sleep-atomic", "atomic-sleep", "do_sleep_atomic"),
    ("shift", "ubsan", "do_shift"),
    ("rcu", "lockdep", "do_rcu"),
    ("unbalanced", "lockdep", "do_unbalanced"),
    ("leave-locked", "lockdep", "leave"),
]


@pytest.mark.parametrize(("name", "kind", "word"), EXPECTED)
def test_real_report_is_found_with_its_trace(name, kind, word):
    first = klog.findings((LOGS / f"{name}.log").read_text())[0]
    assert first.kind == kind
    assert any(word in line for line in first.trace)


@pytest.mark.parametrize("log", sorted(LOGS.glob("clean-*.log")), ids=lambda p: p.stem)
def test_clean_boot_has_no_finding(log):
    assert klog.findings(log.read_text()) == []


@pytest.mark.parametrize(("line", "kind"), [
    ("BUG: KASAN: slab-use-after-free in spt_walk+0x10/0x20 [shadowpt]", "kasan"),
    ("BUG: KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]", "kasan"),
    ("UBSAN: shift-out-of-bounds in /virtlab/kmod/shadowpt/decode.c:12:3", "ubsan"),
    ("WARNING: possible circular locking dependency detected", "lockdep"),
    ("WARNING: possible recursive locking detected", "lockdep"),
    ("WARNING: inconsistent lock state", "lockdep"),
    ("WARNING: suspicious RCU usage", "lockdep"),
    ("WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected", "lockdep"),
    ("WARNING: bad unlock balance detected!", "lockdep"),
    ("WARNING: lock held when returning to user space!", "lockdep"),
    ("INFO: trying to register non-static key.", "lockdep"),
    ("BUG: sleeping function called from invalid context at mm/slab.h:321", "atomic-sleep"),
    ("BUG: scheduling while atomic: insmod/123/0x00000002", "atomic-sleep"),
    ("BUG: using smp_processor_id() in preemptible [00000000] code: vmm/77", "atomic-sleep"),
    ("[ BUG: Invalid wait context ]", "atomic-sleep"),
    ("BUG: unable to handle page fault for address: ffffc90000000000", "oops"),
    ("Oops: general protection fault, probably for non-canonical address 0xdead: 0000", "oops"),
    ("general protection fault, probably for non-canonical address 0xdead: 0000 [#1]", "oops"),
    ("kernel BUG at mm/slub.c:448!", "oops"),
    ("unchecked MSR access error: WRMSR to 0xc0010117", "oops"),
    ("rcu: INFO: rcu_preempt self-detected stall on CPU", "rcu-stall"),
    ("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu-stall"),
    ("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [vmm:99]", "lockup"),
    ("watchdog: Watchdog detected hard LOCKUP on cpu 0", "lockup"),
    ("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 33s!", "lockup"),
    ("INFO: task vmm:12 blocked for more than 120 seconds.", "hung-task"),
    ("refcount_t: underflow; use-after-free.", "refcount"),
    ("BUG kmalloc-64 (Tainted: G    B      OE     ): Redzone overwritten", "list"),
    ("BUG spt_page (Tainted: G OE): Objects remaining in spt_page on __kmem_cache_shutdown()",
     "list"),
    ("unregister_netdevice: waiting for vnic0 to become free. Usage count = 2", "module-leak"),
    ("kmemleak: unreferenced object 0xffff888101ab2000 (size 1024):", "kmemleak"),
    ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", "kmemleak"),
    ("WARNING: CPU: 0 PID: 1 at kernel/fork.c:1 x+0x1/0x2", "warn"),
    ("WARNING: kernel/fork.c:1 at x+0x1/0x2, CPU#0: insmod/12", "warn"),
    ("Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000000", "panic"),
])
@pytest.mark.parametrize("time", ["", "[    1.234567] ", "[12345.678901][  T123] ",
                                  "<4>[    1.234567] ", "[    1.234567][    C0] "])
def test_line_is_recognised_whatever_its_time_looks_like(line, kind, time):
    found = klog.findings(f"{time}quiet before\n{time}{line}\n{time}quiet after\n")
    assert [f.kind for f in found] == [kind]


@pytest.mark.parametrize("line", [
    "Warning: unable to open an initial console.",
    "ACPI: bus type PCI registered; no BUG here",
    "debug: WARNING is a word",
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
    "Kernel command line: oops=panic panic=-1",
    "lockdep: MAX_LOCKDEP_SUBCLASSES: 8",
    "rcu: Preemptible hierarchical RCU implementation.",
    "kasan: KernelAddressSanitizer initialized (generic)",
    "refcount is a word",
    "Warning: PCI driver has been deprecated",
])
def test_harmless_line_is_let_through(line):
    assert klog.findings(f"[    1.000000] {line}\n") == []


def test_one_report_counts_once():
    """A refcount report is a WARNING too; an oops has several lines that would each count."""
    for name in ("refcount", "warn"):
        assert len(klog.findings((LOGS / f"{name}.log").read_text())) == 1


def test_expected_finding_can_be_allowed():
    log = (LOGS / "warn.log").read_text()
    assert klog.findings(log, allow=[r"do_warn"]) == []
    assert klog.findings(log, allow=[r"do_other"]) != []


def test_program_fails_on_findings_and_shows_the_trace():
    bad = subprocess.run([COURSEVM / "klog", LOGS / "oops.log"], capture_output=True, text=True,
                         check=False)
    good = subprocess.run([COURSEVM / "klog", LOGS / "clean-6.12.log"], capture_output=True,
                          text=True, check=False)
    assert (bad.returncode, good.returncode) == (1, 0)
    assert "do_oops" in bad.stdout
    assert good.stdout == ""


def test_program_names_a_missing_log():
    done = subprocess.run([COURSEVM / "klog", "/no/such/log"], capture_output=True, text=True,
                          check=False)
    assert done.returncode not in (0, 1)
    assert "/no/such/log" in done.stderr


def test_scanner_finds_what_a_module_did_in_a_real_run(break_kernel):
    ended = break_kernel("warn")
    found = klog.findings(ended.kernel_log)
    assert [f.kind for f in found] == ["warn"]
    assert any("do_warn" in line for line in found[0].trace)


def test_process_that_cannot_be_killed_is_named(vm, broken_module):
    """The command's status arrives all the same, although its child sits in the kernel for ever."""
    ended = vm("sh", "-c", "insmod /root/broken.ko how=hung & "
                          "until [ -d /sys/module/broken ]; do sleep 0.1; done; sleep 1; exit 3",
               options=("--snapshot", "--timeout", "60", "--put",
                        f"{broken_module}:/root/broken.ko"))
    assert ended.status == 3
    assert [f.kind for f in klog.findings(ended.kernel_log)] == ["unkillable"]
    assert "insmod" in klog.findings(ended.kernel_log)[0].title
