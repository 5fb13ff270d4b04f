"""What an experiment came to: a JSON that has all, and what the prediction and the course's order are worth by it."""
from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from lab import Lab
from measures import MEASURES
from ranking import Interval, judge, judge_order, tiers
from recipe import Recipe
from subjects import COURSE


def machine() -> dict:
    cpu = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    return {"cpu": cpu[1] if cpu else "unknown", "processors": len(os.sched_getaffinity(0)),
            "kernel": platform.release(),
            "load average": [round(v, 2) for v in os.getloadavg()]}


def intervals(slices: list[dict]) -> dict[str, dict[str, Interval]]:
    """By subject and measure."""
    values: dict[str, dict[str, list[float]]] = {}
    for s in slices:
        for measure, value in s["values"].items():
            values.setdefault(s["subject"], {}).setdefault(measure, []).append(value)
    return {subject: {m: Interval.of(v) for m, v in of.items()} for subject, of in values.items()}


def course_pairs(recipe: Recipe, by: dict[str, Interval], less_is_better: bool) -> list[dict]:
    """Of every two neighbours of the course's order: whether it holds here; if not, why."""
    if not recipe.course:
        return []
    out = []
    for better, worse in zip(COURSE, COURSE[1:]):
        if better not in by or worse not in by:
            continue
        pair = judge(by, better, worse, less_is_better)
        why = "" if pair.verdict == "held" else recipe.course_fails.get(
            (better, worse), "That was not expected: look at the slices, and measure again on a machine that does "
                             "nothing else.")
        out.append({"better": better, "worse": worse, "verdict": pair.verdict, "why": why})
    return out


def make(recipe: Recipe, lab: Lab, seconds: float) -> dict:
    summary = intervals(lab.slices)
    measure = MEASURES[recipe.prediction.measure]
    by = {key: of[measure.key] for key, of in summary.items() if measure.key in of}
    return {
        "number": recipe.number, "name": recipe.name, "title": recipe.title, "question": recipe.question,
        "better": recipe.better, "quick": lab.quick, "seconds": round(seconds, 1), "machine": machine(), "cpus": lab.cpus.told,
        "prediction": {"measure": measure.key,
                       "order": [[k for k in tier if k in by] for tier in recipe.prediction.order],
                       "why": recipe.prediction.why},
        "measured order": tiers(by, measure.less_is_better),
        "predicted pairs": [vars(p) for p in judge_order(by, recipe.prediction.order, measure.less_is_better)],
        "course pairs": course_pairs(recipe, by, measure.less_is_better),
        "subjects": {key: {"name": v.name, "family": v.family, "command": [v.program, *v.options]}
                     for key, v in lab.subjects.items()},
        "columns": list(recipe.columns),
        "summary": {key: {m: v.to_json() for m, v in of.items()} for key, of in summary.items()},
        "notes": lab.notes, "detail": lab.detail,
        "slices": [s | {"values": {k: float(f"{v:.5g}") for k, v in s["values"].items()}} for s in lab.slices],
    }


def named(report: dict, order: list[list[str]]) -> str:
    """As people write it: a < b = c."""
    sign = " < " if MEASURES[report["prediction"]["measure"]].less_is_better else " > "
    return sign.join(" = ".join(report["subjects"][key]["name"] for key in tier) for tier in order if tier)


def held(report: dict) -> str:
    pairs = report["predicted pairs"]
    count = {verdict: sum(p["verdict"] == verdict for p in pairs)
             for verdict in ("held", "reversed", "not so", "not told apart")}
    text = f"{count['held']} of {len(pairs)} pairs as predicted"
    other = count["reversed"] + count["not so"]
    if other:
        text += f", {other} otherwise"
    if count["not told apart"]:
        text += f", {count['not told apart']} not told apart"
    return text
