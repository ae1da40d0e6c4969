"""The outermost frame: help, languages, and every mistake told in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.cli.command import COMMANDS
from filmgate.client.backends.registry import BACKENDS
from filmgate.wire.providers import PROVIDERS

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_help_lists_every_command(cli: Cli) -> None:
    """Each command with a line, the exit code 0."""
    ran = cli("--help")
    assert ran.code == 0


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["keys", "create"], ["keys", "revoke"]])
def test_every_help_is_in_its_language(
    cli: Cli, capsys: pytest.CaptureFixture[str], command: list[str], language: str
) -> None:
    """Whole screens: no heading of the other language."""
    assert cli(*command, "--help", "--lang", language).code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: " if language == "en" else "用法：")
    assert ("Options" in shown, "选项" in shown) == (language == "en", language == "zh")


def test_the_locale_chooses_the_language(cli: Cli) -> None:
    """``--lang`` counts more than the locale."""
    assert "没有选项" in cli("list", "--nope", LANG="zh_CN.UTF-8").err
    assert "no option" in cli("--lang=en", "list", "--nope", LANG="zh_CN.UTF-8").err


def test_the_version_is_shown(cli: Cli) -> None:
    """One line on standard output."""
    assert cli("--version").out.startswith("filmgate ")


@pytest.mark.parametrize("arguments", [["frob"], ["generate"], ["list", "--nope"], ["list", "--limit", "x"], []])
def test_a_wrong_command_line_is_a_usage_error(cli: Cli, arguments: list[str]) -> None:
    """Exit 2: one line what, one line the mend; nothing on standard output."""
    ran = cli(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "--help" in ran.err


def test_an_error_names_its_mend(cli: Cli) -> None:
    """People get two lines: what happened, what to do."""
    ran = cli("list", "--base-url", "ftp://example.com")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2


def test_every_provider_has_a_backend() -> None:
    """The help lists the names without loading the client."""
    assert set(PROVIDERS) == set(BACKENDS)
