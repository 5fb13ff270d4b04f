"""7: a bug that ends the process it is in.

Predicted, by requests not answered in the half second after the crash (least first):

    process = process per connection  <  event = thread = thread per connection = sequential

16 clients, 400 requests a second; in the middle of it somebody asks for /crash, which writes to address 0. A
process takes down only whom it serves, and its parent makes another. Threads share one memory and one fate: all
connections end, and there is no server any more.
"""
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import drawing
import generator
import subjects
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, FORK, POOL, PREFORK, SEQUENTIAL, THREAD, Server

CLIENTS, RATE, BEFORE, AFTER = 16, 400, 0.4, 0.6
VARIANTS = (PREFORK, FORK, EVENT, POOL, THREAD, SEQUENTIAL)


def crash(server: Server) -> None:
    try:
        urllib.request.urlopen(server.url("/crash"), timeout=2).read()
    except (urllib.error.URLError, OSError):
        return
    raise RuntimeError(f"{server.key}: /crash was answered: was the server started with --allow-crash?")


def one_slice(lab: Lab, server: Server) -> None:
    close = ["--close"] if server.key == "sequential" else []
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        load = generator.background(generator.load_command(
            server, SMALL, lab.cpus.generator, "--connections", CLIENTS, "--rate", RATE, "--duration", BEFORE + AFTER,
            "--timeout", 1, "--csv", file.name, *close, watch=False))
        time.sleep(BEFORE)
        crash(server)
        report = generator.finish(load)
        line = [(row["seconds"], row["done"]) for row in generator.time_line(Path(file.name))]

    after = [answered for seconds, answered in line if BEFORE + 0.15 < seconds < BEFORE + AFTER + 0.05]
    due = RATE * 0.1 * len(after)
    lab.record(server.key, lost=max(100 * (1 - sum(after) / due), 0))
    if not close:
        outcomes = report["outcomes"]
        ended = outcomes["reset"] + outcomes["no_answer"] + report["retried"] + report["closes"]["between_requests"]
        lab.record(server.key, reset=min(ended, CLIENTS))
    lab.detail.setdefault("time line", {})[server.key] = [point for point in line if point[0] <= BEFORE + AFTER]


def run(lab: Lab) -> None:
    lab.subjects |= {v.key: v for v in VARIANTS}
    for variant in lab.turns(VARIANTS, "crashes", rounds=7):
        server = subjects.start(variant, lab.root, lab.cpus.server, "--allow-crash")
        try:
            one_slice(lab, server)
        finally:
            server.stop()
    lab.note("The sequential server is asked one request a connection: a client that stays would never let /crash "
             "come through.")


def pictures(report: dict) -> list:
    axes = drawing.Axes("Answered within each tenth of a second, in the last round: the crash is at 0.4 s",
                        (0, BEFORE + AFTER), (0, 60), "seconds", "requests")
    for key, line in report["detail"]["time line"].items():
        axes.line(line, drawing.colour(report["subjects"], key), report["subjects"][key]["name"],
                  dash="" if drawing.stands_for_family(report["subjects"], key) else "6 4")
    axes.mark(BEFORE, "/crash")
    return [axes.block()]


RECIPE = Recipe(
    title="A crash",
    question="A bug ends the process that it is in: who is still served?",
    prediction=Prediction("lost", (("process", "fork"), ("event", "thread", "per-connection", "sequential")),
                          "The process is what the kernel ends. Whoever shares it goes with it; whoever has one of "
                          "its own does not notice."),
    columns=("lost", "reset"),
    run=run,
    pictures=pictures,
    course_fails={("thread", "process"): "What is fast because it is shared is lost together. Isolation is what the "
                                         "processes are paid for.",
                  ("event", "thread"): "All threads of a process end with it, be there one or many."},
)
