"""Steps 1 and 2: sequential, and a process for each connection."""
from __future__ import annotations

import re
import signal


from served import PATIENCE, QUIET, Client, Place, Wrong, request, until

SEQUENTIAL = ("--design", "sequential")
PROCESS = ("--design", "process", "--per-connection")


# --- step 1 ---

def one_connection(place: Place) -> None:
    with place.server(*SEQUENTIAL) as server, server.client() as c:
        for _ in range(20):
            target, data = place.file("tiny", "small", "medium")
            c.get(target, want=data)
        c.get("/large.bin", want=place.files["large"])
        for target in ("/work?us=2000", "/wait?ms=5", "/work?us=1"):
            c.get(target)


def others_starve(place: Place) -> None:
    """Served counts: who is connected has everything, the others nothing, until he leaves."""
    others = place.rng.randrange(2, 5)
    with place.server(*SEQUENTIAL) as server, server.client() as first:
        target, data = place.file()
        first.get(target, want=data)
        waiting = [server.client() for _ in range(others)]
        for c in waiting:
            c.send(request(target))
        for served in range(1, 6):
            first.get(target, want=data)
            if not all(c.silent(QUIET / 5) for c in waiting):
                raise Wrong(f"while the first is connected the {others} others should wait; after {served + 1} of its "
                            "requests another was answered")
        first.close()
        for c in waiting:
            if c.response().body != data:
                raise Wrong("who waited should be served next; the answer is another one")
            c.close()


def nothing_stays(place: Place) -> None:
    with place.server(*SEQUENTIAL) as server:
        target, data = place.file()
        server.get(target, want=data)
        before = server.descriptors()
        for _ in range(50):
            server.get(target, want=data)
        if not until(lambda: server.descriptors() <= before):
            raise Wrong(f"after 50 connections there should be {before} descriptors; there are {server.descriptors()}")
        if len(server.processes()) != 1:
            raise Wrong("there should be one process; there are more")
        server.must_rest("when nobody is connected")
        with server.client() as c:
            c.get(target)
            server.must_rest("when a client is connected and silent")


def looks_after_the_rest(place: Place) -> None:
    with place.server(*SEQUENTIAL, "--access-log", "-") as server:
        server.get("/tiny.bin")
        line = server.cell.line(PATIENCE)
        if not re.search(r'"GET /tiny\.bin HTTP/1\.1" 200 40$', line or ""):
            raise Wrong("the access log should tell of a request a second or two later; it does not")


def ends(place: Place) -> None:
    with place.server(*SEQUENTIAL) as server, server.client() as c:
        c.get("/tiny.bin")
        server.signal(signal.SIGTERM)
        server.must_end()


# --- step 2 ---

def a_process_each(place: Place) -> None:
    count = place.rng.randrange(4, 10)
    with place.server(*PROCESS) as server:
        target, data = place.file()
        listening = server.sockets()
        clients = [server.client() for _ in range(count)]
        for c in clients:
            c.get(target, want=data)
        if len(server.processes()) != count + 1:
            raise Wrong(f"for {count} clients there should be {count} children; "
                        f"there are {len(server.processes()) - 1}")
        if server.sockets() != listening:
            raise Wrong(f"the parent should hold {listening} socket, the listening one; it holds {server.sockets()}")
        for pid in server.processes()[1:]:
            if server.sockets(pid) != 1:
                raise Wrong(f"a child should hold one socket, its client's; it holds {server.sockets(pid)}")
        for c in reversed(clients):
            c.get("/work?us=100")
        for c in clients:
            c.close()


def no_zombies(place: Place) -> None:
    with place.server(*PROCESS) as server:
        target, data = place.file()
        server.get(target, want=data)
        alone(server)
        before = server.descriptors()
        for _ in range(30):
            server.get(target, want=data)
        alone(server)
        if server.descriptors() != before:
            raise Wrong(f"after 30 connections the parent should hold {before} descriptors; "
                        f"it holds {server.descriptors()}")
        server.must_rest("when nobody is connected")


def alone(server) -> None:  # type: ignore[no-untyped-def]
    if not until(lambda: len(server.processes()) == 1, 5):
        raise Wrong(f"when all clients have left, no child should be left; there are {len(server.processes()) - 1}, "
                    f"{server.zombies()} of them zombies")


def many_end_at_once(place: Place) -> None:
    """Signals do not queue: one SIGCHLD may stand for many."""
    count = place.rng.randrange(8, 20)
    with place.server(*PROCESS) as server:
        clients = [server.client() for _ in range(count)]
        for c in clients:
            c.get("/tiny.bin")
        server.signal(signal.SIGSTOP)
        for c in clients:
            c.close()
        if not until(lambda: server.zombies() == count):
            raise Wrong(f"{count} clients left; {count} children should end, {server.zombies()} did")
        server.signal(signal.SIGCONT)
        alone(server)


def room_comes_back(place: Place) -> None:
    with place.server(*PROCESS, "--max-connections", "4") as server:
        for _ in range(12):
            server.get("/tiny.bin")
        clients = [server.client() for _ in range(5)]
        for c in clients[:4]:
            c.get("/tiny.bin")
        clients[4].send(request("/tiny.bin"))
        if not clients[4].silent():
            raise Wrong("of 4 connections at a time (--max-connections 4) a fifth was served")
        clients[0].close()
        clients[4].response()
        for c in clients[1:]:
            c.close()


def no_more_processes(place: Place) -> None:
    """fork() fails: the keeper, the parent and four children are all there may be."""
    with place.server(*PROCESS, "--max-connections", "8", processes=6) as server:
        residents = [server.client() for _ in range(4)]
        for c in residents:
            c.get("/tiny.bin")
        before = server.descriptors()
        for _ in range(10):
            with server.client() as c:
                c.socket.settimeout(PATIENCE)
                if not c.ended():
                    raise Wrong("when fork() fails the connection should be closed; it is not")
        if server.descriptors() != before:
            raise Wrong(f"when fork() failed 10 times the parent should hold {before} descriptors; "
                        f"it holds {server.descriptors()}")
        for c in residents:
            c.close()
        alone(server)
        server.get("/tiny.bin")


def a_crash_stays_where_it_is(place: Place) -> None:
    place.may_crash = True
    with place.server(*PROCESS, "--allow-crash") as server, server.client() as other, server.client() as c:
        other.get("/tiny.bin")
        c.send(request("/crash"))
        if not c.ended():
            raise Wrong("the child that crashed should take its connection along; it is still open")
        other.get("/small.bin", want=place.files["small"])
        if not until(lambda: server.metric("httpd_connections_open") == 2, 5):
            raise Wrong("httpd_connections_open should be 2 again, after a child crashed; "
                        f"it is {server.metric('httpd_connections_open')}")


def nobody_listens_after_the_end(place: Place) -> None:
    data = place.files["large"]
    with place.server(*PROCESS) as server, server.client(receive_buffer=65536) as c:
        c.send(request("/large.bin"))
        c.more()
        server.signal(signal.SIGTERM)
        if not until(lambda: not listens(server.port), 5):
            raise Wrong("when the server is to end nobody should listen; a child still does")
        if c.response().body != data:
            raise Wrong("an answer that was under way when the server was to end is not complete")
        c.close()
        server.must_end()


def listens(port: int) -> bool:
    try:
        Client(port).close()
    except Wrong:
        return False
    return True


LOOP = "serve_sequential(): accept_next(), serve_blocking(), acceptor_release()."
CHILD = "run_per_connection(): the child serves, the parent closes its copy."
REAP = "reap(): waitpid() until nobody is left who has ended."
ASKED = {
    1: [
        ("Sequential, one client", one_connection, "serve_blocking(): as long as it wants something."),
        ("Sequential, several clients at once", others_starve, LOOP),
        ("Sequential", nothing_stays, LOOP),
        ("Sequential", looks_after_the_rest, "ACCEPT_TICK: server_tick()."),
        ("Sequential, a client is connected", ends, "ACCEPT_STOP ends it."),
    ],
    2: [
        ("A process for each connection", a_process_each, CHILD),
        ("A process for each connection", no_zombies, REAP),
        ("Many children end at once", many_end_at_once, REAP),
        ("A process for each connection", room_comes_back, "reap(): acceptor_release() for each that has ended."),
        ("No more processes", no_more_processes, "run_per_connection(): close, count as refused, acceptor_release()."),
        ("A child crashes", a_crash_stays_where_it_is, "reap(): one that died in its work could not count that."),
        ("The server is to end while a child is at work", nobody_listens_after_the_end,
         "child_of_connection(): a child has no business with the listening sockets."),
    ],
}
