"""A machine that has booted once, and is continued from there by every later run.

Its memory is a file. The machine that is saved writes it (shared mapping); every machine that
is restored maps it privately, so memory costs nothing to load and nothing that a run writes
reaches the file. QEMU's x-ignore-shared capability leaves such memory out of the saved state,
and with it the two persistent-memory disks: the job disk is therefore free to differ.

A machine is saved while its init waits for a job disk with a file system on it.
"""
from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from pathlib import Path

from . import cache, job, machine, session
from .errors import CourseVMError
from .kernellog import KernelLog
from .machine import Machine
from .qmp import Monitor
from .stream import FileSource, Lines

HERE = Path(__file__).parent
STATE = "state"
MEMORY = "memory"
BOOT_LOG = "boot.log"
# A debug kernel in emulation takes a minute, and several beside other work.
BOOT_TIMEOUT = 600.0
KEPT = 11


def digest(virtual: Machine) -> str:
    """All that a saved state depends on: kernel, initramfs, disk, QEMU and its flags."""
    program = subprocess.run([machine.PROGRAM, "--version"], capture_output=True, text=True,
                             check=True).stdout
    plain = dataclasses.replace(virtual, seed=0) if virtual.deterministic else virtual
    return cache.key(program, repr(plain), HERE / "machine.py", HERE / "snapshot.py")


def entry(virtual: Machine) -> Path:
    """The saved machine, booted and saved on first use."""
    def build(target: Path) -> None:
        forget_oldest()
        create(virtual, target)

    saved = cache.entry("snapshot", digest(virtual), build)
    os.utime(saved)
    return saved


def forget_oldest() -> None:
    """Makes room: a saved machine takes 200 MB, and every combination of options makes one."""
    saved = sorted(cache.directory().glob("snapshot-*"), key=lambda p: p.stat().st_mtime)
    for path in saved[:-KEPT]:
        cache.remove(path)


def memory(virtual: Machine, path: Path, private: bool) -> list[str]:
    share = "off" if private else "on"
    return ["-object", f"memory-backend-file,id=memory,mem-path={machine.escape(path)},"
            f"size={virtual.memory}M,share={share}", "-machine", "memory-backend=memory"]


def create(virtual: Machine, target: Path) -> None:
    """Boots a machine up to the point where init waits for a job, and saves it."""
    cache.progress("snapshot: booting once")
    empty = target / "job.empty"
    with open(empty, "wb") as file:
        file.truncate(job.SIZE)
    if virtual.deterministic:
        virtual = dataclasses.replace(virtual, seed=0)
    log = KernelLog(target)
    ready: list[str] = []
    control = Lines(ready.append)
    sinks = {name: (lambda data: None) for name in machine.CHANNELS}
    sinks |= {"console": log.feed, "log": log.feed_boot, "control": control.feed}
    sources = {name: FileSource(target / f"{name}.bytes") for name in sinks}
    monitor = Monitor()
    argv = machine.command_line(
        virtual, empty, {name: source.chardev() for name, source in sources.items()},
        [*memory(virtual, target / MEMORY, private=False), *monitor.arguments()], shared_job=True)
    qemu = session.start_qemu(argv, monitor.inherited(), target / "qemu.log", target)
    try:
        monitor.greet()
        end = time.monotonic() + BOOT_TIMEOUT
        while "ready" not in ready:
            for name, source in sources.items():
                sinks[name](source.read())
            if qemu.poll() is not None or time.monotonic() > end:
                errors = (target / "qemu.log").read_text(errors="replace").strip()
                raise CourseVMError(f"snapshot cannot be made: machine did not boot: {errors}")
            time.sleep(0.02)
        monitor.save(f"cat > {STATE}")
        for name, source in sources.items():
            sinks[name](source.read())
    finally:
        qemu.kill()
        qemu.wait()
        monitor.close()
        log.close()
        for source in sources.values():
            source.close()
    text = log.text()
    for path in target.iterdir():
        if path.name not in (STATE, MEMORY):
            path.unlink()
    (target / BOOT_LOG).write_text(text)


def arguments(virtual: Machine, saved: Path) -> list[str]:
    """What QEMU needs besides the machine's own command line to take up the saved state."""
    return [*memory(virtual, saved / MEMORY, private=True), "-incoming", "defer"]
