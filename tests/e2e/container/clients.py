# SPDX-License-Identifier: GPL-2.0-only
"""Who drives cell in runc's place: podman, and containerd's ctr."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Bundle, make_bundle, until

# Where root lacks CAP_SYS_RESOURCE, podman's own wishes are above what we may give.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]

# In the course VM, on a host with more to do, a bridge takes podman a minute.
PATIENCE = 150


class Podman:
    """With a store and networks below a test's folder; @around: what it runs in."""

    def __init__(self, program: Path, folder: Path, around: tuple[str, ...] = ()) -> None:
        self.words = [*around, "podman", "--root", str(folder / "store"), "--runroot", str(folder / "run"), "--runtime",
                      str(program), "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--storage-driver",
                      "vfs", "--network-config-dir", str(folder / "networks")]

    def do(self, *words: str, **how: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.words, *words], capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, **how)

    def ok(self, *words: str) -> str:
        done = self.do(*words)
        assert done.returncode == 0, f"{words}: {done.stdout} {done.stderr}"
        return done.stdout

    def run(self, *words: str) -> str:
        return self.ok("run", "--net=none", *LIMITS, *words)


def podman_with_an_image(program: Path, folder: Path, around: tuple[str, ...] = ()) -> Podman:
    """Its name is box."""
    if not shutil.which("podman"):
        pytest.skip("needs podman: scripts/setup installs it")
    root = make_bundle(folder / "bundle", program).root
    subprocess.run(["tar", "-C", str(root), "-cf", str(folder / "box.tar"), "."], check=True)
    podman = Podman(program, folder, around)
    done = podman.do("import", str(folder / "box.tar"), "box")
    if done.returncode:
        pytest.skip(f"podman cannot import an image here: {done.stderr.strip()}")
    return podman


class Ctr:
    """A containerd of its own, and its client."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.runtime = ["--runc-binary", str(program)]
        self.socket = folder / "s"
        self.words = ["ctr", "--address", str(self.socket)]
        (folder / "config.toml").write_text(
            f'version = 2\nroot = "{folder}/root"\nstate = "{folder}/state"\n'
            f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{self.socket}"\n'
            f'[ttrpc]\naddress = "{folder}/t"\n')
        self.log = (folder / "log").open("w")
        self.daemon = subprocess.Popen(["containerd", "--config", folder / "config.toml"], stdout=self.log,
                                       stderr=self.log)
        until(lambda: self.do("version").returncode == 0, "containerd answers", 60)

    def do(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.words, *words], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)

    def ok(self, *words: str) -> str:
        done = self.do(*words)
        assert done.returncode == 0, f"{words}: {done.stdout} {done.stderr}"
        return done.stdout

    def run_words(self, bundle: Bundle) -> list[str]:
        """The configuration is ours, whole."""
        bundle.config["root"]["path"] = str(bundle.root)
        return [*self.words, "run", *self.runtime, "--config", str(bundle.write() / "config.json")]

    def run(self, bundle: Bundle, *words: str) -> str:
        return self.ok(*self.run_words(bundle)[len(self.words):], *words)
