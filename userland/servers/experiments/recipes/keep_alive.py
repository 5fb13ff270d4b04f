"""2: a trivial request, connections kept open.

Predicted, by what a request costs the server (least first):

    event < thread = thread per connection < process = process per connection < sequential

A request is now one receive and one send. Whatever comes on top decides: the event loop learns of many requests by
one call; a thread has to be switched to for each, a process too, and its memory map with it. The sequential server
talks to one client, and has to wait for it each time: a switch to idle and back for every request. Who is not that
client waits: that is experiment 3.
"""
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, FORK, POOL, PREFORK, SEQUENTIAL, THREAD

CONNECTIONS, RATE = 64, 5000


def run(lab: Lab) -> None:
    servers = lab.start_all([EVENT, POOL, PREFORK, SEQUENTIAL, THREAD, FORK])
    sequential = next(s for s in servers if s.key == "sequential")

    for server in lab.turns(servers, "as many as can be answered"):
        lab.closed(server, SMALL, CONNECTIONS)

    # 63 of 64 clients would not be answered by the sequential server at all, so there is no latency to speak of.
    for server in lab.turns([s for s in servers if s is not sequential], f"{RATE} a second", rounds=7):
        lab.at_rate(server, SMALL, CONNECTIONS, RATE)

    # What a connection costs is what a server needs more than one that has a single connection.
    base = lab.memory(sequential, SMALL, 1)
    for server in servers:
        connections = 1 if server is sequential else CONNECTIONS
        lab.inspect(server, SMALL, connections, 640 if lab.quick else 6400,
                    memory_base=base if connections > 1 else None)
    lab.note(f"Memory per connection: PSS of all processes with {CONNECTIONS} connections, less the sequential "
             "server's with one, shared among the connections.")
    lab.note("The sequential server has no latencies here: 63 of its 64 clients are never answered.")


RECIPE = Recipe(
    title="A trivial request, connections kept open",
    question="What does a request cost if 64 clients stay connected and ask again and again?",
    prediction=Prediction("cpu", (("event",), ("thread", "per-connection"), ("process", "fork"), ("sequential",)),
                          "Receiving and sending is the same for all. The event loop learns of many requests by one "
                          "call; threads and processes are switched to one by one; the sequential server falls "
                          "asleep after each request of its only client."),
    columns=("cpu", "answered", "p50", "p99", "pss", "syscalls", "switches"),
    run=run,
    course_fails={("process", "sequential"): "By the price of a request alone the two may meet: one switch a request "
                                             "each. The sequential server serves one client in 64 for it."},
)
