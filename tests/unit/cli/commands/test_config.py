"""``filmgate config``: values, their origins, and errors."""

from __future__ import annotations

import json
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


def test_every_value_is_listed_with_its_origin(cli: Cli, file: Path) -> None:
    """Defaults, environment and file; tables are flattened, and possible secrets are masked."""
    ran = cli("config", "list", "--show-origin", "--config", str(file), FILMGATE_HOST="::1")
    lines = dict(line.split("\t", 1) for line in ran.out.splitlines())
    assert lines["port"] == f"8123\t{file}"
    assert lines["host"] == "::1\tFILMGATE_HOST"
    assert lines["worker"] == "true\tdefault"
    assert lines["engines.vendor.key_env"] == f"VENDOR_KEY\t{file}"
    assert lines["engines.vendor.base_url"] == f"https://vendor.example/v1\t{file}"
    assert lines["engines.vendor.proxy"] == f"http://…@proxy.example\t{file}"
    assert lines["engines.vendor.token"] == f"…\t{file}"
    assert lines["routes.sora-2.engines"].startswith('["vendor",{"engine":"testcard"}]')
    assert (ran.code, "hidden" in ran.out) == (0, False)


def test_settings_are_listed_as_json(cli: Cli, file: Path) -> None:
    """A list of settings with their values."""
    rows = json.loads(cli("config", "list", "--config", str(file), "--format", "json").out)
    assert {"id": "port", "value": 8123} in rows


def test_a_check_reports_every_error(cli: Cli, file: Path) -> None:
    """One a line; the exit code is that of a bad setting."""
    ran = cli("config", "check", "--config", str(file))
    assert ran.code == 2
    assert "VENDOR_KEY is not set" in ran.out
    ran = cli("config", "check", "--config", str(file), VENDOR_KEY="sk-hidden")
    assert (ran.code, "proxy" in ran.out, "sk-hidden" in ran.out + ran.err) == (2, True, False)


def test_a_check_of_a_valid_file_passes(cli: Cli, file: Path) -> None:
    """It prints the file's name."""
    file.write_text("port = 1\n", encoding="utf-8")
    ran = cli("config", "check", "--config", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert str(file) in ran.err


def test_an_unreadable_file_is_a_reported_error(cli: Cli, file: Path) -> None:
    """It is not raised; JSON output has a list."""
    file.write_text("port = \n[engines", encoding="utf-8")
    ran = cli("config", "check", "--config", str(file), "--format", "json")
    result = json.loads(ran.out)
    assert ran.code == 2
    assert result["file"] == str(file)
    assert "not valid TOML" in result["problems"][0]


def test_the_path_of_the_file_is_printed(cli: Cli, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment, the current folder, or none."""
    assert cli("config", "path", FILMGATE_CONFIG=str(file)).out == f"{file}\n"
    monkeypatch.chdir(tmp_path)
    assert cli("config", "path").out == f"{file}\n"
    file.unlink()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert cli("config", "path").code == 3
