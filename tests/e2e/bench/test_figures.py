"""From slices to verdicts: the bench never calls met what it has not measured, or what is worse than asked."""
from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tests/bench"))
import picture
from credit_sched import bench
from boot import Plan
from figures import Figure, Spread, is_whole

MS = 1_000_000


def group(weight: int, used_ms: float, cap: int = 0, over_cap_ns: int = 0) -> dict:
    return {"weight": weight, "cap": cap, "used_ns": int(used_ms * MS), "rounds": int(used_ms * 1000),
            "lag_max_ns": 4 * MS, "lag_first_half_ns": 4 * MS, "lag_second_half_ns": 3 * MS, "over_cap_ns": over_cap_ns}


def run_of(groups: list[dict], cpus: int = 1) -> dict:
    return {"wall_ns": 10_000 * MS, "cpus": cpus, "slot_ns": 5 * MS, "sampler_ns": 0, "sampler_apart": True, "groups": groups}


def results(case: str, *runs: dict, who: str = "ours") -> dict[str, dict]:
    return {"live": {"slices": [{"case": case, "who": who, "round": n} | (run if "error" in run else {"result": run})
                                for n, run in enumerate(runs)]}}


def figure(key: str, found: dict[str, dict]) -> Figure:
    return next(f for f in bench.figures(found) if f.key == key)


def test_share_error_is_of_the_group_that_is_farthest_off():
    # 10:1 of 11 s: 1 % off for the light one is 0.1 % for the heavy one.
    f = figure("share_5ms", results("1 CPU, 5 ms: 10:1", run_of([group(1000, 9990), group(100, 1010)])))
    assert f.ours and f.ours.median == pytest.approx(1.0, abs=0.01)
    assert f.verdict == "missed"


def test_exact_shares_are_met():
    f = figure("share_5ms", results("1 CPU, 5 ms: 10:1", run_of([group(1000, 10000), group(100, 1000)])))
    assert f.verdict == "met"


def test_the_worst_case_of_a_round_counts():
    good, bad = run_of([group(1, 100), group(1, 100)]), run_of([group(1, 150), group(1, 50)])
    slices = [{"case": f"1 CPU, 5 ms: {n}", "who": "ours", "round": 0, "result": r} for n, r in enumerate((good, bad))]
    assert figure("share_5ms", {"live": {"slices": slices}}).verdict == "missed"


def test_what_failed_is_not_measured():
    f = figure("share_5ms", results("1 CPU, 5 ms: 10:1", {"error": "exit status 1"}))
    assert f.ours is None and f.verdict == "not measured"


def test_a_round_with_a_failed_case_does_not_count():
    slices = [{"case": "1 CPU, 5 ms: a", "who": "ours", "round": 0, "error": "exit status 1"},
              {"case": "1 CPU, 5 ms: b", "who": "ours", "round": 0, "result": run_of([group(1, 100), group(1, 100)])}]
    assert figure("share_5ms", {"live": {"slices": slices}}).verdict == "not measured"


def test_nothing_at_all_is_not_measured():
    assert {f.verdict for f in bench.figures({})} <= {"not measured", "no target"}


@pytest.mark.parametrize(("busy_ms", "verdict"), [(9950, "met"), (9800, "missed")])
def test_work_conservation(busy_ms, verdict):
    f = figure("busy_1", results("1 CPU, 5 ms: 1:1", run_of([group(1, busy_ms / 2), group(1, busy_ms / 2)])))
    assert f.verdict == verdict


def test_cap_counts_both_sides():
    assert figure("cap", results("cap 25 %", run_of([group(100, 2400, cap=25)]))).ours.median == pytest.approx(1.0)
    assert figure("cap", results("cap 25 %", run_of([group(100, 2600, cap=25)]))).ours.median == pytest.approx(1.0)


def test_over_cap_is_in_slots():
    f = figure("cap_window", results("cap 25 %", run_of([group(100, 2500, cap=25, over_cap_ns=10 * MS)])))
    assert f.ours.median == 2.0 and f.verdict == "missed"


def test_credit_that_is_lost_shows():
    books = {"earned_ns": 5000, "spent_ns": 1000, "credit_ns": 1000, "discarded_ns": 0}
    f = figure("credit", results("credit, 1 CPU", run_of([group(256, 1) | {"csched": books}])))
    assert f.ours.median == 3.0 and f.verdict == "missed"


def test_wake_up_is_judged_by_the_plain_kernel_of_the_same_run():
    slices = [{"case": "wake-up against 3 hogs", "who": who, "round": 0, "result": {"percentiles_us": [us] * 99}}
              for who, us in (("ours", 500), ("plain kernel", 400))]
    f = figure("wake_p99", {"live": {"slices": slices}})
    assert f.target == 400 and f.verdict == "missed"


def test_median_and_spread():
    assert Spread.of([3, 1, 2]) == Spread(2, 1, 3, 3)
    assert Spread.of([]) is None


def test_picture_is_xml_and_names_every_figure():
    found = bench.figures(results("1 CPU, 5 ms: 10:1", run_of([group(1000, 9990), group(100, 1010)])))
    svg = picture.draw("title", "subtitle", found, bench.MARKS, picture.Axis(*bench.AXIS))
    words = "".join(ElementTree.fromstring(svg).itertext())
    assert all(f.name in words for f in found)


@pytest.mark.parametrize(("measured", "whole"), [({"exact": 3, "live": 2}, True), ({"exact": 3}, False), ({}, False),
                                                 ({"exact": 3, "live": 1}, False)])
def test_a_plan_that_is_missing_or_has_fewer_rounds_is_not_kept(measured: dict[str, int], whole: bool) -> None:
    found = {name: {"slices": [{"round": n, "case": case} for n in range(rounds) for case in ("a", "b")]}
             for name, rounds in measured.items()}
    assert is_whole([Plan("exact", [], 3), Plan("live", [], 2)], found) == whole
