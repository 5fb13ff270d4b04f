"""Steps 6 and 7: out of descriptors; and a restart that nobody notices."""
from __future__ import annotations

import re
import resource
import signal
import threading
import time
from collections.abc import Callable

from grading import cell
from served import PATIENCE, Client, Place, Server, Wrong, request, until

EVENT = ("--design", "event")
THREADS = ("--design", "thread", "--per-connection")


# --- step 6 ---

def served_now(clients: list[Client]) -> list[Client]:
    """Those that have an answer, when no more come."""
    quiet = 0
    while quiet < 3:
        new = [c for c in clients if not c.data and not c.silent(0.01)]
        quiet = 0 if new else quiet + 1
    return [c for c in clients if c.data]


def next_of(waiting: list[Client]) -> list[Client]:
    """Those that are answered next; none, if nobody is in time."""
    until(lambda: any(not c.silent(0.005) for c in waiting))
    for c in waiting:
        if not c.data and not c.silent(0.001) and not c.data:
            raise Wrong("who waits should be answered in the end; the server closed a connection without a word")
    return [c for c in waiting if c.data]


def server_answers(waiting: list[Client]) -> None:
    """The next of those who wait are answered, and leave."""
    answered = next_of(waiting)
    if not answered:
        raise Wrong(f"when others have left those who wait should be served; {len(waiting)} are not")
    for c in answered:
        if c.response().status != 200:
            raise Wrong("when others have left those who wait should be served; one was sent away")
        c.close()
        waiting.remove(c)


def out_of_descriptors(*design: str) -> Callable[[Place], None]:
    """EMFILE, for longer than a request may take: by and by those who wait are told."""
    def check(place: Place) -> None:
        with place.server(*design, "--header-timeout", "2") as server:
            server.get("/tiny.bin")
            cell_limit(server, server.descriptors() + 6)
            clients = [server.client() for _ in range(16)]
            for c in clients:
                c.send(request("/tiny.bin"))
            began = time.monotonic()
            if not until(lambda: not clients[0].silent(0.01)):
                raise Wrong("out of descriptors, the first should be served all the same; none is")
            served = served_now(clients)
            early = [c for c in served if b" 503 " in c.data[:16]]
            if early and time.monotonic() - began < 1.8:
                raise Wrong("out of descriptors, nobody should be sent away at once; somebody was")
            if time.monotonic() - began < 1.2:
                server.must_rest("out of descriptors", 0.4)
            held = server.descriptors()
            waiting = [c for c in clients if c not in served]
            told = 0
            while told < 3:
                answered = next_of(waiting)
                if not answered:
                    raise Wrong("who waits for a descriptor for longer than a request may take should be told 503; "
                                f"{told} of {len(waiting)} were")
                for c in answered:
                    status = c.response().status
                    if status != 503:
                        raise Wrong(f"who waits for a descriptor should be told 503; it was told {status}")
                    told += 1
                    if not c.ended():
                        raise Wrong("after a 503 the connection should end; it does not")
                    waiting.remove(c)
            if server.descriptors() > held + 1:
                raise Wrong(f"who is told 503 should cost no descriptor; there were {held}, there are "
                            f"{server.descriptors()}")
            for c in served:
                if c.response().status == 200:
                    c.get("/tiny.bin")
                c.close()
            for c in waiting:
                c.close()
            if not until(lambda: server_has_room(server)):
                raise Wrong("when others have left new clients should be served; they are not")
    return check


def server_has_room(server: Server) -> bool:
    with server.client(patience=2) as c:
        try:
            return c.get("/tiny.bin").status == 200
        except Wrong:
            return False


def cell_limit(server: Server, most: int) -> None:
    """From now on the server's process may have so many descriptors."""
    try:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (most, most))
    except ProcessLookupError:
        raise Wrong("the server should wait for clients; it has ended") from None


def max_connections(*design: str) -> Callable[[Place], None]:
    def check(place: Place) -> None:
        most = place.rng.randrange(2, 6)
        with place.server(*design, "--max-connections", str(most)) as server:
            clients = [server.client() for _ in range(2 * most)]
            for c in clients:
                c.send(request("/tiny.bin"))
            if not until(lambda: not clients[most - 1].silent(0.01)):
                raise Wrong(f"{most} clients should be served at a time; number {most} is not")
            served = served_now(clients)
            if len(served) != most:
                raise Wrong(f"{most} clients should be served at a time; {len(served)} are")
            server.must_rest("when others wait for room")
            for c in served:
                c.close()
            waiting = [c for c in clients if c not in served]
            while waiting:
                server_answers(waiting)
    return check


# --- step 7 ---

class Busy(threading.Thread):
    """A client that asks again and again, on connections that it keeps as long as it may."""

    def __init__(self, place: Place, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.data = port, place.files["medium"]
        self.answers = 0
        self.lost: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.connection()
            except Wrong as wrong:
                self.lost.append(str(wrong))
                self.over.wait(0.05)

    def connection(self) -> None:
        with Client(self.port) as c:
            while not self.over.is_set():
                closes = c.get("/medium.bin", want=self.data).fields.get("connection") == "close"
                self.answers += 1
                if closes:
                    return
                time.sleep(0.002)


def restart_under_load(*design: str) -> Callable[[Place], None]:
    def check(place: Place) -> None:
        with place.server(*design) as server:
            before = held(server.pid)
            clients = [Busy(place, server.port) for _ in range(3)]
            for c in clients:
                c.start()
            try:
                for number in (signal.SIGHUP, signal.SIGUSR2):
                    time.sleep(0.2)
                    replace(server, number)
                    answers = sum(c.answers for c in clients)
                    if not until(lambda: sum(c.answers for c in clients) > answers + 10):
                        raise Wrong("the new server should answer; it does not")
            finally:
                for c in clients:
                    c.over.set()
                for c in clients:
                    c.join()
            lost = [text for c in clients for text in c.lost]
            if lost:
                raise Wrong(f"no answer should be lost; {len(lost)} were: {lost[0]}")
            if not until(lambda: held(server.pid) <= before):
                raise Wrong(f"a successor should hold {before} sockets and pipes, as the first did; "
                            f"it holds {held(server.pid)}")
            server.signal(signal.SIGTERM)
            server.must_end()
    return check


def held(pid: int) -> int:
    return sum(name.startswith(("socket:", "pipe:")) for name in cell.descriptors(pid))


def replace(server: Server, number: int) -> None:
    """A restart: a new process listens, the old one ends."""
    old = server.pid
    server.signal(number)
    line = server.cell.line(PATIENCE)
    if not re.fullmatch(rf"listening on 127\.0\.0\.1:{server.port}", line or ""):
        said = server.cell.complaints().strip()
        raise Wrong("a successor should begin on the same socket; "
                    + (said.splitlines()[-1][:160] if said else "none does"))
    if not until(lambda: cell.state(old) in ("", "Z")):
        raise Wrong("when its successor serves the old server should end; it stays")
    left = [pid for pid in server.processes() if cell.state(pid) != "Z"]
    if len(left) != 1:
        raise Wrong(f"after a restart there should be one server; there are {len(left)} processes")
    server.pid = left[0]


def a_broken_successor(place: Place) -> None:
    with place.server(*EVENT) as server, server.client() as c:
        c.get("/tiny.bin")
        place.program.unlink()
        place.program.write_text("#!/nowhere/interpreter\n")
        place.program.chmod(0o755)
        server.signal(signal.SIGHUP)
        if not until(lambda: "restart:" in server.cell.complaints()):
            raise Wrong("when the new program does not start the old one should say so; it does not")
        time.sleep(0.3)
        c.get("/tiny.bin")
        server.get("/tiny.bin")
        if cell.state(server.pid) in ("", "Z"):
            raise Wrong("when the new program does not start the old one should go on; it has ended")


def grace(place: Place) -> None:
    """A busy client's next request is answered; idle ones are closed after CONTROL_GRACE_MS."""
    with place.server(*EVENT) as server, server.client() as busy, server.client() as idle, server.client() as late:
        for c in (busy, idle, late):
            c.get("/tiny.bin")
        server.signal(signal.SIGTERM)
        began = time.monotonic()
        time.sleep(0.3)
        asked = time.monotonic() - began
        try:
            closes = busy.get("/tiny.bin").fields.get("connection") == "close"
        except Wrong:
            if asked > 0.8:
                return  # this machine is too busy for this question
            raise Wrong("a request that comes 0.3 s after SIGTERM on an idle connection should be answered; "
                        "it is not") from None
        if not closes or not busy.ended():
            raise Wrong("while a server ends, an answer should say 'Connection: close', and the connection end")
        for c in (idle, late):
            if not c.ended(5):
                raise Wrong("about a second after SIGTERM idle connections should end; they do not")
        if time.monotonic() - began < 0.8:
            raise Wrong(f"idle connections should stay for a second after SIGTERM; they ended after "
                        f"{time.monotonic() - began:.1f} s")
        server.must_end()


def under_way(place: Place) -> None:
    data = place.files["large"]
    with place.server(*EVENT) as server, server.client(receive_buffer=65536) as c:
        c.send(request("/large.bin"))
        c.more()
        server.signal(signal.SIGTERM)
        time.sleep(1.3)
        if c.response().body != data:
            raise Wrong("an answer that is under way at SIGTERM should be completed; it is another one")
        server.must_end()


def in_the_queue(place: Place) -> None:
    """Connections that the kernel has accepted, and the server has not."""
    with place.server(*EVENT) as server:
        server.signal(signal.SIGSTOP)
        # more than the loop takes in one turn
        clients = [server.client() for _ in range(150)]
        for c in clients:
            c.send(request("/small.bin"))
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)
        for c in clients:
            if c.response().body != place.files["small"]:
                raise Wrong("who had connected before SIGTERM should be answered; the answer is another one")
            c.close()
        server.must_end()


ROOM = "accept_try(): is there room, is there somebody, is there a descriptor? Each has its own return value."
SHED = "accept_try(): a pause, never an end; shed(): give up the reserve, and take it back."
DRAIN = "draining(): take those who wait, close the idle when the grace is over, end when nobody is left."
ASKED = {
    6: [
        ("Out of descriptors, event", out_of_descriptors(*EVENT), SHED),
        ("Out of descriptors, threads", out_of_descriptors(*THREADS), SHED),
        ("At most so many connections, event", max_connections(*EVENT), ROOM),
        ("At most so many connections, threads", max_connections(*THREADS), ROOM),
    ],
    7: [
        ("Restart under load, event", restart_under_load(*EVENT), "become(), await(); then draining()."),
        ("Restart under load, threads", restart_under_load(*THREADS), "become(), await()."),
        ("A successor that does not start", a_broken_successor, "await(): a byte: it accepts; the end: it is gone."),
        ("SIGTERM, idle clients", grace, DRAIN),
        ("SIGTERM, an answer is under way", under_way, DRAIN),
        ("SIGTERM, clients in the kernel's queue", in_the_queue, DRAIN),
    ],
}
