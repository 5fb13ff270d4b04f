"""cell top and cell explain: what they tell is what the kernel tells."""
from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ALONE, TREE, Cell, wait_for


@pytest.fixture
def three(tidy: Cell) -> Iterator[Cell]:
    """One that computes, one that holds memory, one with many processes."""
    run = [*ALONE, "-d", "--memory", "100m"]
    tidy.ok(*run, "--name", "busy", "--pids", "50", "sh", "-c", "while :; do :; done")
    tidy.ok(*run, "--name", "fat", "--tmpfs", "/big", "sh", "-c", "head -c 20000000 /dev/zero > /big/f; sleep 100")
    tidy.ok(*run, "--name", "many", "sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 100 & done; wait")
    wait_for(lambda: "20000000" in tidy("exec", "fat", "stat", "-c", "%s", "/big/f").stdout)
    yield tidy
    tidy.ok("delete", "--force", "busy", "fat", "many")


def report(cell: Cell, *words: object) -> list[dict[str, Any]]:
    return json.loads(cell.ok("top", "--json", "-n", 1, *words))


def test_top_is_sorted_as_one_wishes(three: Cell) -> None:
    def first(key: str) -> str:
        return json.loads(three.ok("top", "--json", "-n", 2, "-d", 0.3, "--sort", key).splitlines()[-1])[0]["id"]

    assert (first("cpu"), first("memory"), first("pids"), first("name")) == ("busy", "fat", "many", "busy")


def test_top_tells_what_the_groups_tell(three: Cell) -> None:
    rows = {row["id"]: row for row in json.loads(three.ok("top", "--json", "-n", 2, "-d", 0.5).splitlines()[-1])}
    assert rows["many"]["pids"] == 8 and rows["busy"]["pids_limit"] == 50
    assert rows["busy"]["memory_limit"] == 100 << 20 and rows["fat"]["memory"] > 20_000_000
    assert 0.2 < rows["busy"]["cpu"] <= 1.1 and rows["many"]["cpu"] < 0.05
    assert {(row["image"], row["status"]) for row in rows.values()} == {("box:1", "running")}
    three.ok("pause", "busy")
    assert {row["id"]: row["status"] for row in report(three)}["busy"] == "paused"
    assert report(three)[0]["cpu"] is None, "one report alone does not know"


def test_top_as_a_table(three: Cell) -> None:
    lines = three.ok("top", "-n", 1, "--sort", "name").splitlines()
    assert lines[0] == "3 containers, sorted by name"
    assert re.match(r"busy +running +- +\S+ \S+ / +100 MiB +\d+ / +50  box:1", lines[2]), lines[2]


def test_top_on_a_terminal_hears_keys(three: Cell) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(three.command("top", "-d", "60"), stdin=slave, stdout=slave, stderr=slave, env=three.env)
    os.close(slave)
    said = b""

    def until(word: bytes) -> None:
        nonlocal said
        while word not in said and select.select([master], [], [], 20)[0]:
            said += os.read(master, 10000)
        assert word in said, said

    until(b"sorted by cpu")
    os.write(master, b"m")
    until(b"sorted by memory")
    os.write(master, b"q")
    assert process.wait(20) == 0
    os.close(master)


def test_top_of_nothing_and_after_one_has_gone(tidy: Cell) -> None:
    assert report(tidy) == []
    process = subprocess.Popen(tidy.command("top", "--json", "-d", "0.2", "-n", "8"), stdout=subprocess.PIPE, text=True,
                               env=tidy.env)
    for _ in range(3):
        tidy.run("true")
    assert process.stdout and len(process.stdout.read().splitlines()) == 8
    assert process.wait(20) == 0


def test_explain_tells_each_beside_the_hosts(tidy: Cell, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    tidy.ok("run", "--image", "box:1", "-d", "--name", "web", "-p", "8080:80", "--memory", "64m", "--pids", "20",
            "--cpus", "0.5", "-u", "ann", "-v", f"{tmp_path}/shared:/mnt", "--read-only", "sleep", "100")
    pid = tidy.list()["web"]["pid"]
    said = tidy.ok("explain", "web")
    own = {kind: os.stat(f"/proc/{pid}/ns/{file}").st_ino for kind, file in
           (("pid", "pid"), ("network", "net"), ("mount", "mnt"), ("ipc", "ipc"), ("uts", "uts"))}
    for kind, number in own.items():
        assert re.search(rf"^  {kind} .*\b{number}, here \d+", said, re.M), (kind, said)
    user = os.stat("/proc/self/ns/user").st_ino
    assert re.search(rf"^  user +the host's +{user}, the same", said, re.M)
    assert "itself as process 1 " in said and f"; process {pid}" in said
    assert re.search(r"^  memory .*may use 64 MiB; killed for it: 0", said, re.M)
    assert re.search(r"^  pids .* 1 tasks, may have 20", said, re.M)
    assert re.search(r"^  cpu .*quota 50000", said, re.M)
    assert re.search(r"^  user +uid 1000 +uid 1000", said, re.M)
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    bounding = bin(int(status["CapBnd"], 16)).count("1")
    assert re.search(rf"^  bounding +{bounding} capabilities +CHOWN DAC_OVERRIDE", said, re.M)
    assert re.search(r"^  effective +none", said, re.M), "who is not root has none"
    assert re.search(r"^  new rights +none by any program", said, re.M)
    assert re.search(rf"^  /mnt|^ +/mnt +{tmp_path}/shared", said, re.M)
    assert "0.0.0.0:8080->80/tcp" in said and re.search(r"^  root +/, read-only +\S+/containers/web/rootfs", said, re.M)
    tidy.ok("delete", "--force", "web")


def test_explain_counts_verdicts_of_the_filter(tidy: Cell, tmp_path: Path) -> None:
    tidy.ok("unpack", "box:1", tmp_path / "bundle")
    config = json.loads((tmp_path / "bundle/config.json").read_text())
    config["process"]["args"] = ["sleep", "100"]
    config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mount", "umount2"], "action": "SCMP_ACT_ERRNO"}, {"names": ["reboot"], "action": "SCMP_ACT_KILL"}]}
    (tmp_path / "bundle/config.json").write_text(json.dumps(config))
    tidy.ok("run", "-d", "-b", tmp_path / "bundle", "filtered", stdout=subprocess.DEVNULL, capture_output=False)
    said = tidy.ok("explain", "filtered")
    assert re.search(r"^  seccomp +some, see below +1 filters", said, re.M)
    assert re.search(r"^ +errno +2 names$", said, re.M) and re.search(r"^ +kill thread +1 names$", said, re.M)
    assert re.search(r"^ +allow +0 names, and all that are not named", said, re.M)
    tidy.ok("delete", "--force", "filtered")


@pytest.mark.parametrize(("words", "status", "says"), [
    (["explain"], 2, "explain: expected a container id"),
    (["explain", "nobody"], 1, "container nobody: does not exist"),
    (["top", "--sort", "size"], 2, "--sort size: expected cpu, memory, pids or name"),
    (["top", "-d", "0"], 2, "--delay 0: expected seconds, 0.1 to 3600"),
    (["top", "-n", "0"], 2, "--count 0: expected how many reports"),
    (["top", "web"], 2, "web: expected options only"),
    (["logs", "nobody"], 1, "container nobody: was not made from an image"),
    (["wait", "nobody"], 1, "container nobody: was not made from an image"),
    (["stop", "nobody"], 1, "container nobody: does not exist"),
    (["stop", "-t", "x", "nobody"], 2, "--time x: expected seconds"),
])
def test_bad_input(bare: Cell, words: list[str], status: int, says: str) -> None:
    assert says in bare.fails(*words, status=status)


def test_explain_of_one_that_has_ended(tidy: Cell) -> None:
    tidy.ok(*ALONE, "--name", "ended", "true")
    assert "is stopped: there is nothing that would be isolated" in tidy.fails("explain", "ended")
    assert tidy.ok("wait", "ended") == "0\n"
    tidy.ok("delete", "ended")


def test_wait_tells_how_it_ended(tidy: Cell) -> None:
    tidy.ok(*ALONE, "--name", "waited", "-d", "sh", "-c", "sleep 0.5; exit 9")
    began = time.monotonic()
    assert tidy.ok("wait", "waited") == "9\n" and time.monotonic() - began > 0.2
    tidy.ok("delete", "waited")


def test_the_examples_of_the_manual_work(tidy: Cell) -> None:
    manual = (TREE / "docs/man/cell-run.1").read_text().replace("\\-", "-")
    lines = [line for line in manual.split(".SH EXAMPLES")[1].splitlines() if line.startswith("cell ")]
    assert len(lines) == 7
    function = f"cell() {{ {' '.join(tidy.command())} \"$@\"; }}"
    for line in lines:
        done = subprocess.run(["sh", "-c", f"{function}; {line}"], env=tidy.env, capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if "wget" in line:
            assert done.stdout == "web\n"
