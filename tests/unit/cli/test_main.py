"""The entry point: help, languages and usage errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.cli.command import COMMANDS
from filmgate.client.backends.registry import BACKENDS
from filmgate.wire.providers import PROVIDERS

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_help_lists_every_command(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0."""
    assert cli("--help").code == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["keys", "create"], ["keys", "revoke"]])
def test_help_is_fully_localized(
    cli: Cli, capsys: pytest.CaptureFixture[str], command: list[str], language: str
) -> None:
    """No heading or usage line is in the other language."""
    assert cli(*command, "--help", "--lang", language).code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: " if language == "en" else "用法：")
    assert ("Options:" in shown, "选项：" in shown) == (language == "en", language == "zh")


def test_lang_option_overrides_the_locale(cli: Cli) -> None:
    """The locale sets the default."""
    assert "没有选项" in cli("list", "--nope", LANG="zh_CN.UTF-8").err
    assert "no such option" in cli("--lang=en", "list", "--nope", LANG="zh_CN.UTF-8").err


def test_version_prints_one_line(cli: Cli) -> None:
    """On standard output."""
    assert cli("--version").out.startswith("filmgate ")


@pytest.mark.parametrize("arguments", [["frob"], ["generate"], ["list", "--nope"], ["list", "--limit", "x"], []])
def test_a_wrong_command_line_is_a_usage_error(cli: Cli, arguments: list[str]) -> None:
    """Exit code 2, the error and a hint on standard error, nothing on standard output."""
    ran = cli(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "--help" in ran.err


def test_an_error_comes_with_a_hint(cli: Cli) -> None:
    """Two lines: the error and how to fix it."""
    ran = cli("list", "--base-url", "ftp://example.com")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2


def test_every_provider_has_a_backend() -> None:
    """Help lists the providers without loading the client."""
    assert set(PROVIDERS) == set(BACKENDS)
