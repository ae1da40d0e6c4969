"""What text does on a terminal: how wide it is, where a Chinese character takes two cells, and that it is text."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

__all__ = ["display_width", "escape_json", "sanitize", "wrap"]

_CONTROL_CODES = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What moves the cursor, rings, recolours or turns text around, instead of being shown."""

_ALLOWED = frozenset(map(ord, "\t\n"))
_VISIBLE = {code: "\ufffd" for code in _CONTROL_CODES if code not in _ALLOWED}
_ESCAPED = {code: f"\\u{code:04x}" for code in _CONTROL_CODES}

_PIECES = re.compile(r"[\u2e80-\u9fff\uff00-\uffef][，。；：、！？）]*|[^\s\u2e80-\u9fff\uff00-\uffef]+|\s+")
"""What a line may be broken between: a wide character with the punctuation after it, a word, space."""


def sanitize(text: str) -> str:
    """The text with whatever would steer a terminal made visible: servers and files may say anything."""
    return text.translate(_VISIBLE)


def escape_json(json: str) -> str:
    """The same for JSON, which stays what it was."""
    return json.translate(_ESCAPED)


def display_width(text: str) -> int:
    """The cells that the text takes in a line."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` cells, as far as its words allow; one empty line for no text."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if display_width(lines[-1]) + display_width(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [line.rstrip() for line in lines]
