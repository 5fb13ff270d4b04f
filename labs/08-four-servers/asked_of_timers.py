"""Step 5: timeouts. The wheel is asked directly, with a clock of its own; then what clients see."""
from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grading.hosttest import Host
from grading.outcome import Failure, Infrastructure
from served import PATIENCE, Place, Server, Wrong, expect, request, until

TICK, SLOTS = 64, 1024
# A timer may be late by less than two ticks.
LATE = 2 * TICK
LOOK = "link_timer(), timers_expired(): timers.h says how late a timer may be, and what happens to one put off."


# --- the wheel ---

def ask_wheel(host: Host, program: Path) -> None:
    for _ in range(6):
        lines = script(host.rng)
        answers, end = host.run(program, "\n".join(lines) + "\n")
        judge_wheel(lines, answers, end)


def script(rng: random.Random) -> list[str]:
    """A life of a wheel: timers set, put off, brought forward, cleared; near, far, and beyond its end."""
    now = rng.randrange(1, 1 << 40)
    count = rng.choice((1, 5, 200))
    lines = [f"begin {now}"]
    end = now + 2 * TICK * SLOTS + rng.randrange(100_000)
    while now < end:
        for _ in range(rng.randrange(3 if count < 200 else 30)):
            far = rng.choice((0, 1, TICK, 1000, 10_000, TICK * SLOTS - 1, TICK * SLOTS, 3 * TICK * SLOTS))
            if rng.randrange(6):
                lines.append(f"set {rng.randrange(count)} {now + rng.randrange(-100, far + 200)}")
            else:
                lines.append(f"clear {rng.randrange(count)}")
        # now and then nobody looks for a long time
        now += rng.randrange(1, 400) if rng.randrange(60) else rng.randrange(2 * TICK * SLOTS)
        lines.append(f"at {now}")
    return lines


def judge_wheel(lines: list[str], answers: list[str], end: Failure | None) -> None:
    said = iter(answers)
    # deadlines, and when they were set: one in the past is due at the next tick
    running: dict[int, tuple[int, int]] = {}
    now = 0
    for number, line in enumerate(lines, 1):
        word, *numbers = line.split()
        if word == "begin":
            now = int(numbers[0])
        elif word == "set":
            running[int(numbers[0])] = int(numbers[1]), now
        elif word == "clear":
            running.pop(int(numbers[0]), None)
        else:
            now = int(numbers[0])
            name, *expired = next(said, "").split() or [""]
            if name != str(number):
                raise end or Failure("The timer wheel: no answer came.", LOOK)
            for timer in (int(text) for text in expired if text != "-"):
                if timer not in running:
                    raise Failure(f"The timer wheel, at {now}: a timer expires that is not running.", LOOK)
                if running[timer][0] > now:
                    raise Failure(f"The timer wheel: a timer for {running[timer][0]} should not expire before; it does "
                                  f"at {now}.", LOOK)
                del running[timer]
            for deadline, since in running.values():
                if now >= max(deadline, since) + LATE:
                    raise Failure(f"The timer wheel: a timer for {deadline} should have expired by {deadline + LATE}; "
                                  f"it has not at {now}.", LOOK)
    if end:
        raise end


# --- what clients see ---

HEADER, IDLE, WRITE = 0.9, 0.7, 0.8
OPTIONS = ("--header-timeout", str(HEADER), "--idle-timeout", str(IDLE), "--write-timeout", str(WRITE))
# A clock that is a few ms coarse, on both sides.
EARLY = 0.1


def idle_ends(place: Place, server: Server) -> None:
    with server.client() as c:
        c.get("/small.bin")
        began = time.monotonic()
        if not c.ended():
            raise Wrong(f"a connection without a request should end after {IDLE} s, without a word; it does not")
        if time.monotonic() - began < IDLE - EARLY:
            raise Wrong(f"a connection without a request should stay for {IDLE} s; it ended after "
                        f"{time.monotonic() - began:.1f}")


def nothing_comes(place: Place, server: Server) -> None:
    with server.client() as c:
        began = time.monotonic()
        if not c.ended():
            raise Wrong(f"a client that never asks should be sent away after {HEADER} s; it stays")
        if time.monotonic() - began < HEADER - EARLY:
            raise Wrong(f"a client should have {HEADER} s for its first request; it had {time.monotonic() - began:.1f}")


def drip_ends(place: Place, server: Server) -> None:
    """Octets that come do not put the deadline off."""
    with server.client() as c:
        text = request("/small.bin", "X-Filler: " + "x" * 1000)
        began = time.monotonic()
        at = 0
        while time.monotonic() - began < PATIENCE:
            try:
                c.send(text[at:at + 1])
            except Wrong:
                break
            at += 1
            if not c.silent(0.05):
                break
        took = time.monotonic() - began
        if took < HEADER - EARLY:
            raise Wrong(f"a request should have {HEADER} s to arrive; it had {took:.1f}")
        expect(c.response(), "a request that drips", None, 408)
        if not c.ended():
            raise Wrong("after a 408 the connection should end; it does not")


def asks_in_time(place: Place, server: Server) -> None:
    with server.client() as c:
        for _ in range(6):
            last = time.monotonic()
            try:
                c.get("/small.bin", want=place.files["small"])
            except Wrong as wrong:
                if time.monotonic() - last > IDLE / 2:
                    raise Infrastructure("this machine is too busy to keep a client's pace") from wrong
                raise Wrong(f"a client that asks each {IDLE / 2:.2f} s should not be sent away: {wrong}") from wrong
            time.sleep(IDLE / 2)
            if time.monotonic() - last > IDLE - EARLY:
                return  # this machine is too busy for this question


def takes_nothing(place: Place, server: Server) -> None:
    with server.client(receive_buffer=4096) as c:
        c.send(request("/large.bin"))
        began = time.monotonic()
        own = c.socket.getsockname()[1]
        if not until(lambda: not connected(own), PATIENCE):
            raise Wrong(f"a client that takes nothing of its answer should be dropped after {WRITE} s; it is not")
        if time.monotonic() - began < WRITE - EARLY:
            raise Wrong(f"a client should have {WRITE} s to take something; it had {time.monotonic() - began:.1f}")


def connected(port: int) -> bool:
    """Whether the kernel still has the server's end of this connection."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[2].endswith(f":{port:04X}") for line in lines)


def takes_some(place: Place, server: Server) -> None:
    """Slow, but not dead."""
    with server.client(receive_buffer=65536) as c:
        c.send(request("/large.bin"))
        for _ in range(12):
            last = time.monotonic()
            time.sleep(WRITE / 4)
            # less than what makes a socket with a large buffer say that it has room again
            c.more(24 << 10)
            if time.monotonic() - last > WRITE - EARLY:
                return
        expect(c.response(), "/large.bin", place.files["large"], 200)


SEEN: list[Callable[[Place, Server], None]] = [
    idle_ends, nothing_comes, drip_ends, asks_in_time, takes_nothing, takes_some]


def clients_see(*design: str) -> Callable[[Place], None]:
    """All at once, on one server."""
    def check(place: Place) -> None:
        with place.server(*design, *OPTIONS) as server, ThreadPoolExecutor(len(SEEN)) as clients:
            running = [clients.submit(one, place, server) for one in SEEN]
            for one in running:
                one.result()
            if not until(lambda: server.sockets() <= 1):
                raise Wrong("when all clients have left or were sent away no connection should be left; "
                            f"{server.sockets() - 1} are")
    return check


EXPIRE = "connection_expire(): what the phase says. Who asks it when? expire() in the loop, serve_blocking() elsewhere."
ASKED = {
    5: [
        ("Timeouts in the event loop", clients_see("--design", "event"), EXPIRE),
        ("Timeouts in threads", clients_see("--design", "thread", "--per-connection"), EXPIRE),
    ],
}
