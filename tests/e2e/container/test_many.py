# SPDX-License-Identifier: GPL-2.0-only
"""A thousand containers: nothing is left of them, and the last hundred take as long as the first."""
from __future__ import annotations

import time

import pytest
from conftest import Bundle, Cell, left_over, mounts


@pytest.mark.slow
def test_1000_containers_leave_nothing_and_time_grows_linearly(cell: Cell, bundle: Bundle) -> None:
    before, took = mounts(), []
    bundle.config["process"]["args"] = ["/bin/true"]
    bundle.write()
    for _ in range(10):
        start = time.monotonic()
        for _ in range(100):
            assert cell.do("run", "-b", bundle.path, cell.name()).returncode == 0
        took.append(time.monotonic() - start)
    assert not any(left_over(cell, before).values())
    assert sum(took[5:]) < 2 * sum(took[:5]), took


@pytest.mark.slow
def test_100_at_once_leave_nothing(cell: Cell, bundle: Bundle) -> None:
    before, names = mounts(), []
    for _ in range(100):
        names.append(cell.start(bundle.sh("sleep 100")))
    assert set(cell.ok("list", "-q").split()) == set(names)
    cell.ok("delete", "--force", *names, timeout=60)
    assert not any(left_over(cell, before).values())
