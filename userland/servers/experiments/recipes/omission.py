"""9: a server that stops for a second, and what four generators say of it.

Predicted, by the 99th percentile they report (least first):

    closed loop < hey < wrk = open loop

A run of 2 s, 2000 requests a second due; the server is stopped (SIGSTOP) for one of them. Half of the requests
are due while it is, so the true 99th percentile is nearly a second. A closed loop has each of its 16 clients wait
once, and asks nothing meanwhile: of thousands of requests 16 are slow. That is coordinated omission. hey paces its
clients, and yet each waits for its answer. wrk as Debian has it adds requests that it thinks it would have sent.
The open loop counts from when a request was due.
"""
import os
import shutil
import signal
import threading
import time

import generator
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, Server, Variant

CLIENTS, RATE, SECONDS, STOPPED = 16, 2000, 2, 1.0
PERCENTILES = ("p50", "p90", "p99", "p99_9", "max")

OPEN = Variant("open", "load, open loop", "open", ())
CLOSED = Variant("closed", "load, closed loop", "closed", ())
WRK = Variant("wrk", "wrk (closed, corrected)", "closed", ())
HEY = Variant("hey", "hey -q (paced, closed)", "paced", ())


def percentiles(report: dict) -> dict[str, float]:
    latency = report["latency"]
    return {"ask": report["requests"]} | {name: latency[f"{name}_us"] for name in PERCENTILES}


def ask(lab: Lab, who: Variant, server: Server) -> dict[str, float]:
    cpu = lab.cpus.generator
    if who is OPEN:
        return percentiles(generator.load(server, SMALL, cpu, "--connections", CLIENTS, "--rate", RATE, "--duration",
                                          SECONDS))
    if who is CLOSED:
        return percentiles(generator.load(server, SMALL, cpu, "--connections", CLIENTS, "--duration", SECONDS))
    if who is WRK:
        found = generator.wrk(server, SMALL, cpu, CLIENTS, SECONDS)
    else:
        found = generator.hey(server, SMALL, cpu, CLIENTS, RATE, SECONDS)
    return {"ask": found["requests"]} | {name: found[name] for name in PERCENTILES if name in found}


def stop_for_a_second(server: Server) -> None:
    time.sleep(0.5)
    os.kill(server.pid, signal.SIGSTOP)
    time.sleep(STOPPED)
    os.kill(server.pid, signal.SIGCONT)


def run(lab: Lab) -> None:
    server = lab.start(EVENT)
    del lab.subjects[EVENT.key]
    askers = [OPEN, CLOSED] + [who for who, program in ((WRK, "wrk"), (HEY, "hey")) if shutil.which(program)]
    lab.subjects |= {who.key: who for who in askers}
    for who in lab.turns(askers, "a server stopped for 1 s", rounds=7):
        stopper = threading.Thread(target=stop_for_a_second, args=(server,))
        stopper.start()
        lab.record(who.key, **ask(lab, who, server))
        stopper.join()
    if len(askers) < 4:
        lab.note("wrk and hey are shown where they are installed (make peers).")
    lab.note("wrk gives no percentile above 99.")


RECIPE = Recipe(
    title="Coordinated omission",
    question="The server does nothing for one second of two: what do the generators make of it?",
    prediction=Prediction("p99", (("closed",), ("hey",), ("wrk", "open")),
                          "Who waits for an answer before the next question does not see the questions that were "
                          "never asked."),
    columns=("p99", "p50", "p90", "p99_9", "max", "ask"),
    run=run,
    course=False,
    better=False,
)
