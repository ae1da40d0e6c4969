"""Profiles decide which server a command uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Cli, Served


def test_a_command_calls_the_api_of_its_profile(served: Served, cli: Cli, tmp_path: Path) -> None:
    """By option, variable or the file's default; with the profile's video defaults, which options override."""
    config = tmp_path / "filmgate.toml"
    (tmp_path / "key").write_text(f"{served.key}\n", encoding="ascii")
    config.write_text(
        f'[profiles.home]\nbase_url = "{served.url}"\nkey_file = "key"\nseconds = 8\nsize = "1280x720"\n'
        f'out = "{tmp_path}/{{slug}}.{{ext}}"\n',
        encoding="utf-8",
    )
    ran = cli("generate", "a koi pond", "--profile", "home", "--config", str(config), "--size", "720x1280", "-q")
    assert ran.out == f"{tmp_path}/a-koi-pond.mp4\n", ran
    listed = cli("list", "--limit", "1", "--format", "json", FILMGATE_CONFIG=str(config), FILMGATE_PROFILE="home").out
    assert (json.loads(listed)[0]["seconds"], json.loads(listed)[0]["size"]) == ("8", "720x1280")
    assert cli("list", "--profile", "away", FILMGATE_CONFIG=str(config)).code == 2
    config.write_text(f'profile = "home"\n\n{config.read_text(encoding="utf-8")}', encoding="utf-8")
    assert cli("list", "-q", FILMGATE_CONFIG=str(config)).code == 0
    elsewhere = cli("list", FILMGATE_CONFIG=str(config), OPENAI_BASE_URL="http://127.0.0.1:9")
    assert (elsewhere.code, "127.0.0.1:9" in elsewhere.err or "reached" in elsewhere.err) == (5, True)
