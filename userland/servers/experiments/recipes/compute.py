"""6: requests that compute for 1 ms, on one core and on two.

Predicted, by requests answered a second (most first):

    on two cores: two loops = thread = process = event with helpers  >  all others, which are equal

A millisecond of work is 100 times what any design adds to it. One core gives at most 1000 of them a second, whoever
divides them. Two cores give twice as much, to those who can use two: one loop, and one that does one after the
other, cannot.
"""
from dataclasses import replace

from lab import Lab
from recipe import Prediction, Recipe
from subjects import EVENT, POOL, PREFORK, SEQUENTIAL, TWO_HELPERS, TWO_LOOPS, Variant

WORK, CONNECTIONS = "/work?us=1000", 16


def on_two(variant: Variant) -> Variant:
    return replace(variant, key=f"{variant.key}-2", name=f"{variant.name}, on two cores")


def run(lab: Lab) -> None:
    one = lab.start_all([EVENT, POOL, PREFORK, SEQUENTIAL])
    two = [lab.start(on_two(v), cpus=lab.cpus.two_servers)
           for v in (EVENT, TWO_LOOPS, TWO_HELPERS, POOL, PREFORK, SEQUENTIAL)]
    for server in lab.turns([*one, *two], "handlers that compute", rounds=7):
        close = ["--close"] if server.variant.family == "sequential" else []
        lab.closed(server, WORK, CONNECTIONS, *close, seconds=0.3 if lab.quick else 0.5)
    lab.note(f"On two cores: servers on CPUs {lab.cpus.two_servers}, the generator on {lab.cpus.generator}. Where it "
             "has no core of its own, it takes some percent of one: 2000 requests a second are little to send.")


RECIPE = Recipe(
    title="Requests that compute",
    question="Each request burns 1 ms of CPU time: what can a design do about that, on one core and on two?",
    prediction=Prediction("answered", (("loops-2", "thread-2", "process-2", "helpers-2"),
                                       ("event", "thread", "process", "sequential", "event-2", "sequential-2")),
                          "The work is the same for all; only a second core helps, if somebody is there to use it."),
    columns=("answered", "cpu", "switches"),
    run=run,
    course_fails={pair: "1 ms of work hides all that they differ in; how the work is organised does not make a core "
                        "faster."
                  for pair in (("event", "thread"), ("thread", "process"), ("process", "sequential"))},
)
