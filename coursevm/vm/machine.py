"""QEMU's command line for the course VM."""
from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import job
from .errors import CourseVMError

PROGRAM = "qemu-system-x86_64"
CHANNELS = ("control", "stdout", "stderr", "out", "log")

# What guest/init.c writes to the exit port, as QEMU's exit status: (value << 1) | 1.
EXIT_FINISHED = (0x2A << 1) | 1
EXIT_TROUBLE = (0x2B << 1) | 1

# An oops ends the machine; so does a panic, by a reset that -no-reboot turns into an exit.
# The rest shortens the boot or makes it repeatable.
KERNEL_LINE = ("console=ttyS0 quiet panic=-1 oops=panic mitigations=off no_timer_check "
               "cryptomgr.notests nokaslr tsc=reliable random.trust_cpu=on")

ICOUNT_SHIFT = 1


@dataclass(frozen=True)
class Machine:
    """The hardware of one run. Equal machines can share a snapshot."""

    vmlinuz: Path
    initramfs: Path
    root: Path
    accel: str = "tcg"
    smp: int = 2
    memory: int = 1024
    seed: int | None = None
    append: str = ""

    @property
    def deterministic(self) -> bool:
        return self.seed is not None


@functools.cache
def version() -> tuple[int, int]:
    """QEMU's version."""
    try:
        text = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        raise CourseVMError(f"QEMU does not run: {PROGRAM}: {e}: run `make setup`") from e
    match = re.search(r"version (\d+)\.(\d+)", text)
    if not match:
        raise CourseVMError(f"QEMU version unknown: {PROGRAM}: it said {text.strip()!r}")
    return int(match[1]), int(match[2])


def processor(accel: str) -> str:
    if accel == "kvm":
        return "host"
    # five-level tables cost time and are hidden from guests anyway; QEMU 7.2 emulates
    # CMPXCHG16B with wrong flags, on which 6.12's slab allocator dies now and then
    return "max,la57=off" + (",cx16=off" if version() < (8, 0) else "")


def accelerator(machine: Machine) -> list[str]:
    """Live: as fast as may be. Deterministic: time is the count of instructions."""
    if not machine.deterministic:
        return ["-accel", machine.accel, "-smp", str(machine.smp)]
    return ["-accel", "tcg,thread=single", "-smp", "1",
            "-icount", f"shift={ICOUNT_SHIFT},sleep=off", "-seed", str(machine.seed),
            "-rtc", "base=2024-01-01T00:00:00,clock=vm"]


def pmem(name: str, path: Path, size: int, private: bool, writable: bool) -> list[str]:
    """A file as persistent memory: read at memory speed, without queues or interrupts.

    What is written to a private one never reaches the file.
    """
    backend = f"memory-backend-file,id={name},mem-path={escape(path)},size={size}"
    backend += f",share={'off' if private else 'on'}" + ("" if writable else ",readonly=on")
    device = f"nvdimm,id=nvdimm-{name},memdev={name}" + ("" if writable else ",unarmed=on")
    return ["-object", backend, "-device", device]


def escape(path: Path | str) -> str:
    """QEMU's option values double their commas."""
    return str(path).replace(",", ",,")


def channel_devices(chardevs: Mapping[str, str], interactive: bool) -> list[str]:
    """The serial console for the kernel's log, and one virtio port per channel.

    Without ioeventfd QEMU carries out a port's write where the guest issues it, and so always
    at the same instruction.
    """
    argv = ["-chardev", f"{chardevs['console']},id=console", "-serial", "chardev:console",
            "-device", "virtio-serial-pci,ioeventfd=off,max_ports=16"]
    for name in CHANNELS:
        argv += ["-chardev", f"{chardevs[name]},id={name}",
                 "-device", f"virtserialport,chardev={name},name=virtlab.{name}"]
    if interactive:
        argv += ["-chardev", f"{chardevs['terminal']},id=terminal",
                 "-device", "virtconsole,chardev=terminal"]
    return argv


def command_line(machine: Machine, job_disk: Path, chardevs: Mapping[str, str],
                 extra: list[str], shared_job: bool = False) -> list[str]:
    """The whole command. `chardevs` gives a QEMU character device for each channel."""
    slots = f"{machine.memory}M,slots=4,maxmem={machine.memory + 16384}M"
    return [
        PROGRAM, "-name", "coursevm", "-nodefaults", "-no-user-config", "-display", "none",
        "-no-reboot", "-machine", "pc,nvdimm=on", "-cpu", processor(machine.accel),
        *accelerator(machine), "-m", slots,
        "-kernel", str(machine.vmlinuz), "-initrd", str(machine.initramfs),
        "-append", f"{KERNEL_LINE} {machine.append}".strip(),
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        *pmem("root", machine.root, machine.root.stat().st_size, private=False,
              writable=False),
        *pmem("job", job_disk, job.SIZE, private=not shared_job, writable=True),
        *channel_devices(chardevs, "terminal" in chardevs),
        *extra,
    ]
