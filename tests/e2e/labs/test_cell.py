"""The cell that foreign servers run in: what they can do, and what they cannot."""
from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab_runs import LABS

from grading import cell
from grading.outcome import Failure, Infrastructure

# What is allowed says "yes"; what is not says "no" and why.
HEAD = """
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(long result)
{
	printf(result < 0 ? "no %s\\n" : "yes\\n", strerror(errno));
	fflush(stdout);
}

static void *idle(void *unused)
{
	pause();
	return unused;
}

int main(void)
{
	(void)idle;
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that nobody can read, too, if the grader is root."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def celled(folder: Path) -> Callable[..., list[str]]:
    """Runs the body of a main() in a cell; the lines that it prints."""
    compile_c(folder / "keeper", (LABS / "grading/host/keeper.c").read_text())
    (folder / "shown").mkdir()
    (folder / "shown/file").write_text("shown")

    def run(body: str, lines: int = 1, **limits: int) -> list[str]:
        compile_c(folder / "program", HEAD + body + "\n\treturn 0;\n}\n")

        # what a cell says has to be carried out of the arena: as a Failure
        def work() -> None:
            shows = {"/program": folder / "program", "/shown": folder / "shown"}
            with cell.Cell(folder / "keeper", shows, ["/program"], "/program", **limits) as running:
                said = [running.line(10) for _ in range(lines)]
                raise Failure("\n".join(str(line) for line in said))
        with pytest.raises(Failure) as told:
            cell.isolated(work, 60)
        return told.value.why.split("\n")
    return run


def compile_c(program: Path, text: str) -> None:
    source = program.with_suffix(".c")
    source.write_text(text)
    subprocess.run(["gcc", "-static", "-w", "-o", program, source], check=True)
    program.chmod(0o755)


@pytest.mark.parametrize("call", [
    'open("/shown/file", O_RDONLY)', "socket(AF_INET, SOCK_STREAM, 0)", "fork() ? 0 : (_exit(0), 0)",
    "-(pthread_create(&(pthread_t){ 0 }, NULL, idle, NULL) != 0)",
    "syscall(SYS_openat2, AT_FDCWD, \"/shown/file\", (unsigned long[3]){ 0 }, 24)",
])
def test_a_server_can(celled: Callable[..., list[str]], call: str) -> None:
    assert celled(f"\ttell({call});") == ["yes"]


@pytest.mark.parametrize("call", [
    'open("/etc/passwd", O_RDONLY)', 'open("/proc/self/status", O_RDONLY)', 'open("/shown/file", O_WRONLY)',
    'open("/shown/new", O_WRONLY | O_CREAT, 0644)', 'open("/new", O_WRONLY | O_CREAT, 0644)', 'mkdir("/shown/x", 0755)',
    "unshare(CLONE_NEWUSER)", 'mount("none", "/shown", "tmpfs", 0, NULL)', "ptrace(PTRACE_ATTACH, 1, 0, 0)",
    "kill(1000000, 0)", "syscall(SYS_bpf, 0, 0, 0)", "syscall(SYS_io_uring_setup, 8, 0)", "setuid(0)",
    "syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)", "syscall(SYS_keyctl, 0, 0)", 'chroot("/shown")',
    "syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0)", "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)",
])
def test_a_server_cannot(celled: Callable[..., list[str]], call: str) -> None:
    assert celled(f"\ttell({call});")[0].startswith("no "), call


def test_its_network_is_its_own(celled: Callable[..., list[str]]) -> None:
    """Nothing of this machine's is reached, and nobody can reach it but from the arena."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = celled(f"""
	struct sockaddr_in a = {{ AF_INET, htons({port}), {{ htonl(INADDR_LOOPBACK) }} }};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	tell(connect(fd, (void *)&a, sizeof(a)));
	tell(sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&a, sizeof(a)));
	tell(bind(fd, (void *)&a, sizeof(a)));""", 3)
        assert [line.split()[0] for line in said] == ["no", "no", "yes"]
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_it_cannot_end_who_keeps_it(celled: Callable[..., list[str]]) -> None:
    assert celled("""
	signal(SIGTERM, SIG_IGN);
	kill(-1, SIGTERM);
	kill(1, SIGKILL);
	kill(getppid(), SIGKILL);
	usleep(100000);
	tell(kill(1, 0));""") == ["yes"]


def test_processes_are_bounded(celled: Callable[..., list[str]]) -> None:
    said = celled("""
	int n = 0, pid;

	while (n < 1000 && (pid = fork()) > 0)
		n++;
	if (!pid)
		pause();
	printf("%d\\n", n);
	fflush(stdout);""", processes=20)
    assert said == ["18"], "the keeper and the program are among them"


def test_nothing_outlives_a_check(celled: Callable[..., list[str]]) -> None:
    mark = f"outlives{os.getpid()}"
    celled(f"""
	for (int i = 0; i < 10; i++)
		if (!fork()) {{
			setsid();
			prctl(PR_SET_NAME, "{mark[:15]}");
			for (;;)
				pause();
		}}
	usleep(100000);
	tell(0);""")
    names = [path.read_text().strip() for path in Path("/proc").glob("[0-9]*/comm")]
    assert mark[:15] not in names


def test_memory_of_many_is_bounded(celled: Callable[..., list[str]]) -> None:
    """Each is within its own limit; together they are not, and are ended."""
    started = time.monotonic()
    assert celled("""
	for (int i = 0; i < 6; i++)
		if (!fork()) {
			char *p = malloc(300 << 20);

			if (p)
				memset(p, 1, 300 << 20);
			pause();
		}
	pause();""") == ["None"]
    assert time.monotonic() - started < 60


def test_a_check_that_hangs_is_trouble_of_ours() -> None:
    with pytest.raises(Infrastructure, match="did not come to its end in 1 s"):
        cell.isolated(lambda: time.sleep(60), 1)


def test_a_mistake_in_a_check_is_trouble_of_ours() -> None:
    with pytest.raises(Infrastructure, match="(?s)a check is broken: .*ZeroDivisionError") as told:
        cell.isolated(lambda: print(1 // 0), 10)
    assert re.search("test_cell", str(told.value))
