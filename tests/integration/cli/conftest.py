"""Fixtures: commands in this process."""

from __future__ import annotations

import pytest
from tests.support.cli import Cli
from tests.support.cli import cli as run_cli


@pytest.fixture
def cli() -> Cli:
    """Return a function that runs a command in this process."""
    return run_cli
