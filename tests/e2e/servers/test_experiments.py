"""The experiments: what their figures are made of, that no order is given where there is none, that each runs."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
HERE = TREE / "userland/servers/experiments"
NATIVE = TREE / "build/native"
sys.path.insert(0, str(HERE))
import accounting
import drawing
import generator
import page
import ranking
import recipe as recipes_of
import report as reports
import syscalls
from accounting import Process
from fit import Law, fit
from lab import Lab, Progress
from measures import MEASURES
from ranking import Interval
from recipes import NAMES

# --- an interval, and what may be said by it ---


@pytest.mark.parametrize(("slices", "left_out"), [(6, 0), (7, 0), (8, 0), (9, 1), (11, 1), (12, 2), (15, 3), (20, 5)])
def test_interval_leaves_out_as_many_as_95_percent_allow(slices: int, left_out: int) -> None:
    """The ranks of the sign test: of 9 the second least to the second most, of 20 the sixth to the fifteenth."""
    found = Interval.of(range(slices))
    assert (found.low, found.high) == (left_out, slices - 1 - left_out)


def test_interval_holds_the_true_median_as_often_as_it_says() -> None:
    import random

    random.seed(1)
    inside = 0
    for _ in range(2000):
        # A skewed distribution, as times are: its median is known.
        i = Interval.of(random.expovariate(1) ** 3 for _ in range(9))
        inside += i.low <= 0.6931 ** 3 <= i.high
    assert 0.945 <= inside / 2000 <= 0.975


def of(*values: float) -> Interval:
    return Interval.of(values)


A, B, C = of(*range(10, 19)), of(*range(20, 29)), of(*range(26, 35))


def test_order_is_given_where_intervals_are_apart() -> None:
    assert ranking.tiers({"b": B, "a": A}, less_is_better=True) == [["a"], ["b"]]
    assert ranking.tiers({"b": B, "a": A}, less_is_better=False) == [["b"], ["a"]]


def test_order_is_refused_where_intervals_overlap() -> None:
    assert ranking.tiers({"a": A, "b": B, "c": C}, less_is_better=True) == [["a"], ["b", "c"]]
    assert ranking.judge({"b": B, "c": C}, "b", "c", True).verdict == "not told apart"


def test_nothing_is_told_apart_by_few_slices() -> None:
    few, many = of(1, 1, 1, 1, 1), of(*[9] * 9)
    assert not few.apart_from(many)
    assert of(1, 1, 1, 1, 1, 1).apart_from(many)


@pytest.mark.parametrize(("better", "worse", "less", "verdict"),
                         [("a", "b", True, "held"), ("b", "a", True, "reversed"),
                                                                  ("a", "b", False, "reversed"),
                          ("b", "a", False, "held")])
def test_a_pair_is_judged_the_right_way_round(better: str, worse: str, less: bool, verdict: str) -> None:
    assert ranking.judge({"a": A, "b": B}, better, worse, less).verdict == verdict


def test_said_to_be_equal() -> None:
    assert ranking.judge({"a": A, "b": B}, "a", "b", True, equal=True).verdict == "not so"
    assert ranking.judge({"b": B, "c": C}, "b", "c", True, equal=True).verdict == "held"
    near, by = of(*[100.0] * 9), of(*[105.0] * 9)
    assert ranking.judge({"a": near, "b": by}, "a", "b", True, equal=True).verdict == "held"


def test_order_is_judged_by_neighbours_and_those_who_share_a_place() -> None:
    pairs = ranking.judge_order({"a": A, "b": B, "c": C}, (("a",), ("b", "c"), ("absent",)), True)
    assert [(p.better, p.worse, p.equal, p.verdict) for p in pairs] == [
        ("b", "c", True, "held"), ("a", "b", False, "held"), ("a", "c", False, "held")]


# --- the law of sizes ---


def test_fit_finds_the_law_that_made_the_points() -> None:
    law = Law(12e-6, 3e9)
    found = fit([(x, law.time(x)) for x in (512, 4096, 65536, 4 << 20)])
    assert found.a == pytest.approx(12e-6) and found.b == pytest.approx(3e9)
    assert found.throughput(found.half) == pytest.approx(found.b / 2)


def test_fit_is_as_good_for_small_files_as_for_large() -> None:
    """10 % off at the largest two must not drown what a request costs."""
    law = Law(12e-6, 3e9)
    points = [(x, law.time(x)) for x in (512, 4096, 16384)]
    points += [(1 << 20, law.time(1 << 20) * 1.1), (4 << 20, law.time(4 << 20) * 0.9)]
    assert fit(points).a == pytest.approx(12e-6, rel=0.02)


@pytest.mark.parametrize("points", [[(512, 1e-5)], [(512, 1e-5), (512, 2e-5)], [(512, 2e-5), (4096, 1e-5)]])
def test_fit_refuses_what_follows_no_law(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError):
        fit(points)


# --- accounting ---


def test_stat_of_a_process_with_an_odd_name() -> None:
    fields = ["S", "77"] + ["0"] * 9 + ["150", "50", "30", "20"] + ["0"] * 30
    assert accounting.parse_stat("5 (a) b) (c) " + " ".join(fields)) == Process(5, 77, 2.0, 0.5)


def test_children_that_ended_are_counted_once() -> None:
    before = {1: Process(1, 0, 5, 0), 2: Process(2, 1, 2, 0)}
    after = {1: Process(1, 0, 6, 9)}
    assert accounting.used(before, after) == 8


def test_children_that_came_and_live_are_counted() -> None:
    assert accounting.used({1: Process(1, 0, 5, 0)}, {1: Process(1, 0, 5, 0), 3: Process(3, 1, 4, 0)}) == 4


def test_tree_is_roots_and_descendants() -> None:
    processes = {p: Process(p, parent, 0, 0) for p, parent in ((1, 0), (2, 1), (3, 2), (4, 1), (9, 8))}
    assert set(accounting.tree([2], processes)) == {2, 3}


SPINS = """
import os, signal, sys, time
def spin():
    while time.process_time() < 0.2: pass
if {ignore}: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(flush=True); sys.stdin.readline()
for _ in range(3):
    pid = os.fork()
    if not pid: spin(); os._exit(0)
    if not {ignore}: os.waitpid(pid, 0)
print(flush=True); sys.stdin.readline()
"""


@pytest.mark.parametrize("ignore", [False, True])
def test_cpu_time_of_ended_children_is_found_or_known_to_be_lost(ignore: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", SPINS.format(ignore=ignore)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin and parent.stdout
        parent.stdout.readline()
        before = accounting.sample([parent.pid])
        print(file=parent.stdin, flush=True)
        parent.stdout.readline()
        used = accounting.used(before, accounting.sample([parent.pid]))
        lost = accounting.loses_children(parent.pid)
        parent.kill()
    assert lost == ignore
    if not ignore:
        assert 0.5 <= used <= 1.5


def test_a_server_that_is_gone_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="there is none: has the server ended"):
        accounting.sample([2 ** 22 + 1])


def test_memory_that_is_shared_counts_once() -> None:
    """PSS of a parent with ten children that share 64 MiB is about 64 MiB; RSS would be eleven times that."""
    code = ("import os, sys, time\nshared = bytearray(b'x') * (64 << 20)\n"
            "for _ in range(10):\n    if not os.fork(): time.sleep(60); os._exit(0)\nprint(flush=True); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as parent:
        assert parent.stdout
        parent.stdout.readline()
        time.sleep(0.2)
        kib = accounting.pss_kib([parent.pid])
        os.killpg(parent.pid, signal.SIGKILL)
    assert 64 << 10 <= kib <= 160 << 10


# --- what other programs print ---


def test_table_of_strace() -> None:
    table = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.66    0.010447        5223         2           poll
  9.33    0.001607           1      1287         6 recvfrom
  0.00    0.000000           0        64           accept4
------ ----------- ----------- --------- --------- ----------------
100.00    0.017222           6      1353         6 total
"""
    assert syscalls.parse(table) == {"poll": 2, "recvfrom": 1287, "accept4": 64}


def test_output_of_wrk() -> None:
    text = ("  Latency Distribution\n     50%   57.00us\n     75%    1.20ms\n     90%  900.00us\n     99%    1.02s \n"
            "  1234 requests in 3.00s, 1.00MB read\n")
    assert generator.parse_wrk(text) == {"requests": 1234, "p50": 57, "p75": 1200, "p90": 900, "p99": 1.02e6}


def test_output_of_hey() -> None:
    lines = [f"{n / 1000},0,0,0,0,0,200,0" for n in range(1, 101)] + ["9,0,0,0,0,0,503,0"]
    head = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset"
    found = generator.parse_hey("\n".join([head, *lines]))
    assert found["requests"] == 100 and found["p50"] == pytest.approx(51_000) and found["max"] == pytest.approx(100_000)


# --- recipes, reports, pictures ---


@pytest.mark.parametrize("name", NAMES)
def test_each_recipe_begins_with_its_prediction(name: str) -> None:
    recipe = recipes_of.load(name)
    first = (HERE / f"recipes/{name}.py").read_text().split('"""')[1]
    assert first.startswith(f"{recipe.number}: ") and "Predicted" in first
    assert recipe.columns[0] == recipe.prediction.measure and set(recipe.columns) <= set(MEASURES)


def test_an_unknown_experiment_is_refused_with_a_list() -> None:
    done = subprocess.run([HERE / "run", "eleven"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no such experiment: eleven: there are 1 close, 2 keep_alive" in done.stderr


def made_up_report(name: str, reverse: bool = False) -> dict:
    """As if the prediction had held in nine slices, or the other way round."""
    recipe = recipes_of.load(name)
    lab = Lab(name, Path("/nowhere"), False, Progress())
    order = [key for tier in recipe.prediction.order for key in tier]
    from subjects import DESIGNS, Variant

    known = {v.key: v for v in DESIGNS}
    lab.subjects = {key: known.get(key, Variant(key, key, "library", ())) for key in order}
    less = MEASURES[recipe.prediction.measure].less_is_better
    for lab.round in range(9):
        for place, key in enumerate(order):
            level = 10 * (place + 1) if less != reverse else 10 * (len(order) - place)
            lab.record(key, **{m: level + lab.round / 10 for m in recipe.columns})
    return reports.make(recipe, lab, 1)


def test_report_says_where_the_course_does_not_hold_and_why() -> None:
    report = made_up_report("close")
    pairs = {(p["better"], p["worse"]): p for p in report["course pairs"]}
    assert pairs["event", "thread"]["verdict"] == pairs["thread", "process"]["verdict"] == "held"
    assert pairs["process", "sequential"]["verdict"] == "reversed" and "nobody waiting" in pairs["process",
                                                                                                 "sequential"]["why"]
    assert all(p["verdict"] == "held" for p in report["predicted pairs"])


def test_report_says_what_was_not_expected() -> None:
    report = made_up_report("keep_alive", reverse=True)
    assert report["measured order"][0] == ["sequential"]
    assert any(p["verdict"] == "reversed" and "not expected" in p["why"] for p in report["course pairs"])


def test_picture_and_page_say_what_was_predicted_and_measured(tmp_path: Path) -> None:
    report = made_up_report("close")
    svg = drawing.stack("title", "question", [drawing.overview(report, report["columns"])])
    words = [element.text for element in ElementTree.fromstring(svg).iter() if element.text]
    # Once where it was predicted, once where it came.
    assert words.count("event (epoll)") == 2
    (tmp_path / "close.json").write_text(json.dumps(report))
    (tmp_path / "close.svg").write_text(svg)
    page.write(tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert "process before sequential" in text and "keeps nobody waiting" in text and "1. A trivial request" in text


def test_page_has_the_state_measurements_if_they_are_there(tmp_path: Path) -> None:
    (tmp_path / "close.json").write_text(json.dumps(made_up_report("close")))
    (tmp_path / "close.svg").write_text("<svg/>")
    page.write(tmp_path)
    assert "id=state" not in (tmp_path / "index.html").read_text()
    (tmp_path / "state.json").write_text(json.dumps({"title": "Where it lives",
                                                     "rows": [{"form": "soft", "octets": 12}]}))
    page.write(tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert "Where it lives" in text and "<td>soft</td>" in text


# --- all of it, on a running server ---


@pytest.fixture(scope="module")
def programs() -> Path:
    for where, what in (("userland", ["httpd", "load"]),
                        ("userland/servers/experiments", ["experiment-libuv", "experiment-libmicrohttpd"])):
        done = subprocess.run(["make", "-s", "-C", TREE / where, f"O={NATIVE}",
                               *(f"{NATIVE}/bin/{name}" for name in what)],
                              capture_output=True, text=True, check=False)
        if done.returncode and "experiment" in what[0]:
            pytest.skip("no libuv or libmicrohttpd to build with: make peers")
        assert done.returncode == 0, done.stderr
    return NATIVE / "bin"


def run_quick(name: str, out: Path) -> dict:
    done = subprocess.run([HERE / "run", "--quick", "--out", out, name], capture_output=True, text=True, check=False,
                          timeout=300)
    assert done.returncode == 0, done.stderr
    ElementTree.parse(out / f"{name}.svg")
    assert f"id='{name}'" in (out / "index.html").read_text()
    return json.loads((out / f"{name}.json").read_text())


# Measured beside what is predicted, to compare with.
UNRANKED = {"idle": {"poll"}}


def check_all_was_measured(name: str, report: dict) -> None:
    recipe = recipes_of.load(name)
    expected = {key for tier in recipe.prediction.order for key in tier}
    assert set(report["summary"]) == expected | UNRANKED.get(name, set())
    assert all(recipe.prediction.measure in report["summary"][key] for key in expected)
    # One slice tells nothing apart.
    assert len(report["measured order"]) == 1


@pytest.mark.parametrize("name", [name if name == "starvation" else pytest.param(name, marks=pytest.mark.slow)
                                  for name in NAMES])
def test_experiment_runs(name: str, tmp_path: Path, programs: Path) -> None:
    report = run_quick(name, tmp_path)
    check_all_was_measured(name, report)
    value = {key: {m: v["median"] for m, v in of.items()} for key, of in report["summary"].items()}
    if name == "starvation":
        assert value["sequential"]["served"] == 1 < value["event"]["served"]
    if name == "keep_alive":
        assert 2 <= value["event"]["syscalls"] <= 4 and not any("thread per connection: its" in note
                                                                for note in report["notes"])
    if name == "blocking":
        assert value["event"]["answered"] <= 105 < 2 * 105 < value["helpers"]["answered"]
    if name == "crash":
        assert value["process"]["lost"] < value["event"]["lost"] == value["thread"]["lost"] == 100
    if name == "omission":
        assert value["closed"]["p99"] < 500_000 < 900_000 <= value["open"]["p99"]
