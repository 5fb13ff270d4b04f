"""What a lab is: a folder NN-name with lab.toml, a handout and checks.

	title = "..."
	checks = "checks.py"		# the lab's own code, see grade.py for what it offers
	sources = ["kmod"]		# what of this project is compiled, copied pristine
	files = ["kmod/x/core/y.c"]	# those of them that a student edits
	[[step]]
	number = 1
	title = "..."
	host = 12			# points of the host tests
	vm = 8				# points of the run in the course VM; 0: it is not run there
"""
from __future__ import annotations

import importlib.util
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from .outcome import Usage

TREE = Path(__file__).resolve().parents[2]
LABS = TREE / "labs"


@dataclass(frozen=True)
class Step:
    number: int
    title: str
    host: int
    vm: int


@dataclass(frozen=True)
class Lab:
    folder: Path
    title: str
    sources: tuple[str, ...]
    files: tuple[str, ...]
    steps: tuple[Step, ...]
    checks_file: Path

    @property
    def number(self) -> str:
        return self.folder.name.split("-", 1)[0]

    @property
    def name(self) -> str:
        return self.folder.name

    def step(self, number: int) -> Step:
        for step in self.steps:
            if step.number == number:
                return step
        raise Usage(f"no such step: {number}: lab {self.name} has steps "
                    f"{', '.join(str(step.number) for step in self.steps)}")

    def checks(self) -> ModuleType:
        """The lab's own code. Its folder is importable, for the files beside it."""
        if str(self.checks_file.parent) not in sys.path:
            sys.path.insert(0, str(self.checks_file.parent))
        name = f"lab_{self.number}_checks"
        if name in sys.modules:
            return sys.modules[name]
        spec = importlib.util.spec_from_file_location(name, self.checks_file)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


def names(labs: Path = LABS) -> list[str]:
    """Every lab there is, by folder name."""
    return sorted(path.parent.name for path in labs.glob("[0-9][0-9]-*/lab.toml"))


def find(wanted: str, labs: Path = LABS) -> Lab:
    """The lab with this number ("02", "2"), name ("shadow-paging") or folder name."""
    for name in names(labs):
        number, _, word = name.partition("-")
        if wanted in (name, number, number.lstrip("0"), word):
            return load(labs / name)
    raise Usage(f"no such lab: {wanted or '(none given)'}: there is {', '.join(names(labs)) or 'none'}; "
                "give a number or a name")


def load(folder: Path) -> Lab:
    with open(folder / "lab.toml", "rb") as file:
        data = tomllib.load(file)
    steps = tuple(Step(int(s["number"]), str(s["title"]), int(s["host"]), int(s["vm"]))
                  for s in data["step"])
    total = sum(step.host + step.vm for step in steps)
    if total != 100:
        raise Usage(f"bad lab: {folder}/lab.toml: points add up to {total}: make them 100")
    return Lab(folder, data["title"], tuple(data["sources"]), tuple(data["files"]), steps,
               folder / data["checks"])
