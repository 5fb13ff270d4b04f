# SPDX-License-Identifier: GPL-2.0-only
"""podman and containerd's ctr run cell unchanged: a store of their own, an image made on the spot, no registry."""
from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import LIMITS, Ctr, Podman, podman_with_an_image
from conftest import Bundle, until
from terminal import Terminal


@pytest.fixture(scope="module")
def podman(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    podman = podman_with_an_image(program, tmp_path_factory.mktemp("podman"))
    yield podman
    podman.do("rm", "--all", "--force", "--time", "0")


def test_run_gives_output_and_status(podman: Podman) -> None:
    assert podman.run("--rm", "box", "/bin/echo", "word") == "word\n"
    assert podman.do("run", "--rm", "--net=none", *LIMITS, "box", "/bin/sh", "-c", "exit 7").returncode == 7
    done = podman.do("run", "--rm", "--net=none", *LIMITS, "box", "/absent")
    assert done.returncode == 127 and "absent" in done.stderr


def test_run_with_a_terminal(podman: Podman) -> None:
    assert podman.run("--rm", "--tty", "box", "/bin/tty").strip().startswith("/dev/")


def use(at: Terminal, tty: str) -> None:
    """It is one: it has our size, changes with it, and Ctrl-C ends the foreground alone."""
    until(lambda: at.ask("stty size; echo e''nd", "\nend\n").endswith("\n33 111\nend\n"), "its size is ours", 20)
    at.ask("tty; test -t 0 && test -t 1 && test -t 2 && echo a''ll", f"\n{tty}\nall\n")
    assert at.is_raw()
    at.resize(44, 55)
    until(lambda: at.ask("stty size; echo e''nd", "\nend\n").endswith("\n44 55\nend\n"), "its size is new", 20)
    at.interrupt("sleep 100")


def test_podman_at_a_terminal(podman: Podman) -> None:
    name = f"at-{os.getpid()}"
    with Terminal(*podman.words, "run", "-it", "--name", name, "--net=none", *LIMITS, "box", "/bin/sh") as at:
        use(at, "/dev/pts/0")
        with Terminal(*podman.words, "exec", "-it", name, "/bin/sh") as other:
            use(other, "/dev/pts/1")
            other.type("exit 5\n")
            assert other.end() == 5 and not other.is_raw()
        # podman takes its keys for leaving one by one
        at.type("\x10")
        time.sleep(0.2)
        at.type("\x11")
        assert at.end() == 0
    assert podman.ok("inspect", "--format", "{{.State.Status}}", name).strip() == "running"
    with Terminal(*podman.words, "attach", name) as at:
        use(at, "/dev/pts/0")
        at.type("exit 9\n")
        at.end()
    assert podman.ok("wait", name).strip() == "9"
    podman.ok("rm", name)


def test_a_signal_ends_a_terminals_program_of_another_user(podman: Podman) -> None:
    name = f"signal-{os.getpid()}"
    script = "trap 'exit 3' TERM; echo word >/dev/console; while true; do sleep 0.1; done"
    with Terminal(*podman.words, "run", "-it", "--rm", "--name", name, "--user", "1000:1000", "--net=none", *LIMITS,
                  "box", "/bin/sh", "-c", script) as at:
        at.until("word\n")
        podman.ok("kill", "--signal", "TERM", name)
        assert at.end() == 3, at.seen


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


def test_ctr_at_a_terminal(ctr: Ctr, bundle: Bundle) -> None:
    name = f"at-{os.getpid()}"
    bundle.config["process"]["terminal"] = True
    with Terminal(*ctr.run_words(bundle.sh("exec sh -i")), "--rm", "--tty", name) as at:
        use(at, "/dev/pts/0")
        with Terminal(*ctr.words, "task", "exec", "--tty", "--exec-id", "one", name, "/bin/sh") as other:
            use(other, "/dev/pts/1")
            other.type("exit 5\n")
            assert other.end() == 5 and not other.is_raw()
        at.type("exit 9\n")
        assert at.end() == 9 and not at.is_raw()
    assert name not in ctr.ok("task", "ls") + ctr.ok("container", "ls")


def test_ctr_leaves_a_terminal_and_comes_back(ctr: Ctr, bundle: Bundle) -> None:
    name = f"back-{os.getpid()}"
    bundle.config["process"]["terminal"] = True
    script = "trap 'exit 3' TERM; while true; do read line && echo got $line; done"
    with Terminal(*ctr.run_words(bundle.sh(script)), "--detach", "--tty", name) as at:
        assert at.end() == 0, at.seen
    assert "RUNNING" in ctr.ok("task", "ls")
    with Terminal(*ctr.words, "task", "exec", "--detach", "--tty", "--exec-id", "one", name, "/bin/sh", "-c",
                  "tty >/dev/pts/0; sleep 100") as other:
        assert other.end() == 0, other.seen
    with Terminal(*ctr.words, "task", "attach", name) as at:
        at.ask("word", "got word\n")
        ctr.ok("task", "kill", "--signal", "TERM", name)
        assert at.end() == 3, at.seen
    ctr.ok("container", "delete", name)
