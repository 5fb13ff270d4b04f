#!/usr/bin/python3
"""One slice of the servers bench, on this host: slice.py CASE WHO. What it prints last is a line of JSON.

Each slice has a server of its own, started for it and ended with it; server and generator have a CPU each.
"""
from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[2]
sys.path.insert(0, str(TREE / "userland/servers/experiments"))
import accounting
import generator
import subjects
from peers import PEERS
from subjects import Cpus, Server, Variant

CPUS = Cpus.of_this_machine()
SMALL, OCTETS, LARGE = "/small.txt", 612, "/large.txt"
SECONDS = float(os.environ.get("BENCH_SECONDS", "1"))
OURS = {v.key: v for v in (subjects.EVENT, subjects.POOL, subjects.PREFORK, subjects.THREAD, subjects.FORK,
                           subjects.PINNED_LOOPS, subjects.BARE_THREAD, subjects.BARE_PROCESS)}


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """In memory, and to be read by nobody as well."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm") as name:
        os.chmod(name, 0o755)
        (Path(name) / "root").mkdir()
        (Path(name) / "root" / SMALL[1:]).write_bytes(b"x" * OCTETS)
        (Path(name) / "root" / LARGE[1:]).write_bytes(b"y" * (1 << 20))
        yield Path(name)


@contextlib.contextmanager
def running(who: str, *options: str, cpus: str = CPUS.server) -> Iterator[Server]:
    with folder() as place:
        if who in OURS:
            server = subjects.start(OURS[who], place / "root", cpus, *options)
        else:
            port = subjects.free_port()
            command = PEERS[who].configure(place, place / "root", port)
            os.environ["PATH"] = "/usr/sbin:/usr/bin:" + os.environ["PATH"]
            server = subjects.start_other(Variant(who, who, "peer", ()), command, port, cpus)
        try:
            # Pools are there only after a while.
            time.sleep(0.3)
            yield server
        finally:
            server.stop()


def cost(report: dict) -> dict:
    """What a request cost; nothing may have gone wrong with any."""
    wrong = {name: n for name, n in report["outcomes"].items() if n and name not in ("ok", "unfinished")}
    if wrong or report["server"]["children_unknown"]:
        raise RuntimeError(f"{report['url']}: not all requests were answered: {wrong}")
    return {"cpu_us": report["server"]["cpu_us_per_request"], "answered": report["requests_per_second"],
            "generator_percent": report["generator"]["cpu_percent"]}


def closed(server: Server, *options: object, cpu: str = CPUS.generator, connections: int = 64) -> dict:
    return generator.load(server, SMALL, cpu, "--connections", connections, "--warmup", 0.2, "--duration", SECONDS,
                          *options)


def keep_alive(who: str) -> dict:
    with running(who) as server:
        return cost(closed(server))


def close(who: str) -> dict:
    with running(who) as server:
        return cost(closed(server, "--close"))


def idle(who: str) -> dict:
    """64 active connections, then 10 000 idle ones beside them: twice the same server."""
    count = int(os.environ.get("BENCH_IDLE", "10000"))
    with running(who, "--idle-timeout", "3600", "--header-timeout", "3600") as server:
        none, before = cost(closed(server)), accounting.pss_kib([server.pid])
        holder = generator.background(generator.load_command(server, SMALL, CPUS.generator, "--connections", 1,
                                                             "--rate", 0.1, "--idle", count,
                                                             "--idle-after-request", "--duration", "1h"))
        try:
            end = time.monotonic() + 60
            while len(os.listdir(f"/proc/{server.pid}/fd")) < count and time.monotonic() < end:
                time.sleep(0.1)
            time.sleep(0.5)
            held = len(os.listdir(f"/proc/{server.pid}/fd"))
            if held < count:
                raise RuntimeError(f"{held} connections instead of {count} are held: is ulimit -Hn above that?")
            crowded = cost(closed(server))
            return {"none": none, "crowded": crowded,
                    "kib_a_connection": (accounting.pss_kib([server.pid]) - before) / count}
        finally:
            holder.kill()
            holder.wait()


def thread_times(pid: int) -> list[int]:
    """ns of CPU time of each thread."""
    return [int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
            for thread in os.listdir(f"/proc/{pid}/task")]


def loops(who: str) -> dict:
    """One loop on one CPU, or two on two. How evenly the two were busy is told as well.

    Where two loops leave no CPU for the generator, each core has a loop and a thread of the generator, and so has the
    one core of one loop: a loop that shares its core finds more requests ready each time, and they get cheaper.
    """
    two = who == subjects.PINNED_LOOPS.key
    shared = CPUS.generator_beside_two == CPUS.two_servers
    cpus = CPUS.two_servers if two else CPUS.server
    cpu = cpus if shared else CPUS.generator_beside_two
    with running(who, cpus=cpus) as server:
        before = thread_times(server.pid)
        found = cost(closed(server, "--threads", 2 if two else 1, *(["--pin"] if two else []), cpu=cpu,
                            connections=128 if two else 64))
        busy = sorted(b - a for a, b in zip(before, thread_times(server.pid)))
        return found | {"shared": shared, "least_busy_share": busy[-2] / sum(busy[-2:]) if two else 1.0}


def cpu_under_wrk(server: Server, seconds: int) -> float:
    return generator.wrk(server, SMALL, CPUS.generator, 64, seconds)["cpu"]


def cpu_under_load(server: Server, seconds: int) -> float:
    before = accounting.sample([server.pid])
    report = generator.load(server, SMALL, CPUS.generator, "--connections", 64, "--duration", seconds)
    return accounting.used(before, accounting.sample([server.pid])) * 1e6 / report["requests"]


def wrk(_: str) -> dict:
    """Both ask the same server, in the order of a palindrome: what drifts meanwhile is the same for both."""
    seconds = max(round(SECONDS), 1)
    with running("event") as server:
        cpu_under_wrk(server, seconds)  # the first to come finds everything cold
        turns = [measure(server, seconds)
                 for measure in (cpu_under_load, cpu_under_wrk, cpu_under_wrk, cpu_under_load)]
        return {"load": (turns[0] + turns[3]) / 2, "wrk": (turns[1] + turns[2]) / 2}


def directory(_: str) -> dict:
    """The directory on one CPU, and who asks it on another."""
    port = subjects.free_port()
    program = str(subjects.BIN / "directory")
    server = subprocess.Popen(["taskset", "-c", CPUS.server, program, "serve", "--listen", f"127.0.0.1:{port}"],
                              stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        server.stdout.readline()
        return json.loads(generator.run(["taskset", "-c", CPUS.generator, program, "bench", "--directory",
                                         f"127.0.0.1:{port}",
                                         "--seconds", str(max(round(SECONDS), 1)), "--json"]))
    finally:
        server.kill()
        server.wait()


ATTACKS = {"slow heads": ["-H", "-i", "2"], "slow bodies": ["-B", "-i", "2", "-s", "4096"],
           "slow readers": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3"]}


def slow(who: str) -> dict:
    """600 connections of slowhttptest; meanwhile others ask, 50 times a second. What counts is how many of
    those are answered within a second. `service` is what slowhttptest itself saw."""
    what, _, who = who.partition(": ")
    seconds = 4 if SECONDS < 1 else 10
    # A slow reader of a small answer has it all at once.
    target = LARGE if what == "slow readers" else SMALL
    with running(who) as server:
        attack = subprocess.Popen(["taskset", "-c", CPUS.generator, "slowhttptest", *ATTACKS[what], "-c", "600", "-r",
                                   "300", "-l", str(seconds), "-p", "3",
                                   "-u", server.url(target)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        time.sleep(2.5)
        # By connections of their own, so as not to sit on one that was had before the crowd came.
        try:
            report = generator.load(server, SMALL, CPUS.generator, "--connections", 8, "--rate", 50, "--duration",
                                    seconds - 3, "--timeout", 1, "--close")
            answered_percent = 100 * report["outcomes"]["ok"] / report["requests"]
        except generator.NothingAnswered:
            answered_percent = 0.0
        said, _ = attack.communicate(timeout=60)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    verdict = re.findall(r"service available:\s*(YES|NO)", plain)
    return {"answered_percent": answered_percent,
            "service": "".join(verdict[-1:]) or "unknown",
            "connected": [int(n) for n in re.findall(r"connected:\s*(\d+)", plain)][-1:]}


def ask(s: socket.socket) -> bool:
    """Whether it is answered within the moment."""
    try:
        return s.recv(4096).startswith(b"HTTP/1.1 200")
    except (BlockingIOError, ConnectionResetError, TimeoutError):
        return False


def answered(waiting: list[socket.socket], seconds: float) -> list[socket.socket]:
    end, done = time.monotonic() + seconds, []
    while time.monotonic() < end and len(done) < len(waiting):
        done += [s for s in waiting if s not in done and ask(s)]
        time.sleep(0.02)
    return done


def limit(who: str) -> dict:
    """A server with 256 descriptors and 400 clients: some wait. When as many leave, they are served."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard[1]))
    with folder() as place:
        program = subjects.BIN / "httpd"
        options = " ".join(OURS[who].options)
        server = subprocess.Popen(["sh", "-c",
                                   f"ulimit -n 256; exec {program} {options} --listen 127.0.0.1:0 --root "
                                   f"{place / 'root'}"],
                                  stdout=subprocess.PIPE, text=True, start_new_session=True)
        resource.setrlimit(resource.RLIMIT_NOFILE, hard)
        assert server.stdout
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        subject = Server(OURS[who], port, server)
        try:
            clients = []
            for _ in range(400):
                s = socket.create_connection(("127.0.0.1", port), timeout=5)
                s.sendall(b"GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                s.setblocking(False)
                clients.append(s)
            first = answered(clients, 2)
            waiting = [s for s in clients if s not in first]
            for s in first:
                s.close()
            after = answered(waiting, 5)
            return {"first": len(first), "waiting": len(waiting), "after": len(after), "alive": subject.alive(),
                    "served_percent": 100 * (len(first) + len(after)) / len(clients) if subject.alive() else 0}
        finally:
            subject.stop()


CASES: dict[str, Callable[[str], dict]] = {"keep-alive": keep_alive, "close": close, "idle": idle, "loops": loops,
                                           "wrk": wrk,
                                           "directory": directory, "slow": slow, "limit": limit}


def main() -> None:
    case, who = sys.argv[1], sys.argv[2]
    try:
        print(json.dumps(CASES[case](who)))
    except (RuntimeError, OSError) as e:
        sys.exit(f"{case}: {who}: {e}")


if __name__ == "__main__":
    main()
