"""The command lines: coursevm/image, enter, run and klog."""
from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import accel, cache, chroot, disk, initramfs, job, klog, machine, recipe, rootfs
from . import session, terminal
from .errors import CourseVMError

TREE = Path(__file__).resolve().parent.parent.parent
SHOWN = 10
TROUBLE = session.Outcome.TROUBLE.value


def reporting(command: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Turns what a person can mend into one line and exit status 125."""
    def wrapped(argv: list[str]) -> int:
        # mke2fs and its like are where an ordinary user does not look
        os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
        try:
            return command(argv)
        except CourseVMError as e:
            print(f"coursevm: {e}", file=sys.stderr)
            return TROUBLE
        except BrokenPipeError:
            # whoever reads our output has seen enough; nothing may be flushed into it later
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 128 + signal.SIGPIPE
        except OSError as e:
            print(f"coursevm: {e.strerror}: {e.filename or 'no file'}", file=sys.stderr)
            return TROUBLE
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except session.Interrupted as e:
            return 128 + e.number
    return wrapped


class Parser(argparse.ArgumentParser):
    """Wrong usage is the launcher's trouble too, not the command's status 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(TROUBLE, f"coursevm: {message}\n")


def parser(program: str, description: str) -> argparse.ArgumentParser:
    made = Parser(prog=f"coursevm/{program}", description=description)
    made.add_argument("--kernel", metavar="K", help=f"one of {', '.join(recipe.KERNELS)} "
                      f"(default: $KERNEL, or {recipe.DEFAULT_KERNEL})")
    return made


def split_command(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our options, and the command behind the first `--`."""
    if "--" in argv:
        at = argv.index("--")
        return argv[:at], argv[at + 1:]
    return argv, []


def pair(text: str) -> tuple[str, str]:
    source, colon, destination = text.partition(":")
    if not (source and colon and destination):
        raise argparse.ArgumentTypeError(f"{text!r} is not SRC:DST")
    return source, destination


@reporting
def image(argv: list[str]) -> int:
    p = parser("image", "Makes what is missing of the course VM's image and prints where it is.")
    what = p.add_mutually_exclusive_group()
    for name, text in (("path", "the root disk (default)"), ("rootfs", "the root directory"),
                       ("vmlinuz", "the kernel"), ("initramfs", "the initramfs"),
                       ("release", "the kernel's release, as uname -r prints it")):
        what.add_argument(f"--{name}", action="store_const", const=name, dest="what", help=text)
    what.add_argument("--prune", action="store_const", const="prune", dest="what",
                      help="remove what no current recipe leads to")
    options = p.parse_args(argv)
    if options.what == "prune":
        return prune()
    kernel = rootfs.kernel(options.kernel)
    print({"rootfs": lambda: kernel.rootfs, "vmlinuz": lambda: kernel.vmlinuz,
           "release": lambda: kernel.release, "initramfs": lambda: initramfs.image(kernel),
           }.get(options.what, lambda: disk.image(kernel))())
    return 0


def prune() -> int:
    for path in cache.stale(current_entries()):
        print(f"removing {path}")
        cache.remove(path)
    return 0


def current_entries() -> set[Path]:
    """The entries that today's recipes lead to, whether they exist or not."""
    directory = cache.directory()
    found = {directory / f"base-{rootfs.base_key()}"}
    for name in recipe.KERNELS:
        entry = rootfs.kernel_entry(name)
        if not entry.is_dir():
            continue
        found.add(entry)
        kernel = rootfs.kernel(name)
        found |= {directory / f"disk-{name}-{disk.digest(kernel)}",
                  directory / f"initramfs-{name}-{initramfs.digest(kernel)}"}
    return found


@reporting
def enter(argv: list[str]) -> int:
    p = parser("enter", "Runs a command natively inside the course VM's root file system, the "
               "project tree at /virtlab (only build/ writable). Exit status: the command's.")
    p.usage = "coursevm/enter [--kernel K] [--bind SRC:DST]... -- COMMAND..."
    p.add_argument("--bind", metavar="SRC:DST", type=pair, action="append", default=[],
                   help="a directory or file of the host that the command may write")
    ours, command = split_command(argv)
    options = p.parse_args(ours)
    if not command:
        p.error("no command: write it behind `--`")
    kernel = rootfs.kernel(options.kernel)
    build = TREE / "build"
    build.mkdir(exist_ok=True)
    binds = [(f"ro:{TREE}", "/virtlab"), (f"rw:{build}", "/virtlab/build")]
    binds += [(f"rw:{Path(source).absolute()}", target) for source, target in options.bind]
    for source, _ in options.bind:
        if not Path(source).exists():
            raise CourseVMError(f"nothing to bind: {source}: no such file or directory")
    line, env = chroot.command(kernel.rootfs, command, binds, "/virtlab")
    sys.stdout.flush()
    # in place of this process, so that signals and make's jobserver pass straight through
    os.execvpe(line[0], line, env)


def run_parser() -> argparse.ArgumentParser:
    p = parser("run", "Boots the course VM and runs one command in it. Exit status: the "
               "command's; 121 panic or oops, 122 timeout, 123 the guest ended without a "
               "verdict, 125 the launcher could not do its work.")
    p.usage = "coursevm/run [OPTION]... -- COMMAND..."
    p.add_argument("--smp", type=int, metavar="N", help="processors (default 2)")
    p.add_argument("--mem", metavar="M", help="memory: 1G, 512M (default 1G; debug 2G)")
    p.add_argument("--timeout", type=float, default=600.0, metavar="S",
                   help="seconds of the host's time, 0 for none (default 600)")
    p.add_argument("--out", type=Path, metavar="DIR",
                   help="where /out comes back, with kernel.log and verdict")
    p.add_argument("--deterministic", type=int, metavar="SEED",
                   help="one processor, time counted in instructions; SEED chooses the schedule")
    p.add_argument("--snapshot", action="store_true",
                   help="boot once, then restore that machine for every run")
    p.add_argument("--put", metavar="SRC:DST", type=pair, action="append", default=[],
                   help="copy a file or directory of the host to DST in the guest")
    p.add_argument("--tree", type=Path, default=TREE, metavar="DIR",
                   help="the project tree to show at /virtlab (default: this one)")
    p.add_argument("--env", metavar="NAME=VALUE", action="append", default=[],
                   help="set a variable for the command")
    p.add_argument("--append", default="", metavar="TEXT", help="add to the kernel command line")
    p.add_argument("--interactive", action="store_true",
                   help="a terminal in the guest; Ctrl-] leaves (default command: a shell)")
    return p


def mebibytes(text: str) -> int:
    """512M, 2G, or a plain number of MiB."""
    units = {"M": 1, "G": 1024}
    number, unit = (text[:-1], text[-1:].upper()) if text[-1:].isalpha() else (text, "M")
    if unit not in units or not number.isdigit() or int(number) == 0:
        raise CourseVMError(f"memory size not understood: {text}: write 512M or 2G")
    return int(number) * units[unit]


@reporting
def run(argv: list[str]) -> int:
    p = run_parser()
    ours, command = split_command(argv)
    options = p.parse_args(ours)
    if not command and options.interactive:
        command = ["bash", "-l"]
    if not command:
        p.error("no command: write it behind `--`")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, session.raise_interrupted)
    plan = make_plan(options, command)
    result = session.run(plan)
    session.report(result)
    if os.environ.get("VIRTLAB_TIMES"):
        first = f"{result.started:.2f}" if result.started is not None else "never"
        cache.progress(f"command started after {first} s, machine gone after "
                       f"{result.seconds:.2f} s")
    return result.status


def make_plan(options: argparse.Namespace, command: list[str]) -> session.Plan:
    """What to run, from the command line; makes the image if it is missing."""
    if options.interactive and (options.snapshot or options.deterministic is not None):
        raise CourseVMError("terminal not possible: --interactive: a saved machine and a "
                            "deterministic one have none")
    chosen = recipe.kernel(options.kernel)
    memory = mebibytes(options.mem or ("2G" if chosen.from_source else "1G"))
    smp = options.smp or 2
    if smp < 1 or (options.deterministic is not None and options.smp and smp > 1):
        raise CourseVMError(f"processors not possible: --smp {options.smp}: deterministic runs "
                            "have one")
    if options.tree and not options.tree.is_dir():
        raise CourseVMError(f"project tree missing: {options.tree}: no such directory")
    kernel = rootfs.kernel(options.kernel)
    virtual = machine.Machine(
        vmlinuz=kernel.vmlinuz, initramfs=initramfs.image(kernel), root=disk.image(kernel),
        smp=1 if options.deterministic is not None else smp, memory=memory,
        seed=options.deterministic, append=f"{chosen.line} {options.append}".strip())
    if not virtual.deterministic:
        virtual = dataclasses.replace(virtual, accel=accel.choose(virtual))
    settings: dict[str, str] = {}
    if options.interactive:
        settings |= terminal.settings()
    if options.deterministic is not None:
        settings["delay_us"] = str(phase(options.deterministic))
    if options.snapshot:
        settings |= fresh_start(options.deterministic)
    env = dict(text.partition("=")[::2] for text in options.env)
    the_job = job.Job(command, kernel.name, options.tree,
                      [(Path(s), d) for s, d in options.put], settings, env)
    return session.Plan(virtual, the_job, options.timeout, options.out,
                        interactive=options.interactive, snapshot=options.snapshot)


def phase(seed: int) -> int:
    """A seed's share of a timer period (4 ms), in microseconds."""
    return int(cache.key(f"phase {seed}"), 16) % 4000


def fresh_start(seed: int | None) -> dict[str, str]:
    """What a restored machine is told: it has the clock and the entropy of its snapshot."""
    if seed is not None:
        return {"entropy": hashlib.sha256(f"entropy {seed}".encode()).hexdigest()}
    return {"entropy": os.urandom(32).hex(), "epoch": str(int(time.time()))}


@reporting
def klog_command(argv: list[str]) -> int:
    p = argparse.ArgumentParser(prog="coursevm/klog", description="Fails (1) if a kernel log "
                                "holds a panic, oops, WARN, lockdep, KASAN, UBSAN or leak report.")
    p.add_argument("file", nargs="+", type=argparse.FileType(errors="replace"))
    p.add_argument("--allow", metavar="REGEX", action="append", default=[],
                   help="a title that is expected")
    options = p.parse_args(argv)
    found = [(file.name, finding) for file in options.file
             for finding in klog.findings(file.read(), options.allow)]
    for name, finding in found[:SHOWN]:
        print(f"{name}: {finding}")
    if len(found) > SHOWN:
        print(f"and {len(found) - SHOWN} more")
    return 1 if found else 0
