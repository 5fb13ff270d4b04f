"""10: the price of a library.

Predicted, by what a request costs the server (least first):

    event = libuv with our parser  <  libmicrohttpd

Three event loops around epoll, one answer: 612 octets. httpd has its own loop, parser, file cache, timers and
counters. The second has our parser and answer on libuv's loop, and nothing else (library/libuv.c). The third leaves
all of it to libmicrohttpd (library/libmicrohttpd.c). A loop is one call per event, whoever wrote it; what a library
does for everybody, it does for you as well.
"""
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, LIBMICROHTTPD, LIBUV

CONNECTIONS, RATE = 64, 5000


def run(lab: Lab) -> None:
    servers = lab.start_all([EVENT, LIBUV, LIBMICROHTTPD])

    for server in lab.turns(servers, "as many as can be answered"):
        lab.closed(server, SMALL, CONNECTIONS)

    for server in lab.turns(servers, f"{RATE} a second", rounds=7):
        lab.at_rate(server, SMALL, CONNECTIONS, RATE)

    for server in servers:
        lab.inspect(server, SMALL, CONNECTIONS, 640 if lab.quick else 6400, memory_base=lab.memory(server, SMALL, 1))
    lab.note("Memory per connection is what 64 connections need more than one, shared among them.")


RECIPE = Recipe(
    title="The price of a library",
    question="What does it cost to leave the loop, or all of HTTP, to a library?",
    prediction=Prediction("cpu", (("event", "libuv"), ("libmicrohttpd",)),
                          "Most of a request is the kernel's. A loop adds little, whoever wrote it; a library that "
                          "knows nothing of your answer builds it anew, head by head."),
    columns=("cpu", "answered", "p50", "p99", "pss", "syscalls", "switches"),
    run=run,
    course=False,
)
