"""What the containers' bench makes of its slices."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
from figures import Figure

spec = importlib.util.spec_from_file_location("container_bench", BENCH / "container/bench.py")
assert spec and spec.loader
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)


def slices(case: str, field: str, **who: list[float]) -> dict:
    return {"slices": [{"case": case, "who": name, "round": n, "result": {field: value}}
                       for name, values in who.items() for n, value in enumerate(values)]}


def figure(key: str, results: dict[str, dict]) -> Figure:
    return next(f for f in bench.figures(results) if f.key == key)


@pytest.mark.parametrize("ours, verdict", [(4.4, "met"), (4.6, "missed")])
def test_the_bound_is_a_part_of_crun_and_bare_calls_are_shown_beside(ours, verdict):
    f = figure("run", {"start": slices("run", "ms", cell=[ours], crun=[9, 10, 11], runc=[50], bare=[4])})
    assert f.target == pytest.approx(4.5) and f.verdict == verdict
    assert f.peers["bare"].median == 4 and set(f.peers) == {"crun", "runc", "bare"}


def test_overhead_is_of_what_met_the_same_minute():
    f = figure("overhead", {"inside": slices("inside", "cpu_us", inside=[10, 40, 21], outside=[10, 40, 20])})
    assert f.ours.median == 1 and f.ours.most == pytest.approx(1.05)


def test_the_vm_is_beside_the_host():
    host, vm = slices("inside", "cpu_us", outside=[10, 12, 11]), slices("inside", "cpu_us", outside=[220, 330])
    f = figure("vm", {"inside": host, "vm": vm})
    assert (f.ours.least, f.ours.most, f.verdict) == (pytest.approx(20), pytest.approx(30), "no target")
    assert figure("vm", {"vm": vm}).ours is None and figure("vm", {"inside": host}).ours is None
