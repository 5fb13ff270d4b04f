"""Running foreign code on this machine.

A program built from a submission may compute, read its standard input and write its standard
output, and that is all: a seccomp filter, set before it starts, denies opening files, sockets,
other processes; limits bound its memory, CPU time and output. It needs no privilege to set up,
and holds for root too.
"""
from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .outcome import Infrastructure

# What a static program needs from its first instruction to its last; x86-64 numbers.
ALLOWED = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "writev": 20,
    "mremap": 25, "getpid": 39, "execve": 59, "exit": 60, "uname": 63, "sigaltstack": 131,
    "arch_prctl": 158, "gettid": 186, "futex": 202, "set_tid_address": 218, "clock_gettime": 228,
    "exit_group": 231, "newfstatat": 262, "set_robust_list": 273,
    "getrandom": 318, "rseq": 334,
}
EACCES = 13
AUDIT_ARCH_X86_64 = 0xC000003E
X32_BIT = 0x40000000

LD, JEQ, JGE, RET = 0x20, 0x15, 0x35, 0x06
RET_ALLOW, RET_KILL, RET_ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 1, 38, 22, 2

MAX_OUTPUT = 16 << 20
MAX_MEMORY = 2 << 30


def program(special: Sequence[tuple[int, int, int, int]], allowed: Iterable[int]) -> bytes:
    """The seccomp program: allowed calls pass, others fail with EACCES, other ABIs kill.

    `special` comes first, finds the call's number, and returns or leaves it where it is.
    """
    code = [(LD, 0, 0, 4), (JEQ, 1, 0, AUDIT_ARCH_X86_64), (RET, 0, 0, RET_KILL),
            (LD, 0, 0, 0), (JGE, 0, 1, X32_BIT), (RET, 0, 0, RET_KILL), *special]
    numbers = sorted(allowed)
    for i, number in enumerate(numbers):
        code.append((JEQ, len(numbers) - i, 0, number))
    code += [(RET, 0, 0, RET_ERRNO | EACCES), (RET, 0, 0, RET_ALLOW)]
    return b"".join(struct.pack("<HBBI", *line) for line in code)


FILTER = program((), ALLOWED.values())


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


_libc = ctypes.CDLL(None, use_errno=True)
_filter_memory = ctypes.create_string_buffer(FILTER, len(FILTER))
_program = _Program(len(FILTER) // 8, ctypes.addressof(_filter_memory))


@dataclass
class Ended:
    """How a program ended. `status` as subprocess gives it: negative is a signal."""

    status: int
    output: str
    errors: str
    timed_out: bool

    @property
    def signal_name(self) -> str:
        return signal.Signals(-self.status).name if self.status < 0 else ""


def _limit(cpu: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_OUTPUT, MAX_OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _confine(cpu: int) -> None:
    _limit(cpu)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        os._exit(126)
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(_program), 0, 0):
        os._exit(126)


def _run(argv: list[str], stdin: bytes, seconds: float, prepare: object) -> Ended:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, \
            tempfile.TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        try:
            child = subprocess.Popen(argv, stdin=given, stdout=out, stderr=errors, cwd="/",
                                     env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                                     preexec_fn=prepare)  # type: ignore[arg-type]
        except (OSError, subprocess.SubprocessError) as error:
            raise Infrastructure(f"cannot run: {argv[0]}: {error}: is `make setup` done?") from error
        timed_out = False
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        out.seek(0)
        errors.seek(0)
        timed_out = timed_out or child.returncode == -signal.SIGXCPU
        return Ended(child.returncode, out.read(MAX_OUTPUT).decode(errors="replace"),
                     errors.read(1 << 16).decode(errors="replace"), timed_out)


def run(program: Path, stdin: bytes, cpu: int = 5) -> Ended:
    """Runs a static program confined, for so many seconds of CPU time (more of the clock's)."""
    ended = _run([str(program)], stdin, cpu * 6, lambda: _confine(cpu))
    if ended.status == 126 and not ended.output:
        raise Infrastructure(f"cannot confine: {program.name}: the kernel refused a seccomp filter: "
                             "it needs CONFIG_SECCOMP_FILTER")
    return ended


def compile_limited(argv: list[str], cpu: int = 60) -> Ended:
    """Runs a compiler, bounded, on source that somebody else wrote."""
    return _run(argv, b"", cpu * 6, lambda: _limit(cpu))
