"""Text on a terminal: width in cells (a Chinese character takes two), wrapping, and control characters."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

__all__ = ["display_width", "escape_json", "sanitize", "wrap"]

_CONTROL_CODES = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Code points that move the cursor, ring the bell, change colours or reverse text instead of being shown."""

_ALLOWED = frozenset(map(ord, "\t\n"))
_VISIBLE = {code: "\ufffd" for code in _CONTROL_CODES if code not in _ALLOWED}
_ESCAPED = {code: f"\\u{code:04x}" for code in _CONTROL_CODES}

_PIECES = re.compile(
    r"[（《“]*(?:[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+)[，。；：、！？）》”]*|\s+"
)
"""Pieces that a line break never splits: a wide character or a word with its punctuation, white space."""


def sanitize(text: str) -> str:
    """Replace control characters that would drive the terminal: text of servers and files is not trusted."""
    return text.translate(_VISIBLE)


def escape_json(json: str) -> str:
    """Escape control characters in JSON; it decodes to the same value."""
    return json.translate(_ESCAPED)


def display_width(text: str) -> int:
    """Return the width of the text in terminal cells."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """Wrap the text to lines of at most ``width`` cells; a longer word gets its own line; no text is one line."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if display_width(lines[-1]) + display_width(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [line.rstrip() for line in lines]
