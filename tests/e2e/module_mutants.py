"""The tests' own test: a module broken on purpose, one boot each; the test that guards the rule must fail.

Each module's folder has a list of ways to break it, and the two tests that run through it.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import module_vm
from module_vm import BUILD, KERNEL, TREE


class Mutant(NamedTuple):
    """One way: a text that occurs once in a file of the module, and what is put in its place."""

    name: str
    file: str
    old: str
    new: str
    program: str
    test: str


def broken(module: str, mutant: Mutant) -> str:
    """The file as the mutant has it."""
    text = (TREE / "kmod" / module / mutant.file).read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file} has it {text.count(mutant.old)} times: {mutant.old}"
    return text.replace(mutant.old, mutant.new)


def build(module: str, mutant: Mutant) -> Path:
    """The broken module, built beside the whole one. A file is written if it differs from the one that is there, so
    that make compiles what this mutant breaks, and what the one before broke."""
    kernel = BUILD / "mutants" / module
    texts = {path.relative_to(TREE): path.read_text() for path in (TREE / "kmod").rglob("*") if path.is_file()}
    texts |= {Path("Kbuild"): f"obj-m += kmod/{module}/\n", Path("kmod") / module / mutant.file: broken(module, mutant)}
    for name, text in texts.items():
        place = kernel / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_text() != text:
            place.write_text(text)
    release = subprocess.run([TREE / "coursevm/image", "--kernel", KERNEL, "--release"], capture_output=True, text=True,
                             check=True).stdout.strip()
    done = subprocess.run([TREE / "coursevm/enter", "--kernel", KERNEL, "--", "make", "-C",
                           f"/lib/modules/{release}/build", f"M=/virtlab/build/mutants/{module}",
                           "KCFLAGS=-Wno-error -w", "modules"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return kernel / f"kmod/{module}/{module}.ko"


def has_its_test(module: str, mutant: Mutant) -> bool:
    """A misspelt one would run nothing, and nothing would be ok."""
    program = (TREE / "tests/kselftest" / module / f"{mutant.program}.c").read_text()
    return re.search(rf"\bRUN\w*\({mutant.test}\b", program) is not None


def outcome(module: str, mutant: Mutant, settings: Mapping[str, str], processors: int) -> str:
    """Of the one test: ok, not ok, or how the machine ended without either."""
    boot = module_vm.boot(module, "one", processors=processors, patience=240, file=build(module, mutant),
                          settings={**settings, "PROGRAM": mutant.program, "ONLY": mutant.test})
    output = boot.out / f"{mutant.program}.tap"
    text = output.read_text(errors="replace") if output.exists() else ""
    if verdict := re.search(rf"^(ok|not ok) \d+ - {mutant.test}$", text, re.M):
        if verdict[1] == "ok" and boot.status:
            return f"the machine ended with {boot.status}"
        return verdict[1]
    return f"the machine ended with {boot.status}"


def is_caught(said: str) -> bool:
    """The whole module passes the same test, each day: so whatever else happens is the mutant's doing, unless nothing
    did, or the launcher could not do its work."""
    return said not in ("ok", "the machine ended with 0", "the machine ended with 125")
