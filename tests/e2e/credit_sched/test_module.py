"""The module in the course VM: it schedules by its rules, survives everything, and leaves nothing behind."""
from __future__ import annotations

import module_vm
import pytest

# How many tests each program has at least, so that none is lost unseen.
SCHEDULE = {"share": 19, "lifecycle": 19, "arguments": 14, "privilege": 11, "cpus": 10, "garbage": 1}
ENDURE = {"endings": 15, "ring": 12, "cycles": 1}


def judge_log(boot, what: str) -> None:
    """The kernel complains of nothing, and neither do the invariants of core/ (audit=1)."""
    log = boot(what).judge_kernel_log()
    broken = [line for line in log.splitlines() if "broken: " in line]
    assert not broken, "the audit found:\n" + "\n".join(broken)


@pytest.mark.parametrize("name", SCHEDULE)
def test_schedules_by_its_rules(boot, name):
    module_vm.judge_tap(name, *boot("schedule").tap(name), at_least=SCHEDULE[name])


@pytest.mark.parametrize("name", ENDURE)
def test_endures(boot, name):
    module_vm.judge_tap(name, *boot("endure").tap(name), at_least=ENDURE[name])


@pytest.mark.parametrize("what", ["schedule", "endure"])
def test_kernel_log_is_clean(boot, what):
    judge_log(boot, what)


@pytest.mark.slow
def test_a_thousand_cycles_with_tasks_parked(boot):
    module_vm.judge_tap("cycles", *boot("thousand").tap("cycles"), at_least=1)
    judge_log(boot, "thousand")
