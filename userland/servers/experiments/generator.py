"""Load on a server: ours (load(1)), wrk and hey, each pinned to the generator's CPU."""
from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import accounting
from subjects import BIN, Server

# A client of a starving server is answered never; it is not waited for longer than that.
GRACE = 0.15
UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7}


class NothingAnswered(RuntimeError):
    """Not one request of a run."""


def load_command(server: Server, path: str, cpu: str, *options: object, watch: bool = True) -> list[str]:
    """`watch`: the report says what the server used; it has to live to the end for that."""
    pid = ["--pid", str(server.pid)] if watch else []
    return ["taskset", "-c", cpu, str(BIN / "load"), *pid, "--json", "-", *map(str, options), server.url(path)]


def background(command: list[str]) -> subprocess.Popen[str]:
    """A run beside which something else happens."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def finish(process: subprocess.Popen[str], patience: float = 60) -> dict:
    text, error = process.communicate(timeout=patience)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, process.args))}: exit status {process.returncode}: "
                           f"{error.strip()[-400:]}")
    return json.loads(text)


def run(command: list[str], patience: float = 120) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience,
                          check=False)
    if done.returncode:
        kind = NothingAnswered if "not one request was answered" in done.stderr else RuntimeError
        raise kind(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout


def load(server: Server, path: str, cpu: str, *options: object) -> dict:
    """One run of ours; its report, see load(1)."""
    return json.loads(run(load_command(server, path, cpu, *options)))


def closed(server: Server, path: str, cpu: str, connections: int, seconds: float, *options: object) -> dict:
    """As fast as the server answers."""
    warm_up = min(0.1, seconds / 4)
    return load(server, path, cpu, "--connections", connections, "--warmup", warm_up, "--duration", seconds,
                "--timeout", seconds + warm_up + GRACE, *options)


def at_rate(server: Server, path: str, cpu: str, connections: int, rate: float, seconds: float,
            *options: object) -> dict:
    """So many a second, whether they are answered or not."""
    return load(server, path, cpu, "--connections", connections, "--rate", rate, "--warmup", min(0.1, seconds / 4),
                "--duration", seconds, "--timeout", 5, *options)


def time_line(path: Path) -> list[dict[str, float]]:
    """What --csv wrote: one row for every 100 ms."""
    with path.open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def parse_wrk(text: str) -> dict[str, float]:
    """Requests, and the percentiles of --latency in us: in Debian's wrk they are corrected by a guess."""
    requests = re.search(r"^\s*(\d+) requests in", text, re.M)
    if not requests:
        raise RuntimeError(f"wrk: no count of requests in {text!r}")
    found = {"requests": float(requests[1])}
    for percent, value, unit in re.findall(r"^\s*(50|75|90|99)%\s+([\d.]+)(us|ms|s|m)[ \t]*$", text, re.M):
        found[f"p{percent}"] = float(value) * UNITS[unit]
    return found


def wrk(server: Server, path: str, cpu: str, connections: int, seconds: int) -> dict[str, float]:
    before = accounting.sample([server.pid])
    text = run(["taskset", "-c", cpu, "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency",
                server.url(path)])
    found = parse_wrk(text)
    return found | {"cpu": accounting.used(before, accounting.sample([server.pid])) * 1e6 / found["requests"]}


def parse_hey(text: str) -> dict[str, float]:
    """hey -o csv: a line for each answered request, its seconds in the first column."""
    times = sorted(float(row["response-time"]) for row in csv.DictReader(text.splitlines())
                   if row["status-code"] == "200")
    if not times:
        raise RuntimeError("hey: not one request was answered")
    return {"requests": float(len(times))} | {
        name: times[min(int(len(times) * part), len(times) - 1)] * 1e6
        for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999), ("max", 1.0))}


def hey(server: Server, path: str, cpu: str, connections: int, rate: float, seconds: float) -> dict[str, float]:
    """hey paces each of its workers, and asks again only when it was answered: a rate, and yet a closed loop."""
    text = run(["taskset", "-c", cpu, "hey", "-cpus", "1", "-c", str(connections), "-q", f"{rate / connections:g}",
                "-z", f"{seconds:g}s",
                "-o", "csv", server.url(path)])
    return parse_hey(text)
