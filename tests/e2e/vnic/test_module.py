"""The card in the course VM: it is a TAP device, it loses nothing, survives everything, and leaves nothing behind."""
from __future__ import annotations

import module_vm
import pytest

# How many tests each program has at least, so that none is lost unseen.
CARDS = {"tap": 49, "offload": 17, "link": 18, "ring": 20, "held": 17}
ENDURE = {"garbage": 1, "lifecycle": 16}


@pytest.mark.parametrize("name", CARDS)
def test_keeps_its_promises(boot, name):
    # Which offloads there are depends on the kernel's TAP.
    module_vm.judge_tap(name, *boot("cards").tap(name), at_least=CARDS[name], may_skip=name == "offload")


@pytest.mark.parametrize("name", ENDURE)
def test_endures(boot, name):
    module_vm.judge_tap(name, *boot("endure").tap(name), at_least=ENDURE[name])


@pytest.mark.parametrize("what", ["cards", "endure"])
def test_kernel_log_is_clean(boot, what):
    boot(what).judge_kernel_log()
