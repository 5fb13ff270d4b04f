"""4: 10 000 clients that only stay, and 64 that ask.

Predicted, by what a request costs the server (least first):

    event = event with 10 000 idle < thread = thread with 10 000 idle < poll with 10 000 idle

epoll is told once which connections there are, and says which are ready: the idle do not take part. poll is handed
all of them with every call, and looks at each. A thread that sleeps is not looked at by anybody; it costs memory,
most of it in the kernel.
"""
from dataclasses import replace

import accounting
from lab import SMALL, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, POLL, THREAD, Variant

ACTIVE, RATE = 64, 3000


def with_idle(variant: Variant) -> Variant:
    return replace(variant, key=f"{variant.key}-idle", name=f"{variant.name}, 10 000 idle")


def kernel_kib() -> int:
    """What the kernel keeps for sockets and threads: not in any process's PSS, and of the whole machine."""
    with open("/proc/meminfo") as file:
        values = {line.split(":")[0]: int(line.split()[1]) for line in file}
    return values["SUnreclaim"] + values["KernelStack"] + values["PageTables"]


def run(lab: Lab) -> None:
    idle = 500 if lab.quick else 10_000
    variants = [EVENT, POLL, THREAD]
    servers = lab.start_all(variants, "--idle-timeout", "3600", "--header-timeout", "3600")
    crowded = lab.start_all([with_idle(v) for v in variants], "--idle-timeout", "3600", "--header-timeout", "3600")
    for server in crowded:
        lab.progress.say(f"{lab.title}: {idle} connections", server.variant.name)
        user, kernel = accounting.pss_kib([server.pid]), kernel_kib()
        lab.hold_idle(server, idle)
        lab.record(server.key, pss=(accounting.pss_kib([server.pid]) - user) / idle,
                   kernel=(kernel_kib() - kernel) / idle)

    for server in lab.turns([*servers, *crowded], "as many as can be answered"):
        lab.closed(server, SMALL, ACTIVE)
    for server in lab.turns([*servers, *crowded], f"{RATE} a second", rounds=7):
        lab.at_rate(server, SMALL, ACTIVE, RATE)
    lab.note("Memory is what 10 000 idle connections add, shared among them. That in the kernel is of both ends, the "
             "generator's too: both are on this machine.")


RECIPE = Recipe(
    title="10 000 idle clients and 64 active ones",
    question="What does it cost the active clients that others only stay connected?",
    prediction=Prediction("cpu", (("event", "event-idle"), ("per-connection", "per-connection-idle"), ("poll-idle",)),
                          "epoll does not look at who is not ready. A sleeping thread costs memory but no time. poll "
                          "looks at all 10 000 with every call."),
    columns=("cpu", "answered", "p50", "p99", "pss", "kernel", "switches"),
    run=run,
    course=False,
)
