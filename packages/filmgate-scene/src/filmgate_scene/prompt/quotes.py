"""Text that the prompt wants to be readable in the video."""

from __future__ import annotations

import re

__all__ = ["MAX_SIGN_CHARS", "extract_quoted", "make_title", "shorten"]

MAX_SIGN_CHARS = 60
"""Maximum length of a sign or caption."""

_PAIRS = ("“”", "„“", "„”", "«»", "‹›", "「」", "『』", "《》", "〈〉", '""')
_QUOTED = re.compile(
    "|".join(f"{a}([^{a}{b}\n]{{1,200}}){b}" for a, b in map(tuple, _PAIRS))
    + r"|(?<!\w)'((?:[^'\n]|(?<=\w)'(?=\w)){1,200})'(?!\w)"
    + r"|(?<!\w)‘((?:[^‘’\n]|(?<=\w)’(?=\w)){1,200})’(?!\w)"
)
_WRITTEN_ZH = re.compile(
    r"(?:写着|写有|写上|显示着|显示|印着|刻着)(?:文字|字样|:|：)?\s*"
    r"([A-Za-z0-9][A-Za-z0-9 .\-!&]{0,39}|[一-鿿]{1,12}?(?=的|[^一-鿿]|$))"
)
_WRITTEN_EN = re.compile(
    r"\b(?:sign|banner|billboard|screen|poster|letters|text|caption|title|neon|logo)\b[^.,;\n\"]{0,24}?"
    r"\b(?:says?|reads?|saying|reading|spelling|spells)\s*:?\s*"
    r"((?-i:[A-Z0-9][\w&!'-]*(?: +[A-Z0-9][\w&!'-]*)*)"
    r"|[^\s.,;\n](?:(?! (?:in|on|at|with|above|over|and|while)\b)[^.,;\n]){0,39})",
    re.IGNORECASE,
)
_HAN = re.compile("[一-鿿]")
_TITLE_WORDS = 8
_TITLE_HAN = 18
_WHOLE = 0.6  # share of quoted letters above which the quotes enclose the prompt itself, not a sign


def extract_quoted(text: str) -> tuple[str, str]:
    """Return the text without its sign, and the sign's text: quoted text first, else what a sign says; "" if none."""
    matches = [match for match in _QUOTED.finditer(text) if _inside(match).strip()]
    if matches and sum(len(_inside(match)) for match in matches) < _WHOLE * len(text.strip()):
        sign = next(_inside(match) for match in matches)
        return _QUOTED.sub(" , ", text), shorten(sign, MAX_SIGN_CHARS)
    written = None if matches else _WRITTEN_ZH.search(text) or _WRITTEN_EN.search(text)
    if written:
        return text[: written.start(1)] + " , " + text[written.end(1) :], shorten(written[1], MAX_SIGN_CHARS)
    return text, ""


def make_title(prompt: str) -> str:
    """The text of a title card: the prompt's first words."""
    text = " ".join(prompt.split())
    words = text.split(" ")
    if len(words) > 1:
        text = " ".join(words[:_TITLE_WORDS]).rstrip(",.;:，。；：") + ("…" if len(words) > _TITLE_WORDS else "")
    return shorten(text, _TITLE_HAN + len(words) if _HAN.search(text) else MAX_SIGN_CHARS)


def shorten(text: str, limit: int) -> str:
    """Truncate to ``limit`` characters with an ellipsis; drop control characters."""
    text = " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _inside(match: re.Match[str]) -> str:
    return next((group for group in match.groups() if group is not None), "")
