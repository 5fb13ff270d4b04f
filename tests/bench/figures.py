"""What a bench reports: figures, each with its target, ours, the peers', and a verdict."""
from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


def is_whole(plans: Iterable, results: dict[str, dict]) -> bool:
    """Every plan (boot.Plan) has been measured, in as many rounds as it has: figures of less are not kept."""
    return all(plan.name in results and len({s["round"] for s in results[plan.name]["slices"]}) >= plan.rounds
               for plan in plans)


@dataclass(frozen=True)
class Spread:
    """Several slices of one thing: the median, and how far they lie apart."""

    median: float
    least: float
    most: float
    slices: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        v = sorted(values)
        return cls(statistics.median(v), v[0], v[-1], len(v)) if v else None


class Slices:
    """What was measured, by plan, case and who."""

    def __init__(self, results: dict[str, dict]) -> None:
        self.slices = {plan: result["slices"] for plan, result in results.items()}

    def rounds(self, plan: str, case: str, who: str, value: Callable[[dict], float]) -> dict[int, float]:
        return {s["round"]: value(s["result"]) for s in self.slices.get(plan, [])
                if s["case"] == case and s["who"] == who and "result" in s}

    def spread(self, plan: str, case: str, who: str, value: Callable[[dict], float]) -> Spread | None:
        return Spread.of(self.rounds(plan, case, who, value).values())


@dataclass
class Figure:
    """One line of the bench.

    `target` is the bound that the median must keep; `at_least` says that more is better. `peers` are measured in the
    same boot. `marks` are other people's bounds, drawn beside ours. `columns` holds ours again from other boots.
    """

    key: str
    name: str
    unit: str
    target: float | None
    ours: Spread | None
    peers: dict[str, Spread] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)
    columns: dict[str, Spread] = field(default_factory=dict)
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        return self.judge(self.ours)

    def judge(self, spread: Spread | None) -> str:
        if spread is None:
            return "not measured"
        if self.target is None:
            return "no target"
        kept = spread.median >= self.target if self.at_least else spread.median <= self.target
        return "met" if kept else "missed"

    def to_json(self) -> dict:
        target = None if self.target is None else float(f"{self.target:.4g}")
        return {"key": self.key, "name": self.name, "unit": self.unit, "target": target,
                "bound": "at least" if self.at_least else "at most", "verdict": self.verdict,
                "ours": rounded(self.ours), "columns": {k: rounded(s) | {"verdict": self.judge(s)} for k, s in self.columns.items()},
                "peers": {k: rounded(s) for k, s in self.peers.items()}, "marks": self.marks, "note": self.note}


def rounded(s: Spread | None) -> dict:
    """Four digits say all that the spread lets one know. Nothing was measured: nothing to say."""
    return {} if s is None else {"median": float(f"{s.median:.4g}"), "least": float(f"{s.least:.4g}"),
                  "most": float(f"{s.most:.4g}"), "slices": s.slices}


def shown(value: float) -> str:
    """As people read it: three digits, no exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
