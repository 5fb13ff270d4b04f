"""One picture a scenario: what its comment tells to look for, drawn from its record."""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
from chart import BAD, COLOURS, GOOD, GRID, SOFT, Chart, stack
from record import Record

STATES = {"BOOST": "#cc79a7", "UNDER": GOOD, "OVER": BAD, "CAPPED": "#e69f00", "BASE": BAD}
SLOT_MS = 5.0


def colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]


def mark_phases(chart: Chart, record: Record) -> None:
    for t, name in record.phases:
        chart.line([(t, chart.y[0]), (t, chart.y[1])], SOFT, width=1, dash="3 3")
        chart.words(t + 0.05, chart.y[1] - (chart.y[1] - chart.y[0]) * 0.06, name, SOFT)


def shares(record: Record, title: str, ideal: dict[str, float] | None = None, names: list[str] | None = None) -> Chart:
    """CPUs used over time, and where the weights say it should be."""
    start = record.moments[0][0] if record.moments else 0.0
    chart = Chart(title, (start, record.seconds), (0, 1.1), "seconds", "part of CPU 0")
    for n, name in enumerate(names or record.names()):
        if ideal and name in ideal:
            chart.line([(start, ideal[name]), (record.seconds, ideal[name])], colour(n), width=1.5, dash="7 5")
        chart.line(record.speed(name), colour(n), f"{name}: {record.used(name):.2f} s")
    mark_phases(chart, record)
    return chart


def lags(record: Record, title: str, span_ms: float = 3 * SLOT_MS) -> Chart:
    """Due minus got; the band is one slot either way."""
    start = record.moments[0][0] if record.moments else 0.0
    chart = Chart(title, (start, record.seconds), (-span_ms, span_ms), "seconds", "lag, ms", height=200)
    chart.band(-SLOT_MS, SLOT_MS, GOOD)
    for n, name in enumerate(record.names()):
        chart.line(record.series(name, "lag_ns", 1e-6), colour(n), name, width=1.5)
    chart.legend.append(("one slot either way", "#cfe6d8"))
    return chart


def weights(record: Record) -> str:
    ideal = {"small": 1 / 7, "middle": 2 / 7, "large": 4 / 7}
    return stack("Weights 1:2:4 on one CPU", "Dashed: what the weights say. Seconds: what each group got.",
                 [shares(record, "CPU time", ideal), lags(record, "Lag: what a group is due minus what it got")])


def sleeper(record: Record) -> str:
    return stack("What one group leaves unused the others get at once",
                 "Weights 1:1:2. Dashed: the parts while all want to run.",
                 [shares(record, "CPU time", {"a": 0.25, "b": 0.25, "sleepy": 0.5})])


def balance(record: Record, name: str, most: float) -> Chart:
    """Credit over time, coloured by what the group stands for."""
    chart = Chart(f"Credit of {name}", (record.moments[0][0], record.seconds), (min(-0.2, -most / 10), most * 1.1),
                  "seconds", "credit, s of CPU time")
    points = record.series(name, "credit_ns", 1e-9)
    states = [groups[name]["state"] for _, groups in record.moments if name in groups]
    for (t, c), (after, d), state in zip(points, points[1:], states):
        chart.line([(t, c), (after, d)], STATES.get(state, SOFT), width=3)
    chart.legend = [(f"{state}: {words}", STATES[state]) for state, words in
                    (("BOOST", "just woken"), ("UNDER", "has credit"),
                                      ("BASE", "at its baseline"))]
    mark_phases(chart, record)
    return chart


def burstable(record: Record) -> str:
    most = max((c for _, c in record.series("web", "credit_ns", 1e-9)), default=1)
    return stack("A burstable instance: idle, burst, baseline", "web earns a fifth of the CPU and saves it while it idles.",
                 [balance(record, "web", most), shares(record, "CPU time", {"web": 0.2})])


def stealing(record: Record) -> str:
    charts = [shares(part, phase, {"thief": 0.5}, ["thief", "victim"]) for phase, part in record.parts()]
    for chart, (_, part) in zip(charts, record.parts()):
        books = [part.moments[-1][1][name] for name in ("thief", "victim") if name in part.moments[-1][1]]
        chart.legend += [(f"{g['name']} paid {g['spent_ns'] / 1e9:.2f} s", GRID) for g in books]
    return stack("Cycle stealing: asleep whenever the tick comes",
                 "Equal weights. Under accounting=tick whoever runs at the tick pays for all of it.", charts)


def boost(record: Record) -> str:
    chart = Chart("Wake-up to run", (0.5, 8.5), (0.05, 200), "tasks that wake every 20 ms", "ms", height=360, log_y=True,
                  right=200)
    for n, (who, words) in enumerate((("boost", "BOOST"), ("plain", "plain kernel"))):
        for key, dash, what in (("p50_us", "6 4", "half of them"), ("p99_us", "", "99 of 100")):
            rows: dict[int, list[float]] = {}
            for note in record.notes:
                if note["who"] == who:
                    rows.setdefault(note["boosted"], []).append(note[key] / 1000)
            points = [(k, max(v)) for k, v in sorted(rows.items())]
            chart.line(points, colour(n), f"{words}: {what}", dash=dash)
            for x, y in points:
                chart.dot(x, y, colour(n))
    return stack("Boost helps, until everybody is boosted", "Three hogs on the same CPU; the worst of the tasks that wake.",
                 [chart])


def lottery(record: Record) -> str:
    charts = []
    for phase, part in record.parts():
        most = max([3 * SLOT_MS] + [abs(v) for name in part.names() for _, v in part.series(name, "lag_ns", 1e-6)])
        charts.append(shares(part, f"{phase}: CPU time", {"three": 0.75, "one": 0.25}))
        charts.append(lags(part, f"{phase}: lag", most * 1.1))
    return stack("Lottery against share, 3:1", "Both are fair on average; only one is fair at any moment.", charts)


def vms(record: Record) -> str:
    return stack("Two virtual machines, 2:1", "Each vCPU is a thread that parks when it leaves KVM_RUN.",
                 [shares(record, "CPU time", {"big": 2 / 3, "small": 1 / 3}),
                  lags(record, "Lag: what a VM is due minus what it got")])


def containers(record: Record) -> str:
    return stack("Three containers, 3:2:1", "c2 has five tasks that want the CPU, the others one each.",
                 [shares(record, "CPU time", {"c3": 3 / 6, "c2": 2 / 6, "c1": 1 / 6}),
                  lags(record, "Lag: what a container is due minus what it got")])


PICTURES = {f.__name__: f for f in (weights, sleeper, burstable, stealing, boost, lottery, vms, containers)}
