"""The root file systems, as directories: one base, and the base plus a kernel for each kernel.

A kernel's root file system is a copy of the base made of hard links, with the kernel's
packages unpacked on top: a second or two and no disk space for what is shared.
"""
from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import cache, chroot, mirror, packages, recipe
from .errors import CourseVMError

# To be raised when the way of building changes what is built.
FORMAT = "2"


@dataclass(frozen=True)
class Kernel:
    """A kernel in its root file system."""

    name: str
    rootfs: Path
    release: str
    entry: Path

    @property
    def vmlinuz(self) -> Path:
        return self.rootfs / "boot" / f"vmlinuz-{self.release}"


def base_key() -> str:
    return cache.key(FORMAT, recipe.SUITE, *recipe.PACKAGES, *recipe.EXCLUDED)


def kernel_key(chosen: recipe.KernelRecipe) -> str:
    return cache.key(base_key(), repr(chosen))


def base() -> Path:
    """The base root file system, made on first use."""
    return cache.entry("base", base_key(), build_base) / "root"


def require(program: str, package: str) -> None:
    if not shutil.which(program):
        raise CourseVMError(f"program missing: {program}: Debian package {package} is not "
                            "installed: run `make setup`")


def check_subordinate_ids() -> None:
    """mmdebstrap run by an ordinary user needs a range of user ids to give to the image."""
    if os.geteuid() == 0:
        return
    require("newuidmap", "uidmap")
    user = pwd.getpwuid(os.geteuid()).pw_name
    owners = (user, str(os.geteuid()))
    for file in (Path("/etc/subuid"), Path("/etc/subgid")):
        lines = file.read_text().splitlines() if file.exists() else []
        if not any(line.split(":")[0] in owners for line in lines):
            raise CourseVMError(f"base cannot be made: {file} has no range for {user}: as root: "
                                f"usermod --add-subuids 100000-165535 --add-subgids "
                                f"100000-165535 {user}")


def build_base(target: Path) -> None:
    for program, package in (("mmdebstrap", "mmdebstrap"), ("mount", "mount"),
                             ("mke2fs", "e2fsprogs"), ("apt-get", "apt")):
        require(program, package)
    check_subordinate_ids()
    root = target / "root"
    root.mkdir()
    cache.progress(f"base: Debian {recipe.SUITE} from {mirror.uri()} "
                   f"({len(recipe.PACKAGES)} packages and what they need; about a minute)")
    options = ["--variant=essential", "--format=tar",
               f"--include={','.join(recipe.PACKAGES)}",
               '--aptopt=APT::Install-Recommends "false"',
               '--aptopt=Acquire::Languages "none"',
               "--dpkgopt=force-unsafe-io"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in recipe.EXCLUDED]
    options += [f"--aptopt={line}" for line in mirror.apt_options()]
    options += keep_packages(cache.directory() / "debs-base")
    log = open(target / "mmdebstrap.log", "wb")
    with log, subprocess.Popen(["mmdebstrap", *options, recipe.SUITE, "-", mirror.uri()],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=log) as made:
        # every file belongs to whoever builds: inside a user namespace that is root
        tar = subprocess.run(["tar", "-x", "-p", "--no-same-owner", "--exclude=./dev/*",
                              "-C", str(root)], stdin=made.stdout, check=False)
    if made.returncode or tar.returncode:
        tail = (target / "mmdebstrap.log").read_text(errors="replace").strip().splitlines()
        raise CourseVMError(f"base cannot be made: mmdebstrap ended with {made.returncode}, "
                            f"tar with {tar.returncode}:\n  " + "\n  ".join(tail[-12:]))
    for name in ("virtlab", "out"):
        (root / name).mkdir()
    (root / "etc/hostname").write_text("coursevm\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost coursevm\n::1 localhost\n")


def keep_packages(debs: Path) -> list[str]:
    """Options by which mmdebstrap takes packages from `debs` and leaves new ones there."""
    debs.mkdir(exist_ok=True)
    place = shlex.quote(str(debs))
    return ["--skip=essential/unlink",
            '--setup-hook=mkdir -p "$1"/var/cache/apt/archives/',
            f"--setup-hook=sync-in {place} /var/cache/apt/archives/",
            f"--customize-hook=sync-out /var/cache/apt/archives {place}"]


def kernel(name: str | None = None) -> Kernel:
    """The root file system of the kernel asked for, made on first use."""
    chosen = recipe.kernel(name)
    if chosen.from_source:
        from . import debugkernel
        entry = debugkernel.entry()
    else:
        entry = cache.entry(f"kernel-{chosen.name}", kernel_key(chosen),
                            lambda target: build_kernel(chosen, target))
    release = (entry / "release").read_text().strip()
    return Kernel(chosen.name, entry / "root", release, entry)


def kernel_entry(name: str) -> Path:
    """Where the entry of a kernel is, or would be."""
    chosen = recipe.kernel(name)
    if chosen.from_source:
        from . import debugkernel
        return debugkernel.path()
    return cache.directory() / f"kernel-{name}-{kernel_key(chosen)}"


def link_base(root: Path) -> None:
    """Copies the base into `root`, sharing every file. Files are replaced, never edited."""
    packages.run("copy of the base", ["cp", "-al", str(base()), str(root)])


def build_kernel(chosen: recipe.KernelRecipe, target: Path) -> None:
    root = target / "root"
    link_base(root)
    cache.progress(f"kernel {chosen.name}: from {', '.join(chosen.suites)}")
    apt = packages.Apt(target / "apt", chosen.suites, root)
    headers = apt.newest("linux-headers-", chosen.release, f"kernel {chosen.name}")
    release = headers.removeprefix("linux-headers-")
    debs = apt.fetch([f"linux-image-{release}", headers])
    cache.progress(f"kernel {chosen.name}: {release}, {len(debs)} packages")
    packages.unpack(debs, root)
    cache.remove(target / "apt")
    finish(root, release)
    (target / "release").write_text(release + "\n")


def finish(root: Path, release: str) -> None:
    """Makes the module index, and checks that what later steps need is there."""
    boot = root / "boot" / f"vmlinuz-{release}"
    beside = Path("usr/lib/modules") / release / "vmlinuz"
    if not boot.exists() and (root / beside).exists():
        # Debian's 7.x packages keep the kernel beside its modules
        boot.symlink_to(Path("..") / beside)
    modules = root / "usr/lib/modules"
    status = chroot.run(root, ["depmod", release], binds=[(f"rw:{modules}", "/usr/lib/modules")])
    if status:
        raise CourseVMError(f"module index cannot be made: {root}: depmod ended with {status}")
    for path in (root / "boot" / f"vmlinuz-{release}",
                 root / "usr/lib/modules" / release / "modules.dep",
                 root / "usr/lib/modules" / release / "build"):
        if not os.path.lexists(path):
            raise CourseVMError(f"kernel is incomplete: {path} is missing")
