"""What a program built from a submission can do on this machine: compute, and no more."""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from grading import sandbox


@pytest.fixture
def confined(tmp_path: Path) -> Callable[[str], sandbox.Ended]:
    """Runs the body of a main() in the sandbox."""
    def run(body: str, stdin: bytes = b"", cpu: int = 5) -> sandbox.Ended:
        source, program = tmp_path / "p.c", tmp_path / "p"
        source.write_text("#define _GNU_SOURCE\n#include <errno.h>\n#include <fcntl.h>\n#include <signal.h>\n"
                          "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n"
                          "#include <sys/resource.h>\n#include <sys/socket.h>\n#include <sys/stat.h>\n"
                          "#include <unistd.h>\n"
                          f"int main(void)\n{{\n{body}\n\treturn 0;\n}}\n")
        subprocess.run(["gcc", "-static", "-w", "-o", program, source], check=True)
        return sandbox.run(program, stdin, cpu)
    return run


def test_it_reads_its_input_and_writes_its_output(confined: Callable[..., sandbox.Ended]) -> None:
    ended = confined("char t[9] = \"\"; fgets(t, 9, stdin); printf(\"got %s\", t); free(malloc(1 << 24));", b"this")
    assert (ended.status, ended.output) == (0, "got this")


@pytest.mark.parametrize("call", [
    'open("/etc/passwd", O_RDONLY)', 'open("/tmp/x", O_CREAT | O_WRONLY, 0600)', "fork()", "vfork()",
    "socket(AF_INET, SOCK_STREAM, 0)", 'unlink("/tmp/nothing")', 'mkdir("/tmp/never", 0700)',
    "kill(getppid(), 0)", "kill(1, 0)", 'chroot("/")', "setuid(65534)", 'syscall(425, 1, 0)',
    "syscall(101, 16, 1, 0, 0)", "prlimit(getppid(), RLIMIT_CPU, 0, 0)",
])
def test_it_is_denied(confined: Callable[..., sandbox.Ended], call: str) -> None:
    ended = confined(f'long r = {call};\nprintf("%ld %s\\n", r, strerrorname_np(errno));')
    assert ended.output == "-1 EACCES\n", ended


def test_it_ends_when_its_time_is_over(confined: Callable[..., sandbox.Ended]) -> None:
    assert confined("for (;;);", cpu=1).timed_out


def test_it_gets_no_more_memory_than_there_is(confined: Callable[..., sandbox.Ended]) -> None:
    assert confined('printf("%d\\n", malloc(3ul << 30) != NULL);').output == "0\n"


def test_its_output_is_bounded(confined: Callable[..., sandbox.Ended]) -> None:
    ended = confined("static char t[1 << 20]; for (;;) if (write(1, t, sizeof(t)) < 0) return 7;")
    assert len(ended.output) <= sandbox.MAX_OUTPUT
    assert ended.status != 0
