"""The guests of the tree: the paging rules hold, and the fork workload's counts are exact."""

from __future__ import annotations

import json
import re

import pytest
from vmm_runs import GUESTS


@pytest.mark.parametrize("seed", ["1", "2"])
def test_pagetables_all_rules_hold(accelerator, seed):
    rounds = "200" if seed == "1" else "100"
    result = accelerator.run(GUESTS / "pagetables.elf", rounds, seed)

    output = result.stdout.decode()
    plan = int(re.search(r"^1\.\.(\d+)$", output, re.M).group(1))
    assert [line for line in output.splitlines() if line.startswith("not ok")] == [], output
    assert len(re.findall(r"^ok \d+", output, re.M)) == plan >= 74
    assert result.returncode == 0
    assert result.stderr == b""


def test_fork_counts_are_exact(accelerator):
    result = accelerator.run(GUESTS / "fork.elf", "5", "32", "8")

    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith(b"forks 5 pages 32 writes 8\nfaults 80 copies 40 entries written 304 cycles ")


def test_fork_refuses_nonsense(accelerator):
    result = accelerator.run(GUESTS / "fork.elf", "5", "32", "33")

    assert result.returncode == 99
    assert result.stdout.startswith(b"Bail out! ")


def test_strategies_differ_as_they_should(shadowpt, tmp_path):
    """vtlb never traps a page-table write; trap traps each, and fills less often."""
    file = tmp_path / "stats.json"
    shadowpt.run(GUESTS / "fork.elf", "5", "32", options=["--json", str(file)])

    events = json.loads(file.read_text())["events"]
    if shadowpt.strategy == "vtlb":
        assert events["PT_WRITE"] == 0
    else:
        assert events["PT_WRITE"] > 0
    assert events["FILL"] > 0
    assert events["GUEST_FAULT"] >= 160
