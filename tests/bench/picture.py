"""The picture of a bench: one row a figure, every value as a part of its target.

All rows share one logarithmic axis on which the target is 1, so one line down the page parts
what is met from what is missed: left of it is good. Ours is filled, peers are hollow, other
people's bounds are ticks.
"""
from __future__ import annotations

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import chart
from chart import BAD, COLOURS, GOOD, GRID, INK, SOFT, rect, stroke, text
from figures import Figure, Spread, shown

WIDTH, ROW, TOP = 1480, 38, 128
NAMES, LEFT, RIGHT = 20, 400, 850


def tick_name(value: float) -> str:
    return "target" if value == 1 else f"{value:g} x" if value > 1 else f"1/{1 / value:g}"


class Axis:
    """From 1/most to most of the target, in equal steps by a factor."""

    def __init__(self, most: float, step: float) -> None:
        self.most = most
        n = round(math.log(most, step))
        self.ticks = [float(step) ** k for k in range(-n, n + 1)]

    def position(self, value: float) -> float:
        clipped = min(max(value, 1 / self.most), self.most)
        return LEFT + (0.5 + math.log(clipped, self.most) / 2) * (RIGHT - LEFT)


def part_of_target(figure: Figure, value: float) -> float:
    """Below 1 is good, whichever way the bound points. "At least", of a share, compares what is lost."""
    assert figure.target is not None
    if figure.at_least and figure.target >= 1:
        return figure.target / value if value > 0 else 1e9
    if figure.at_least:
        return max(1 - value, 0) / (1 - figure.target)
    return value / figure.target if figure.target else (1e-9 if value <= 0 else 1e9)


class Row:
    """One figure at one height."""

    def __init__(self, figure: Figure, y: float, colours: dict[str, str], axis: Axis) -> None:
        self.figure, self.y, self.colours, self.axis, self.out = figure, y, colours, axis, []

    def at(self, value: float) -> float:
        return self.axis.position(part_of_target(self.figure, value))

    def spread(self, s: Spread, dy: float, colour: str, filled: bool) -> None:
        y = self.y + dy
        self.out.append(stroke([(self.at(s.least), y), (self.at(s.most), y)], colour, 2))
        self.out.append(f"<circle cx='{self.at(s.median):.1f}' cy='{y:.1f}' r='5' stroke='{colour}' stroke-width='2' "
                        f"fill='{colour if filled else 'white'}'/>")

    def draw(self) -> str:
        f = self.figure
        verdict = {"met": GOOD, "missed": BAD}.get(f.verdict, SOFT)
        self.out.append(text(NAMES, self.y - 2, f.name, size=14, bold=True))
        bound = "" if f.target is None else f"target: {'at least' if f.at_least else 'at most'} {shown(f.target)} {f.unit}"
        self.out.append(text(NAMES, self.y + 13, bound, size=11, colour=SOFT))
        if f.target is not None:
            for value in f.marks.values():
                self.out.append(stroke([(self.at(value), self.y - 11), (self.at(value), self.y + 11)], "#b08000", 3))
            for who, s in f.peers.items():
                self.spread(s, 7, self.colours[who], False)
            for who, s in f.columns.items():
                self.spread(s, -9, self.colours[who], True)
            if f.ours:
                self.spread(f.ours, -1, verdict, True)
        self.out.append(text(RIGHT + 20, self.y - 2, self.value(f.ours), size=14, colour=verdict, bold=True))
        others = [f"{who.removeprefix('ours, ')} {self.value(s, unit=False)}" for who, s in (f.columns | f.peers).items()]
        self.out.append(text(RIGHT + 20, self.y + 13, " · ".join(others), size=11, colour=SOFT))
        return "".join(self.out)

    def value(self, s: Spread | None, unit: bool = True) -> str:
        if s is None:
            return "not measured"
        wide = f" ({shown(s.least)} to {shown(s.most)})" if unit and s.slices > 1 else ""
        return f"{shown(s.median)}{' ' + self.figure.unit if unit else ''}{wide}"


def legend(colours: dict[str, str], marks: str) -> str:
    out, x = [], NAMES
    for name, colour, filled in (("ours, target met", GOOD, True), ("ours, missed", BAD, True),
                                 *((who, c, who.startswith("ours")) for who, c in colours.items())):
        out.append(f"<circle cx='{x + 5}' cy='78' r='5' stroke='{colour}' stroke-width='2' "
                   f"fill='{colour if filled else 'white'}'/>" + text(x + 16, 82, name, size=12))
        x += 32 + 7 * len(name)
    if marks:
        out.append(stroke([(x + 4, 70), (x + 4, 86)], "#b08000", 3) + text(x + 14, 82, marks, size=12))
    return "".join(out)


def draw(title: str, subtitle: str, figures: list[Figure], marks: str, axis: Axis) -> str:
    peers = dict.fromkeys(who for f in figures for who in f.columns)
    peers |= dict.fromkeys(who for f in figures for who in f.peers)
    colours = {who: COLOURS[n] for n, who in enumerate(peers)}
    floor = TOP + ROW * len(figures)
    body = [text(NAMES, 28, title, size=20, bold=True), text(NAMES, 50, subtitle, size=13, colour=SOFT),
            legend(colours, marks), rect(LEFT, TOP - 14, axis.position(1) - LEFT, floor - TOP + 2, GOOD, 0.07)]
    for tick in axis.ticks:
        x, here = axis.position(tick), tick == 1
        body.append(stroke([(x, TOP - 14), (x, floor - 12)], INK if here else GRID, 2 if here else 1))
        body.append(text(x, TOP - 20, tick_name(tick), size=11, colour=INK if here else SOFT, anchor="middle", bold=here))
    body += [Row(f, TOP + 8 + ROW * n, colours, axis).draw() for n, f in enumerate(figures)]
    return chart.document(WIDTH, floor + 8, "".join(body))
