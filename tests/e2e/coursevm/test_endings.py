"""Runs that end badly: each has its own exit status, and none takes the host with it."""
from __future__ import annotations

import pytest
from conftest import ENDED, PANIC, TIMEOUT


def test_panic_ends_the_run_with_its_trace(vm):
    ended = vm("sh", "-c", "echo before; echo c > /proc/sysrq-trigger; sleep 3600")
    assert ended.status == PANIC
    assert ended.stdout == b"before\n"
    assert "Kernel panic - not syncing" in ended.kernel_log
    assert "sysrq_handle_crash" in ended.stderr
    assert (ended.out / "verdict").read_text() == f"panic {PANIC}\n"


def test_panic_during_a_cold_boot_is_a_panic(vm):
    """The console is quiet then, and init is not there yet to send the log."""
    ended = vm("true", options=("--append", "rdinit=/no/such/init", "--timeout", "60"))
    assert ended.status == PANIC
    assert "Kernel panic - not syncing" in ended.kernel_log


def test_oops_in_a_module_ends_the_run_and_names_the_function(break_kernel):
    ended = break_kernel("oops")
    assert ended.status == PANIC
    assert "do_oops" in ended.stderr
    assert "RIP: 0010:do_oops+" in ended.kernel_log


def test_bug_in_a_module_ends_the_run(break_kernel):
    ended = break_kernel("bug")
    assert ended.status == PANIC
    assert "kernel BUG at" in ended.kernel_log


def test_warning_does_not_end_the_run(break_kernel):
    ended = break_kernel("warn")
    assert ended.status == 0
    assert "broken: asked to warn" in ended.kernel_log


def test_hang_of_the_command_ends_at_the_timeout(vm):
    ended = vm("sh", "-c", "echo started; sleep 3600", options=("--snapshot", "--timeout", "3"))
    assert ended.status == TIMEOUT
    assert ended.stdout == b"started\n"
    assert "did not finish within 3 s" in ended.stderr


def test_hang_of_the_kernel_ends_at_the_timeout(break_kernel):
    ended = break_kernel("spin", "--timeout", "5", "--smp", "1")
    assert ended.status == TIMEOUT


def test_reset_is_not_a_verdict(vm):
    ended = vm("sh", "-c", "echo b > /proc/sysrq-trigger; sleep 3600")
    assert ended.status == ENDED
    assert "without a verdict" in ended.stderr


def test_power_off_is_not_a_verdict(vm):
    ended = vm("sh", "-c", "echo o > /proc/sysrq-trigger; sleep 3600")
    assert ended.status == ENDED


def test_writing_the_exit_port_is_not_a_verdict(vm):
    """A command may know the port and the value; the status did not come, so it did not finish."""
    script = ("import ctypes; c = ctypes.CDLL(None); c.ioperm(0xf4, 4, 1); "
              "code = bytes.fromhex('b82a000000e7f4c3'); import mmap; "
              "m = mmap.mmap(-1, 4096, prot=7); m.write(code); "
              "f = ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(m))); f()")
    ended = vm("python3", "-c", script)
    assert ended.status == ENDED


def test_killing_init_with_a_signal_does_nothing(vm):
    ended = vm("sh", "-c", "kill -9 1; kill -15 1; kill -2 1; echo alive; exit 5")
    assert (ended.status, ended.stdout) == (5, b"alive\n")


def test_init_that_dies_after_all_is_a_panic(vm):
    """gdb or ptrace can make process 1 exit; so can a wild write into it. Then Linux panics."""
    script = ("import ctypes, os; c = ctypes.CDLL(None); "
              "word = ctypes.c_long; pointer = ctypes.c_void_p; "
              "c.ptrace.argtypes = [word, word, pointer, pointer]; "
              "assert c.ptrace(16, 1, None, None) == 0; os.waitpid(1, 0x40000000); "
              "regs = (ctypes.c_ulonglong * 27)(); assert c.ptrace(12, 1, None, regs) == 0; "
              "regs[16] = 0; c.ptrace(13, 1, None, regs); c.ptrace(17, 1, None, None)")
    ended = vm("sh", "-c", f'python3 -c "{script}"; sleep 3600',
               options=("--snapshot", "--timeout", "60"))
    assert ended.status == PANIC
    assert "Attempted to kill init" in ended.kernel_log


def test_full_disk_is_the_commands_own_failure(vm):
    ended = vm("sh", "-c", "echo kept > /out/kept; dd if=/dev/zero of=/fill bs=1M; "
               "status=$?; df / | tail -1; exit $status")
    assert ended.status == 1
    assert "No space left on device" in ended.stderr
    assert b"100%" in ended.stdout
    assert (ended.out / "kept").read_text() == "kept\n"


def test_full_out_comes_back(vm):
    ended = vm("sh", "-c", "dd if=/dev/zero of=/out/fill bs=1M 2>/dev/null; wc -c < /out/fill")
    assert ended.status == 0
    assert (ended.out / "fill").stat().st_size == int(ended.stdout) > 100 << 20


def test_out_of_memory_kills_the_command_only(vm):
    ended = vm("python3", "-c", "x = []\nwhile True: x.append(b'x' * (16 << 20))")
    assert ended.status == 128 + 9
    assert "Out of memory" in ended.kernel_log


@pytest.mark.slow
def test_fork_bomb_of_the_memory_kind_still_ends(vm):
    """Every child eats; the agent lives on and tells the status of the first."""
    script = ("import os\nfor _ in range(20):\n  if os.fork() == 0:\n    x = []\n"
              "    while True: x.append(b'x' * (16 << 20))\n"
              "for _ in range(20): os.wait()\nprint('all gone')")
    ended = vm("python3", "-c", script)
    assert ended.status in (0, 128 + 9)


def test_wiped_root_directory_does_not_matter(vm):
    ended = vm("sh", "-c", "echo kept > /out/kept; "
               "rm -rf /usr/bin /usr/lib/x86_64-linux-gnu /etc; exit 4")
    assert ended.status == 4
    assert (ended.out / "kept").read_text() == "kept\n"
