# SPDX-License-Identifier: GPL-2.0-only
"""Hooks: their order, what they hear, what their failure does; and the supervisor of seccomp."""
from __future__ import annotations

import array
import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Bundle, Cell, until

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


def hook(log: Path, kind: str) -> dict[str, Any]:
    """Its name and its standard input, a line each, go to the log."""
    return {"path": "/bin/sh", "args": ["sh", "-c", f"state=$(cat); echo {kind} \"$state\" >> {log}"],
            "env": ["PATH=/bin:/usr/bin"]}


def heard(log: Path) -> list[tuple[str, dict[str, Any]]]:
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    return [(kind, json.loads(state)) for kind, state in lines]


def with_all(bundle: Bundle) -> Path:
    log = bundle.root / "tmp/hooks"
    bundle.config["root"]["readonly"] = False
    bundle.config["hooks"] = {kind: [hook(Path("/tmp/hooks") if kind == "startContainer" else log, kind)]
                              for kind in KINDS}
    return log


def test_hooks_run_in_the_order_of_the_specification_with_the_state_on_stdin(cell: Cell, bundle: Bundle) -> None:
    log = with_all(bundle)
    bundle.config["annotations"] = {"org.example.word": "said"}
    cell.ok("create", "-b", bundle.sh("sleep 100").write(), name := cell.name(), capture_output=False)
    assert [kind for kind, _ in heard(log)] == KINDS[:3]
    pid = cell.state(name)["pid"]
    cell.ok("start", name)
    cell.ok("delete", "--force", name)
    told = heard(log)
    assert [kind for kind, _ in told] == KINDS
    assert {state["id"] for _, state in told} == {name} and told[0][1]["bundle"] == str(bundle.path)
    assert {state["pid"] for kind, state in told if kind not in ("startContainer", "poststop")} == {pid}
    assert [state["status"] for _, state in told] == ["creating"] * 3 + ["created", "running", "stopped"]
    assert told[0][1]["annotations"] == {"org.example.word": "said"}


def test_it_is_in_its_groups_before_the_first_hook(cell: Cell, bundle: Bundle) -> None:
    """They may be made while it gets ready: whoever limits or watches it from a hook finds it there."""
    log = bundle.root / "tmp/groups"
    look = f"cat /proc/$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')/cgroup >{log}"
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", look],
                                                 "env": ["PATH=/bin:/usr/bin"]}]}
    name = cell.start(bundle.sh("sleep 100"))
    where = [line.split(":", 2)[2] for line in log.read_text().splitlines()]
    assert where and set(where) == {f"/cell-{name}"}, log.read_text()


@pytest.mark.parametrize("kind", KINDS[:4])
def test_a_hook_that_fails_ends_the_container_and_is_named(cell: Cell, bundle: Bundle, kind: str) -> None:
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]}]}
    why = cell.refuses(bundle.sh("true"))
    assert kind in why and "/bin/sh" in why and "status 3" in why
    assert not any(path.name != ".seccomp" for path in cell.root.glob("*"))


@pytest.mark.parametrize("kind", KINDS[4:])
def test_a_hook_that_fails_afterwards_is_a_warning(cell: Cell, bundle: Bundle, kind: str) -> None:
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]}]}
    done = cell.run(bundle.sh("sleep 0.1; echo ran"))
    assert done.returncode == 0 and done.stdout == "ran\n"
    assert "warning" in done.stderr and kind in done.stderr


def test_a_hook_that_takes_too_long_is_killed(cell: Cell, bundle: Bundle) -> None:
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"], "timeout": 1}]}
    assert "longer than 1 s" in cell.refuses(bundle.sh("true"))


def test_its_time_runs_while_it_does_not_read(cell: Cell, bundle: Bundle) -> None:
    """What it is told is longer than a pipe."""
    bundle.config["annotations"] = {f"org.example.{number}": "x" * 4000 for number in range(40)}
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"], "timeout": 1}]}
    assert "longer than 1 s" in cell.refuses(bundle.sh("true"))
    log = with_all(bundle)
    cell.out(bundle.sh("true"))
    assert [len(state["annotations"]) for _, state in heard(log)] == [40] * 6


@pytest.mark.parametrize("kind", [*KINDS[:4], "none"])
def test_poststop_is_called_after_a_creation_that_failed(cell: Cell, bundle: Bundle, kind: str) -> None:
    """What createRuntime made somebody is to take away (runtime.md#lifecycle)."""
    log = with_all(bundle)
    if kind == "none":
        bundle.config["hooks"] = {"poststop": [hook(log, "poststop")]}
        bundle.config["process"]["cwd"] = "/bin/sh"
    else:
        bundle.config["hooks"][kind].append({"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]})
    cell.refuses(bundle.sh("true"))
    expected = [] if kind == "none" else KINDS[:KINDS.index(kind) + 1]
    assert [kind for kind, _ in heard(log)] == [*expected, "poststop"]
    assert heard(log)[-1][1]["status"] == "stopped" and "pid" not in heard(log)[-1][1]


def test_poststop_is_not_called_where_nothing_was_before_it(cell: Cell, bundle: Bundle) -> None:
    log = with_all(bundle)
    bundle.config["root"]["path"] = "absent"
    cell.refuses(bundle.sh("true"))
    assert not log.exists()


def test_a_hook_that_is_not_there_is_named(cell: Cell, bundle: Bundle) -> None:
    bundle.config["hooks"] = {"createRuntime": [{"path": "/absent"}]}
    assert "/absent" in cell.refuses(bundle.sh("true"))


def test_create_runtime_sees_the_host_and_create_container_the_containers_namespaces(
        cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    log = tmp_path / "spaces"
    line = f"readlink /proc/self/ns/uts >> {log}"
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", line], "env": ["PATH=/bin:/usr/bin"]}]
                              for kind in ("createRuntime", "createContainer")}
    inside = cell.out(bundle.sh("readlink /proc/self/ns/uts")).strip()
    assert log.read_text().split() == [os.readlink("/proc/self/ns/uts"), inside]


def test_run_may_be_stopped_while_a_hook_makes_it_wait(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    """Signals are the container's when there is nothing left between it and its program."""
    begun = tmp_path / "begun"
    bundle.config["hooks"] = {"createContainer": [{"path": "/bin/sh", "args": ["sh", "-c", f"touch {begun}; sleep 10"],
                                                   "env": ["PATH=/bin:/usr/bin"]}]}
    with subprocess.Popen(cell.command("run", "-b", bundle.sh("true").write(), cell.name())) as runs:
        until(begun.exists, "the hook has begun")
        runs.terminate()
        assert runs.wait(5) == -signal.SIGTERM


def receive(server: socket.socket) -> tuple[dict[str, Any] | bytes, int]:
    peer, _ = server.accept()
    with peer:
        data, extra, _, _ = peer.recvmsg(65536, socket.CMSG_SPACE(4))
    fds = array.array("i")
    fds.frombytes(extra[0][2][:4])
    return data, fds[0]


@pytest.fixture
def server(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen(1)
        server.settimeout(5)
        yield server


def test_the_supervisor_of_seccomp_hears_the_pid_as_the_host_counts_it(
        cell: Cell, bundle: Bundle, server: socket.socket, tmp_path: Path) -> None:
    bundle.config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(tmp_path / "s"), "listenerMetadata": "word",
        "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}
    name = cell.start(bundle.sh("sleep 100"))
    data, fd = receive(server)
    os.close(fd)
    told = json.loads(data)
    assert told["fds"] == ["seccompFd"] and told["metadata"] == "word" and told["state"]["id"] == name
    assert told["pid"] == told["state"]["pid"] == cell.state(name)["pid"]


def test_console_socket_gets_the_terminal(cell: Cell, bundle: Bundle, server: socket.socket, tmp_path: Path) -> None:
    bundle.config["process"]["terminal"] = True
    bundle.sh("tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; sleep 100")
    cell.ok("create", "-b", bundle.write(), "--console-socket", tmp_path / "s", name := cell.name())
    _, master = receive(server)
    cell.ok("start", name)
    text = b""
    while b"all" not in text:
        text += os.read(master, 4096)
    os.close(master)
    assert b"/dev/pts/0" in text or b"/dev/console" in text


def test_run_with_a_terminal_uses_ours(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["terminal"] = True
    done = cell.run(bundle.sh("test -t 1 && echo terminal"))
    assert (done.returncode, done.stdout) == (0, "terminal\n")


def test_exec_tty_has_a_terminal_of_the_container(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    assert cell.ok("exec", "--tty", name, "tty").strip() in ("/dev/pts/0", "/dev/console")
    assert cell.do("exec", name, "tty").stdout.strip() == "not a tty"


def test_a_terminal_without_anybody_to_have_it_is_refused(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    bundle.config["process"]["terminal"] = True
    assert "--console-socket" in cell.fails("create", "-b", bundle.write(), cell.name())
    why = cell.fails("create", "-b", bundle.path, "--console-socket", tmp_path / "nobody", cell.name())
    assert "nobody" in why and "listen" in why


def test_features_names_exactly_these_hooks(cell: Cell) -> None:
    assert json.loads(cell.ok("features"))["hooks"] == KINDS


def test_standard_streams_that_are_closed_do_not_harm(cell: Cell, bundle: Bundle) -> None:
    words = cell.command("run", "-b", bundle.sh("ls /proc/self/fd > /dev/shm/x; exit 4").write(), cell.name())
    assert subprocess.run(["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words], timeout=20).returncode == 4
