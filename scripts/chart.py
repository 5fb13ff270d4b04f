"""Charts as SVG text, with nothing but the standard library.

For the benches, the scenarios and the demo. A Chart maps data to the page; what draws (line,
band, bar, span) takes data. A Page stacks charts under one title.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

# Told apart by people who see colours differently, and on white paper (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#555555")
INK, SOFT, GRID = "#1c2b33", "#61757f", "#dde5ea"
GOOD, BAD = "#1a7f4b", "#c4302b"
FONT = "font-family='system-ui, sans-serif'"

Point = tuple[float, float]


def text(x: float, y: float, words: str, *, size: float = 13, colour: str = INK, anchor: str = "start",
         bold: bool = False) -> str:
    weight = " font-weight='600'" if bold else ""
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{colour}' text-anchor='{anchor}'{weight}>"
            f"{escape(words)}</text>")


def rect(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> str:
    return (f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0):.1f}' height='{max(height, 0):.1f}' "
            f"fill='{colour}' fill-opacity='{opacity}'/>")


def stroke(points: Sequence[Point], colour: str, width: float = 2, dash: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = f" stroke-dasharray='{dash}'" if dash else ""
    return (f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}' "
            f"stroke-linejoin='round'{dashes}/>")


def document(width: float, height: float, body: str) -> str:
    return (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' "
            f"height='{height:.0f}' {FONT}><rect width='100%' height='100%' fill='white'/>{body}</svg>\n")


def nice_step(span: float, ticks: int) -> float:
    """1, 2 or 5 times a power of ten."""
    raw = span / max(ticks, 1)
    power = 10 ** math.floor(math.log10(raw))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.999)


def ticks(least: float, most: float, about: int) -> list[float]:
    step = nice_step(most - least, about)
    first = math.ceil(least / step - 1e-9)
    return [n * step for n in range(first, math.floor(most / step + 1e-9) + 1)]


def number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}"


@dataclass
class Chart:
    """One pair of axes. Draw first what is to lie below."""

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str = ""
    y_label: str = ""
    height: float = 240
    width: float = 860
    log_y: bool = False
    body: list[str] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    left: float = 70
    right: float = 160
    top: float = 34
    bottom: float = 44

    def px(self, x: float) -> float:
        return self.left + (x - self.x[0]) / (self.x[1] - self.x[0]) * (self.width - self.left - self.right)

    def py(self, y: float) -> float:
        low, high = self.y
        if self.log_y:
            low, high, y = math.log10(low), math.log10(high), math.log10(max(y, low))
        part = min(max((y - low) / (high - low), -0.02), 1.02)
        return self.height - self.bottom - part * (self.height - self.top - self.bottom)

    def line(self, points: Sequence[Point], colour: str, name: str = "", *, width: float = 2, dash: str = "") -> None:
        self.body.append(stroke([(self.px(x), self.py(y)) for x, y in points], colour, width, dash))
        if name:
            self.legend.append((name, colour))

    def steps(self, points: Sequence[Point], colour: str, name: str = "") -> None:
        """A value that holds until the next point."""
        corners = [c for (x, y), (after, _) in zip(points, points[1:]) for c in ((x, y), (after, y))]
        self.line(corners, colour, name)

    def band(self, low: float, high: float, colour: str, opacity: float = 0.12) -> None:
        top = self.py(high)
        self.body.append(rect(self.px(self.x[0]), top, self.px(self.x[1]) - self.px(self.x[0]), self.py(low) - top,
                              colour, opacity))

    def span(self, x: Point, y: Point, colour: str, opacity: float = 1) -> None:
        """A rectangle in data."""
        self.body.append(rect(self.px(x[0]), self.py(y[1]), self.px(x[1]) - self.px(x[0]),
                              self.py(y[0]) - self.py(y[1]), colour, opacity))

    def dot(self, x: float, y: float, colour: str, radius: float = 4) -> None:
        self.body.append(f"<circle cx='{self.px(x):.1f}' cy='{self.py(y):.1f}' r='{radius}' fill='{colour}'/>")

    def words(self, x: float, y: float, what: str, colour: str = INK, anchor: str = "start") -> None:
        self.body.append(text(self.px(x), self.py(y), what, size=12, colour=colour, anchor=anchor))

    def render(self) -> str:
        out = [text(self.left, 18, self.title, size=15, bold=True)]
        right, floor = self.width - self.right, self.height - self.bottom
        if self.log_y:
            low, high = math.ceil(math.log10(self.y[0]) - 1e-9), math.floor(math.log10(self.y[1]) + 1e-9)
            y_ticks = [10.0 ** n for n in range(low, high + 1)]
        else:
            y_ticks = ticks(*self.y, max(int(self.height / 50), 2))
        for tick in y_ticks:
            out.append(stroke([(self.left, self.py(tick)), (right, self.py(tick))], GRID, 1))
            out.append(text(self.left - 8, self.py(tick) + 4, number(tick), size=12, colour=SOFT, anchor="end"))
        for tick in ticks(*self.x, 10):
            out.append(stroke([(self.px(tick), floor), (self.px(tick), floor + 5)], SOFT, 1))
            out.append(text(self.px(tick), floor + 18, number(tick), size=12, colour=SOFT, anchor="middle"))
        out += self.body
        out.append(stroke([(self.left, self.top), (self.left, floor), (right, floor)], SOFT, 1))
        out.append(text((self.left + right) / 2, self.height - 8, self.x_label, size=12, colour=SOFT, anchor="middle"))
        if self.y_label:
            middle = (self.top + floor) / 2
            out.append(f"<g transform='rotate(-90 16 {middle:.0f})'>"
                       + text(16, middle, self.y_label, size=12, colour=SOFT, anchor="middle") + "</g>")
        for n, (name, colour) in enumerate(self.legend):
            y = self.top + 8 + 19 * n
            out.append(rect(right + 14, y - 5, 14, 5, colour))
            out.append(text(right + 33, y + 1, name, size=12))
        return "".join(out)


def stack(title: str, subtitle: str, charts: Sequence[Chart]) -> str:
    """Charts below each other, as one SVG."""
    width = max(c.width for c in charts)
    y, body = 66.0, [text(20, 28, title, size=19, bold=True), text(20, 50, subtitle, size=13, colour=SOFT)]
    for chart in charts:
        body.append(f"<g transform='translate(0 {y:.0f})'>{chart.render()}</g>")
        y += chart.height + 10
    return document(width, y + 6, "".join(body))
