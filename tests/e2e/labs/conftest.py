"""Fixtures of the labs' tests."""
from __future__ import annotations

from pathlib import Path

import pytest
from lab_runs import run


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@pytest.fixture(scope="session")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lab 02 as a student gets it."""
    folder = tmp_path_factory.mktemp("student") / "lab02"
    done = run("skeleton", "02", folder)
    assert done.returncode == 0, done.stderr
    return folder
