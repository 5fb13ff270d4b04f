"""Step 3: a bounded queue, asked directly, and the pool of threads behind it."""
from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from collections.abc import Iterator

from grading import cell
from served import PATIENCE, QUIET, Place, Wrong, always_wants, request, until


class Queue:
    """host/queue_probe.c in its cell."""

    def __init__(self, running: cell.Cell) -> None:
        self.cell = running

    def say(self, line: str, *answers: str, seconds: float = PATIENCE) -> None:
        """It must come to these events, in whatever order, and to no other."""
        self.cell.say(line)
        missing = list(answers)
        while missing:
            got = self.cell.line(seconds)
            if got not in missing:
                raise Wrong(f"after '{line}' there should be {' and '.join(repr(m) for m in missing)}; there "
                            + (f"is {got[:40]!r}" if got is not None else "is nothing"))
            missing.remove(got)

    def quiet(self, after: str) -> None:
        got = self.cell.line(QUIET)
        if got is not None:
            raise Wrong(f"after {after} everybody should wait; there is {got[:40]!r}")

    def must_rest(self, who: str) -> None:
        pid = self.cell.first()
        before = cell.cpu_seconds(pid), cell.switches(pid)
        time.sleep(QUIET)
        if cell.cpu_seconds(pid) - before[0] > 0.05 * QUIET:
            raise Wrong(f"{who} should sleep; it keeps a processor busy")
        if always_wants([pid]):
            raise Wrong(f"{who} should sleep; it wants a processor all the time")
        if cell.switches(pid) - before[1] > 20:
            raise Wrong(f"{who} should sleep until it is told; it wakes again and again")


@contextmanager
def queue(place: Place) -> Iterator[Queue]:
    assert place.probe
    with cell.Cell(place.keeper, {"/probe": place.probe}, ["/probe"], "/probe") as running:
        try:
            yield Queue(running)
        finally:
            place.died = place.died or running.complaints()


def bounded(place: Place) -> None:
    size = place.rng.randrange(2, 7)
    values = place.rng.sample(range(10, 999), size + 3)
    with queue(place) as q:
        q.say(f"size {size}", f"size {size}")
        for value in values[:size]:
            q.say(f"put {value}", f"put {value}")
        q.say(f"put {values[size]}")
        q.quiet(f"{size + 1} times 'put' with room for {size}")
        q.must_rest("who finds the queue full")
        for i in range(3):
            q.say("take", f"took {values[i]}", f"put {values[size + i]}")
            if i < 2:
                q.say(f"put {values[size + i + 1]}")
                q.quiet("'put' into a full queue")
        for value in values[3:]:
            q.say("take", f"took {value}")


def empty(place: Place) -> None:
    with queue(place) as q:
        q.say("size 3", "size 3")
        for _ in range(3):
            q.say("take")
        q.quiet("'take' from an empty queue")
        q.must_rest("who finds the queue empty")
        for value in place.rng.sample(range(10, 999), 2):
            q.say(f"put {value}", f"put {value}", f"took {value}")
        q.quiet("two puts for three takers")
        q.say("close", "closed", "none")


def closed(place: Place) -> None:
    first, second = place.rng.sample(range(10, 999), 2)
    takers = place.rng.randrange(3, 7)
    with queue(place) as q:
        q.say("size 3", "size 3")
        for value in (first, second):
            q.say(f"put {value}", f"put {value}")
        q.say("close", "closed")
        q.say("take", f"took {first}")
        q.say("take", f"took {second}")
        q.say("take", "none")
    with queue(place) as q:
        q.say("size 3", "size 3")
        for _ in range(takers):
            q.say("take")
        q.quiet("'take' from an empty queue")
        q.say("close", "closed", *["none"] * takers)


def storm(place: Place) -> None:
    count, size, producers, takers = 20_000, place.rng.randrange(1, 5), 3, place.rng.randrange(6, 12)
    with queue(place) as q:
        q.say(f"size {size}", f"size {size}")
        q.cell.say(f"storm {producers} {takers} {count}")
        said = (q.cell.line(6 * PATIENCE) or "storm").split()[1:]
        if len(said) != 3:
            raise Wrong("it should come to an end; it does not")
        taken, total, early = map(int, said)
        if early:
            raise Wrong("who takes should wait while the queue is empty and not closed; some were sent away")
        if (taken, total) != (count, count * (count + 1) // 2):
            raise Wrong(f"each of {count} should be taken once; {taken} were, and their sum is "
                        f"{'right' if total == count * (count + 1) // 2 else 'wrong'}")


# --- the pool ---

def pool(workers: int) -> tuple[str, ...]:
    return "--design", "thread", "--workers", str(workers)


def as_many_as_threads(place: Place) -> None:
    workers = place.rng.randrange(3, 7)
    with place.server(*pool(workers)) as server:
        target, data = place.file()
        clients = [server.client() for _ in range(workers + 3)]
        for c in clients[:workers]:
            c.get(target, want=data)
        for c in clients[workers:]:
            c.send(request(target))
        if not clients[-1].silent() or not clients[workers].silent():
            raise Wrong(f"{workers} threads should serve {workers} clients at a time; another was answered")
        server.must_rest("when clients wait and threads wait for theirs")
        for first, next_one in zip(clients, clients[workers:]):
            first.close()
            if next_one.response().body != data:
                raise Wrong("who waited longest should be served next; the answer is another one")
        for c in clients[3:]:
            c.close()


def threads_last(place: Place) -> None:
    workers = place.rng.randrange(3, 7)
    with place.server(*pool(workers)) as server:
        target, data = place.file()
        server.get(target, want=data)
        before = server.descriptors()

        def ask(_: int) -> None:
            for _ in range(20):
                server.get(target, want=data)
        with ThreadPoolExecutor(8) as clients:
            list(clients.map(ask, range(8)))
        if len(cell.tasks(server.pid)) != workers + 1:
            raise Wrong(f"after 160 connections there should be {workers} threads and the one that accepts; "
                        f"there are {len(cell.tasks(server.pid))}")
        if not until(lambda: server.descriptors() <= before):
            raise Wrong(f"after 160 connections there should be {before} descriptors; there are {server.descriptors()}")
        server.must_rest("when nobody is connected")


def pool_ends(place: Place) -> None:
    workers = place.rng.randrange(2, 6)
    with place.server(*pool(workers)) as server:
        clients = [server.client() for _ in range(workers + 2)]
        for c in clients[:workers]:
            c.get("/tiny.bin")
        for c in clients[workers:]:
            c.send(request("/tiny.bin"))
        clients[-1].silent()
        server.signal(signal.SIGTERM)
        for c in clients[workers:]:
            if c.response().status != 200:
                raise Wrong("who waits in the queue when the server is to end should be answered; it was not")
        server.must_end()


WAIT = "queue_put(), queue_take(): a condition, in a loop, under the lock; tell those who wait for the opposite."
ASKED = {
    3: [
        ("The queue, full", bounded, WAIT),
        ("The queue, empty", empty, WAIT),
        ("The queue, closed", closed, "queue_close(): all who wait are told; what is in it is still taken."),
        ("The queue, many at once", storm, WAIT),
        ("A pool, and more clients than threads", as_many_as_threads, "thread_of_pool(): take, serve, release."),
        ("A pool", threads_last, "thread_of_pool(): until queue_take() says that no more will come."),
        ("A pool that is to end", pool_ends, "queue_close(): what is in the queue is still taken."),
    ],
}
