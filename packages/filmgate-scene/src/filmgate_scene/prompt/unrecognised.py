"""Words that the renderer does not understand, for the video's notes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.tokenizing import Token

__all__ = ["unrecognised"]

_MAX_WORDS = 40
_MAX_CHARS = 24
_JOINING_CHARACTERS = re.compile(f"[{''.join(sorted(grammar.FUNCTION_CHARACTERS | grammar.CLASSIFIERS))}]+")


def unrecognised(tokens: Iterable[Token]) -> tuple[str, ...]:
    """Each unknown word once, in the prompt's order; function words are not reported."""
    words: dict[str, None] = {}
    for unit in tokens:
        if unit.meanings:
            continue
        for word in _JOINING_CHARACTERS.split(unit.text) if unit.script == "zh" else (unit.text,):
            if _could_be_drawn(word):
                words.setdefault(word[:_MAX_CHARS])
        if len(words) >= _MAX_WORDS:
            break
    return tuple(words)[:_MAX_WORDS]


def _could_be_drawn(word: str) -> bool:
    """Whether an unknown word may denote something visual."""
    return len(word) > 1 and not word[0].isdigit() and word not in grammar.STOP_WORDS_EN
