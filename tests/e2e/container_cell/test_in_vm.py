"""cell in the course VM: pure cgroup v2, and credit_sched itself. One boot; what in_vm.sh left is judged here."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import TREE

pytestmark = pytest.mark.slow

SPIN = ["sh", "-c", "while :; do :; done"]


class Left:
    """Files of one boot."""

    def __init__(self, folder: Path, console: str) -> None:
        self.folder, self.console = folder, console

    def text(self, name: str) -> str:
        path = self.folder / name
        assert path.exists(), f"{name} is missing\n{self.console}"
        return path.read_text(errors="replace")

    def ok(self, name: str) -> str:
        assert self.text(f"{name}.code").strip() == "0", self.text(f"{name}.err")
        return self.text(f"{name}.out")

    def used(self, name: str) -> dict[str, int]:
        """Microseconds of CPU time."""
        return {line.split()[0]: int(line.split()[1]) for line in self.text(f"{name}.used").splitlines()}

    def part(self, name: str, container: str) -> float:
        """Of one CPU, over the time that it really took."""
        began, ended = map(float, self.text(f"{name}.time").split())
        return self.used(name)[container] / 1e6 / (ended - began)


@pytest.fixture(scope="module")
def left(program: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Left:
    module = Path(os.environ.get("MODULE") or TREE / "build/kernel/6.12/kmod/credit_sched/credit_sched.ko")
    assert module.exists(), f"{module} is missing: make modules"
    folder = tmp_path_factory.mktemp("vm")
    env = os.environ | {"CELL_STORE": str(folder / "store")}
    for words in (["load", "-i", archive], ["unpack", "box:1", folder / "bundle"]):
        subprocess.run([program, *map(str, words)], check=True, env=env, stdout=subprocess.DEVNULL)
    config = json.loads((folder / "bundle/config.json").read_text())
    config["process"]["args"] = SPIN
    (folder / "bundle/config.json").write_text(json.dumps(config))
    done = subprocess.run([TREE / "coursevm/run", "--snapshot", "--smp", "1", "--timeout", "400",
                           "--out", folder / "out", "--put", f"{module}:/root/credit_sched.ko",
                           "--put", f"{folder}/bundle:/root/bundle", "--put", f"{program}:/root/cell",
                           "--", "sh", "/virtlab/tests/e2e/container_cell/in_vm.sh",
                           "/root/credit_sched.ko", "/root/bundle", "/root/cell"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    found = Left(folder / "out", "\n".join((done.stdout + done.stderr).splitlines()[-40:]))
    assert done.returncode == 0, found.console
    return found


def test_without_the_module_it_is_cpu_weight(left: Left) -> None:
    left.ok("fallback")
    assert "--sched: credit_sched is not loaded: in its place: cpu.weight 300" in left.text("fallback.err")
    assert left.text("fallback.weight").strip() == "300"


def test_without_the_module_a_cap_is_cpu_max(left: Left) -> None:
    left.ok("fallback_credit")
    assert left.text("fallback.max").split() == ["20000", "100000"]
    assert left.part("fallback", "fallback2") == pytest.approx(0.2, rel=0.15)


def test_three_to_one_by_the_module(left: Left) -> None:
    left.ok("share_small")
    left.ok("share_large")
    assert "not loaded" not in left.text("share_large.err")
    used = left.used("share")
    print(f"large : small = {used['large'] / used['small']:.3f}, {left.part('share', 'large'):.3f} and "
          f"{left.part('share', 'small'):.3f} of the CPU")
    assert used["large"] / used["small"] == pytest.approx(3, rel=0.1), used


def test_explain_tells_the_group(left: Left) -> None:
    assert "share: weight 300" in left.ok("explain")


def test_policies_that_do_not_go_together_are_said_and_leave_nothing(left: Left) -> None:
    assert left.text("conflict.code").strip() == "1"
    assert "groups on the same CPUs have one policy: csched list shows them" in left.text("conflict.err")
    assert sorted(left.ok("conflict_list").split()) == ["large", "small"]


def test_a_group_goes_with_its_container(left: Left) -> None:
    left.ok("share_delete")
    left.ok("again")
    left.ok("again_delete")


def test_a_cap_by_the_module(left: Left) -> None:
    left.ok("credit")
    assert left.part("credit", "capped") == pytest.approx(0.2, rel=0.2)


def test_nothing_is_left_and_the_module_goes(left: Left) -> None:
    left.ok("credit_delete")
    left.ok("unload")
    assert left.text("left.out") == ""
