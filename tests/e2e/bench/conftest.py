"""The mark that the tests of this folder share."""
from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")
