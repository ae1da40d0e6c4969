"""Commands read the configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Cli


FILE = """
port = 8123

[engines.vendor]
kind = "openai-videos"
base_url = "https://vendor.example/v1"
proxy = "http://user:hidden@proxy.example"
key_env = "VENDOR_KEY"
token = "hidden"

[routes.sora-2]
engines = ["vendor", { engine = "testcard" }]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a file with an error: an option that the engine does not have."""
    path = tmp_path / "filmgate.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_commands_read_the_file(cli: Cli, file: Path, tmp_path: Path) -> None:
    """Its settings apply to every command: here, a data folder and a model."""
    file.write_text('data = "rows"\n[models.own]\nlike = "sora-2"\n', encoding="utf-8")
    ran = cli("keys", "create", "--models", "own", "--config", str(file))
    assert (ran.code, (tmp_path / "rows" / "filmgate.sqlite").exists()) == (0, True)
