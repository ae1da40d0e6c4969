"""The outermost frame: help, languages, and every mistake told in one way."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from filmgate.cli.command import COMMANDS, PROVIDERS
from filmgate.client.endpoint import PROVIDERS as SPOKEN

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


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


def test_errors_are_json_where_it_was_asked_for(cli: Cli) -> None:
    """A program reads what people would read."""
    ran = cli("list", "--nope", "--format", "json")
    assert json.loads(ran.out)["error"]["code"] == "usage"
    ran = cli("list", "--base-url", "http://127.0.0.1:9", "--format=json")
    assert json.loads(ran.out)["error"]["code"] == "connection_failed"
    assert (ran.code, ran.err) == (5, "")


def test_an_error_names_its_mend(cli: Cli) -> None:
    """People get two lines: what happened, what to do."""
    ran = cli("list", "--base-url", "ftp://example.com")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2


def test_the_help_knows_the_providers() -> None:
    """It must not load the SDK to say them."""
    assert PROVIDERS == SPOKEN


@pytest.mark.slow
def test_help_is_shown_at_once() -> None:
    """It costs less than 120 ms of a processor beyond an interpreter that does nothing, and loads no engine."""
    assert _cost("-m", "filmgate", "--help") - _cost("-c", "pass") < 0.12
    code = "import sys; from filmgate.cli.main import run; from filmgate.cli.environment import Environment\n"
    code += "run(['--help'], Environment.of_process()); print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "av", "dbos", "starlette", "httpx2", "rich", "sqlalchemy", "asyncio"} & set(found)


def _cost(*arguments: str) -> float:
    """Processor seconds of the cheapest of several runs: others may need the machine meanwhile."""
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs)
