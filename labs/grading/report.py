"""A grade for people, for JUnit readers, for Gradescope, and as it is."""
from __future__ import annotations

import json
import re
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .outcome import Grade, Verdict

UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd]")


def clean(text: str) -> str:
    """Text that came from foreign code, fit for a terminal and for XML."""
    return UNPRINTABLE.sub("?", text)


def table(grade: Grade, width: int = 100) -> str:
    """The steps, their points, and one sentence for each that lost some."""
    title = f"Lab {grade.lab}: {grade.title}"
    columns = list(dict.fromkeys(part.name for step in grade.steps for part in step.parts))
    rows = [("step", "", *columns, "points")]
    for step in grade.steps:
        cells = {part.name: f"{part.earned}/{part.points} {part.verdict.value}" for part in step.parts}
        rows.append((str(step.number), step.title, *(cells.get(name, "") for name in columns),
                     f"{step.earned}/{step.points}"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [title, ""]
    for row in rows:
        lines.append("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip())
    lines += ["", f"{grade.earned} of {grade.points} points"
              + (", and some could not be told" if grade.could_not_tell else "")]
    # one cause may cost several steps
    sentences: dict[str, list[str]] = {}
    for step in grade.steps:
        if step.sentence:
            sentences.setdefault(step.sentence, []).append(str(step.number))
    for sentence, numbers in sentences.items():
        who = f"Step{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
        lines += ["", *textwrap.wrap(clean(f"{who}: {sentence}"), width,
                                     subsequent_indent="    ")]
    lines += ["", *(textwrap.fill(note, width) for note in grade.notes)]
    lines.append(f"Seed {grade.seed}, kernel {grade.kernel}, {grade.seconds:.0f} s. "
                 f"The same inputs again: --seed {grade.seed}.")
    return "\n".join(lines) + "\n"


def as_json(grade: Grade) -> dict[str, object]:
    return {
        "lab": grade.lab, "title": grade.title, "seed": grade.seed, "kernel": grade.kernel,
        "earned": grade.earned, "points": grade.points, "seconds": round(grade.seconds, 3),
        "outcome": "could-not-tell" if grade.could_not_tell else "graded", "notes": grade.notes,
        "steps": [{
            "number": step.number, "title": step.title, "earned": step.earned, "points": step.points,
            "verdict": step.verdict.value, "sentence": clean(step.sentence),
            "parts": [{"name": part.name, "earned": part.earned, "points": part.points,
                       "verdict": part.verdict.value, "why": clean(part.why), "look": clean(part.look),
                       "seconds": round(part.seconds, 3)} for part in step.parts],
        } for step in grade.steps],
    }


def gradescope(grade: Grade) -> dict[str, object]:
    """results.json of Gradescope. Without scores where a verdict is missing: never a zero."""
    tests = []
    for step in grade.steps:
        for part in step.parts:
            test: dict[str, object] = {
                "name": f"{step.title}: {part.name}", "number": str(step.number),
                "max_score": part.points, "output": clean(" ".join((part.why, part.look)).strip()),
                "visibility": "visible",
            }
            if part.verdict is not Verdict.COULD_NOT_TELL:
                test |= {"score": part.earned, "status": "passed" if part.verdict is Verdict.PASS else "failed"}
            tests.append(test)
    whole = {"output": clean("\n".join(grade.notes)), "output_format": "text",
             "execution_time": round(grade.seconds), "tests": tests,
             "extra_data": {"lab": grade.lab, "seed": grade.seed, "kernel": grade.kernel}}
    if grade.could_not_tell:
        whole["output"] = "The grader could not tell some results. This is not your fault; it will be run again."
    else:
        whole["score"] = grade.earned
    return whole


def junit(grade: Grade) -> ElementTree.ElementTree:
    parts = [(step, part) for step in grade.steps for part in step.parts]
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        suites, "testsuite", name=grade.lab, tests=str(len(parts)), time=f"{grade.seconds:.3f}",
        failures=str(sum(part.verdict is Verdict.FAIL for _, part in parts)),
        errors=str(sum(part.verdict is Verdict.COULD_NOT_TELL for _, part in parts)))
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("seed", grade.seed), ("kernel", grade.kernel), ("earned", grade.earned),
                        ("points", grade.points)):
        ElementTree.SubElement(properties, "property", name=name, value=str(value))
    for step, part in parts:
        case = ElementTree.SubElement(suite, "testcase", classname=f"{grade.lab}.step{step.number}",
                                      name=f"{step.title}: {part.name}", time=f"{part.seconds:.3f}")
        kind = {Verdict.FAIL: "failure", Verdict.COULD_NOT_TELL: "error"}.get(part.verdict)
        if kind:
            child = ElementTree.SubElement(case, kind, message=clean(part.why))
            child.text = clean(" ".join((part.why, part.look)).strip())
    ElementTree.indent(suites)
    return ElementTree.ElementTree(suites)


def write(grade: Grade, out: Path) -> None:
    """grade.txt, grade.json, results.json and junit.xml; each appears whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {"grade.txt": table(grade), "grade.json": json.dumps(as_json(grade), indent=2) + "\n",
             "results.json": json.dumps(gradescope(grade), indent=2) + "\n",
             "junit.xml": ElementTree.tostring(junit(grade).getroot(), "unicode", xml_declaration=True) + "\n"}
    for name, text in texts.items():
        (out / f".{name}").write_text(text)
        (out / f".{name}").replace(out / name)
