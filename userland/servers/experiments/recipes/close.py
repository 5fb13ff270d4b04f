"""1: a trivial request, one a connection.

Predicted, by what a request costs the server (least first):

    sequential < event < thread < process < thread per connection < process per connection

The work is nearly all in the kernel: make a connection, answer 612 octets, take it down. The sequential server does
that and nothing else. The event loop also registers the connection, and asks for readiness. A pool wakes somebody
up for each connection. Who makes a thread, or worse a process, for every one pays for that most.
"""
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, FORK, POOL, PREFORK, SEQUENTIAL, THREAD

CONNECTIONS, RATE = 64, 1000


def run(lab: Lab) -> None:
    servers = lab.start_all([EVENT, POOL, PREFORK, SEQUENTIAL, THREAD, FORK])

    for server in lab.turns(servers, "as many as can be answered"):
        lab.closed(server, SMALL, CONNECTIONS, "--close")

    for server in lab.turns(servers, f"{RATE} a second", rounds=7):
        lab.at_rate(server, SMALL, CONNECTIONS, RATE, "--close")

    for server in servers:
        lab.inspect(server, SMALL, CONNECTIONS, 100 if lab.quick else 500, "--close")


RECIPE = Recipe(
    title="A trivial request, one a connection",
    question="What does it cost to answer 612 octets if each request comes by a connection of its own?",
    prediction=Prediction("cpu", (("sequential",), ("event",), ("thread",), ("process",), ("per-connection",),
                                  ("fork",)),
                          "Nobody waits for anybody: the request is there when the connection is. What organises the "
                          "waiting is only a burden, and the sequential server has least of it. A new process for "
                          "each costs most."),
    columns=("cpu", "answered", "p50", "p99", "syscalls", "switches"),
    run=run,
    course_fails={("process", "sequential"): "A connection that brings one request, at once, keeps nobody waiting: "
                                             "the sequential server has no switch, no wake-up and no registration to "
                                             "pay for.",
                  ("thread", "process"): "The pools differ in who accepts: children of a process pool take "
                                         "connections from the kernel themselves; in the thread pool one thread "
                                         "accepts and hands over through a queue, which is a wake-up more."},
)
