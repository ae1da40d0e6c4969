"""The core's fixtures apply here too: a clean environment, programs that may be missing, commands in this process."""

from __future__ import annotations

import pytest
from tests.conftest import _own_environment, pytest_runtest_setup, pytest_terminal_summary
from tests.support.cli import Cli
from tests.support.cli import cli as run

from filmgate_scene.compose import warm_up

__all__ = ["_own_environment", "cli", "pytest_runtest_setup", "pytest_terminal_summary"]


@pytest.fixture
def cli() -> Cli:
    """Runs a command in this process."""
    return run


@pytest.fixture(scope="session")
def _compiled_kernels() -> None:
    """Kernels lie in the cache: a worker of its own process that had to compile them would keep its test waiting."""
    warm_up()
