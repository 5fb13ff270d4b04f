# SPDX-License-Identifier: GPL-2.0-only
"""A container's life: the verbs, in the states in which they are allowed and in those they are not."""
from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import Bundle, Cell, left_over, mounts, until

# The course VM has none.
traced = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: scripts/setup installs it")


def test_run_gives_the_output_and_the_exit_status(cell: Cell, bundle: Bundle) -> None:
    done = cell.run(bundle.sh("echo out; echo err >&2; exit 7"))
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


@traced
def test_the_first_of_two_starts_is_three_system_calls(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    """What protects the program from what it runs is a start from a mount of its own: it costs no more than that."""
    trace = tmp_path / "trace"
    subprocess.run(["strace", "-qq", "-o", trace, *cell.command("run", "-b", bundle.sh("true").write(), cell.name())],
                   check=True, stdin=subprocess.DEVNULL)
    calls = [line.split("(")[0] for line in trace.read_text().splitlines()]
    assert calls[1:4] == ["open_tree", "mount_setattr", "execveat"] and "execveat" not in calls[4:], calls[:40]


@traced
@pytest.mark.parametrize("left", [False, True], ids=["nothing", "pid_file"])
def test_it_is_told_to_go_before_it_is_ready_if_nothing_is_left_to_do(cell: Cell, bundle: Bundle, tmp_path: Path,
                                                                     left: bool) -> None:
    """Else it would sleep until its parent runs again. A file of its pid has to be there before its program is."""
    trace, options = tmp_path / "trace", ["--pid-file", tmp_path / "pid"] if left else []
    subprocess.run(["strace", "-qq", "-o", trace, "-e", "trace=sendto,recvfrom", *cell.command(
        "run", *options, "-b", bundle.sh("true").write(), cell.name())], check=True, stdin=subprocess.DEVNULL)
    calls = [line.split("(")[0] for line in trace.read_text().splitlines()]
    assert calls[:2] == (["recvfrom", "sendto"] if left else ["sendto", "recvfrom"]), calls


@traced
@pytest.mark.parametrize(("words", "again"), [
    (["run", "none"], True), (["--log-format", "json", "--debug", "create", "none"], True), (["state", "run"], False),
    (["--log-format", "text", "state", "exec"], False), (["rmi", "create"], False), (["run", "--image", "none"], False),
    (["--debug"], False), (["--log"], False)])
def test_it_starts_again_for_its_own_verbs_only(cell: Cell, tmp_path: Path, words: list[str], again: bool) -> None:
    """What needs another program has to remember where this one lies, which a start from a mount of its own does not."""
    trace = tmp_path / "trace"
    subprocess.run(["strace", "-qq", "-o", trace, cell.program, *words], stdin=subprocess.DEVNULL,
                   capture_output=True, check=False)
    assert (trace.read_text().splitlines()[1].startswith("open_tree")) == again


def test_without_proc_it_says_so(cell: Cell, bundle: Bundle) -> None:
    script = 'mount -t tmpfs none /proc && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh",
                           *cell.command("run", "-b", bundle.sh("true").write(), cell.name())],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "is /proc mounted?" in done.stderr, done.stderr


def test_run_gives_128_and_the_signal(cell: Cell, bundle: Bundle) -> None:
    bundle.grant("KILL", "SYS_ADMIN")
    bundle.config["linux"]["namespaces"].remove({"type": "pid"})
    assert cell.run(bundle.sh("kill -TERM $$")).returncode == 128 + signal.SIGTERM


def test_run_reads_standard_input(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["args"] = ["/bin/cat"]
    done = cell.do("run", "-b", bundle.write(), cell.name(), input="words\n", stdin=None)
    assert done.stdout == "words\n"


def test_run_leaves_nothing(cell: Cell, bundle: Bundle) -> None:
    before = mounts()
    cell.out(bundle.sh("true"))
    assert not any(left_over(cell, before).values())


def test_run_keep_is_there_until_it_is_deleted(cell: Cell, bundle: Bundle) -> None:
    cell.ok("run", "--keep", "-b", bundle.sh("exit 0").write(), name := cell.name())
    assert cell.state(name)["status"] == "stopped"
    cell.ok("delete", name)
    assert "does not exist" in cell.fails("state", name)


def test_a_signal_to_run_reaches_the_container(cell: Cell, bundle: Bundle) -> None:
    bundle.sh("trap 'exit 9' TERM; echo ready; while true; do sleep 0.05; done").write()
    with subprocess.Popen(cell.command("run", "-b", bundle.path, cell.name()), stdout=subprocess.PIPE) as runs:
        assert runs.stdout and runs.stdout.readline() == b"ready\n"
        runs.terminate()
        assert runs.wait(5) == 9


@traced
def test_a_signal_reaches_the_container_from_its_first_word_on(cell: Cell, bundle: Bundle) -> None:
    """Also while run takes its time: strace holds it up when it has said that the container may go."""
    bundle.sh("trap 'exit 9' TERM; echo ready; while true; do sleep 0.05; done").write()
    words = ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "inject=sendmsg,sendto:delay_exit=500000"]
    with subprocess.Popen([*words, *cell.command("run", "-b", bundle.path, cell.name())],
                          stdout=subprocess.PIPE) as runs:
        assert runs.stdout and runs.stdout.readline() == b"ready\n"
        runs.terminate()
        assert runs.wait(20) == 9


def test_create_waits_and_start_runs(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    mark = bundle.root / "tmp/mark"
    bundle.config["root"]["readonly"] = False
    name, pid_file = cell.name(), tmp_path / "pid"
    quiet = {"capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    cell.ok("create", "-b", bundle.sh("touch /tmp/mark; sleep 100").write(), "--pid-file", pid_file, name, **quiet)
    state = cell.state(name)
    assert state["status"] == "created" and state["id"] == name and state["bundle"] == str(bundle.path)
    assert state["pid"] == int(pid_file.read_text()) and state["ociVersion"].startswith("1.")
    assert not mark.exists()
    cell.ok("start", name)
    until(mark.exists, "the program has run")
    assert cell.state(name)["status"] == "running"
    assert "start" in cell.fails("start", name)
    assert cell.do("delete", name).returncode == 1, "a running one is not deleted without --force"
    cell.ok("kill", name, "KILL")
    cell.wait_for(name, "stopped")
    assert "not running" in cell.fails("kill", name, "TERM")
    cell.ok("delete", name)
    assert not list(cell.root.glob(name))


def test_a_name_is_taken_once(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    why = cell.fails("run", "-b", bundle.path, name)
    assert name in why and "exists" in why
    assert cell.state(name)["status"] == "running"


def test_delete_force_of_what_is_not_there_does_not_matter(cell: Cell, bundle: Bundle) -> None:
    cell.ok("delete", "--force", "nobody")
    assert "does not exist" in cell.fails("delete", "nobody")


def test_delete_force_ends_one_that_runs_with_all_its_children(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100 & sleep 101 & wait"))
    pids = until(lambda: len(found := json.loads(cell.ok("ps", "--format", "json", name))) == 3 and found, "three")
    cell.ok("delete", "--force", name)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "its processes are gone")


@pytest.mark.parametrize("word", ["KILL", "SIGKILL", "9", "kill"])
def test_kill_takes_a_name_or_a_number(cell: Cell, bundle: Bundle, word: str) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    cell.ok("kill", name, word)
    cell.wait_for(name, "stopped")


def test_kill_refuses_what_is_no_signal(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    assert "NONSENSE" in cell.fails("kill", name, "NONSENSE")
    assert cell.state(name)["status"] == "running"


def test_kill_all_reaches_every_process(cell: Cell, bundle: Bundle) -> None:
    bundle.config["linux"]["namespaces"].remove({"type": "pid"})
    name = cell.start(bundle.sh("sleep 100 & sleep 101 & wait"))
    pids = until(lambda: len(found := json.loads(cell.ok("ps", "--format", "json", name))) == 3 and found, "three")
    cell.ok("kill", "--all", name, "KILL")
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids), "its processes are gone")


def test_pause_stops_and_resume_goes_on(cell: Cell, bundle: Bundle) -> None:
    bundle.config["root"]["readonly"] = False
    count = bundle.root / "tmp/count"
    name = cell.start(bundle.sh("while true; do echo >> /tmp/count; sleep 0.01; done"))
    until(lambda: count.exists() and count.stat().st_size > 3, "it counts")
    cell.ok("pause", name)
    assert cell.state(name)["status"] == "paused"
    size = count.stat().st_size
    assert "paused" in cell.fails("exec", name, "/bin/true")
    subprocess.run(["sleep", "0.1"], check=True)
    assert count.stat().st_size == size
    cell.ok("resume", name)
    assert cell.state(name)["status"] == "running"
    until(lambda: count.stat().st_size > size, "it counts again")


def test_list_shows_each_in_three_forms(cell: Cell, bundle: Bundle) -> None:
    names = {cell.start(bundle.sh("sleep 100")), cell.start(bundle)}
    assert set(cell.ok("list", "-q").split()) == names
    listed = json.loads(cell.ok("list", "--format", "json"))
    assert {entry["id"]: entry["status"] for entry in listed} == dict.fromkeys(names, "running")
    table = cell.ok("list").splitlines()
    assert table[0].split() == ["ID", "PID", "STATUS", "CREATED", "BUNDLE"] and len(table) == 3


def test_events_stats_tells_what_it_uses(cell: Cell, bundle: Bundle) -> None:
    name = cell.start(bundle.sh("x=1; while [ $x -lt 20000 ]; do x=$((x+1)); done; sleep 100"))
    stats = until(lambda: (now := json.loads(cell.ok("events", "--stats", name)))["data"]["cpu"]["usage"]["total"] > 0
                  and now, "CPU time is counted")
    assert stats["type"] == "stats" and stats["id"] == name
    assert stats["data"]["pids"]["current"] >= 1 and stats["data"]["memory"]["usage"]["usage"] > 0


def test_features_and_version_are_what_clients_parse(cell: Cell) -> None:
    features = json.loads(cell.ok("features"))
    assert features["ociVersionMin"] == "1.0.0" and "createRuntime" in features["hooks"]
    assert features["linux"]["seccomp"]["enabled"] is True and "cgroup" in features["linux"]
    lines = cell.ok("--version").splitlines()
    assert lines[0].split()[0] == "cell" and lines[1].startswith("spec: 1.")


def test_log_format_json_has_level_msg_time(cell: Cell, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert cell.do("--log", log, "--log-format", "json", "state", "no\"body").returncode == 1
    entry = json.loads(log.read_text())
    assert entry["level"] == "error" and 'no"body' in entry["msg"] and entry["time"].endswith("Z")
    assert "--log-format xml" in cell.fails("--log-format", "xml", "list")


def test_preserve_fds_passes_exactly_as_many_as_said(cell: Cell, bundle: Bundle) -> None:
    bundle.sh("cat <&3; ls /proc/self/fd")
    words = cell.command("run", "--preserve-fds", "1", "-b", bundle.write(), cell.name())
    done = subprocess.run(["/bin/sh", "-c", 'exec "$@" 3<<EOF 4</dev/null\nthrough three\nEOF', "sh", *words],
                          capture_output=True, text=True, timeout=20)
    assert done.stdout.splitlines() == ["through three", "0", "1", "2", "3", "4"], "4 is ls's own folder"
    assert "descriptor 3" in cell.fails("run", "--preserve-fds", "1", "-b", bundle.path, cell.name())


def test_a_program_that_is_not_there_is_named(cell: Cell, bundle: Bundle) -> None:
    bundle.config["process"]["args"] = ["/bin/absent"]
    assert "/bin/absent" in cell.refuses(bundle)
    assert not any(path.name != ".seccomp" for path in cell.root.glob("*"))


def test_usage_is_status_2(cell: Cell) -> None:
    assert cell.do("dance").returncode == 2 and "dance" in cell.fails("dance")
    assert cell.do().returncode == 2
    assert cell.do("run").returncode == 2


def test_one_name_under_two_roots_is_not_one_group(cell: Cell, bundle: Bundle, program: Path, tmp_path: Path) -> None:
    name = cell.start(bundle.sh("sleep 100"))
    other = Cell(program, tmp_path / "other")
    said = other.fails("run", "-b", bundle.write(), name)
    assert f"cgroup: cell-{name}: somebody else's processes are in it" in said
    assert not list(other.root.glob("t*")) and cell.state(name)["status"] == "running"
