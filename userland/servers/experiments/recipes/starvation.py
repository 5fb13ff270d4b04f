"""3: who is served at all.

Predicted, by Jain's fairness index over the clients (1: all got the same; 1/64: one got all):

    event = thread = process = sequential with one request a connection  >  sequential

64 clients ask again and again. The sequential server stays with the first until that one leaves, and it does not
leave. Latency says nothing of that: who is never answered has none. So the served are counted, client by client.
"""
from dataclasses import replace

import drawing
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, POOL, PREFORK, SEQUENTIAL

CLIENTS = 64
ONE_EACH = replace(SEQUENTIAL, key="one-each", name="sequential, one a connection")


def run(lab: Lab) -> None:
    servers = lab.start_all([EVENT, POOL, PREFORK, SEQUENTIAL, ONE_EACH])

    for server in lab.turns(servers, "who is served", rounds=7):
        close = ["--close"] if server.key == "one-each" else []
        report = lab.closed(server, SMALL, CLIENTS, "--per-client", *close, seconds=0.2 if lab.quick else 0.5)
        served = report["clients"]["served"]
        lab.record(server.key, jain=report["clients"]["jain"], served=sum(1 for n in served if n))
        # What the tools say that nobody should believe here: the latency of those who were answered.
        lab.record(server.key, p50=report["service"]["p50_us"])
        lab.detail.setdefault("served", {})[server.key] = sorted(served, reverse=True)
    lab.note("The latency is that of a closed loop: with 63 of 64 clients waiting for ever, the median of the "
             "sequential server is the best of all.")


def pictures(report: dict) -> list:
    return [drawing.bars(report["subjects"][key]["name"], served,
                         f"{sum(1 for n in served if n)} of {len(served)} clients served",
                         drawing.FAMILY[report["subjects"][key]["family"]])
            for key, served in report["detail"]["served"].items()]


RECIPE = Recipe(
    title="Starvation",
    question="64 clients stay connected: which of them is served at all?",
    prediction=Prediction("jain", (("event", "thread", "process", "one-each"), ("sequential",)),
                          "A server that does one thing after the other does the first for ever, if that does not "
                          "end. With one request a connection each ends at once, and the kernel's queue is first "
                          "come, first served."),
    columns=("jain", "served", "answered", "cpu", "p50"),
    run=run,
    pictures=pictures,
    course_fails={("event", "thread"): "Fairness is not what these two differ in: both serve all.",
                  ("thread", "process"): "Fairness is not what these two differ in: both serve all, as long as the "
                                         "pool is as large as the crowd."},
)
