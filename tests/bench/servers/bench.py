"""The servers beside Debian's: nginx, lighttpd, h2o and apache, on this host.

What counts is the server's CPU time per request, of all its processes. Who competes takes turns; bounds that name a
peer are that part of the peer's median in the same run.
"""
from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

from boot import Case, Plan
from figures import Figure, Slices, Spread

TITLE = "The servers beside Debian's nginx, lighttpd, h2o and apache"
# The picture's axis: most times the target, and its steps.
AXIS = (8, 2)
MARKS = ""

NGINX = ("nginx", "nginx-reads")
EVENT_PEERS = (*NGINX, "lighttpd", "h2o")
PEERS = (*EVENT_PEERS, "apache-event", "apache-prefork")
# Receive and send, and nothing between: what the kernel alone asks of a thread or a process for each connection.
BARE = ("bare-thread", "bare-process")
ATTACKS = ("slow heads", "slow bodies", "slow readers")
DIRECTORY_LEAST = 100_000


def case(what: str, who: str, rounds: int = 99, seconds: float = 1, argument: str = "") -> Case:
    return Case(what, who, ["env", f"BENCH_SECONDS={seconds}", sys.executable, "tests/bench/servers/slice.py", what,
                            argument or who], rounds)


def plans(kernel: str, quick: bool) -> list[Plan]:
    rounds, seconds = (1, 0.3) if quick else (9, 1)
    requests = [case("keep-alive", who, seconds=seconds) for who in ("event", "thread", "process", *PEERS, *BARE)]
    requests += [case("close", who, seconds=seconds) for who in ("event", *EVENT_PEERS)]
    attacks = [Case(f"slow: {attack}", who, case("slow", who, seconds=seconds, argument=f"{attack}: {who}").command,
                    rounds=1 if who == "apache-event" else 99)
               for who in ("event", "per-connection", "apache-event") for attack in ATTACKS]
    hosted = {"requests": requests, "idle": [case("idle", "event", seconds=seconds)],
              "loops": [case("loops", who, seconds=seconds) for who in ("event", "pinned-loops")],
              "wrk": [case("wrk", "load", seconds=seconds)],
              "directory": [case("directory", "directory", seconds=seconds)],
              "limit": [case("limit", who, rounds=3) for who in ("event", "per-connection")]}
    return [*(Plan(name, cases, rounds, on_host=True) for name, cases in hosted.items()),
            Plan("slow", attacks, min(rounds, 3), on_host=True)]


def cpu(result: dict) -> float:
    return result["cpu_us"]


def beside(found: Slices, key: str, name: str, case: str, ours: str, part: float, peers: tuple[str, ...],
           bare: str = "") -> Figure:
    """At most that part of what the best of the peers needs. What is bare is shown, and no peer."""
    spreads = {who: s for who in peers if (s := found.spread("requests", case, who, cpu))}
    target = part * min(s.median for s in spreads.values()) if spreads else None
    of = peers[0] if len(peers) == 1 else f"the best of {' and '.join(peers)}"
    return Figure(key, name, "us", target, found.spread("requests", case, ours, cpu),
                  spreads | ({bare: s} if bare and (s := found.spread("requests", case, bare, cpu)) else {}),
                  note=f"server's CPU time per request; target: {part:g} of {of}")


def loops(found: Slices) -> Figure:
    """Two loops on two cores, as times one on one.

    Where the generator has a core of its own, this is requests a second against requests a second. Where there are only
    two cores, that would measure the generator, which needs as much time as the server. Then each core has a loop and a
    thread of the generator, in both cases, and this is what the loops alone could answer if they had the cores: 2 x the
    price of a request with one loop / the price with two at the same time. What two loops take from each other (locks,
    caches, the kernel's tables) makes the second price larger.
    """
    shared = any(found.rounds("loops", "loops", "pinned-loops", lambda r: r["shared"]).values())
    value: Callable[[dict], float] = (lambda r: 1 / r["cpu_us"]) if shared else (lambda r: r["answered"])
    one, two = found.rounds("loops", "loops", "event", value), found.rounds("loops", "loops", "pinned-loops", value)
    factor = 2 if shared else 1
    note = "requests a second"
    if shared:
        note = "2 x CPU time per request, one loop / two (--pin) at the same time; each core has a generator as well"
    return Figure("loops", "two loops on two cores", "x one loop", 1.7,
                  Spread.of(factor * two[n] / one[n] for n in one if n in two), at_least=True, note=note)


def load_beside_wrk(found: Slices) -> Figure:
    """How far what a request costs under load is from what it costs under wrk, by the same accounting of whole runs."""
    off = found.rounds("wrk", "wrk", "load", lambda r: 100 * (r["load"] / r["wrk"] - 1)).values()
    apart = sorted(abs(v) for v in off)
    spread = Spread(abs(statistics.median(off)), apart[0], apart[-1], len(off)) if off else None
    return Figure("load_wrk", "load beside wrk, closed loop: server's CPU per request", "% off", 5, spread,
                  note="the median of the differences, in each round of load's from wrk's, without its sign")


def stays_available(found: Slices, who: str, name: str) -> Figure:
    """In the worst of the attacks."""
    worst: dict[int, float] = {}
    for attack in ATTACKS:
        for n, percent in found.rounds("slow", f"slow: {attack}", who, lambda r: r["answered_percent"]).items():
            worst[n] = min(worst.get(n, 100), percent)
    peer = [v for attack in ATTACKS for v in found.rounds("slow", f"slow: {attack}", "apache-event",
                                                          lambda r: r["answered_percent"]).values()]
    return Figure(f"slow_{who}", f"{name}: 600 slow clients", "% answered", 99, Spread.of(worst.values()),
                  {"apache-event": Spread.of([min(peer)])} if peer else {}, at_least=True,
                  note="requests of others that are answered within a second, in the worst of slowhttptest -H, -B, -X")


def figures(results: dict[str, dict]) -> list[Figure]:
    found = Slices(results)
    lookups = found.spread("directory", "directory", "directory", lambda r: r["lookups_per_core_second"])
    out = [beside(found, "event_nginx", "event, kept alive, 64 connections", "keep-alive", "event", 0.80, NGINX),
           beside(found, "event_best", "... beside lighttpd and h2o", "keep-alive", "event", 0.90, ("lighttpd", "h2o")),
           beside(found, "thread_apache", "thread (pool of 64)", "keep-alive", "thread", 0.50, ("apache-event",),
                  "bare-thread"),
           beside(found, "process_apache", "process (pool of 64)", "keep-alive", "process", 0.50, ("apache-prefork",),
                  "bare-process"),
           beside(found, "close_nginx", "event, one connection a request", "close", "event", 1.00, NGINX),
           Figure("idle_cpu", "event, 10 000 idle connections: CPU per request", "x none idle", 1.10,
                  found.spread("idle", "idle", "event", lambda r: r["crowded"]["cpu_us"] / r["none"]["cpu_us"])),
           Figure("idle_memory", "... memory of an idle connection", "KiB PSS", 2,
                  found.spread("idle", "idle", "event", lambda r: r["kib_a_connection"])),
           loops(found),
           Figure("directory", "directory: lookups in a second of one core", "lookups", DIRECTORY_LEAST, lookups,
                  at_least=True,
                  note="per second of the directory's CPU time; lookups_per_second in the detail is what one client "
                       "got"),
           stays_available(found, "event", "event"), stays_available(found, "per-connection", "thread per connection"),
           load_beside_wrk(found)]
    for who, name in (("event", "event"), ("per-connection", "thread per connection")):
        served = found.spread("limit", "limit", who, lambda r: r["served_percent"])
        out.append(Figure(f"limit_{who}", f"{name}: 400 clients, 256 descriptors", "% served", 100, served,
                          at_least=True,
                          note="of those who wait until others leave as well; 0 if the server ended"))
    return out


def detail(results: dict[str, dict]) -> list[dict]:
    """Every slice."""
    return [s for result in results.values() for s in result["slices"]]
