"""The table of requirements, the tests, and what README.md says of both agree; and the kernel had no complaints."""
from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable

import in_vm
import pytest
import report
from module_vm import KERNEL
from requirements import NFT_FAILS, REQUIREMENTS


def test_every_requirement_has_its_test() -> None:
    listed = Counter(r.test for r in REQUIREMENTS)
    there = Counter(test.__name__ for test in in_vm.checks())
    assert not [t for t, n in (listed + there).items() if n > 2], "a name is there twice"
    assert set(listed) == set(there), f"listed or tested only: {set(listed) ^ set(there)}"
    assert set(NFT_FAILS) <= set(listed), f"no such tests: {set(NFT_FAILS) - set(listed)}"


@pytest.mark.parametrize("requirement", [r for r in REQUIREMENTS if r.rfc], ids=lambda r: r.test)
def test_a_test_says_which_requirement_it_judges(requirement) -> None:
    test = next(t for t in in_vm.checks() if t.__name__ == requirement.test)
    number = f"Section {requirement.number}" if requirement.rfc == "7857" else f"REQ-{requirement.number}"
    assert test.__doc__ and test.__doc__.startswith(f"{number}, {requirement.level}"), test.__doc__
    in_name = requirement.test.split("_")[3]
    assert in_name.lstrip("0").startswith(requirement.number.split(".")[0].rstrip("ab")), requirement


def test_kernel_log_is_clean(subject: str, boot_of: Callable) -> None:
    boot_of(subject).judge_kernel_log()


@pytest.mark.skipif(KERNEL != "6.12" or "ONLY" in os.environ, reason="README.md tells of a whole run on 6.12")
def test_readme_tells_what_was_seen(subject: str, of: Callable) -> None:
    of(subject)
    report.write({subject: of(subject)})
    column = {"nft": 4, "vnic": 5}[subject]
    told, seen = ([line.split("|")[column] for line in text.splitlines()]
                  for text in (report.in_readme(), report.table(json.loads(report.JSON.read_text()))))
    assert told == seen, "run tests/e2e/nat/report.py"
