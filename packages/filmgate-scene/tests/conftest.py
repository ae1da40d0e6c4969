"""The core's fixtures apply here too: a clean environment, programs that may be missing, commands in this process."""

from __future__ import annotations

from tests.support.cli import Cli, _cli
from tests.conftest import _own_environment, pytest_runtest_setup

__all__ = ["Cli", "_cli", "_own_environment", "pytest_runtest_setup"]
