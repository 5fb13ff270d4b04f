"""Pictures of experiments, as blocks of SVG that are stacked into one."""
from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
import chart
from chart import BAD, COLOURS, GOOD, GRID, INK, SOFT, rect, stroke, text
from measures import MEASURES, Measure
from ranking import Interval

WIDTH = 1440
# The colour of a family of designs; members that do not stand for it are hollow.
FAMILY = {"event": COLOURS[0], "thread": COLOURS[1], "process": COLOURS[2], "sequential": COLOURS[3],
          "library": COLOURS[4],
          "open": COLOURS[0], "closed": COLOURS[1], "paced": COLOURS[4]}
Point = tuple[float, float]


@dataclass
class Block:
    """A part of a picture."""

    height: float
    body: str


def colour(subjects: dict, key: str) -> str:
    return FAMILY[subjects[key]["family"]]


def stands_for_family(subjects: dict, key: str) -> bool:
    return key == subjects[key]["family"] or subjects[key]["family"] not in ("event", "thread", "process", "sequential")


def stack(title: str, subtitle: str, blocks: Sequence[Block]) -> str:
    y, body = 70.0, [text(20, 30, title, size=20, bold=True), text(20, 52, subtitle, size=13, colour=SOFT)]
    for block in blocks:
        body.append(f"<g transform='translate(0 {y:.0f})'>{block.body}</g>")
        y += block.height + 18
    return chart.document(WIDTH, y, "".join(body))


def shown(value: float) -> str:
    """Three digits, and k or M where there are more."""
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (limit if unit == 'M' else 1e3):.3g}{unit}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


# --- the overview: what was predicted, what came, and how far the slices lie apart ---

ROW, TOP, LEFT, MIDDLE, RIGHT = 34, 62, 238, 322, 568


class Scale:
    """Of one measure, over all its intervals."""

    def __init__(self, measure: Measure, values: Sequence[Interval], left: float, width: float) -> None:
        self.left, self.width = left, width
        low, high = min(v.low for v in values), max(v.high for v in values)
        self.logarithmic = measure.logarithmic and low > 0 and high > 3 * low
        if self.logarithmic:
            self.low, self.high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high) + 1e-9)
            # Half a decade is enough of what is not used.
            self.low *= 3 if low >= 3.3 * self.low else 1
            self.high /= 3 if high <= 0.3 * self.high else 1
        else:
            self.low, self.high = min(low, 0.0), (high or 1) * 1.05

    def at(self, value: float) -> float:
        if self.logarithmic:
            part = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.left + part * self.width

    def ticks(self) -> list[float]:
        """Not nearer to each other than their numbers need."""
        found = chart.ticks(self.low, self.high, 2)
        if self.logarithmic:
            exponents = range(math.floor(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
            fine = (1.0, 3.0) if self.high < 100 * self.low else (1.0,)
            found = [m * 10.0 ** n for n in exponents for m in fine]
            found = [tick for tick in found if self.low * 0.999 <= tick <= self.high * 1.001]
        kept: list[float] = []
        for tick in found:
            if not kept or self.at(tick) - self.at(kept[-1]) >= 30:
                kept.append(tick)
        return kept


def places(order: Sequence[Sequence[str]]) -> dict[str, str]:
    """What place each has: "2", or "2 to 4" if it is shared."""
    out, first = {}, 1
    for tier in order:
        for key in tier:
            out[key] = f"{first}" if len(tier) == 1 else f"{first} to {first + len(tier) - 1}"
        first += len(tier)
    return out


def bracket(x: float, rows: Sequence[int], side: int) -> str:
    """Joins the rows of those who share a place."""
    if len(rows) < 2:
        return ""
    top, bottom = TOP + ROW * min(rows) - 8, TOP + ROW * max(rows) + 8
    return stroke([(x - 4 * side, top), (x, top), (x, bottom), (x - 4 * side, bottom)], SOFT, 1.2)


def slopes(report: dict, predicted: list[list[str]], measured: list[list[str]]) -> str:
    """Left the predicted order, right the measured one, and a line for each that says where it went."""
    subjects, out = report["subjects"], []
    left = {key: n for n, key in enumerate(key for tier in predicted for key in tier)}
    right = {key: n for n, key in enumerate(key for tier in measured for key in tier)}
    verdicts = moved(report)
    out.append(text(LEFT - 12, TOP - 30, "predicted", size=13, colour=SOFT, anchor="end", bold=True))
    out.append(text(MIDDLE + 12, TOP - 30, "measured", size=13, colour=SOFT, bold=True))
    for key, row in right.items():
        y, ink = TOP + ROW * row, colour(subjects, key)
        out.append(text(MIDDLE + 12, y + 4, subjects[key]["name"], size=13, bold=stands_for_family(subjects, key)))
        if key in left:
            before = TOP + ROW * left[key]
            out.append(text(LEFT - 12, before + 4, subjects[key]["name"], size=12, colour=SOFT, anchor="end"))
            out.append(stroke([(LEFT, before), (LEFT + 14, before), (MIDDLE - 14, y), (MIDDLE, y)],
                              BAD if key in verdicts else ink,
                              2.5, "5 4" if key in verdicts else ""))
    for tier in predicted:
        out.append(bracket(LEFT - 6, [left[key] for key in tier if key in left], 1))
    for tier in measured:
        out.append(bracket(MIDDLE + 6, [right[key] for key in tier], -1))
    return "".join(out)


def moved(report: dict) -> set[str]:
    """Who is part of a pair that came out the other way."""
    return {key for pair in report["predicted pairs"] if pair["verdict"] in ("reversed", "not so")
            for key in (pair["better"], pair["worse"])}


def panel(report: dict, measure: Measure, rows: Sequence[str], left: float, width: float) -> str:
    values = {key: Interval(**report["summary"][key][measure.key]) for key in rows
              if measure.key in report["summary"].get(key, {})}
    name = f"\u25c2 {measure.name}" if measure.less_is_better else f"{measure.name} \u25b8"
    floor, out = TOP + ROW * len(rows) - ROW / 2 + 4, [
        text(left, TOP - 38, name if report["better"] else measure.name, size=12, bold=True),
        text(left, TOP - 24, measure.unit, size=10, colour=SOFT)]
    if not values:
        return "".join(out)
    scale = Scale(measure, list(values.values()), left + 4, width - 64)
    for tick in scale.ticks():
        out.append(stroke([(scale.at(tick), TOP - 16), (scale.at(tick), floor)], GRID, 1))
        out.append(text(scale.at(tick), floor + 13, shown(tick), size=10, colour=SOFT, anchor="middle"))
    for n, key in enumerate(rows):
        y, ink = TOP + ROW * n, colour(report["subjects"], key)
        if key not in values:
            out.append(text(left, y + 4, "–", size=12, colour=SOFT))
            continue
        v = values[key]
        out.append(stroke([(scale.at(v.low), y), (scale.at(v.high), y)], ink, 4))
        fill = ink if stands_for_family(report["subjects"], key) else "white"
        out.append(f"<circle cx='{scale.at(v.median):.1f}' cy='{y:.1f}' r='5' stroke='{ink}' stroke-width='2' "
                   f"fill='{fill}'/>")
        out.append(text(scale.at(v.high) + 9, y + 4, shown(v.median), size=11))
    return "".join(out)


def overview(report: dict, columns: Sequence[str]) -> Block:
    measured = report["measured order"]
    rows = [key for tier in measured for key in tier]
    height = TOP + ROW * len(rows) + 16
    out = [rect(0, TOP + ROW * n - ROW / 2, WIDTH, ROW, "#f3f6f8") for n in range(0, len(rows), 2)]
    out.append(slopes(report, report["prediction"]["order"], measured))
    first, rest = columns[0], columns[1:]
    space = WIDTH - RIGHT - 16
    wide = space if not rest else max(space / (len(columns) + 0.6) * 1.6, 150)
    out.append(panel(report, MEASURES[first], rows, RIGHT, wide))
    for n, key in enumerate(rest):
        each = (space - wide) / len(rest)
        out.append(panel(report, MEASURES[key], rows, RIGHT + wide + n * each, each))
    return Block(height, "".join(out))


# --- bars: one for each client ---

def bars(title: str, values: Sequence[float], words: str, ink: str) -> Block:
    """The scale ends at the largest: what is to be seen is whether they are alike."""
    most, width, floor = max([*values, 1]), (WIDTH - 330) / max(len(values), 1), 62
    out = [text(20, 30, title, size=13, bold=True), text(20, 48, words, size=12, colour=SOFT)]
    for n, value in enumerate(values):
        tall = 52 * value / most
        out.append(rect(310 + n * width, floor - tall, width - 2, max(tall, 0.8), ink if value else BAD))
    out.append(text(310, floor + 15, f"requests of each client, the most served first: {shown(max(values))} to "
                                     f"{shown(min(values))}", size=11, colour=SOFT))
    return Block(80, "".join(out))


# --- curves ---

@dataclass
class Axes:
    """One pair of axes, each of them linear or logarithmic."""

    title: str
    x: Point
    y: Point
    x_label: str
    y_label: str
    log_x: bool = False
    log_y: bool = False
    height: float = 280
    body: list[str] = field(default_factory=list)
    legend: list[tuple[str, str, str]] = field(default_factory=list)

    left, right, top, bottom = 80, 340, 34, 46

    @staticmethod
    def part(value: float, ends: Point, logarithmic: bool) -> float:
        low, high = ends
        if logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return (value - low) / (high - low)

    def px(self, x: float) -> float:
        return self.left + self.part(x, self.x, self.log_x) * (WIDTH - self.left - self.right)

    def py(self, y: float) -> float:
        part = min(max(self.part(y, self.y, self.log_y), 0), 1.02)
        return self.height - self.bottom - part * (self.height - self.top - self.bottom)

    def line(self, points: Sequence[Point], ink: str, name: str = "", dash: str = "") -> None:
        self.body.append(stroke([(self.px(x), self.py(y)) for x, y in points], ink, 2.5, dash))
        if name:
            self.legend.append((name, ink, dash))

    def dot(self, x: float, y: float, ink: str) -> None:
        self.body.append(f"<circle cx='{self.px(x):.1f}' cy='{self.py(y):.1f}' r='3' fill='{ink}' "
                         "fill-opacity='0.55'/>")

    def mark(self, x: float, words: str) -> None:
        self.body.append(stroke([(self.px(x), self.top), (self.px(x), self.height - self.bottom)], BAD, 1.5, "4 4"))
        self.body.append(text(self.px(x) + 5, self.top + 10, words, size=12, colour=BAD))

    @staticmethod
    def steps(ends: Point, logarithmic: bool, octets: bool) -> list[float]:
        if not logarithmic:
            return chart.ticks(*ends, 6)
        base = 4 if octets else 10
        first, last = math.ceil(math.log(ends[0], base) - 1e-9), math.floor(math.log(ends[1], base) + 1e-9)
        return [float(base) ** n for n in range(first, last + 1)]

    @staticmethod
    def octets(value: float) -> str:
        for size, unit in ((1 << 20, "M"), (1 << 10, "K")):
            if value >= size:
                return f"{value / size:g}{unit}"
        return f"{value:g}"

    def block(self) -> Block:
        floor, out = self.height - self.bottom, [text(self.left, 16, self.title, size=14, bold=True)]
        for tick in self.steps(self.y, self.log_y, False):
            out.append(stroke([(self.left, self.py(tick)), (WIDTH - self.right, self.py(tick))], GRID, 1))
            out.append(text(self.left - 8, self.py(tick) + 4, shown(tick), size=12, colour=SOFT, anchor="end"))
        for tick in self.steps(self.x, self.log_x, True):
            out.append(stroke([(self.px(tick), floor), (self.px(tick), floor + 5)], SOFT, 1))
            name = self.octets(tick) if self.log_x else f"{tick:g}"
            out.append(text(self.px(tick), floor + 18, name, size=12, colour=SOFT, anchor="middle"))
        out += self.body
        out.append(stroke([(self.left, self.top), (self.left, floor), (WIDTH - self.right, floor)], SOFT, 1))
        out.append(text((self.left + WIDTH - self.right) / 2, self.height - 8, self.x_label, size=12, colour=SOFT,
                        anchor="middle"))
        middle = (self.top + floor) / 2
        out.append(f"<g transform='rotate(-90 22 {middle:.0f})'>" + text(22, middle, self.y_label, size=12, colour=SOFT,
                                                                         anchor="middle") + "</g>")
        for n, (name, ink, dash) in enumerate(self.legend):
            x, y = WIDTH - self.right + 12, self.top + 10 + 20 * n
            out.append(stroke([(x, y - 3), (x + 22, y - 3)], ink, 3, dash))
            out.append(text(x + 28, y + 1, name, size=12))
        return Block(self.height, "".join(out))


def verdict_colour(verdict: str) -> str:
    return {"held": GOOD, "reversed": BAD, "not so": BAD}.get(verdict, INK)
