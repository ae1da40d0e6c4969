"""``filmgate config``: what is configured, from where, and what is wrong with it."""

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
    """A file with a mistake: an option that the engine does not know."""
    path = tmp_path / "filmgate.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_every_value_is_listed_with_its_origin(cli: Cli, file: Path) -> None:
    """Defaults, the environment, the file; tables flat, and nothing that may be a secret."""
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


def test_programs_read_it_as_json(cli: Cli, file: Path) -> None:
    """A list of settings, each with its value."""
    rows = json.loads(cli("config", "list", "--config", str(file), "--format", "json").out)
    assert {"id": "port", "value": 8123} in rows


def test_a_check_names_the_mistakes(cli: Cli, file: Path) -> None:
    """One after the other, and ends as a bad setting does."""
    ran = cli("config", "check", "--config", str(file))
    assert ran.code == 2
    assert "VENDOR_KEY is not set" in ran.out
    ran = cli("config", "check", "--config", str(file), VENDOR_KEY="sk-hidden")
    assert (ran.code, "proxy" in ran.out, "sk-hidden" in ran.out + ran.err) == (2, True, False)


def test_a_check_of_what_is_right_says_so(cli: Cli, file: Path) -> None:
    """With the file's name."""
    file.write_text("port = 1\n", encoding="utf-8")
    ran = cli("config", "check", "--config", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert str(file) in ran.err


def test_a_file_that_can_not_be_read_is_a_mistake_too(cli: Cli, file: Path) -> None:
    """It is told, not raised; programs get a list."""
    file.write_text("port = \n[engines", encoding="utf-8")
    ran = cli("config", "check", "--config", str(file), "--format", "json")
    said = json.loads(ran.out)
    assert ran.code == 2
    assert said["file"] == str(file)
    assert "not valid TOML" in said["mistakes"][0]


def test_the_path_is_told(cli: Cli, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, found, or that there is none."""
    assert cli("config", "path", FILMGATE_CONFIG=str(file)).out == f"{file}\n"
    monkeypatch.chdir(tmp_path)
    assert cli("config", "path").out == f"{file}\n"
    file.unlink()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert cli("config", "path").code == 3
