"""What happens while a scenario runs: groups sampled through `csched list --json`, and what its script says.

A Record holds moments, each with the groups there were. Everything is in seconds from the start.
"""
from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field

EVERY = 0.1


@dataclass
class Record:
    """One run of a script."""

    moments: list[tuple[float, dict[str, dict]]] = field(default_factory=list)
    phases: list[tuple[float, str]] = field(default_factory=list)
    notes: list[dict] = field(default_factory=list)
    seconds: float = 0.0

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for _, groups in self.moments for name in groups))

    def series(self, name: str, key: str, scale: float = 1.0) -> list[tuple[float, float]]:
        return [(t, groups[name][key] * scale) for t, groups in self.moments if name in groups]

    def part(self, since: float, until: float) -> Record:
        """Of a phase only."""
        return Record([(t, g) for t, g in self.moments if since <= t < until],
                      [(t, p) for t, p in self.phases if since <= t < until], self.notes, until)

    def parts(self) -> list[tuple[str, Record]]:
        """One record for each phase."""
        ends = [t for t, _ in self.phases[1:]] + [self.seconds]
        return [(name, self.part(t, end)) for (t, name), end in zip(self.phases, ends)]

    def speed(self, name: str, window: float = 0.5) -> list[tuple[float, float]]:
        """CPUs that a group used, averaged over a window that ends at each moment."""
        out, points = [], self.series(name, "used_ns", 1e-9)
        first = 0
        for t, used in points:
            while points[first][0] < t - window:
                first += 1
            if first and t > points[first][0]:
                out.append((t, (used - points[first][1]) / (t - points[first][0])))
        return out

    def used(self, name: str) -> float:
        points = self.series(name, "used_ns", 1e-9)
        return points[-1][1] - points[0][1] if points else 0.0


class Recorder:
    """Samples in a thread, on the last CPU: the scenarios' groups are on CPU 0."""

    def __init__(self) -> None:
        self.record = Record()
        self.start = time.monotonic()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def __enter__(self) -> Recorder:
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.thread.join()
        self.record.seconds = self.now()

    def now(self) -> float:
        return time.monotonic() - self.start

    def sample(self) -> None:
        while not self.over.wait(EVERY):
            done = subprocess.run(["csched", "list", "--json"], capture_output=True, text=True, check=True)
            groups = json.loads(done.stdout)
            if not groups:
                continue
            at = groups[0]["now_ns"] / 1e9 - self.start
            self.record.moments.append((at, {g["name"]: g for g in groups}))

    def hear(self, line: str) -> None:
        """A line of the script: `phase WORDS`, a note as JSON, or just words."""
        if line.startswith("phase "):
            self.record.phases.append((self.now(), line[6:]))
        elif line.startswith("{"):
            self.record.notes.append(json.loads(line))


def keep_away() -> None:
    """This program off CPU 0, if it can be; its children choose for themselves."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
