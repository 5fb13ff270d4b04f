"""What is measured, what its unit is, and which way is better."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    key: str
    name: str
    unit: str
    less_is_better: bool = True
    logarithmic: bool = True


MEASURES = {m.key: m for m in (
    Measure("cpu", "server CPU", "us per request"),
    Measure("answered", "answered", "requests/s", less_is_better=False),
    Measure("p50", "p50 latency", "us"),
    Measure("p90", "p90 latency", "us"),
    Measure("p99", "p99 latency", "us"),
    Measure("p99_9", "p99.9 latency", "us"),
    Measure("max", "longest", "us"),
    Measure("pss", "memory", "KiB PSS a connection"),
    Measure("kernel", "kernel memory", "KiB a connection"),
    Measure("syscalls", "system calls", "per request", logarithmic=False),
    Measure("switches", "switches", "per request", logarithmic=False),
    Measure("served", "clients served", "of 64", less_is_better=False, logarithmic=False),
    Measure("jain", "Jain's index", "1: all alike", less_is_better=False, logarithmic=False),
    Measure("lost", "not answered", "% of requests after the crash", logarithmic=False),
    Measure("reset", "connections lost", "of 16", logarithmic=False),
    Measure("a", "a: no octets", "us per request"),
    Measure("b", "b: octets alone", "MB per CPU second", less_is_better=False, logarithmic=False),
    Measure("ask", "asked", "requests", less_is_better=False),
)}
