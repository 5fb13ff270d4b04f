"""What `make scenarios` and `make bench` start in the course VM runs there, on a loaded machine too."""
from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
KERNEL = os.environ.get("KERNEL") or "6.12"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(KERNEL == "debug", reason="figures of a debug kernel say nothing")]


def run_in_vm(out: Path, *command: str) -> subprocess.CompletedProcess:
    # One processor whose time is the count of instructions: what is asserted does not depend on the host.
    return subprocess.run([TREE / "coursevm/run", "--kernel", KERNEL, "--deterministic", "1", "--out", out, "--", *command],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_scenario_leaves_picture_page_and_record(tmp_path):
    done = run_in_vm(tmp_path, "userland/ctl/scenarios/run", "--out", "/out", "weights")
    assert done.returncode == 0, done.stdout + done.stderr

    ElementTree.parse(tmp_path / "weights.svg")
    assert "weights.sh" in (tmp_path / "index.html").read_text()
    groups = json.loads((tmp_path / "weights.json").read_text())["moments"][-1][1]
    total = sum(g["used_ns"] for g in groups.values())
    parts = {name: g["used_ns"] / total for name, g in groups.items()}
    assert parts == pytest.approx({"small": 1 / 7, "middle": 2 / 7, "large": 4 / 7}, rel=0.05)


def test_unknown_scenario_is_named(tmp_path):
    done = run_in_vm(tmp_path, "userland/ctl/scenarios/run", "nonesuch")
    assert done.returncode == 2
    assert "no such scenario: nonesuch: there are weights," in done.stderr


@pytest.mark.parametrize("regime", ["plain", "nice", "cgroup", "csched"])
def test_measuring_program_runs_under_every_regime(tmp_path, regime):
    script = (f"insmod build/kernel/{KERNEL}/kmod/credit_sched/credit_sched.ko && "
              f"build/bin/bench-credit_sched-shares {regime} 1 5000 1000 5000 share 100 300")
    done = run_in_vm(tmp_path, "sh", "-c", script)
    assert done.returncode == 0, done.stdout + done.stderr
    light, heavy = (g["used_ns"] for g in json.loads(done.stdout.splitlines()[-1])["groups"])
    # The plain kernel knows of no weights: so it is the regime that makes the difference.
    assert heavy / light == pytest.approx(1 if regime == "plain" else 3, rel=0.2)
