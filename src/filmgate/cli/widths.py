"""How wide text is on a terminal, where a Chinese character takes two cells."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

__all__ = ["cells", "wrap"]

_PIECES = re.compile(r"[\u2e80-\u9fff\uff00-\uffef][，。；：、！？）]*|[^\s\u2e80-\u9fff\uff00-\uffef]+|\s+")
"""What a line may be broken between: a wide character with the punctuation after it, a word, space."""


def cells(text: str) -> int:
    """The cells that the text takes in a line."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` cells, as far as its words allow; one empty line for no text."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if cells(lines[-1]) + cells(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [line.rstrip() for line in lines]
