"""Shell completion and the manual page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from filmgate.cli import command as group
from filmgate.cli import completers
from filmgate.cli.commands.man import page
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.texts import Texts

if TYPE_CHECKING:
    from tests.support.cli import Cli, Served


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's server may take longer than the Tab key waits for."""
    monkeypatch.setattr(completers, "TIMEOUT", 60.0)


def _tab(served: Served, line: str, monkeypatch: pytest.MonkeyPatch, **environ: str) -> list[str]:
    """Return the completions after ``line``, as for bash; Click reads the line from the process's environment."""
    words = line.split(" ")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    ran = served(stdin="", terminal=False, _FILMGATE_COMPLETE="bash_complete", **environ)
    assert (ran.code, ran.err) == (0, "")
    return [each.partition(",")[2] for each in ran.out.splitlines()]


def test_commands_and_options_are_completed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their prefixes."""
    assert _tab(served, "filmgate gen", monkeypatch) == ["generate"]
    assert _tab(served, "filmgate generate --dry", monkeypatch) == ["--dry-run"]
    assert _tab(served, "filmgate list --status comp", monkeypatch) == ["completed"]
    assert _tab(served, "filmgate generate --base", monkeypatch) == ["--base-url"]


def test_help_topics_are_completed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, their subcommands, and ``options``."""
    assert _tab(served, "filmgate help opt", monkeypatch) == ["options"]
    assert _tab(served, "filmgate help gen", monkeypatch) == ["generate"]
    assert _tab(served, "filmgate help keys cr", monkeypatch) == ["create"]
    assert _tab(served, "filmgate help frob cr", monkeypatch) == []


def test_ids_are_completed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's latest videos; nothing, and no error, if it does not respond."""
    video_id = served("submit", "a koi pond", "-q").out.strip()
    for command in ("show", "watch", "download", "cancel", "delete", "remix", "extend"):
        assert video_id in _tab(served, f"filmgate {command} video_", monkeypatch)
    assert _tab(served, "filmgate show nope", monkeypatch) == []
    assert _tab(served, "filmgate show v", monkeypatch, FILMGATE_BASE_URL="http://127.0.0.1:9") == []
    assert _tab(served, "filmgate show --base-url http://127.0.0.1:9 v", monkeypatch) == []


def test_profiles_are_completed(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the configuration file."""
    config = tmp_path / "filmgate.toml"
    config.write_text("[profiles.home]\n[profiles.away]\n", encoding="utf-8")
    assert _tab(served, "filmgate list --profile h", monkeypatch, FILMGATE_CONFIG=str(config)) == ["home"]
    config.write_text("[[", encoding="utf-8")
    assert _tab(served, "filmgate list --profile h", monkeypatch, FILMGATE_CONFIG=str(config)) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(cli: Cli, shell: str) -> None:
    """It passes the shell's syntax check."""
    ran = cli("completion", shell)
    assert f"_FILMGATE_COMPLETE={shell}_complete" in ran.out
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=ran.out, text=True, check=True)


def test_bash_completes_with_its_script(cli: Cli, tmp_path: Path) -> None:
    """End to end: script, shell, program."""
    folder = Path(sys.executable).parent
    (tmp_path / "script").write_text(cli("completion", "bash").out, encoding="utf-8")
    script = "source ./script; COMP_WORDS=(filmgate gen) COMP_CWORD=1; _filmgate_completion filmgate; echo $COMPREPLY"
    env = {"PATH": f"{folder}:{os.environ['PATH']}"}
    completed = subprocess.run(
        ["/bin/bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert completed.stdout == "generate\n"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_manual_page_is_complete(language: str) -> None:
    """Every command, its options, every exit code."""
    text = Texts(language)
    shown = page(text).replace("\\-", "-")
    assert all(f'.SS "filmgate {name}' in shown for name in group.COMMANDS)
    assert all(
        option in shown for option in ("--dry-run", "--confirm-over", "--profile", "--poll-interval", "--ready-file")
    )
    assert all(text(f"exit.{code.name.lower()}").replace("\\-", "-") in shown for code in ExitCode)


@pytest.mark.needs("groff")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_groff_accepts_the_manual_page(language: str) -> None:
    """Without a warning but about line breaks."""
    ran = subprocess.run(
        ["groff", "-man", "-Tutf8", "-K", "utf8", "-ww"],  # noqa: S607 - wherever it is installed
        input=page(Texts(language)).encode(),
        capture_output=True,
        check=True,
    )
    assert [
        line for line in ran.stderr.decode().splitlines() if not line.endswith((" break line", " adjust line"))
    ] == []
    assert "filmgate generate" in ran.stdout.decode().replace("\x1b[1m", "").replace("\x1b[0m", "")
