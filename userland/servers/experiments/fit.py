"""The law that is behind throughput against size: y = x / (a + x/b).

A request for x octets costs a, whatever its size, and x/b for its octets: time t(x) = a + x/b, and y = x/t(x).
For small x, y is x/a: only the requests count. For large x, y is b: only the octets do. At x = a*b it is half of b.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """a in seconds per request, b in octets per second."""

    a: float
    b: float

    def time(self, x: float) -> float:
        return self.a + x / self.b

    def throughput(self, x: float) -> float:
        return x / self.time(x)

    @property
    def half(self) -> float:
        """The size at which half of the time goes into octets."""
        return self.a * self.b


def fit(points: Sequence[tuple[float, float]]) -> Law:
    """Of sizes and seconds per request: least squares of the relative error, so that small files count as well.

    t = a + x/b is a straight line: each point has the weight 1/t^2, and the two normal equations are solved by hand.
    """
    if len({x for x, _ in points}) < 2:
        raise ValueError("a fit needs two sizes at least")
    weights = [1 / t ** 2 for _, t in points]
    w = sum(weights)
    wx = sum(wt * x for wt, (x, _) in zip(weights, points))
    wt = sum(wt * t for wt, (_, t) in zip(weights, points))
    wxx = sum(wt * x * x for wt, (x, _) in zip(weights, points))
    wxt = sum(wt * x * t for wt, (x, t) in zip(weights, points))
    slope = (w * wxt - wx * wt) / (w * wxx - wx * wx)
    if slope <= 0:
        raise ValueError("larger files take less time: these points follow no such law")
    return Law((wt - slope * wx) / w, 1 / slope)
