"""``filmgate help``: help of a command, and the options of every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.cli.command import COMMANDS
from filmgate.cli.terminal_text import display_width

if TYPE_CHECKING:
    from tests.support.cli import Cli

SHARED_OPTIONS = (
    "--profile",
    "--base-url",
    "--api-key",
    "--provider",
    "--config",
    "--data",
    "--format",
    "--quiet",
    "--lang",
)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", [[], *([name] for name in COMMANDS), ["keys", "create"]])
def test_help_of_a_command_equals_its_help_option(
    cli: Cli, capsys: pytest.CaptureFixture[str], path: list[str], language: str
) -> None:
    """For commands, groups and their subcommands."""
    assert cli(*path, "--help", "--lang", language).code == 0
    assert cli("help", *path, "--lang", language).out == capsys.readouterr().out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_common_options_are_on_a_page_of_their_own(cli: Cli, capsys: pytest.CaptureFixture[str], language: str) -> None:
    """A command lists its own options and one line that names this page."""
    page = cli("help", "options", "--lang", language).out
    assert all(f"{option} " in page for option in SHARED_OPTIONS)
    cli("generate", "--help", "--lang", language)
    own = capsys.readouterr().out
    assert "filmgate help options" in own
    assert "--dry-run" in own
    assert not any(f"  {option} " in own for option in SHARED_OPTIONS)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_common_options_fit_40_columns(cli: Cli, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """Only an option's list of choices may be wider."""
    monkeypatch.setenv("COLUMNS", "40")
    lines = cli("help", "options", "--lang", language).out.splitlines()
    assert all(display_width(line) <= 40 for line in lines if "|" not in line)


@pytest.mark.parametrize("topic", [["frob"], ["keys", "frob"], ["generate", "frob"], ["options", "frob"]])
def test_an_unknown_topic_is_a_usage_error(cli: Cli, topic: list[str]) -> None:
    """Localised, like an unknown command."""
    ran = cli("help", *topic)
    assert (ran.code, ran.out) == (2, "")
    assert "no such command" in ran.err
    assert "没有命令" in cli("help", *topic, "--lang", "zh").err
    assert "没有命令" in cli("frob", "--lang", "zh").err
    assert "缺少命令" in cli("--lang", "zh").err
