# SPDX-License-Identifier: GPL-2.0-only
"""podman and containerd's ctr run cell unchanged: a store of their own, an image made on the spot, no registry."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Bundle, until

pytestmark = pytest.mark.skipif(not shutil.which("podman"), reason="needs podman: apt-get install podman")
# Where root lacks CAP_SYS_RESOURCE, podman's own wishes are above what we may give.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]


class Podman:
    """With a store below a test's folder."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.words = ["podman", "--root", str(folder / "store"), "--runroot", str(folder / "run"), "--runtime",
                      str(program), "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--storage-driver",
                      "vfs"]

    def do(self, *words: str, **how: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.words, *words], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, **how)

    def ok(self, *words: str) -> str:
        done = self.do(*words)
        assert done.returncode == 0, f"{words}: {done.stdout} {done.stderr}"
        return done.stdout

    def run(self, *words: str) -> str:
        return self.ok("run", "--net=none", *LIMITS, *words)


@pytest.fixture(scope="module")
def podman(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    from conftest import make_bundle

    folder = tmp_path_factory.mktemp("podman")
    root = make_bundle(folder / "bundle", program).root
    subprocess.run(["tar", "-C", str(root), "-cf", str(folder / "box.tar"), "."], check=True)
    podman = Podman(program, folder)
    done = podman.do("import", str(folder / "box.tar"), "box")
    if done.returncode:
        pytest.skip(f"podman cannot import an image here: {done.stderr.strip()}")
    yield podman
    podman.do("rm", "--all", "--force", "--time", "0")


def test_run_gives_output_and_status(podman: Podman) -> None:
    assert podman.run("--rm", "box", "/bin/echo", "word") == "word\n"
    assert podman.do("run", "--rm", "--net=none", *LIMITS, "box", "/bin/sh", "-c", "exit 7").returncode == 7
    done = podman.do("run", "--rm", "--net=none", *LIMITS, "box", "/absent")
    assert done.returncode == 127 and "absent" in done.stderr


def test_run_with_a_terminal(podman: Podman) -> None:
    assert podman.run("--rm", "--tty", "box", "/bin/tty").strip().startswith("/dev/")


def test_exec_pause_stats_logs_stop(podman: Podman) -> None:
    name = podman.run("-d", "box", "/bin/sh", "-c", "echo begins; trap 'exit 3' TERM; while true; do sleep 0.1; done")
    name = name.strip()
    assert podman.ok("exec", "--env", "A=b", name, "/bin/sh", "-c", "echo $A") == "b\n"
    assert podman.do("exec", name, "/bin/sh", "-c", "exit 5").returncode == 5
    assert podman.ok("exec", "--tty", name, "/bin/tty").strip().startswith("/dev/")
    podman.ok("pause", name)
    assert podman.ok("inspect", "--format", "{{.State.Status}}", name).strip() == "paused"
    podman.ok("unpause", name)
    until(lambda: podman.ok("logs", name) == "begins\n", "the log has the line")
    podman.ok("stop", "--time", "5", name)
    assert podman.ok("inspect", "--format", "{{.State.ExitCode}}", name).strip() == "3"
    podman.ok("rm", name)


def test_limits_and_volumes(podman: Podman, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("kept")
    out = podman.run("--rm", "--memory", "64m", "--pids-limit", "33", "-v", f"{tmp_path}:/volume:ro", "box", "/bin/sh",
                     "-c", "cat /volume/word; echo; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max "
                           "2>/dev/null; touch /volume/x || echo refused")
    assert out.split() == ["kept", "33", "refused"]


@pytest.mark.skipif(not shutil.which("ctr") or not os.path.exists("/run/containerd/containerd.sock"),
                    reason="needs a containerd that runs: systemctl start containerd")
def test_ctr_runs_a_bundle(program: Path, bundle: Bundle) -> None:
    name = f"cell-{os.getpid()}"
    bundle.sh("echo word")
    done = subprocess.run(["ctr", "run", "--rm", "--runc-binary", str(program), "--config",
                           str(bundle.write() / "config.json"), "--rootfs", str(bundle.root), name],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout == "word\n", done.stderr
