"""The servers' bench: what its figures are made of, and that plans for the host are run on the host."""
from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tests/bench"))
import host
import picture
from boot import Case, Plan
from figures import Figure, Spread


def bench_of(name: str):
    """tests/e2e has a folder called servers too, so by its path."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", TREE / f"tests/bench/{name}/bench.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bench = bench_of("servers")


def slices(plan: str, case: str, **values: list[dict]) -> dict[str, dict]:
    return {plan: {"slices": [{"case": case, "who": who.replace("_", "-"), "round": n, "result": result}
                              for who, results in values.items() for n, result in enumerate(results)]}}


def figure(key: str, found: dict[str, dict]) -> Figure:
    return next(f for f in bench.figures(found) if f.key == key)


def cpu(*values: float) -> list[dict]:
    return [{"cpu_us": v} for v in values]


def test_nothing_is_met_that_was_not_measured() -> None:
    assert {f.verdict for f in bench.figures({})} == {"not measured"}


@pytest.mark.parametrize(("ours", "verdict"), [(7.9, "met"), (8.1, "missed")])
def test_bound_is_a_part_of_the_peers_median(ours: float, verdict: str) -> None:
    f = figure("event_nginx", slices("requests", "keep-alive", event=cpu(ours), nginx=cpu(9, 10, 11)))
    assert f.target == pytest.approx(8) and f.verdict == verdict


def test_bound_is_of_the_best_of_two_peers() -> None:
    f = figure("event_best", slices("requests", "keep-alive", event=cpu(7), lighttpd=cpu(10), h2o=cpu(8)))
    assert f.target == pytest.approx(7.2) and f.verdict == "met"


def test_what_is_bare_is_shown_and_is_no_peer() -> None:
    found = slices("requests", "keep-alive", thread=cpu(6), **{"apache-event": cpu(13), "bare-thread": cpu(5)})
    f = figure("thread_apache", found)
    assert f.target == pytest.approx(6.5) and f.verdict == "met" and f.peers["bare-thread"].median == 5


def test_two_loops_by_price_where_the_generator_shares_the_cores() -> None:
    one = [{"cpu_us": 8, "answered": 50_000, "shared": False}]
    two = [{"cpu_us": 9, "answered": 60_000, "shared": True}]
    f = figure("loops", slices("loops", "loops", event=one, **{"pinned-loops": two}))
    assert f.ours and f.ours.median == pytest.approx(16 / 9) and f.verdict == "met"


def test_two_loops_by_requests_where_it_does_not() -> None:
    one = [{"cpu_us": 8, "answered": 50_000, "shared": False}]
    two = [{"cpu_us": 8, "answered": 80_000, "shared": False}]
    f = figure("loops", slices("loops", "loops", event=one, **{"pinned-loops": two}))
    assert f.ours and f.ours.median == pytest.approx(1.6) and f.verdict == "missed"


def test_load_is_compared_with_wrk_round_by_round() -> None:
    """A round in which everything was slow says nothing of either."""
    found = (10.1, 10), (20.2, 20), (9.9, 10)
    f = figure("load_wrk", slices("wrk", "wrk", load=[{"load": load, "wrk": wrk} for load, wrk in found]))
    assert f.ours and f.ours.median == pytest.approx(1, abs=0.01) and f.verdict == "met"


def test_the_worst_attack_counts() -> None:
    found = [{"case": f"slow: {attack}", "who": "event", "round": 0, "result": {"answered_percent": percent}}
             for attack, percent in zip(bench.ATTACKS, (100, 40, 100))]
    f = figure("slow_event", {"slow": {"slices": found}})
    assert f.ours and f.ours.median == 40 and f.verdict == "missed"


def test_a_server_that_ended_has_served_nobody() -> None:
    f = figure("limit_event", slices("limit", "limit", event=[{"served_percent": 0}]))
    assert f.verdict == "missed"


@pytest.mark.parametrize(("value", "part"), [(2.0, 0.85), (1.7, 1.0), (0.85, 2.0)])
def test_picture_has_the_right_side_for_at_least(value: float, part: float) -> None:
    f = Figure("k", "name", "x", 1.7, Spread(value, value, value, 1), at_least=True)
    assert picture.part_of_target(f, value) == pytest.approx(part)


def test_plan_for_the_host_takes_turns_on_the_host(tmp_path: Path) -> None:
    say = [sys.executable, "-c", "import json, os, sys; print(json.dumps({'pid': os.getpid(), 'who': sys.argv[1]}))"]
    cases = [Case("say", "a", [*say, "a"]), Case("say", "b", [*say, "b"]), Case("say", "c", ["false"])]
    result = host.run(Plan("turns", cases, 2, on_host=True), tmp_path)
    assert [s["who"] + str(s["round"]) for s in result["slices"]] == ["a0", "b0", "c0", "b1", "c1", "a1"]
    assert all(("error" in s) == (s["who"] == "c") for s in result["slices"])
    assert result["machine"]["host_processors"] >= 1
    assert json.loads((tmp_path / "turns/plan.json").read_text())["rounds"] == 2


def test_every_peer_can_be_configured(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("bench_peers", TREE / "tests/bench/servers/peers.py")
    assert spec and spec.loader
    peers = sys.modules["bench_peers"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    for peer in peers.PEERS.values():
        folder = tmp_path / peer.key
        folder.mkdir()
        command = peer.configure(folder, tmp_path / "root", 12345)
        text = "".join(p.read_text() for p in folder.iterdir())
        assert command[0] == peer.program and "12345" in text and str(tmp_path / "root") in text
