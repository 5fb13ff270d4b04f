"""What a recipe says before it is run: which order it expects, and why."""
from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field

import recipes
from lab import Lab


@dataclass(frozen=True)
class Prediction:
    """`order` by `measure`, the best place first; who shares a place is expected to be equal."""

    measure: str
    order: tuple[tuple[str, ...], ...]
    why: str


@dataclass(frozen=True)
class Recipe:
    """One experiment. `columns` are the measures to be shown, the predicted one first.

    `course_fails` says for pairs of the course's order (better, worse) that are not expected to hold, why. An
    experiment that is not about designs has no word on the course's order: `course` is False then.
"""

    title: str
    question: str
    prediction: Prediction
    columns: tuple[str, ...]
    run: Callable[[Lab], None]
    course_fails: dict[tuple[str, str], str] = field(default_factory=dict)
    course: bool = True
    # Whether more or less is better: not where several say different things of the same.
    better: bool = True
    # More pictures below the overview, of the whole report.
    pictures: Callable[[dict], list] = lambda report: []
    number: int = 0
    name: str = ""


def load(name: str) -> Recipe:
    from dataclasses import replace

    recipe = importlib.import_module(f"recipes.{name}").RECIPE
    return replace(recipe, number=recipes.NAMES.index(name) + 1, name=name)


def find(word: str) -> str:
    """A name by name or number; hyphens are as good."""
    name = word.replace("-", "_")
    if name.isdigit() and 1 <= int(name) <= len(recipes.NAMES):
        return recipes.NAMES[int(name) - 1]
    if name in recipes.NAMES:
        return name
    there_are = ", ".join(f"{n} {name}" for n, name in enumerate(recipes.NAMES, 1))
    raise ValueError(f"no such experiment: {word}: there are {there_are}")
