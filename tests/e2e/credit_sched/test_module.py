"""The module in the course VM: it schedules by its rules, survives everything, and leaves nothing behind."""
from __future__ import annotations

import module_vm
import pytest
from module_vm import DEBUG

# How many tests each program has at least, so that none is lost unseen.
SELFTESTS = {"share": 7, "lifecycle": 11}


@pytest.mark.parametrize("name", SELFTESTS)
def test_selftest(boot, name):
    status, text = boot("selftests").tap(name)
    module_vm.judge_tap(name, status, text, at_least=SELFTESTS[name], may_skip=DEBUG)


@pytest.mark.parametrize("what", ["selftests"])
def test_kernel_log_is_clean(boot, what):
    boot(what).judge_kernel_log()
