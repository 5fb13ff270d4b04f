"""One run: a machine, a job, and the verdict, which is made here and never in the guest."""
from __future__ import annotations

import ctypes
import enum
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import archive, job, klog, machine, scratch, snapshot, terminal
from .errors import CourseVMError
from .kernellog import KernelLog
from .machine import Machine
from .qmp import Monitor
from .scratch import Scratch
from .stream import FileSource, Lines, Output, SocketSource

PR_SET_PDEATHSIG = 1
# A kernel that has given up resets at once; if even that fails, this long after its last word.
PANIC_GRACE = 10.0


class Outcome(enum.Enum):
    """How a run ended; the value is the launcher's exit status where the command has none."""

    FINISHED = 0
    PANIC = 121
    TIMEOUT = 122
    ENDED = 123
    TROUBLE = 125


@dataclass
class Result:
    """What came of a run."""

    outcome: Outcome
    status: int
    explanation: str = ""
    log: str = ""
    seconds: float = 0.0
    started: float | None = None    # seconds from launch to the command's start

    def trace(self) -> str:
        """The kernel's last words: the reports in its log, or else the log's end."""
        found = klog.findings(self.log)
        if found:
            return "\n".join(str(finding) for finding in found[:3])
        return "\n".join("  " + line for line in self.log.splitlines()[-15:])


@dataclass
class Plan:
    """What to run and what to do with what comes out."""

    machine: Machine
    job: job.Job
    timeout: float = 600.0
    out: Path | None = None
    stdout: int = 1
    stderr: int = 2
    interactive: bool = False
    snapshot: bool = False


class Interrupted(Exception):
    """A signal asked the launcher to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


def die_with_parent(parent: int) -> Callable[[], None]:
    """For a child between fork and exec: have the kernel kill it when this process dies."""
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def start_qemu(argv: list[str], inherited: list[int], errors: Path,
               directory: Path) -> subprocess.Popen:
    """Starts QEMU so that it cannot outlive us, nor be hit by our terminal's Ctrl-C."""
    try:
        with open(errors, "wb") as file:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                    pass_fds=inherited, start_new_session=True, cwd=directory,
                                    preexec_fn=die_with_parent(os.getpid()))
    except FileNotFoundError as e:
        raise CourseVMError(f"QEMU does not run: {argv[0]}: program missing: "
                            "run `make setup`") from e


class Session:
    """The life of one QEMU process, from its start to the verdict."""

    def __init__(self, plan: Plan, place: Scratch, saved: Path | None = None) -> None:
        self.plan = plan
        self.lock = place.lock
        self.saved = saved
        self.monitor = Monitor() if saved else None
        self.directory = directory = place.path
        self.log = KernelLog(directory)
        self.status: int | None = None
        self.trouble = ""
        self.lost: list[str] = []
        self.received_bytes = dict.fromkeys(machine.CHANNELS, 0)
        self.sent_bytes: dict[str, int] = {}
        self.settled = False
        self.started: float | None = None
        self.timed_out = False
        self.begin = time.monotonic()
        self.fatal_since: float | None = None
        self.stdout = Output(plan.stdout)
        self.stderr = Output(plan.stderr)
        self.received = directory / "received"
        self.unpacker = archive.Unpacker(plan.out or self.received)
        self.control = Lines(self.hear)
        self.sinks = {
            "console": self.log.feed, "log": self.log.feed_boot, "control": self.control.feed,
            "out": self.unpacker.feed, "stdout": self.stdout.feed, "stderr": self.stderr.feed,
        }
        if plan.machine.deterministic:
            self.sources = {name: FileSource(directory / f"{name}.bytes") for name in self.sinks}
        else:
            self.sources = {name: SocketSource() for name in self.sinks}
        self.terminal = terminal.Terminal() if plan.interactive else None

    def hear(self, line: str) -> None:
        """One line of the control channel."""
        word, _, rest = line.partition(" ")
        if word == "started" and self.started is None:
            self.started = time.monotonic() - self.begin
        elif word == "status" and rest.isdigit():
            self.status = int(rest) & 0xFF
        elif word == "trouble":
            self.trouble = rest
        elif word == "lost":
            self.lost.append(rest)
        elif word == "sent":
            name, _, count = rest.partition(" ")
            if name in self.received_bytes and count.isdigit():
                self.sent_bytes[name] = int(count)
        elif word == "settled":
            self.settled = True

    def missing(self) -> list[str]:
        """The channels of which not all has arrived that the guest says to have sent."""
        return [name for name, count in self.sent_bytes.items()
                if self.received_bytes[name] < count]

    def acknowledge(self) -> None:
        """Lets a guest that has sent everything go, once everything is here."""
        source = self.sources["control"]
        if self.settled and not self.missing() and isinstance(source, SocketSource):
            self.settled = False
            source.send(b"a")

    def command_line(self) -> list[str]:
        settle = {"settle": str(int(not self.plan.machine.deterministic))}
        disk = job.make(self.plan.job, self.directory, settle)
        chardevs = {name: source.chardev() for name, source in self.sources.items()}
        if self.terminal:
            chardevs["terminal"] = self.terminal.source.chardev()
        extra = []
        if self.saved and self.monitor:
            extra = [*snapshot.arguments(self.plan.machine, self.saved),
                     *self.monitor.arguments()]
        return machine.command_line(self.plan.machine, disk, chardevs, extra)

    def run(self) -> Result:
        """Boots, listens until QEMU is gone, and judges."""
        argv = self.command_line()
        inherited = [fd for source in self.sources.values() for fd in source.inherited()]
        inherited.append(self.lock)
        if self.terminal:
            inherited += self.terminal.source.inherited()
        if self.monitor:
            inherited += self.monitor.inherited()
        qemu = start_qemu(argv, inherited, self.directory / "qemu.log",
                          self.saved or self.directory)
        try:
            for source in self.sources.values():
                source.close_far_end()
            if self.terminal:
                self.terminal.open()
            if self.saved and self.monitor:
                self.log.feed_boot((self.saved / snapshot.BOOT_LOG).read_bytes())
                self.monitor.greet()
                self.monitor.restore(f"cat {snapshot.STATE}")
            self.listen(qemu)
        finally:
            if self.terminal:
                self.terminal.close()
            self.kill(qemu)
            self.log.close()
            if self.monitor:
                self.monitor.close()
        return self.judge(qemu.returncode)

    def kill(self, qemu: subprocess.Popen) -> None:
        if qemu.poll() is None:
            qemu.kill()
        qemu.wait()

    def listen(self, qemu: subprocess.Popen) -> None:
        """Moves bytes until QEMU is gone and all that it sent has arrived."""
        pidfd = os.pidfd_open(qemu.pid)
        try:
            alive = True
            while alive or not self.drained():
                alive = self.turn(pidfd if alive else None)
                self.enforce(qemu)
        finally:
            os.close(pidfd)

    def drained(self) -> bool:
        """True once nothing is on the way any more. QEMU is gone, so no source can grow."""
        moved = any([self.move(name) for name in self.sources])
        return not moved and not self.stdout.pending and not self.stderr.pending

    def turn(self, pidfd: int | None) -> bool:
        """Waits for something to happen and deals with it. Returns whether QEMU lives."""
        poll = select.poll()
        if pidfd is not None:
            poll.register(pidfd, select.POLLIN)
        for name, source in self.sources.items():
            if isinstance(source, SocketSource) and not source.ended and not self.blocked(name):
                poll.register(source.fileno(), select.POLLIN)
        for output in (self.stdout, self.stderr):
            if output.pending:
                poll.register(output.descriptor, select.POLLOUT)
        if self.terminal:
            self.terminal.register(poll)
        ready = {fd for fd, _ in poll.poll(self.patience())}
        for output in (self.stdout, self.stderr):
            if output.pending and output.descriptor in ready:
                output.flush()
        for name in self.sources:
            self.move(name)
        self.acknowledge()
        if self.terminal:
            self.terminal.move(ready)
        return pidfd is None or pidfd not in ready

    def patience(self) -> float:
        """Milliseconds until something must be looked at anyway."""
        return 20.0 if self.plan.machine.deterministic else 500.0

    def blocked(self, name: str) -> bool:
        """True if the channel's taker has not yet taken what came before."""
        output = {"stdout": self.stdout, "stderr": self.stderr}.get(name)
        return bool(output and output.pending)

    def move(self, name: str) -> bool:
        """Carries bytes of one channel, if there are any."""
        source = self.sources[name]
        if source.ended or self.blocked(name):
            return False
        data = source.read()
        if data:
            if name in self.received_bytes:
                self.received_bytes[name] += len(data)
            self.sinks[name](data)
        return bool(data)

    def enforce(self, qemu: subprocess.Popen) -> None:
        """Ends a run that is over: too long, given up by its kernel, or unheard."""
        now = time.monotonic()
        if self.log.fatal and self.fatal_since is None:
            self.fatal_since = now
        if self.terminal and self.terminal.left:
            raise Interrupted(signal.SIGINT)
        if self.stdout.broken or self.stderr.broken:
            raise Interrupted(signal.SIGPIPE)
        if self.plan.timeout and now - self.begin > self.plan.timeout and qemu.poll() is None:
            self.timed_out = True
            qemu.kill()
        if self.fatal_since and now - self.fatal_since > PANIC_GRACE:
            qemu.kill()

    def judge(self, returncode: int) -> Result:
        """The verdict, from how QEMU ended and what init said; console text never makes it good."""
        outcome, why = self.outcome(returncode)
        status = self.status if outcome is Outcome.FINISHED else outcome.value
        assert status is not None
        return Result(outcome, status, why, self.log.text(), time.monotonic() - self.begin,
                      self.started)

    def outcome(self, returncode: int) -> tuple[Outcome, str]:
        if self.log.fatal:
            return Outcome.PANIC, "guest kernel panicked"
        if returncode == machine.EXIT_FINISHED and self.status is not None:
            if self.unpacker.error:
                return Outcome.TROUBLE, self.unpacker.error
            if self.missing():
                return Outcome.TROUBLE, f"output was lost: {', '.join(self.missing())}"
            if self.lost:
                return Outcome.TROUBLE, f"/out came back incomplete: {', '.join(self.lost)}"
            return Outcome.FINISHED, ""
        if self.timed_out:
            return Outcome.TIMEOUT, (f"guest did not finish within {self.plan.timeout:g} s: "
                                     "it hangs, or needs a longer --timeout")
        if returncode == machine.EXIT_TROUBLE:
            return Outcome.TROUBLE, self.trouble or "guest init had trouble and could not say which"
        if returncode in (0, machine.EXIT_FINISHED):
            return Outcome.ENDED, ("guest ended without a verdict: it was reset or powered off "
                                   "before the command had finished")
        errors = (self.directory / "qemu.log").read_text(errors="replace").strip()
        return Outcome.TROUBLE, f"QEMU failed: it ended with {returncode}: {errors or 'silently'}"


def raise_interrupted(number: int, _frame: object) -> None:
    raise Interrupted(number)


def restored(plan: Plan) -> Result | None:
    """Runs a plan from a saved machine. Returns None, saying why, if that cannot be done."""
    try:
        saved = snapshot.entry(plan.machine)
        with scratch.directory() as place:
            result = Session(plan, place, saved).run()
        if result.outcome is not Outcome.TROUBLE or result.started is not None:
            return result
        why = result.explanation
    except CourseVMError as e:
        why = str(e)
    print(f"coursevm: snapshot not usable, booting instead: {why}", file=sys.stderr)
    return None


def booted(plan: Plan) -> Result:
    with scratch.directory() as place:
        return Session(plan, place).run()


def died_of_emulation(result: Result) -> bool:
    """
    A kernel patches its own code by way of breakpoints. Emulated processors that run side by side now
    and then execute such a breakpoint after its time. Before the command starts nothing else does that.
    """
    return result.outcome is Outcome.PANIC and result.started is None and "Oops: int3" in result.log


def run(plan: Plan) -> Result:
    """Runs a plan to its end. Leaves kernel.log and verdict in plan.out."""
    if plan.out:
        plan.out.mkdir(parents=True, exist_ok=True)
    result = restored(plan) if plan.snapshot else None
    if result is None:
        result = booted(plan)
    if died_of_emulation(result):
        print("coursevm: the kernel died while it booted, of a breakpoint that emulation executed too late: "
              "booting again", file=sys.stderr)
        result = booted(plan)
    if plan.out:
        (plan.out / "kernel.log").write_text(result.log)
        word = result.outcome.name.lower()
        (plan.out / "verdict").write_text(f"{word} {result.status}\n")
    return result


def report(result: Result) -> None:
    """Tells a person why a run did not finish."""
    if result.outcome is Outcome.FINISHED:
        return
    print(f"coursevm: {result.explanation}", file=sys.stderr)
    if result.outcome in (Outcome.PANIC, Outcome.TIMEOUT, Outcome.ENDED):
        print(result.trace(), file=sys.stderr)
