"""Debian packages for a kernel's layer: chosen, downloaded and unpacked, not installed.

The machine's own apt resolves dependencies against the base root file system's list of
installed packages; nothing of the machine's own apt state is read or written.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import cache, mirror, recipe
from .errors import CourseVMError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# What a kernel package asks of the system that boots it and that this VM does without.
NOT_NEEDED = """
Package: coursevm-boot
Status: install ok installed
Maintainer: nobody
Architecture: all
Version: 1
Provides: linux-initramfs-tool, linux-base (= 99), initramfs-tools (= 99), dracut
Description: stands for the boot tools that a directly booted kernel needs not
"""


def run(what: str, argv: Sequence[str | Path], log: Path | None = None) -> str:
    """Runs a build step. Returns its output; on failure raises with the end of it."""
    try:
        done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)
    except FileNotFoundError as e:
        raise CourseVMError(f"{what} failed: {argv[0]}: program missing: run `make setup`") from e
    if log:
        log.write_text(done.stdout)
    if done.returncode:
        tail = "\n".join("  " + line for line in done.stdout.strip().splitlines()[-12:])
        raise CourseVMError(f"{what} failed: {argv[0]} ended with {done.returncode}:\n{tail}")
    return done.stdout


class Apt:
    """An apt of our own: sources of `suites`, state in `state`, packages in the cache."""

    def __init__(self, state: Path, suites: Sequence[str], base: Path):
        self.debs = cache.directory() / "debs"
        (self.debs / "partial").mkdir(parents=True, exist_ok=True)
        (state / "lists" / "partial").mkdir(parents=True)
        signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        (state / "sources.list").write_text(
            "".join(f"deb {signed}{mirror.uri()} {suite} main\n" for suite in suites))
        installed = (base / "var/lib/dpkg/status").read_text().rstrip("\n")
        (state / "status").write_text(installed + "\n" + NOT_NEEDED)
        (state / "apt.conf").write_text("\n".join(mirror.apt_options()) + "\n")
        settings = {
            "Dir::Etc::sourcelist": state / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": state,
            "Dir::State::lists": state / "lists",
            "Dir::State::status": state / "status",
            "Dir::Cache": state,
            "Dir::Cache::archives": self.debs,
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "true",
        }
        self.options = ["-c", str(state / "apt.conf"), "-qq"]
        for name, value in settings.items():
            self.options += ["-o", f"{name}={value}"]
        run("package lists", ["apt-get", *self.options, "update"])

    def newest(self, prefix: str, pattern: str, what: str) -> str:
        """The newest available package named `prefix` and a text matching `pattern`."""
        out = run("package search",
                  ["apt-cache", *self.options, "search", "--names-only", f"^{prefix}"])
        names = [line.split(" ")[0] for line in out.splitlines()]
        found = [name for name in names if re.fullmatch(prefix + pattern, name)]
        if not found:
            near = [n for n in names if "cloud-amd64" in n or "source" in n]
            near.sort(key=recipe.natural_order)
            raise CourseVMError(f"{what} not found: nothing at {mirror.uri()} matches "
                                f"{prefix}{pattern}: there are {', '.join(near) or 'none'}")
        return max(found, key=recipe.natural_order)

    def fetch(self, names: Sequence[str]) -> list[Path]:
        """Downloads `names` and what they need beyond the base. Returns the files."""
        install = ["apt-get", *self.options, "-y", "install", *names]
        plan = run("package dependencies", [*install, "--simulate"])
        run("package download", [*install, "--download-only"])
        debs = []
        for name, version, arch in re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\S+)\]\)",
                                              plan, re.MULTILINE):
            version = version.replace(":", "%3a")
            debs.append(self.debs / f"{name}_{version}_{arch}.deb")
        missing = [str(deb) for deb in debs if not deb.exists()]
        if missing or not debs:
            raise CourseVMError(f"package download failed: {', '.join(missing) or names}: "
                                "apt reported success but the files are not there")
        return debs


def unpack(debs: Sequence[Path], root: Path) -> None:
    """Unpacks packages over `root`, through its /lib -> usr/lib links. No script is run."""
    exclude = [f"--exclude=.{pattern}" for pattern in recipe.EXCLUDED]
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)],
                              stdout=subprocess.PIPE) as dpkg:
            tar = subprocess.run(["tar", "-x", "-p", "--no-same-owner",
                                  "--keep-directory-symlink", "-C", str(root), *exclude],
                                 stdin=dpkg.stdout, check=False)
        if tar.returncode or dpkg.returncode:
            raise CourseVMError(f"package cannot be unpacked: {deb}: tar ended with "
                                f"{tar.returncode}: is the disk full?")
