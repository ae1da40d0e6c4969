"""Fixtures: commands in this process and in processes of their own, alone and with a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support import served as servers
from tests.support.cli import Cli, CliEnv, Served
from tests.support.cli import cli as run_cli


@pytest.fixture
def cli() -> Cli:
    """Return a function that runs a command in this process."""
    return run_cli


@pytest.fixture
def cli_env(tmp_path: Path) -> CliEnv:
    """Return commands on a new data folder."""
    return CliEnv(tmp_path)


@pytest.fixture(scope="session")
def served(served: servers.Served) -> Served:
    """Return the worker's server whose test cards are ready at once, with an account of its own."""
    key = asyncio.run(servers.new_key(Path(served.folder), "cli"))
    return Served(served.url, key)
