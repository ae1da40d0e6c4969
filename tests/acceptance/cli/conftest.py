"""Commands in this process and in their own, alone and against a server."""

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
    """Runs a command in this process."""
    return run_cli


@pytest.fixture
def cli_env(tmp_path: Path) -> CliEnv:
    """A fresh data folder."""
    return CliEnv(tmp_path)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose test cards are ready at once."""
    cli_env = CliEnv(tmp_path_factory.mktemp("served"))
    with cli_env.serving() as (url, _):
        key = cli_env("keys", "create", "-q").out.strip()
        yield Served(url, key)
