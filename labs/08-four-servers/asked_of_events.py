"""Step 4: the event loop. What comes and goes in parts, who is slow, who is greedy, and ten thousand who do nothing."""
from __future__ import annotations

import json
import resource
import socket
import struct
import subprocess
import time
from collections.abc import Callable

from grading.outcome import Infrastructure
from served import PATIENCE, Client, Place, Server, Wrong, expect, request, until

EVENT = ("--design", "event")
IDLE = 10_000
# Descriptors that a server with so many connections needs, files and all.
IDLE_DESCRIPTORS = 12_000
KIB_EACH = 2
# More than a buffer holds.
PIPELINED = 200
# ms, 99 of 100 answers; two tenths of a ms is what it takes.
P99_MOST = 250


def in_pieces(place: Place) -> None:
    """Requests in pieces of every length, on two connections in turn."""
    with place.server(*EVENT) as server, server.client() as one, server.client() as two:
        for length in (1, 7, place.rng.randrange(2, 40)):
            target, data = place.file("tiny", "small", "medium")
            text = request(target, "X-Filler: " + "x" * place.rng.randrange(30))
            for at in range(0, len(text), length):
                for c in (one, two):
                    c.send(text[at:at + length])
                if length > 1:
                    time.sleep(0.001)
            for c in (one, two):
                expect(c.response(), target, data, 200)
        server.must_rest("when both clients are silent")


def pipelined(place: Place) -> None:
    with place.server(*EVENT) as server, server.client() as c:
        asked = [place.file("tiny", "small", "medium") for _ in range(PIPELINED)]
        c.send(b"".join(request(target, "X-Filler: " + "x" * 200) for target, _ in asked))
        for target, data in asked:
            expect(c.response(), target, data, 200)


def half_closed(place: Place) -> None:
    with place.server(*EVENT) as server, server.client() as c:
        c.send(request("/small.bin") * 2)
        try:
            c.socket.shutdown(socket.SHUT_WR)
        except OSError:
            raise Wrong("the server closed the connection and had not answered") from None
        for _ in range(2):
            expect(c.response(), "/small.bin", place.files["small"], 200)
        if not c.ended():
            raise Wrong("a client that has said all it had to say gets its answers, and then the end; the connection "
                        "stays open")


def large_answers(*readiness: str) -> Callable[[Place], None]:
    """They go out in parts, to several at a time, at the pace of each."""
    def check(place: Place) -> None:
        data = place.files["large"]
        with place.server(*EVENT, *readiness) as server:
            clients = [server.client(receive_buffer=65536) for _ in range(3)]
            for c in clients:
                c.send(request("/large.bin") + request("/tiny.bin"))
            for _ in range(5):
                for c in clients:
                    c.more()
                server.get("/small.bin", want=place.files["small"])
            for c in clients:
                expect(c.response(), "/large.bin", data, 200)
                expect(c.response(), "/tiny.bin", place.files["tiny"], 200)
            server.must_rest("when all clients are silent")
    return check


def stalled_readers(place: Place) -> None:
    count = 40
    with place.server(*EVENT) as server:
        server.get("/large.bin", want=place.files["large"])
        before = server.memory()
        stalled = [server.client(receive_buffer=4096) for _ in range(count)]
        for c in stalled:
            c.send(request("/large.bin") * 3)
        for _ in range(5):
            server.get("/small.bin", want=place.files["small"])
        server.must_rest(f"when {count} clients do not take what they asked for")
        each = (server.memory() - before) // count
        if each > 100 << 10:
            raise Wrong(f"a client that does not read should cost 100 KiB at most; it costs {each >> 10} KiB")
        for c in stalled[::2]:
            # it goes away for good, in the middle of its answer
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            c.close()
        if not until(lambda: server.sockets() <= 1 + count - len(stalled[::2])):
            raise Wrong(f"{len(stalled[::2])} of {count} clients have gone in the middle of an answer; the server "
                        f"still holds {server.sockets() - 1} connections")
        for c in stalled[1::2]:
            c.close()


def greedy(place: Place) -> None:
    """One asks for much work at once. Another one's turn comes in between."""
    count = 200
    with place.server(*EVENT) as server, server.client() as much, server.client() as little:
        little.get("/tiny.bin")
        much.send(request("/work?us=4000") * count)
        much.response()
        little.get("/tiny.bin")
        much.socket.setblocking(False)
        try:
            much.data += much.socket.recv(1 << 20)
        except BlockingIOError:
            pass
        much.socket.settimeout(PATIENCE)
        before = much.data.count(b"HTTP/1.1 200")
        if before > count // 2:
            raise Wrong(f"one client has {count} requests under way, another one; it should be served in between; "
                        f"it was after {before} of them")
        for _ in range(count - 1):
            expect(much.response(), "/work", None, 200)


def helpers_work(place: Place) -> None:
    with place.server(*EVENT, "--helpers", "3") as server, server.client() as quick:
        slow = [server.client() for _ in range(6)]
        for c in slow:
            # a second request comes while the first is worked on
            c.send(request("/wait?ms=400"))
            c.send(request("/tiny.bin"))
        for _ in range(10):
            quick.get("/small.bin", want=place.files["small"])
        if not slow[0].silent(0.01):
            raise Wrong("while helpers wait for 400 ms the loop should answer 10 requests of another client")
        server.must_rest("while helpers wait", 0.2)
        for c in slow:
            expect(c.response(), "/wait", None, 200)
            expect(c.response(), "/tiny.bin", place.files["tiny"], 200)


def hold(server: Server, count: int) -> list[Client]:
    """So many connections that have asked once."""
    clients = []
    for _ in range(count):
        clients.append(server.client())
        clients[-1].send(request("/tiny.bin"))
        if len(clients) % 200 == 0:
            for c in clients[-200:]:
                c.response()
    for c in clients[len(clients) - len(clients) % 200:]:
        c.response()
    return clients


def ten_thousand_idle(place: Place) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit < IDLE_DESCRIPTORS:
        raise Infrastructure(f"{IDLE} connections need {IDLE_DESCRIPTORS} descriptors: there are {limit}: raise the "
                             "hard limit (ulimit -Hn)")
    with place.server(*EVENT, descriptors=IDLE_DESCRIPTORS) as server:
        server.get("/tiny.bin")
        before = server.memory()
        idle = hold(server, IDLE)
        if server.sockets() < IDLE:
            raise Wrong(f"{IDLE} clients should stay connected; {server.sockets() - 1} are")
        each = (server.memory() - before) / IDLE
        if each > KIB_EACH << 10:
            raise Wrong(f"a connection that waits should cost {KIB_EACH} KiB at most; it costs {each / 1024:.1f} KiB")
        server.must_rest(f"when {IDLE} clients are silent")
        target, data = place.file()
        for c in place.rng.sample(idle, 64):
            c.get(target, want=data)
        server.must_rest(f"when {IDLE} clients are silent again")
        for c in idle:
            c.close()
        if not until(lambda: server.sockets() <= 1):
            raise Wrong(f"when all clients have left, no connection should be left; {server.sockets() - 1} are")


def open_loop(place: Place) -> None:
    """A fixed rate, latency from when each request was due; clients that are a burden beside it."""
    with place.server(*EVENT) as server:
        stalled = [server.client(receive_buffer=4096) for _ in range(20)]
        for c in stalled:
            c.send(request("/large.bin"))
        done = subprocess.run(
            [str(place.load), "--rate", "400", "--duration", "1.5", "--warmup", "0.2", "--connections", "20",
             "--idle", "500", "--idle-after-request", "--json", "-", f"http://127.0.0.1:{server.port}/small.bin"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
        for c in stalled:
            c.close()
    if done.returncode == 2:
        raise Infrastructure(f"cannot measure: {done.stderr.strip()[:200]}")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise Wrong("400 requests a second should be answered; not one was") from None
    bad = {name: n for name, n in report["outcomes"].items() if n and name != "ok"}
    if bad:
        raise Wrong(f"of {report['requests']} requests all should be answered; there were "
                    + ", ".join(f"{n} {name}" for name, n in bad.items()))
    if report["idle"]["open"] != 500:
        raise Wrong(f"500 idle connections should stay open; {report['idle']['open']} did")
    if report["latency"]["p99_us"] > P99_MOST * 1000:
        raise Wrong(f"99 of 100 answers should come within {P99_MOST} ms of when they were due; it took "
                    f"{report['latency']['p99_us'] / 1000:.0f} ms")


PARTS = "connection_receive(), connection_send(), exchange_sent(): what came or went may be a part."
TURN = "step(), run_client(): make the calls that need not wait, and watch for what it wants next."
ASKED = {
    4: [
        ("Requests in pieces", in_pieces, PARTS),
        (f"{PIPELINED} requests in one piece", pipelined, PARTS),
        ("A client that closes its half", half_closed, TURN),
        ("Large answers", large_answers(), PARTS),
        ("Large answers, poll", large_answers("--readiness", "poll"), TURN),
        ("Clients that do not read", stalled_readers, TURN),
        ("A greedy client", greedy, "run_client(): CALLS_AT_ONCE, then the others; `again` brings it back."),
        ("Helpers at work", helpers_work, "run_client(): a client that is worked on is not touched."),
        (f"{IDLE} idle clients", ten_thousand_idle, TURN),
        ("An open loop", open_loop, TURN),
    ],
}
