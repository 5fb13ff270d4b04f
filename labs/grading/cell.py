"""Running a foreign server on this machine, and clients that look at it.

	grader ── fork ─▶ arena: a user and a network namespace of its own; our clients, our witnesses
	                    │ bwrap
	                    ▼
	                  cell: namespaces of processes, files, IPC below it; the submission's program

A server has to open sockets, and may fork and start threads, so sandbox.py would not let it live.
In its cell it sees two folders, read-only, and the processes that it started; no network but the
loopback device of the arena; it has no capability, and a seccomp filter keeps it from most of the
kernel, limits from most of the machine. What is asked and what is judged happens in the arena,
which nothing in the cell can name. It needs no privilege to set up; a grader that is root steps
down to nobody first.
"""
from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from . import sandbox
from .outcome import Failure, Infrastructure

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
# mount, cgroup, UTS, IPC, user, PID, network, time
CLONE_NEW = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | CLONE_NEWUSER | 0x20000000 | CLONE_NEWNET | 0x80
NOBODY = 65534
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

# What a server needs, beside what every program does; x86-64 numbers.
SERVES = {
    "open": 2, "poll": 7, "lseek": 8, "pread64": 17, "readv": 19, "access": 21, "pipe": 22, "select": 23,
    "sched_yield": 24, "madvise": 28, "dup": 32, "dup2": 33, "pause": 34, "nanosleep": 35, "setitimer": 38,
    "sendfile": 40, "socket": 41, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47,
    "shutdown": 48, "bind": 49, "listen": 50, "getsockname": 51, "getpeername": 52, "socketpair": 53, "setsockopt": 54,
    "getsockopt": 55, "fork": 57, "vfork": 58, "wait4": 61, "kill": 62, "fcntl": 72, "getcwd": 79, "unlink": 87,
    "readlink": 89, "gettimeofday": 96, "getrlimit": 97, "getuid": 102, "getgid": 104, "geteuid": 107,
    "getegid": 108, "getppid": 110, "prctl": 157, "setrlimit": 160, "time": 201, "sched_getaffinity": 204,
    "epoll_create": 213, "clock_nanosleep": 230, "epoll_wait": 232, "epoll_ctl": 233, "tgkill": 234,
    "waitid": 247, "openat": 257, "unlinkat": 263, "readlinkat": 267, "pselect6": 270, "ppoll": 271,
    "epoll_pwait": 281, "timerfd_create": 283, "eventfd": 284, "timerfd_settime": 286, "timerfd_gettime": 287,
    "accept4": 288, "signalfd4": 289, "eventfd2": 290, "epoll_create1": 291, "dup3": 292, "pipe2": 293,
    "prlimit64": 302, "openat2": 437,
}
CLONE, CLONE3, IOCTL = 56, 435, 16
ENOTTY, ENOSYS = 25, 38
SIOCOUTQ, TCGETS = 0x5411, 0x5401
JSET = 0x45

MAX_MEMORY = 512 << 20		# of one process, in addresses
MAX_RESIDENT = 1 << 30		# of all in a cell
MAX_OUTPUT = 4 << 20
MAX_CPU = 120			# seconds, of one process

_libc = ctypes.CDLL(None, use_errno=True)


def _filter() -> bytes:
    """As sandbox.py's, with more calls, and with a look at the arguments of two of them."""
    allow, refuse = (sandbox.RET, 0, 0, sandbox.RET_ALLOW), sandbox.RET_ERRNO
    special = [
        # the C library goes on with clone, whose flags lie in a register
        (sandbox.JEQ, 0, 1, CLONE3), (sandbox.RET, 0, 0, refuse | ENOSYS),
        (sandbox.JEQ, 0, 4, CLONE), (sandbox.LD, 0, 0, 16), (JSET, 1, 0, CLONE_NEW), allow,
        (sandbox.RET, 0, 0, refuse | sandbox.EACCES),
        (sandbox.JEQ, 0, 5, IOCTL), (sandbox.LD, 0, 0, 24), (sandbox.JEQ, 2, 0, SIOCOUTQ), (sandbox.JEQ, 1, 0, TCGETS),
        (sandbox.RET, 0, 0, refuse | ENOTTY), allow,
    ]
    return sandbox.program(special, (sandbox.ALLOWED | SERVES).values())


FILTER = _filter()


class TookTooLong(Infrastructure):
    """A check has not come to its end. Whose fault it is, who asked may find out."""


# --- the arena ---

def isolated(work: Callable[[], None], seconds: float) -> None:
    """Runs work() in an arena; raises what it raises, and Infrastructure if there can be none.

    Whatever it started has ended afterwards.
    """
    told, tells = os.pipe()
    begin, begins = os.pipe()
    child = os.fork()
    if not child:
        os.close(told)
        os.close(begins)
        _in_arena(work, tells, begin)
    os.close(tells)
    os.close(begin)
    try:
        said = _listen(child, told, begins, seconds)
    finally:
        os.close(told)
        os.close(begins)
        # the cells die with it
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if said["end"] == "failure":
        raise Failure(said["why"], said["look"])
    if said["end"] == "late":
        raise TookTooLong(said["why"])
    if said["end"] != "done":
        raise Infrastructure(said["why"])


def _listen(child: int, told: int, begins: int, seconds: float) -> dict[str, str]:
    """Lets the child begin, and waits for what it says."""
    end = time.monotonic() + seconds
    data = b""
    while select.select([told], [], [], max(0.0, end - time.monotonic()))[0]:
        piece = os.read(told, 65536)
        if piece == b"!" and not data:
            _map_user(child)
            os.write(begins, b"!")
            continue
        if not piece:
            return json.loads(data) if data else {"end": "trouble", "why": "a check ended without a word"}
        data += piece
    return {"end": "late", "why": f"a check did not come to its end in {seconds:.0f} s"}


def _map_user(child: int) -> None:
    """Its root is this user; or nobody, if this is root."""
    uid, gid = (os.geteuid(), os.getegid()) if os.geteuid() else (NOBODY, NOBODY)
    try:
        Path(f"/proc/{child}/setgroups").write_text("deny")
        Path(f"/proc/{child}/uid_map").write_text(f"0 {uid} 1")
        Path(f"/proc/{child}/gid_map").write_text(f"0 {gid} 1")
    except OSError as error:
        raise Infrastructure(f"cannot confine a server: user namespace: {error.strerror}: "
                             "this machine must allow them") from error


def _in_arena(work: Callable[[], None], tells: int, begin: int) -> None:
    """The child's life. Never returns."""
    try:
        _enter(tells, begin)
        work()
        said = {"end": "done"}
    except Failure as failure:
        said = {"end": "failure", "why": failure.why, "look": failure.look}
    except Infrastructure as trouble:
        said = {"end": "trouble", "why": str(trouble)}
    except BaseException:  # a mistake of ours must not look like one of the submission's
        said = {"end": "trouble", "why": f"a check is broken: {traceback.format_exc(limit=-4)}"}
    with os.fdopen(tells, "w") as pipe:
        json.dump(said, pipe)
    os._exit(0)


def _enter(tells: int, begin: int) -> None:
    if _libc.unshare(CLONE_NEWUSER | CLONE_NEWNET):
        error = os.strerror(ctypes.get_errno())
        raise Infrastructure(f"cannot confine a server: namespaces: {error}: this machine must allow user namespaces")
    os.write(tells, b"!")
    if os.read(begin, 1) != b"!":
        os._exit(1)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    _libc.prctl(sandbox.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        flags = struct.unpack("16sh22x", request)[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
    # for clients; cells have their own limit
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


# --- witnesses: what the kernel says of a process, read from outside of the cell ---

def read(pid: int, name: str) -> str:
    """A file of /proc/PID; "" if the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    return [int(child) for task in tasks(pid) for child in read(pid, f"task/{task}/children").split()]


def tasks(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def family(pid: int) -> list[int]:
    """It and all that came of it."""
    found = [pid]
    for one in found:
        # one that gets another parent meanwhile may be met twice
        found += [child for child in dict.fromkeys(children(one)) if child not in found]
    return found


def state(pid: int) -> str:
    """R, S, D, Z ...; "" if it is gone."""
    return read(pid, "stat").rpartition(")")[2].strip()[:1]


def descriptors(pid: int) -> list[str]:
    """What its descriptors are: "socket:[123]", "/program/httpd" ..."""
    found = []
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
            except FileNotFoundError:
                pass
    except FileNotFoundError:
        pass
    except PermissionError as error:
        raise Failure("Your server hides from those who look at it.", "It must stay dumpable.") from error
    return found


def cpu_seconds(pid: int) -> float:
    """On a processor since it began, with its threads, and with the children that it waited for."""
    running = sum(int((read(pid, f"task/{task}/schedstat") or "0").split()[0]) for task in tasks(pid)) / 1e9
    fields = read(pid, "stat").rpartition(")")[2].split()
    return running + (sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK") if fields else 0)


def runs(pid: int) -> bool:
    """A thread of it is on a processor, or waits for one."""
    return any(read(pid, f"task/{task}/stat").rpartition(")")[2].strip()[:1] == "R" for task in tasks(pid))


def switches(pid: int) -> int:
    """How often its threads gave the processor up, or had to."""
    return sum(int(line.split()[1]) for task in tasks(pid)
               for line in read(pid, f"task/{task}/status").splitlines() if "ctxt_switches" in line)


def memory(pid: int) -> int:
    """Octets that are its own, with its part of what it shares (PSS)."""
    for line in read(pid, "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    return 0


# --- the cell ---

class Cell:
    """A program in a cell: `argv` is seen there, in the folders `shows` (path there: path here)."""

    def __init__(self, keeper: Path, shows: dict[str, Path], argv: Sequence[str], program: str,
                 descriptors: int = 4096, processes: int = 600) -> None:
        self.errors = tempfile.TemporaryFile()
        rules = tempfile.TemporaryFile()
        rules.write(FILTER)
        rules.seek(0)
        command = [
            "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
            "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000",
            "--hostname", "cell", "--clearenv", "--dev-bind", "/dev/null", "/dev/null",
            "--ro-bind", str(keeper), "/keeper", "--symlink", program, "/proc/self/exe",
            *(word for inside, here in shows.items() for word in ("--ro-bind", str(here), inside)),
            "--remount-ro", "/", "--chdir", "/", "--seccomp", str(rules.fileno()), "--",
            "/keeper", str(processes), *argv]
        limits = {resource.RLIMIT_NOFILE: descriptors, resource.RLIMIT_AS: MAX_MEMORY,
                  resource.RLIMIT_FSIZE: MAX_OUTPUT, resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: MAX_CPU}

        def limit() -> None:
            for what, most in limits.items():
                resource.setrlimit(what, (most, most))

        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                            pass_fds=[rules.fileno()], preexec_fn=limit, cwd="/")
        except OSError as error:
            raise Infrastructure(f"cannot run: bwrap: {error.strerror}: is `make setup` done?") from error
        rules.close()
        self.said = b""
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    def __enter__(self) -> Cell:
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()
        self.errors.close()

    def end(self) -> None:
        """All of it; the first process takes the others along."""
        for pid in family(self.process.pid)[1:2]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.watch.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _watch(self) -> None:
        """Memory has no limit for several processes together, but for this one."""
        while self.process.poll() is None:
            pages = 0
            for pid in family(self.process.pid):
                _, resident, shared, *_ = map(int, (read(pid, "statm") or "0 0 0").split())
                pages += resident - shared
            if pages * resource.getpagesize() > MAX_RESIDENT:
                self.process.kill()
            time.sleep(0.2)

    def line(self, seconds: float) -> str | None:
        """The next line that it prints; None if there is none in time."""
        assert self.process.stdout
        end = time.monotonic() + seconds
        while b"\n" not in self.said:
            if not select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece or len(self.said) > MAX_OUTPUT:
                return None
            self.said += piece
        text, _, self.said = self.said.partition(b"\n")
        return text.decode(errors="replace")

    def say(self, line: str) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()

    def complaints(self) -> str:
        """What it wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read(65536).decode(errors="replace")

    def first(self) -> int:
        """The program's process; 0 if it is gone."""
        keeper = children(self.process.pid)
        return next(iter(children(keeper[0])), 0) if keeper else 0
