"""System calls that a test may let fail, or end a process at: what strace has seen, but for what cannot fail."""
from __future__ import annotations

import re
from collections import Counter

# What ends the process, is none of ours to handle (the C library's start, and its locks), or cannot fail.
LEAVE = {"exit", "exit_group", "execve", "rt_sigreturn", "arch_prctl", "set_tid_address", "set_robust_list", "rseq",
         "getppid", "gettid", "getpid", "getuid", "geteuid", "getgid", "getegid", "close", "munmap", "restart_syscall",
         "futex", "wait4", "uname", "brk", "prlimit64", "rt_sigprocmask", "rt_sigaction", "mprotect"}


def made(trace: str) -> Counter[str]:
    """How often each was made; by a trace of several threads, in the one that made it most often: strace counts so."""
    found = Counter(re.findall(r"^(\d+ +)?(\w+)\(", trace, re.MULTILINE))
    most: Counter[str] = Counter()
    for (_, call), count in found.items():
        if call not in LEAVE:
            most[call] = max(most[call], count)
    return most
