"""A student's answers.toml: what is asked in the labs' measured steps, and how it is told what is wrong with it.

Each function raises Failure at the first answer that is not of its kind, with a hint where to look.
"""
from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping

from .outcome import Failure

FORM = "The handout shows the form."


def load(text: str, drawn: str) -> tuple[dict, str]:
    """The answers, and the student's name, which the `drawn` (crowd, experiment, machine) follows from."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"answers.toml cannot be read: {error}.", FORM) from error
    student = given.get("student")
    if not isinstance(student, str) or not re.search(r"\w", student):
        raise Failure("answers.toml does not name a student.", f"Your {drawn} is drawn from your name.")
    return given, student


def whole(given: dict, name: str, look: str) -> int:
    """A whole number of the answers."""
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Failure(f"answers.toml has no whole number for {name}.", look)
    return value


def measured(given: dict, table: str, name: str) -> float:
    """A number above 0 in one of the answers' tables."""
    row = given.get(table)
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < 1e9:
        raise Failure(f"answers.toml has no number for {table}.{name}.", "Copy what `measure` printed.")
    return float(value)


def prediction(given: dict, name: str, of: Iterable[str]) -> None:
    """All `of` them in some order. Which one is not judged: it was written before anything was measured."""
    order, all_of_them = given.get(name), list(of)
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(all_of_them):
        raise Failure(f"{name} should have {', '.join(all_of_them)} in the order that you expect, least time first.",
                      "A wrong prediction costs nothing; write it before you measure.")


def causes(given: dict, why: Mapping[str, tuple[str, str]], of: Iterable[str]) -> None:
    """Each question of `why` (the right cause, where to look) is answered by one cause `of` those there are."""
    all_of_them = list(of)
    for name, (right, look) in why.items():
        if given.get(name) not in all_of_them:
            raise Failure(f"{name} should be one of {', '.join(all_of_them)}.", "The handout says what each means.")
        if given[name] != right:
            raise Failure(f"{name} is not {given[name]}.", f"Think again: {look}")
