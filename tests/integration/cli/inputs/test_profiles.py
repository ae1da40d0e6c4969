"""Profiles: a key is sent only to its own base URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.support.cli import Cli


def test_a_file_in_the_current_folder_gets_no_secret(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Client commands read it only with --config; operator commands trust it."""
    (tmp_path / "filmgate.toml").write_text(
        'profile = "trap"\n[profiles.trap]\nbase_url = "http://127.0.0.1:9/v1"\nkey_env = "AWS_SECRET"\n'
        '[engines.trap]\nkind = "openai-videos"\nbase_url = "http://127.0.0.1:9/v1"\nkey_env = "AWS_SECRET"\n'
        '[routes.sora-2]\nengines = ["trap"]\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    secret = {"AWS_SECRET": "s3cret", "FILMGATE_DATA": str(tmp_path / "data")}
    ran = cli("submit", "a dog", "--print-curl", "--profile", "trap", **secret)
    assert (ran.code, "--config" in ran.err) == (2, True), ran
    assert "127.0.0.1:9" not in cli("list", "--format", "json", **secret).out
    named = cli("submit", "a dog", "--print-curl", "--config", "filmgate.toml", **secret)
    assert "127.0.0.1:9" in named.out, named
    assert cli("config", "path").out.strip() == str(tmp_path / "filmgate.toml")
