"""8: files from small to large.

Predicted, by a, the price of a request without its octets (least first):

    event < thread < process < sequential

and b, what is sent in a second of CPU time when only octets count, is the same for all: the kernel moves them, whoever
asks it to (sendfile, which does not even copy). A request for x octets costs a + x/b, and so y = x/(a + x/b) octets are
sent in a second of the server's CPU time. fit.py finds a and b, for each design in each round, from seven sizes between
512 octets and 4 MiB.
"""
import drawing
from fit import fit
from lab import SIZES, Lab
from recipe import Prediction, Recipe
from subjects import EVENT, POOL, PREFORK, SEQUENTIAL, Server

CONNECTIONS = 16


def cost(lab: Lab, server: Server, size: int) -> float:
    """Seconds of CPU time for a file of that size. The sequential server gets one client: it serves only one."""
    connections = 1 if server.key == "sequential" else CONNECTIONS
    report = lab.closed(server, f"/{size}.bin", connections, seconds=0.1)
    return report["server"]["cpu_us_per_request"] / 1e6


def run(lab: Lab) -> None:
    sizes = SIZES[::3] if lab.quick else SIZES
    for server in lab.turns(lab.start_all([EVENT, POOL, PREFORK, SEQUENTIAL]), "files", rounds=7):
        points = []
        for size in sizes:
            lab.progress.say(f"{lab.title}: files", f"round {lab.round + 1}: {server.variant.name}, {size} octets")
            points.append((size, cost(lab, server, size)))
            # A slice of one size is no slice of the experiment: those are of laws.
            lab.slices.pop()
        law = fit(points)
        lab.record(server.key, a=law.a * 1e6, b=law.b / 1e6)
        lab.detail.setdefault("points", {}).setdefault(server.key, []).append(points)
    lab.note("The fit is that of relative errors. Half of the time goes into octets at a file of a*b.")
    lab.note("On the loopback device the CPU that sends also does the receiver's share of TCP: b is that of both ends.")


def pictures(report: dict) -> list:
    axes = drawing.Axes("Octets sent per second of the server's CPU time: measured (dots), and y = x/(a + x/b) (lines)",
                        (256, 8 << 20), (10, 100_000), "size of the file, octets", "MB per CPU second", log_x=True,
                        log_y=True, height=380)
    for key, rounds in report["detail"]["points"].items():
        colour, summary = drawing.colour(report["subjects"], key), report["summary"][key]
        a, b = summary["a"]["median"] / 1e6, summary["b"]["median"] * 1e6
        sizes = [256 * 2 ** (n / 4) for n in range(4 * 15 + 1)]
        axes.line([(x, x / (a + x / b) / 1e6) for x in sizes], colour,
                  f"{report['subjects'][key]['name']}: a = {a * 1e6:.3g} us, b = {b / 1e6:.0f} MB/s")
        for points in rounds:
            for x, seconds in points:
                axes.dot(x, x / seconds / 1e6, colour)
    return [axes.block()]


RECIPE = Recipe(
    title="Small and large files",
    question="What does a request cost, what do its octets, and from which size on does the design not matter?",
    prediction=Prediction("a", (("event",), ("thread",), ("process",), ("sequential",)),
                          "Without its octets a request is that of experiment 2. Octets are moved by the kernel, "
                          "and cost the same for all."),
    columns=("a", "b"),
    run=run,
    pictures=pictures,
    course_fails={("process", "sequential"): "The sequential server with its one client pays a switch a request, as "
                                             "a process of the pool does."},
)
