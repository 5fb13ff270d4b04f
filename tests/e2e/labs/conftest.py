"""Fixtures of the labs' tests."""
from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_runs import run


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@pytest.fixture(scope="session")
def skeletons(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A lab as a student gets it, by number."""
    top = tmp_path_factory.mktemp("student")

    @functools.cache
    def skeleton_of(lab: str) -> Path:
        done = run("skeleton", lab, top / lab)
        assert done.returncode == 0, done.stderr
        return top / lab
    return skeleton_of


@pytest.fixture(scope="session")
def skeleton(skeletons: Callable[[str], Path]) -> Path:
    """Lab 02 as a student gets it."""
    return skeletons("02")
