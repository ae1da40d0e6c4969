"""The catalogues of both languages match."""

from __future__ import annotations

import importlib
from string import Formatter

from filmgate.cli.command import COMMANDS
from filmgate.cli.exit_codes import _EXITS
from filmgate.cli.texts import LANGUAGES, Texts
from filmgate.cli.texts.en import TEXTS as EN
from filmgate.cli.texts.zh import TEXTS as ZH

PARTS = ("common", "making", "batch", "operator", "mock", "mcp")


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_catalogues_have_the_same_texts() -> None:
    """The same names, each with the same placeholders."""
    assert EN.keys() == ZH.keys()
    for name, text in EN.items():
        assert _placeholders(text) == _placeholders(ZH[name]), name


def test_no_text_name_is_defined_twice() -> None:
    """The modules of a language share no name: the later one would silently win."""
    for language in LANGUAGES:
        parts = [importlib.import_module(f"filmgate.cli.texts.{language}.{part}").TEXTS for part in PARTS]
        assert sum(map(len, parts)) == len(Texts(language)._texts)


def test_every_command_and_error_has_its_texts() -> None:
    """Help texts of commands, hints of errors."""
    assert {f"{name}.{part}" for name in COMMANDS for part in ("short", "help")} <= EN.keys()
    assert {hint for _, _, hint in _EXITS if hint} <= EN.keys()


def test_durations_are_formatted() -> None:
    """Seconds below a minute, else minutes and seconds."""
    assert Texts("en").seconds(40.4) == "40 s"
    assert Texts("en").seconds(200) == "3 min 20 s"
    assert Texts("zh").seconds(200) == "3 分 20 秒"
    assert Texts("en").seconds(-1) == "0 s"
