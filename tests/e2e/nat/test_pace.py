"""A machine that stood still is noticed; a verdict of one that was on time is the first one."""
from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from types import SimpleNamespace

import in_vm
import pytest
from pace import Pace


def test_time_that_is_lost_is_added_up() -> None:
    with Pace() as pace:
        time.sleep(0.2)
        before = pace.lost
        for process in pace.beating:
            os.kill(process, signal.SIGSTOP)
        time.sleep(0.6)
        for process in pace.beating:
            os.kill(process, signal.SIGCONT)
        time.sleep(0.2)
        assert pace.lost - before > 0.4 * len(pace.beating)
        processes = pace.beating
    assert all(not os.path.exists(f"/proc/{process}") for process in processes)


FAILED = {"passed": False, "leaked": [], "seen": ""}


@pytest.mark.parametrize(("attempts", "lost", "made"), [
    ([FAILED], [0.1], 1),
    ([FAILED, FAILED | {"passed": True}], [1, 1], 2),
    ([FAILED, FAILED], [1, 0.1], 2),
    ([FAILED | {"passed": True}], [1], 1),
    ([FAILED | {"leaked": ["an inside address"]}], [1], 1),
    ([FAILED] * 9, [1] * 9, in_vm.TIMES),
])
def test_a_failure_counts_if_the_machine_was_on_time(attempts: list[dict], lost: list[float], made: int) -> None:
    pace = SimpleNamespace(lost=0.0)

    def verdicts() -> Iterator[dict]:
        for record, seconds in zip(attempts, lost):
            pace.lost += seconds
            yield dict(record)

    coming = verdicts()
    run = SimpleNamespace(one=lambda check: next(coming))
    record = in_vm.Run.in_time(run, test_time_that_is_lost_is_added_up, pace)
    assert record["times"] == made and record["passed"] == attempts[made - 1]["passed"]
