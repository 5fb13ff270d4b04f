"""The tests' own test: credit_sched broken on purpose; see ../module_mutants.py."""
from __future__ import annotations

import pytest
from module_mutants import Mutant, broken, has_its_test, is_caught, outcome
from module_vm import TREE
from mutants import MUTANTS

SETTINGS = {"PERCENT": "100", "SECONDS": "60", "SEED": "1"}
# Programs that load the module themselves, or want one processor: see conftest.py.
ONE_PROCESSOR = ("endings", "ring")


def test_every_mutant_still_has_a_place() -> None:
    """They are run in test-all; that they can be made is seen every day."""
    for mutant in MUTANTS:
        assert broken("credit_sched", mutant) != (TREE / "kmod/credit_sched" / mutant.file).read_text()
        assert has_its_test("credit_sched", mutant), f"{mutant.program} has no {mutant.test}"


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_broken_module_fails_the_test_of_its_rule(mutant: Mutant) -> None:
    said = outcome("credit_sched", mutant, SETTINGS, 1 if mutant.program in ONE_PROCESSOR else 2)
    print(f"{mutant.name}: {mutant.test}: {said}")
    assert is_caught(said), f"{mutant.name} survived {mutant.test}"
