"""Fixtures: those of the core (clean environment, optional programs, in-process commands), and compiled kernels."""

from __future__ import annotations

import pytest
from tests.conftest import _own_environment, pytest_runtest_setup, pytest_terminal_summary
from tests.support.cli import Cli
from tests.support.cli import cli as run

__all__ = ["_own_environment", "cli", "pytest_runtest_setup", "pytest_terminal_summary"]


@pytest.fixture
def cli() -> Cli:
    """Run a command in this process."""
    return run
