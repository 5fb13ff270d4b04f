"""load against a server that misbehaves on demand: what load counts is what the server saw."""

from __future__ import annotations

import csv
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from load_runs import PROGRAM, Server, failures, run_load


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Start servers with these options; all are stopped in the end."""
    servers: list[Server] = []

    def start_one(*options: object) -> Server:
        servers.append(Server.start(*options))
        return servers[-1]

    yield start_one
    for server in servers:
        server.stop()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    return start()


# --- counts ---


@pytest.mark.parametrize("path", ["/ok", "/chunked"])
def test_every_request_and_connection_is_one_the_server_saw(server: Server, path: str) -> None:
    report = server.load(path, "--requests", 500, "--connections", 7, "--check", "lo wor")
    seen = server.stats()["seen"]

    assert report["requests"] == report["outcomes"]["ok"] == report["status"]["2xx"] == seen[path] == 500
    assert report["connections_opened"] == seen["connections"] == 7
    assert report["latency"]["count"] == 500


def test_threads_share_requests_and_clients(server: Server) -> None:
    report = server.load("/ok", "--requests", 301, "--connections", 7, "--threads", 3, "--per-client")

    assert report["requests"] == server.stats()["seen"]["/ok"] == 301
    assert len(report["clients"]["served"]) == 7
    assert sum(report["clients"]["served"]) == 301


@pytest.mark.parametrize("path", ["/ok", "/to-close"])
def test_close_is_one_request_a_connection(server: Server, path: str) -> None:
    report = server.load(path, "--requests", 200, "--connections", 5, "--close")
    seen = server.stats()["seen"]

    assert failures(report) == {}
    assert report["requests"] == report["connections_opened"] == seen["connections"] == seen["requests"] == 200
    assert report["closes"] == {"announced": 0, "between_requests": 0, "not_closed": 0}


@pytest.mark.parametrize("path, outcome", [
    ("/truncated", "truncated"),
    ("/silent", "no_answer"),
    ("/nonsense", "bad_response"),
    ("/more", "bad_response"),
])
def test_each_kind_of_failure_is_counted_as_that(server: Server, path: str, outcome: str) -> None:
    report = server.load(path, "--requests", 40, "--connections", 4, status=1)

    assert failures(report) == {outcome: 40}
    assert server.stats()["seen"][path] == 40
    assert report["latency"]["count"] == 0


def test_the_first_bad_response_is_explained(server: Server) -> None:
    report = server.load("/nonsense", "--requests", 1, status=1)

    assert report["bad_response"] == "does not begin with HTTP/1.0 or HTTP/1.1"


def test_a_mixture_is_told_apart_exactly(server: Server) -> None:
    report = server.load("/mixed", "--requests", 400, "--connections", 8)
    seen = server.stats()["seen"]

    assert report["outcomes"]["ok"] == seen["mixed /ok"] == 100
    assert failures(report) == {"status": seen["mixed /503"], "truncated": seen["mixed /truncated"],
                                "reset": seen["mixed /reset"]}
    assert report["status"] == {"2xx": 100, "3xx": 0, "4xx": 0, "5xx": 100}
    assert report["requests"] == seen["/mixed"] == 400


def test_expected_status_and_text(server: Server) -> None:
    assert failures(server.load("/404", "--requests", 9, "--expect", 404)) == {}
    assert failures(server.load("/ok", "--requests", 9, "--expect", 404)) == {"status": 9}
    assert failures(server.load("/ok", "--requests", 9, "--check", "hello moon")) == {"check": 9}


def test_unanswered_requests_time_out_and_are_in_the_latency(server: Server) -> None:
    report = server.load("/slow?3000", "--requests", 4, "--connections", 2, "--timeout", "200ms", status=1)

    assert failures(report) == {"timeout": 4}
    assert report["latency"]["count"] == 4
    assert report["latency"]["p50_us"] >= 200_000


def test_a_server_that_never_accepts_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        result = run_load("--requests", 12, "--connections", 6, "--timeout", "300ms", url)

    assert result.returncode == 1
    assert "timeout 12" in result.stdout
    assert "not one request was answered" in result.stderr


# --- closes that are no failures ---


def test_announced_closes_are_no_failures(server: Server) -> None:
    report = server.load("/announced", "--requests", 50, "--connections", 5)

    assert failures(report) == {}
    assert report["closes"]["announced"] == server.stats()["seen"]["connections"] == 50


def test_closes_between_requests_lose_nothing(start: Callable[..., Server]) -> None:
    server = start("--close-after", 10)

    report = server.load("/ok", "--requests", 200, "--connections", 4)

    assert failures(report) == {}
    assert report["requests"] == 200
    assert server.stats()["seen"]["/ok"] == 200
    assert report["retried"] + report["closes"]["between_requests"] >= 15


def test_a_post_is_not_sent_twice(start: Callable[..., Server]) -> None:
    server = start("--close-after", 1)

    report = server.load("/ok", "--requests", 20, "--connections", 1, "--body", 10)

    assert report["retried"] == 0
    assert set(failures(report)) <= {"no_answer", "reset"}
    assert report["outcomes"]["ok"] == server.stats()["seen"]["/ok"]


# --- requests ---


def test_method_headers_and_body_arrive(server: Server, tmp_path: Path) -> None:
    (tmp_path / "body").write_text("from a file")

    server.load("/ok", "--requests", 1, "--body", 5)
    server.load("/ok", "--requests", 1, "--body", f"@{tmp_path}/body", "--header", "X-Y: z", "--method", "PUT")

    assert server.stats()["bodies"] == ["xxxxx", "from a file"]


def test_sources_are_used_in_turn(server: Server) -> None:
    server.load("/ok", "--requests", 60, "--connections", 6, "--source", "127.0.0.2-4")

    assert server.stats()["peers"] == {"127.0.0.2": 2, "127.0.0.3": 2, "127.0.0.4": 2}


# --- open loop ---


def assert_below(report: dict, us: float, most: float) -> None:
    """A time that is too long says nothing if load or the server hardly got to run."""
    few = report["requests"] <= 200 * report["connections"]
    if us >= most and (few or report["generator"]["starved_percent"] > 20):
        pytest.skip("this machine is too busy to tell")
    assert us < most


def stop_for_a_second(server: Server, after: float) -> threading.Thread:
    def stop_and_go() -> None:
        time.sleep(after)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        server.process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    return thread


def test_a_stall_is_not_omitted(server: Server) -> None:
    """Of 4 s, the server is stopped for 1 s: a quarter of the requests were due in it."""
    stall = stop_for_a_second(server, after=1.5)
    report = server.load("/ok", "--rate", 300, "--duration", 4, "--connections", 4)
    stall.join()

    assert failures(report) == {}
    assert report["requests"] == server.stats()["seen"]["/ok"] == 1200
    assert report["latency"]["p99_us"] >= 900_000
    assert report["latency"]["p90_us"] >= 400_000
    assert report["service"]["max_us"] >= 900_000
    assert report["queued"] >= 250
    assert report["queue_max"] >= 250
    # Only the four requests that were on their way saw the stall: 0.3 % of all.
    assert_below(report, report["service"]["p99_us"], 500_000)


def test_closed_loop_sees_no_stall_at_p99(server: Server) -> None:
    """Why closed loop lies: it sends nothing while it waits, so one request a client saw the stall."""
    stall = stop_for_a_second(server, after=1.5)
    report = server.load("/slow?2", "--duration", 4, "--connections", 8)
    stall.join()

    assert report["latency"]["max_us"] >= 900_000
    assert_below(report, report["latency"]["p99_us"], 500_000)


def test_the_rate_is_kept_and_lateness_is_told(server: Server) -> None:
    report = server.load("/ok", "--rate", 250.5, "--duration", 2, "--warmup", "500ms", "--threads", 2)

    assert report["requests"] == 501
    assert report["late"]["count"] == 501 - report["queued"]
    assert report["generator"]["generator_bound"] is False


def test_requests_never_sent_are_unfinished(server: Server) -> None:
    report = server.load("/slow?5000", "--rate", 50, "--duration", 1, "--connections", 2, "--timeout", "600ms", status=1)

    outcomes = failures(report)
    assert sum(outcomes.values()) == report["requests"] == 50
    assert outcomes["timeout"] >= 2
    assert outcomes["unfinished"] >= 40
    assert report["latency"]["count"] == 50
    assert report["latency"]["max_us"] >= 1_000_000


# --- fairness, idle and slow clients ---


def test_starved_clients_are_seen(start: Callable[..., Server]) -> None:
    server = start("--one-at-a-time")

    report = server.load("/ok", "--duration", 1, "--connections", 4, "--timeout", "800ms", "--per-client")

    served = sorted(report["clients"]["served"])
    assert served[:3] == [0, 0, 0]
    assert served[3] > 10
    assert report["clients"]["jain"] == pytest.approx(0.25)
    assert failures(report)["timeout"] >= 3


def test_idle_connections_are_held(server: Server) -> None:
    report = server.load("/ok", "--requests", 20, "--idle", 50, "--idle-after-request")

    assert report["idle"] == {"opened": 50, "open": 50, "closed": 0, "failed": 0}
    assert server.stats()["seen"]["connections"] == 60


def test_idle_connections_are_kept_even_if_clients_close(server: Server) -> None:
    report = server.load("/ok", "--requests", 20, "--idle", 5, "--idle-after-request", "--close")

    assert report["idle"] == {"opened": 5, "open": 5, "closed": 0, "failed": 0}
    assert server.stats()["seen"]["connections"] == 25


def test_idle_connections_that_are_never_answered_are_not_held(start: Callable[..., Server]) -> None:
    server = start("--one-at-a-time")

    report = server.load("/ok", "--requests", 20, "--connections", 1, "--idle", 150, "--idle-after-request")

    assert report["idle"] == {"opened": 0, "open": 0, "closed": 0, "failed": 150}


def test_idle_connections_that_the_server_closes_are_counted(start: Callable[..., Server]) -> None:
    server = start("--patience", 300)

    report = server.load("/ok", "--duration", 1, "--connections", 1, "--idle", 20)

    assert report["idle"] == {"opened": 20, "open": 0, "closed": 20, "failed": 0}
    assert failures(report) == {}


@pytest.mark.parametrize("part", ["head", "body"])
def test_drips_that_end_are_served(server: Server, part: str) -> None:
    report = server.load("/ok", "--duration", 1, "--drip", "20/20", "--drip-in", part, "--body", 100, "--slow", 3)

    assert report["drip"]["served"] >= 3
    assert set(name for name, count in report["drip"].items() if count) <= {"served", "still_open"}


def test_drips_that_do_not_end_are_told(start: Callable[..., Server]) -> None:
    server = start("--patience", 300)

    report = server.load("/ok", "--duration", 1, "--drip", "1/100", "--slow", 3)

    assert report["drip"]["status_408"] >= 6
    assert report["drip"]["served"] == 0


def test_slow_readers_hold_the_server(server: Server) -> None:
    report = server.load("/big", "--requests", 2, "--connections", 1, "--slow-read", 1000, "--slow", 2)

    assert report["slow_read"]["still_open"] == 2
    assert report["outcomes"]["ok"] == 2


# --- the server's cost, files, the end ---


def test_cpu_of_the_server_is_told(server: Server) -> None:
    report = server.load("/ok", "--requests", 1000, "--pid", server.process.pid)
    used = report["server"]

    assert used["processes"] == 1
    assert used["requests"] == 1000
    assert 5 < used["cpu_us_per_request"] < 20000
    assert used["cpu_us_per_request"] == pytest.approx(used["cpu_us"] / 1000, rel=0.001)
    assert not used["switches_at_least"]


def test_csv_rows_add_up_to_the_report(server: Server, tmp_path: Path) -> None:
    report = server.load("/mixed", "--duration", 1, "--csv", tmp_path / "series.csv")

    with (tmp_path / "series.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["sent"]) for row in rows) == report["requests"]
    assert sum(int(row["done"]) for row in rows) == report["outcomes"]["ok"]
    assert sum(int(row["errors"]) for row in rows) == sum(failures(report).values())
    assert [row["seconds"] for row in rows[:10]] == [f"{i / 10:.1f}" for i in range(1, 11)]


def test_interrupted_it_still_reports(server: Server) -> None:
    process = subprocess.Popen([PROGRAM, "--duration", "30", server.url("/ok")], stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=5)

    assert process.returncode == 0
    assert "; interrupted" in output
    assert "answered/s" in output


def test_the_text_names_what_matters(server: Server) -> None:
    result = run_load("--rate", 100, "--duration", 1, "--pid", server.process.pid, server.url("/mixed"))

    for word in ["open loop, 100 requests/s", "from when it was due", "from when it was sent", "status 25",
                 "truncated 25", "reset 25", "Jain's index", "us of CPU a request", "late sends"]:
        assert word in result.stdout
    assert result.stderr == ""


# --- bad input ---


@pytest.mark.parametrize("arguments, status, text", [
    ([], 2, "no URL given"),
    (["--fly", "http://127.0.0.1:1/"], 2, "--fly: no such option"),
    (["--rate", "fast", "http://127.0.0.1:1/"], 2, "rate: fast: not requests a second"),
    (["https://127.0.0.1:1/"], 2, "load speaks no TLS"),
    (["http://127.0.0.1:1/"], 1, "connect: 127.0.0.1:1: Connection refused: is the server running there?"),
    (["--close", "--threads", "2", "http://127.0.0.1:1/"], 1, "Connection refused"),
    (["--source", "192.0.2.1", "http://127.0.0.1:1/"], 1, "addresses of this host"),
    (["--pid", "2147483647", "http://127.0.0.1:1/"], 1, "pid: 2147483647: no such process"),
    (["--pids-of", "no-such-server", "http://127.0.0.1:1/"], 1, "no process has that name"),
    (["--body", "@/no/such/file", "http://127.0.0.1:1/"], 1, "body: /no/such/file: No such file"),
    (["--json", "/no/such/file", "http://127.0.0.1:1/"], 1, "json: /no/such/file: No such file"),
    (["--csv", "/no/such/file", "http://127.0.0.1:1/"], 1, "csv: /no/such/file: No such file"),
    (["--idle", "100000", "http://127.0.0.1:1/"], 1, "do not fit into"),
])
def test_bad_input_is_one_line_that_says_what_to_do(arguments: list[str], status: int, text: str) -> None:
    result = run_load(*arguments)

    assert result.returncode == status
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("load: ")
    assert text in result.stderr


def test_open_files_are_raised_to_the_hard_limit(server: Server) -> None:
    def limit_soft() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 400))

    fits = run_load("--requests", 1, "--idle", 200, server.url("/ok"), preexec_fn=limit_soft)
    too_many = run_load("--requests", 1, "--idle", 400, server.url("/ok"), preexec_fn=limit_soft)

    assert "200 opened, 200 open at the end" in fits.stdout
    assert too_many.returncode == 1
    assert "410 do not fit into 400 open files" in too_many.stderr


def test_help_fits_a_terminal() -> None:
    result = run_load("--help")

    assert result.returncode == 0
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_a_full_disk_is_said(server: Server) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")

    result = run_load("--requests", 1, "--json", "/dev/full", server.url("/ok"))

    assert result.returncode == 1
    assert "json: /dev/full: cannot write" in result.stderr
