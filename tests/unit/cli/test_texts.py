"""Both languages say the same things."""

from __future__ import annotations

import importlib
from string import Formatter

from filmgate.cli.command import COMMANDS
from filmgate.cli.exit_codes import _EXITS
from filmgate.cli.texts import LANGUAGES, Texts
from filmgate.cli.texts.en import TEXTS as EN
from filmgate.cli.texts.zh import TEXTS as ZH

PARTS = ("common", "making", "batch", "operator", "mock", "mcp")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_catalogues_hold_the_same_texts() -> None:
    """No text is missing in a language, and each has the same places for values."""
    assert EN.keys() == ZH.keys()
    for name, text in EN.items():
        assert _places(text) == _places(ZH[name]), name


def test_no_text_is_written_twice() -> None:
    """The files of a language share no name: the later would silently win."""
    for language in LANGUAGES:
        parts = [importlib.import_module(f"filmgate.cli.texts.{language}.{part}").TEXTS for part in PARTS]
        assert sum(map(len, parts)) == len(Texts(language)._texts)


def test_every_command_and_error_has_its_words() -> None:
    """Nothing that can be shown is without a text."""
    assert {f"{name}.{part}" for name in COMMANDS for part in ("short", "help")} <= EN.keys()
    assert {mend for _, _, mend in _EXITS if mend} <= EN.keys()


def test_lengths_of_time_read_well() -> None:
    """Seconds below a minute, then minutes."""
    assert Texts("en").seconds(40.4) == "40 s"
    assert Texts("en").seconds(200) == "3 min 20 s"
    assert Texts("zh").seconds(200) == "3 分 20 秒"
    assert Texts("en").seconds(-1) == "0 s"
