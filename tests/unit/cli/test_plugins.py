"""Plugins: commands of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.cli import plugins

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Cli

MODULE = """
from filmgate.cli.command import Command

def commands(text):
    text.include("{name}_texts")
    return {{"{name}": Command("{name}", text, run)}}

async def run(context):
    context.print_out(context.text("{name}.hello"))
"""


def _install(folder: Path, name: str, entry_points: str) -> None:
    """Write a package with these entry points, as an installer does."""
    (folder / f"{name}.py").write_text(MODULE.format(name=name), encoding="utf-8")
    texts = folder / f"{name}_texts"
    texts.mkdir()
    for language, hello in (("en", "Hello."), ("zh", "你好。")):
        keys = {f"{name}.short": "Say hello.", f"{name}.help": "Say hello.", f"{name}.hello": hello}
        (texts / f"{language}.py").write_text(f"TEXTS = {keys!r}\n", encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package with a command into a folder on the path."""
    _install(
        tmp_path,
        "greeter",
        "[console_scripts]\nx = y:z\n\n[filmgate.commands]\ngreeter = greeter:commands\nlist = a:b\n",
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("installed")
def test_a_plugin_adds_a_command(cli: Cli) -> None:
    """The command runs with its own texts in both languages."""
    assert cli("greeter").out == "Hello.\n"
    assert cli("--lang", "zh", "greeter").out == "你好。\n"


@pytest.mark.usefixtures("installed")
def test_help_lists_plugins_after_built_in_commands(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    """With their one-line help; a plugin cannot replace a built-in command."""
    assert cli("--help").code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.split() == ["greeter", "Say", "hello."]]
    assert sum(line.startswith("  list ") for line in lines) == 1


def test_a_broken_plugin_does_not_break_the_help(cli: Cli, installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its line shows the error; every other command is listed."""
    _install(installed, "broken", "[filmgate.commands]\nbroken = broken_nowhere:commands\n")
    assert cli("--help").code == 0
    shown = capsys.readouterr().out
    assert "broken_nowhere" in shown
    assert "  generate " in shown


def test_the_first_plugin_on_the_path_wins(tmp_path: Path) -> None:
    """Two packages add the same command: the path decides, as for imports."""
    for folder, target in (("a", "first:commands"), ("b", "second:commands")):
        (tmp_path / folder).mkdir()
        _install(tmp_path / folder, "same", f"[filmgate.commands]\nsame = {target}\n")
    folders = [str(tmp_path / "a"), str(tmp_path / "missing"), str(tmp_path / "b")]
    assert plugins.find(plugins.COMMANDS, folders) == {"same": "first:commands"}


def test_the_renderer_plugin_is_found() -> None:
    """The scene package's entry points are read as an installer wrote them."""
    assert plugins.find(plugins.COMMANDS)["scene"] == "filmgate_scene.cli:commands"
