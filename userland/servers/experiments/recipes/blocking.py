"""5: a handler that blocks for 10 ms, and the fix.

Predicted, by requests answered a second (most first):

    event with helpers = thread = process  >  event = sequential

64 clients ask for /wait?ms=10. Who has 64 workers waits for all of them at the same time: 6400 a second at most. The
event loop has one thread; while that waits, nothing happens: 100 a second. Helper threads wait in its place.
Then, beside 8 such clients, others ask for a small file, 200 times a second: how long do they take?
"""
import time
from dataclasses import replace

import generator
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, HELPERS, POOL, PREFORK, SEQUENTIAL, Server

WAIT, WAITERS, RATE = "/wait?ms=10", 8, 200


def run(lab: Lab) -> None:
    servers = lab.start_all([EVENT, HELPERS, POOL, PREFORK])
    # The first of 64 clients would keep the sequential server for itself: see experiment 3.
    sequential = lab.start(replace(SEQUENTIAL, name="sequential, one a connection"))
    seconds = 0.3 if lab.quick else 0.5

    for server in lab.turns([*servers, sequential], "handlers that block", rounds=7):
        lab.closed(server, WAIT, 64, *close(server), seconds=seconds)

    for server in lab.turns([*servers, sequential], "a small file, beside them", rounds=7):
        waiters = generator.background(generator.load_command(
            server, WAIT, lab.cpus.generator, "--connections", WAITERS, "--duration", seconds + 0.4, *close(server)))
        time.sleep(0.05)
        lab.at_rate(server, SMALL, 16, RATE, *close(server), seconds=seconds)
        generator.finish(waiters)


def close(server: Server) -> list[str]:
    return ["--close"] if server.key == "sequential" else []


RECIPE = Recipe(
    title="A handler that blocks",
    question="64 clients ask for what takes 10 ms of waiting; 8 do, and others want a small file: who suffers?",
    prediction=Prediction("answered", (("helpers", "thread", "process"), ("event", "sequential")),
                          "Waiting can be done 64 times at once, by 64 workers. A loop that waits is a loop that "
                          "does nothing else; helpers wait for it."),
    columns=("answered", "p50", "p99", "cpu", "switches"),
    run=run,
    course_fails={("event", "thread"): "One thread that blocks is the whole server here: 100 requests a second, 60 "
                                       "times fewer than 64 threads. With helper threads for what blocks, it is as "
                                       "fast as they are.",
                  ("thread", "process"): "Both wait 64 times at once: 10 ms of waiting hide all that they differ in."},
)
