"""--sched on a host without the module: what control groups have that comes nearest, and the user is told."""
from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import ALONE, Cell, wait_for
from test_run import group_value

pytestmark = pytest.mark.skipif(Path("/dev/credit_sched").exists(), reason="here the module is loaded: see in_vm")


@pytest.mark.parametrize(("word", "old", "new", "says"), [
    ("share:300", "3072", "300", "cpu.shares 3072"),
    ("share", "1024", "100", "cpu.shares 1024"),
    ("credit:weight=512", "2048", "200", "cpu.shares 2048"),
    ("lottery:50", "512", "50", "cpu.shares 512"),
])
def test_a_weight_becomes_the_groups(tidy: Cell, word: str, old: str, new: str, says: str) -> None:
    done = tidy(*ALONE, "--name", "s", "-d", "--sched", word, "sleep", "100")
    assert done.returncode == 0, done.stderr
    value = group_value("cpu", "s", "cpu.shares", "cpu.weight")
    assert value in (old, new)
    assert "--sched: credit_sched is not loaded: in its place:" in done.stderr
    assert says in done.stderr or f"cpu.weight {new}" in done.stderr
    tidy.ok("delete", "--force", "s")


def test_cap_and_burst_become_quota_and_burst(tidy: Cell) -> None:
    said = tidy(*ALONE, "--rm", "--sched", "credit:cap=20,burst=1s", "cat",
                "/proc/self/cgroup").stderr
    assert "quota 20000 us of 100000, burst 20000 us" in said
    assert "no burst, which needs a cap" in tidy(*ALONE, "--rm", "--sched",
                                                 "credit:burst=1s", "true").stderr


def test_an_oci_bundle_takes_it_too(tidy: Cell, tmp_path: Path) -> None:
    tidy.ok("unpack", "box:1", tmp_path / "bundle")
    assert "in its place: cpu" in tidy("run", "-b", tmp_path / "bundle", "--sched", "share:300", "bundled").stderr


@pytest.mark.slow
def test_three_to_one(tidy: Cell) -> None:
    """Measured as the course says it: two that want all of a CPU get it as their weights are."""
    for name, weight in (("small", 100), ("large", 300)):
        tidy.ok(*ALONE, "--name", name, "-d", "--cpuset", "0", "--sched", f"share:{weight}",
                "sh", "-c", "while :; do :; done")

    def used(name: str) -> int:
        path = Path(f"/sys/fs/cgroup/cpuacct/cell-{name}/cpuacct.usage")
        if path.exists():
            return int(path.read_text())
        stat = Path(f"/sys/fs/cgroup/cell-{name}/cpu.stat").read_text().split()
        return int(stat[stat.index("usage_usec") + 1]) * 1000

    wait_for(lambda: used("small") and used("large"))
    before = used("small"), used("large")
    time.sleep(5)
    small, large = used("small") - before[0], used("large") - before[1]
    tidy.ok("delete", "--force", "small", "large")
    assert 2.7 < large / small < 3.3, f"{large / small:.2f}"
