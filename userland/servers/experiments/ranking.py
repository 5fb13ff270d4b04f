"""From slices to an order, or to the refusal of one.

Seven slices of the same thing differ by more than the things do: that is what a machine with other work on it is
like. So a value is an interval: it holds the true median with at least 95 % probability, whatever the distribution,
since each slice is above the median as likely as below it. Of 7 slices that interval is from the least to the most
(1 - 2/2^7 = 98 %), of 9 the second least to the second most (96 %), so that one slice may go wrong.

Two are told apart if their intervals do not touch. Where they do, no order is given.
"""
from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

CONFIDENCE = 0.95
# 1 - 2/2^6 = 97 %; of five it would be 94 %.
SLICES_LEAST = 6
# Predicted to be equal, and so they are if they differ by less.
ALIKE = 0.10


@dataclass(frozen=True)
class Interval:
    """The median of the slices, and between what the true one lies."""

    median: float
    low: float
    high: float
    slices: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Interval:
        v = sorted(values)
        if not v:
            raise ValueError("an interval of no slices")
        k = dropped(len(v))
        return cls(statistics.median(v), v[k], v[-1 - k], len(v))

    def apart_from(self, other: Interval) -> bool:
        """Of few slices there is no interval that would hold the median with 95 %: nothing is told apart by them."""
        enough = min(self.slices, other.slices) >= SLICES_LEAST
        return enough and (self.high < other.low or other.high < self.low)

    def to_json(self) -> dict:
        return {key: float(f"{value:.4g}") if isinstance(value, float) else value
                for key, value in asdict(self).items()}


def dropped(n: int) -> int:
    """How many of n sorted slices may be left out at either end: P(at most k of n are below the median) <= 2.5 %."""
    below, k = 0, -1
    while True:
        below += math.comb(n, k + 1)
        if below / 2 ** n > (1 - CONFIDENCE) / 2:
            return max(k, 0)
        k += 1


def tiers(values: dict[str, Interval], less_is_better: bool) -> list[list[str]]:
    """The best first. What cannot be told apart from one of a tier is in that tier."""
    out: list[list[str]] = []
    for name in sorted(values, key=lambda n: values[n].median, reverse=not less_is_better):
        if out and not all(values[name].apart_from(values[other]) for other in out[-1]):
            out[-1].append(name)
        else:
            out.append([name])
    return out


@dataclass(frozen=True)
class Pair:
    """What was said of two, and what came of it: held, reversed or not told apart."""

    better: str
    worse: str
    equal: bool
    verdict: str


def judge(values: dict[str, Interval], better: str, worse: str, less_is_better: bool, equal: bool = False) -> Pair:
    """If they are said to be equal, they have to be nearly so, or not told apart."""
    a, b = values[better], values[worse]
    if equal:
        near = abs(a.median - b.median) <= ALIKE * max(abs(a.median), abs(b.median))
        return Pair(better, worse, True, "held" if near or not a.apart_from(b) else "not so")
    if not a.apart_from(b):
        return Pair(better, worse, False, "not told apart")
    return Pair(better, worse, False, "held" if (a.median < b.median) == less_is_better else "reversed")


def judge_order(values: dict[str, Interval], order: Sequence[Sequence[str]], less_is_better: bool) -> list[Pair]:
    """Neighbours of an order whose places may be shared: ((a,), (b, c)) is a before b and c, which are equal."""
    order = [[name for name in place if name in values] for place in order]
    order = [place for place in order if place]
    pairs = [judge(values, a, b, less_is_better, equal=True) for place in order for a, b in zip(place, place[1:])]
    pairs += [judge(values, a, b, less_is_better)
              for one, other in zip(order, order[1:]) for a in one for b in other]
    return pairs
