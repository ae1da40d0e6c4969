"""The words that meant nothing to us, said openly."""

from __future__ import annotations

import re
from collections.abc import Iterable

from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.reading import Unit

__all__ = ["unrecognised"]

_MOST = 40
_LONGEST = 24
_JOINTS = re.compile(f"[{''.join(sorted(grammar.FUNCTION_CHARACTERS | grammar.CLASSIFIERS))}]+")


def unrecognised(units: Iterable[Unit]) -> tuple[str, ...]:
    """Each such word once, in the prompt's order; words that only join others are none."""
    found: dict[str, None] = {}
    for unit in units:
        if unit.meanings:
            continue
        for word in _JOINTS.split(unit.text) if unit.script == "zh" else (unit.text,):
            if _matters(word):
                found.setdefault(word[:_LONGEST])
        if len(found) >= _MOST:
            break
    return tuple(found)[:_MOST]


def _matters(word: str) -> bool:
    """Whether a word could have been drawn."""
    return len(word) > 1 and not word[0].isdigit() and word not in grammar.SILENT_EN
