"""The tests' own test: the module broken on purpose, one boot each; the test that guards the rule must fail."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import module_vm
import pytest
from module_vm import BUILD, KERNEL, TREE
from mutants import MUTANTS, Mutant

SOURCES = TREE / "kmod/credit_sched"
# Programs that load the module themselves, or want one processor: see conftest.py.
ONE_PROCESSOR = ("endings", "ring")


def broken(mutant: Mutant) -> str:
    """The file as the mutant has it."""
    text = (SOURCES / mutant.file).read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file} has it {text.count(mutant.old)} times: {mutant.old}"
    return text.replace(mutant.old, mutant.new)


def build(mutant: Mutant) -> Path:
    """The broken module, built beside the whole one. A file is written if it differs from the one that is there, so that
    make compiles what this mutant breaks, and what the one before broke."""
    kernel = BUILD / "mutants/credit_sched"
    texts = {path.relative_to(TREE): path.read_text() for path in (TREE / "kmod").rglob("*") if path.is_file()}
    texts |= {Path("Kbuild"): "obj-m += kmod/credit_sched/\n",
              (SOURCES / mutant.file).relative_to(TREE): broken(mutant)}
    for name, text in texts.items():
        place = kernel / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_text() != text:
            place.write_text(text)
    release = subprocess.run([TREE / "coursevm/image", "--kernel", KERNEL, "--release"], capture_output=True, text=True,
                             check=True).stdout.strip()
    done = subprocess.run([TREE / "coursevm/enter", "--kernel", KERNEL, "--", "make", "-C", f"/lib/modules/{release}/build",
                           "M=/virtlab/build/mutants/credit_sched", "KCFLAGS=-Wno-error -w", "modules"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return kernel / "kmod/credit_sched/credit_sched.ko"


def outcome(program: str, test: str, module: Path) -> str:
    """Of the one test: ok, not ok, or how the machine ended without either."""
    boot = module_vm.boot("credit_sched", "one", processors=1 if program in ONE_PROCESSOR else 2, patience=240, file=module,
                          settings={"PERCENT": "100", "SECONDS": "60", "SEED": "1", "PROGRAM": program, "ONLY": test})
    output = boot.out / f"{program}.tap"
    text = output.read_text(errors="replace") if output.exists() else ""
    if verdict := re.search(rf"^(ok|not ok) \d+ - {test}$", text, re.M):
        if verdict[1] == "ok" and boot.status:
            return f"the machine ended with {boot.status}"
        return verdict[1]
    return f"the machine ended with {boot.status}"


def test_every_mutant_still_has_a_place() -> None:
    """They are run in test-all; that they can be made is seen every day."""
    for mutant in MUTANTS:
        assert broken(mutant) != (SOURCES / mutant.file).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_broken_module_fails_the_test_of_its_rule(mutant: Mutant) -> None:
    said = outcome(mutant.program, mutant.test, build(mutant))
    print(f"{mutant.name}: {mutant.test}: {said}")
    assert said != "ok", f"{mutant.name} survived {mutant.test}"
