"""The course VM's side of a grading: the module built natively, run in a throwaway machine.

A lab's checks.py gets a Machine. What comes out of the guest was written by a kernel that the
submission may own: it is data to compare with what this side computes, never a verdict.
"""
from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import crash
from .hosttest import first_error
from .lab import TREE, Lab
from .outcome import Failure, Infrastructure
from .submission import read_data, read_regular

# In the kernel's log: from here on the submission may be at work.
BEGINS = "labs/grade: the module comes now"

# Seconds for a build that takes ten; the host tests have compiled the same file within limits.
BUILD_LIMIT = 600
# So many builds of the reference are kept, as the sources change.
KEPT = 3

COURSEVM = TREE / "coursevm"
BUILD = TREE / "build"

# A kernel that hangs in the module says where, and ends, long before the run's time is over.
STUCK_IS_DEAD = "softlockup_panic=1 hung_task_panic=1 hung_task_timeout_secs=60"

# The course VM's launcher: how a run ended (docs/man/coursevm-run.1).
PANIC, TIMEOUT, ENDED, TROUBLE = 121, 122, 123, 125


def command(argv: Sequence[str | Path], what: str) -> str:
    """Runs one of the project's own tools; raises Infrastructure if it fails."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, cwd=TREE,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or "no message"
        last = first_error(said) or said.splitlines()[-1]
        raise Infrastructure(f"{what} failed: {' '.join(map(str, argv[:3]))}: {last}: "
                             f"run it by hand: {' '.join(map(str, argv))}")
    return done.stdout.strip()


def source_files(lab: Lab) -> list[Path]:
    """The files of this project that the lab's sources name, relative to the tree."""
    listed = command(["git", "-C", TREE, "ls-files", "-co", "--exclude-standard", "--", *lab.sources],
                     "listing sources") if (TREE / ".git").exists() else ""
    if listed:
        return [Path(line) for line in sorted(set(listed.splitlines())) if (TREE / line).is_file()]
    found = [p for source in lab.sources for p in ([TREE / source] if (TREE / source).is_file()
                                                   else sorted((TREE / source).rglob("*")))]
    return [p.relative_to(TREE) for p in found if p.is_file() and p.suffix in (".c", ".h", ".S", "") ]


@dataclass
class Run:
    """One run in the course VM, and the files it left."""

    folder: Path

    def text(self, name: str) -> str:
        """A file that the guest left, as text; "" if there is none that can be read."""
        try:
            return read_regular(self.folder, name) or ""
        except Failure:
            return ""

    def data(self, name: str, most: int) -> bytes:
        """A file that the guest left, as it is; nothing if there is none of `most` bytes at most."""
        try:
            return read_data(self.folder, name, most) or b""
        except Failure:
            return b""


@dataclass
class Machine:
    """What the VM part of a grading works with; `composed` as in hosttest.Host."""

    lab: Lab
    kernel: str
    composed: Mapping[str, str]
    work: Path
    out: Path
    cache: Path
    seed: int
    # what is at work in the VM, in sentences
    subject: str = "module"

    @functools.cached_property
    def release(self) -> str:
        """The kernel's release, as uname -r prints it."""
        return command([COURSEVM / "image", "--kernel", self.kernel, "--release"], "the course VM's image")

    def pristine(self, folder: str) -> Path:
        """A copy of the project's sources with the reference built in it, made once."""
        files = source_files(self.lab)
        digest = hashlib.sha256(self.release.encode())
        for path in files:
            digest.update(f"\0{path}\0".encode() + (TREE / path).read_bytes())
        family = f"module-{self.lab.number}-{self.kernel}"
        built = self.cache / f"{family}-{digest.hexdigest()[:16]}"
        if built.is_dir():
            return built
        with tempfile.TemporaryDirectory(prefix="new-", dir=self.cache, ignore_cleanup_errors=True) as staging:
            tree = Path(staging) / "tree"
            for path in files:
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TREE / path, tree / path)
            status, text = self.kbuild(tree, folder)
            if status:
                raise Infrastructure(f"cannot build: the reference module: {first_error(text) or text[-300:]}: "
                                     "see `make modules`")
            if not built.is_dir():
                tree.rename(built)
        for old in sorted(self.cache.glob(f"{family}-*"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return built

    def kbuild(self, tree: Path, folder: str) -> tuple[int, str]:
        """Runs the kernel's build system on a copy of the sources, natively in the image."""
        try:
            done = self.enter_make(tree, folder)
        except subprocess.TimeoutExpired as late:
            raise Failure("The module is too much for the compiler.") from late
        if done.returncode == TROUBLE:
            raise Infrastructure(f"cannot enter the course VM's image: {done.stderr.strip()}")
        return done.returncode, done.stdout + done.stderr

    def enter_make(self, tree: Path, folder: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(COURSEVM / "enter"), "--kernel", self.kernel, "--bind", f"{tree}:/lab", "--", "make",
             "--no-print-directory", "-j2", "-C", f"/lib/modules/{self.release}/build", f"M=/lab/{folder}", "modules"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=BUILD_LIMIT, cwd=TREE)

    def lay_out(self, folder: str) -> Path:
        """The sources, with the submission's files in them and all others built."""
        pristine = self.pristine(folder)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        tree = self.work / "module"
        shutil.copytree(pristine, tree, symlinks=True)
        for path, text in self.composed.items():
            if (tree / path).exists() and text != (TREE / path).read_text():
                (tree / path).write_text(text)
        return tree

    def build_module(self, folder: str) -> Path:
        """The module in this folder of the sources, with the submission's files in it."""
        tree = self.lay_out(folder)
        status, text = self.kbuild(tree, folder)
        if status:
            error = first_error(text) or next((line for line in text.splitlines() if "rror" in line), "no message")
            raise Failure(f"The module does not build: {error}.",
                          "The host tests compile the same file; what differs is the kernel's headers.")
        return next((tree / folder).glob("*.ko"))

    def run(self, module: Path, script: str, puts: Mapping[Path, str], timeout: int,
            deterministic: int | None = None) -> Run:
        """Runs a shell script in a throwaway VM. Raises Failure if the module ended the machine.

        `deterministic`: on one processor whose time is counted in instructions; the same run again for
        the same number.
        """
        folder = self.out
        job = self.work / "job"
        job.write_text(f"echo '{BEGINS}' >/dev/kmsg\n{script}")
        empty = self.work / "empty"
        empty.mkdir(exist_ok=True)
        argv = [COURSEVM / "run", "--kernel", self.kernel, "--snapshot", "--timeout", str(timeout),
                "--append", STUCK_IS_DEAD, "--tree", empty, "--out", folder]
        if deterministic is not None:
            argv += ["--deterministic", str(deterministic)]
        for source, target in {module: f"/root/{module.name}", job: "/root/job", **puts}.items():
            argv += ["--put", f"{source}:{target}"]
        for _ in range(3):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            done = subprocess.run([*map(str, argv), "--", "sh", "/root/job"], capture_output=True, text=True,
                                  errors="replace", stdin=subprocess.DEVNULL, check=False, cwd=TREE)
            run = Run(folder)
            # The kernel patches its own code with breakpoints, and emulated processors now and then execute one
            # after its time. That is nobody's mistake: once more.
            if "Oops: int3" not in run.text("kernel.log"):
                break
        shutil.copy2(module, folder / module.name)
        self.judge_end(run, done.returncode, done.stderr, module, timeout)
        return run

    def judge_end(self, run: Run, status: int, errors: str, module: Path, timeout: int) -> None:
        """The launcher's verdict, made outside the guest, and the kernel's log."""
        verdict = run.text("verdict").split()
        log = run.text("kernel.log")
        # what the kernel said while it booted is not the submission's doing
        found = crash.findings(log.partition(BEGINS)[2] or log)
        if status == TROUBLE and verdict[:1] != ["finished"] and not log.strip():
            raise Infrastructure(f"the course VM did not run: {errors.strip()[-300:] or 'no message'}")
        if verdict[:1] == ["finished"]:
            if found:
                raise Failure(*crash.explain(found, module))
            if status:
                raise Failure(f"The script in the course VM ended with status {status}: "
                              f"{(errors.strip() or 'no message').splitlines()[-1]}.")
            return
        if found:
            why, look = crash.explain(found, module)
            raise Failure(f"Your {self.subject} stopped the kernel. {why}", look)
        if status == TIMEOUT:
            raise Failure(f"Your {self.subject} hung the machine: no end within {timeout} s.",
                          "Look for a loop that nothing stops.")
        raise Failure("The machine ended before the work was done.", f"Your {self.subject} must leave the machine running.")


def userland() -> None:
    """The tools and guests of this project, as `make userland` builds them."""
    command([COURSEVM / "enter", "--", "make", "--no-print-directory", "-C", "userland", "O=/virtlab/build", "all"],
            "building the userland")


def build_in_image(folder: Path, out: Path) -> None:
    """Runs make in a folder of the project, natively in the image. `out` is under build/."""
    command([COURSEVM / "enter", "--", "make", "--no-print-directory", "-C", folder.relative_to(TREE),
             f"O=/virtlab/{out.relative_to(TREE)}"], f"building {folder.name}")
