# SPDX-License-Identifier: GPL-2.0-only
"""podman and containerd's ctr run cell unchanged: a store of their own, an image made on the spot, no registry."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Bundle, until

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
    if not shutil.which("podman"):
        pytest.skip("needs podman: scripts/setup installs it")
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


class Ctr:
    """A containerd of its own, and its client."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.runtime = ["--runc-binary", str(program)]
        self.socket = folder / "s"
        (folder / "config.toml").write_text(
            f'version = 2\nroot = "{folder}/root"\nstate = "{folder}/state"\n'
            f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{self.socket}"\n'
            f'[ttrpc]\naddress = "{folder}/t"\n')
        self.log = (folder / "log").open("w")
        self.daemon = subprocess.Popen(["containerd", "--config", folder / "config.toml"], stdout=self.log,
                                       stderr=self.log)
        until(lambda: self.do("version").returncode == 0, "containerd answers", 60)

    def do(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["ctr", "--address", str(self.socket), *words], capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)

    def ok(self, *words: str) -> str:
        done = self.do(*words)
        assert done.returncode == 0, f"{words}: {done.stdout} {done.stderr}"
        return done.stdout

    def run(self, bundle: Bundle, *words: str) -> str:
        """The configuration is ours, whole."""
        bundle.config["root"]["path"] = str(bundle.root)
        return self.ok("run", *self.runtime, "--config", str(bundle.write() / "config.json"), *words)


@pytest.fixture(scope="module")
def ctr(program: Path) -> Iterator[Ctr]:
    if not shutil.which("ctr") or not shutil.which("containerd"):
        pytest.skip("needs containerd: apt-get install containerd; the course VM has it")
    # its sockets' names have to be short
    folder = Path(tempfile.mkdtemp(prefix="ctr-", dir="/run"))
    ctr = Ctr(program, folder)
    yield ctr
    ctr.daemon.terminate()
    ctr.daemon.wait(30)
    ctr.log.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_ctr_runs_a_bundle(ctr: Ctr, bundle: Bundle) -> None:
    assert ctr.run(bundle.sh("echo word"), "--rm", f"once-{os.getpid()}") == "word\n"
    done = ctr.do("run", "--rm", *ctr.runtime, "--config", str(bundle.sh("exit 7").write() / "config.json"),
                  f"again-{os.getpid()}")
    assert done.returncode == 7, done.stderr


def test_ctr_exec_pause_metrics_limits_and_kill(ctr: Ctr, bundle: Bundle, tmp_path: Path) -> None:
    name = f"long-{os.getpid()}"
    (tmp_path / "volume").mkdir()
    bundle.config["linux"]["resources"] = {"pids": {"limit": 33}}
    bundle.config["mounts"].append({"destination": "/tmp", "type": "bind", "source": str(tmp_path / "volume"),
                                    "options": ["rbind", "rw"]})
    ctr.run(bundle.sh("echo kept >/tmp/word; while true; do sleep 0.1; done"), "--detach", name)
    assert ctr.ok("task", "exec", "--exec-id", "one", name, "/bin/echo", "inside") == "inside\n"
    assert ctr.do("task", "exec", "--exec-id", "two", name, "/bin/sh", "-c", "exit 5").returncode == 5
    assert (tmp_path / "volume/word").read_text() == "kept\n"
    ctr.ok("task", "pause", name)
    assert "PAUSED" in ctr.ok("task", "ls")
    ctr.ok("task", "resume", name)
    assert "RUNNING" in ctr.ok("task", "ls")
    assert "33" in ctr.ok("task", "metrics", name)
    ctr.ok("task", "kill", "--signal", "KILL", name)
    until(lambda: "STOPPED" in ctr.ok("task", "ls"), "it has ended", 20)
    ctr.ok("task", "delete", name)
    ctr.ok("container", "delete", name)
    assert name not in ctr.ok("container", "ls")
