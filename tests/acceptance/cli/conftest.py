"""Fixtures: commands in this process and in processes of their own, alone and with a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.cli import Cli, CliEnv, Served
from tests.support.cli import cli as run_cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cli() -> Cli:
    """Return a function that runs a command in this process."""
    return run_cli


@pytest.fixture
def cli_env(tmp_path: Path) -> CliEnv:
    """Return commands on a new data folder."""
    return CliEnv(tmp_path)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a server whose test cards are ready at once."""
    cli_env = CliEnv(tmp_path_factory.mktemp("served"))
    with cli_env.serving() as (url, _):
        key = cli_env("keys", "create", "-q").out.strip()
        yield Served(url, key)
