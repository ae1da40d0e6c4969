"""Lint of prompts, before they cost anything. Pure; English and Chinese; warns and never refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

__all__ = ["CHECKS", "LintWarning", "lint_prompt"]

LONG_PROMPT = 2_000
"""Number of characters beyond which models forget the beginning."""

SHORT_WORDS = 3
SHORT_CHARACTERS = 5  # for a prompt in Chinese


class LintWarning(Struct, frozen=True):
    """A warning: its text is ``lint.{name}``, filled in with ``values``."""

    name: str
    values: Mapping[str, object] = {}


class _LintInput(Struct, frozen=True):
    """A prompt and its parameters."""

    prompt: str
    width: int | None
    height: int | None
    seconds: float | None
    image: bool


Check = Callable[[_LintInput], Iterator[LintWarning]]


def lint_prompt(
    prompt: str, *, size: str | None = None, seconds: str | None = None, image: bool = False
) -> list[LintWarning]:
    """Return the warnings about a prompt.

    Args:
        prompt: as it will be sent.
        size: ``WxH``; None: the server's default.
        seconds: length of the video; None: the server's default.
        image: whether there is a reference image.
    """
    size_match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", size or "")
    width, height = (int(size_match[1]), int(size_match[2])) if size_match else (None, None)
    length = float(seconds) if seconds and re.fullmatch(r"\d{1,4}(\.\d+)?", seconds) else None
    subject = _LintInput(prompt, width, height, length, image)
    return [warning for check in CHECKS for warning in check(subject)]


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_WIDE = re.compile(r"[\u3400-\u9fff]")
_VAGUE_WIDE = re.compile(
    r"请|帮我|给我|来|做|生成|制作|拍|一个|一段|一部|一条|一些|什么|东西|视频|影片|短片|电影|画面|片子|好看|漂亮|美丽|精彩|酷炫|炫酷"
    r"|有趣|随便|任意|高质量|高清|大片|感|很|非常|的|吧|点|个|段"
)
_VAGUE = frozenset(
    re.findall(
        r"\w+",
        "a an the some any something anything cool nice beautiful amazing awesome great good epic stunning interesting "
        "random best high quality hd video videos film films movie clip animation scene make create generate me please "
        "show of with very really just for i want would like to see it that is",
    )
)


def _length(subject: _LintInput) -> Iterator[LintWarning]:
    if len(subject.prompt) > LONG_PROMPT:
        yield LintWarning("long", {"count": len(subject.prompt), "most": LONG_PROMPT})


def _vague(subject: _LintInput) -> Iterator[LintWarning]:
    """Warn about a short prompt, or one whose words describe nothing."""
    wide = _WIDE.findall(subject.prompt)
    words = [word.lower() for word in _WORD.findall(_WIDE.sub(" ", subject.prompt))]
    concrete = [word for word in words if word not in _VAGUE]
    if not concrete and not _WIDE.search(_VAGUE_WIDE.sub("", subject.prompt)):
        yield LintWarning("vague")
    elif not subject.image and len(wide) < SHORT_CHARACTERS and len(words) + len(wide) < SHORT_WORDS:
        yield LintWarning("short")


_PORTRAIT = re.compile(
    r"(?i)(?<!\ba )(?<!\bthe )\bportrait\b(?! of| photo| painting| shot| lens)|\bvertical (?:video|format|frame|film)\b"
    r"|\b9\s?[:：x]\s?16(?!\d)|竖屏|竖版|竖构图|竖向"
)
_LANDSCAPE = re.compile(
    r"(?i)\b(?:in landscape|landscape (?:mode|format|video|orientation)|horizontal (?:video|format|film)|widescreen)\b"
    r"|\b16\s?[:：x]\s?9(?!\d)|横屏|横版|横构图|横向|宽银幕"
)
_SQUARE = re.compile(r"(?i)\bsquare (?:video|format|frame)\b|(?<!\d)1\s?[:：]\s?1(?!\d)|正方形画面|方形画面")


def _aspect_ratio(subject: _LintInput) -> Iterator[LintWarning]:
    """Warn when the prompt names another aspect ratio than the size has."""
    if subject.width is None or subject.height is None:
        return
    landscape = subject.width > subject.height
    for pattern, fits in (
        (_PORTRAIT, not landscape),
        (_LANDSCAPE, landscape),
        (_SQUARE, subject.width == subject.height),
    ):
        if (match := pattern.search(subject.prompt)) and not fits:
            yield LintWarning("aspect_ratio", {"word": match[0], "size": f"{subject.width}x{subject.height}"})


_SECONDS = re.compile(r"(?i)(?<![\d.:–~-])(\d{1,3})\s{0,4}+-?\s{0,4}+(?:seconds?\b|secs?\b|s\b|秒)")
_TIME_RANGE = re.compile(
    r"(?i)\d{1,3}\s{0,4}+s?\s{0,4}+(?:-|–|~|to|到|至)\s{0,4}+\d{1,3}\s{0,4}+(?:seconds?\b|secs?\b|s\b|秒)"
    r"|第\s{0,4}+\d{1,4}+\s{0,4}+秒"
)


def _seconds(subject: _LintInput) -> Iterator[LintWarning]:
    """Warn about several lengths, or one that differs from the parameter; lengths of shots may add up to it."""
    named = [int(text) for text in _SECONDS.findall(_TIME_RANGE.sub(" ", subject.prompt))]
    if not named:
        return
    if subject.seconds is not None:
        if subject.seconds not in {*named, sum(named)} and max(named) > subject.seconds:
            yield LintWarning("seconds", {"named": max(named), "seconds": f"{subject.seconds:g}"})
    elif len(set(named)) > 1:
        yield LintWarning("several_lengths", {"named": ", ".join(map(str, sorted(set(named))))})


_PAIRS = (("“", "”"), ("「", "」"), ("『", "』"), ("《", "》"), ("（", "）"), ("(", ")"), ("[", "]"), ("【", "】"))


def _quotes(subject: _LintInput) -> Iterator[LintWarning]:
    """Warn about an unclosed quotation: models read the text of signs from quotation marks."""
    for opening, closing in _PAIRS:
        if subject.prompt.count(opening) != subject.prompt.count(closing):
            yield LintWarning("quotes", {"mark": opening + closing})
    if len(re.findall(r'(?<!\d)"', subject.prompt)) % 2:  # 6" is a length in inches
        yield LintWarning("quotes", {"mark": '"'})


_PLACEHOLDER = re.compile(
    r"\{\{?[^\W\d][\w ]*\}?\}|\$\{\w+\}|\[(?i:insert|your|todo)[^\[\]]*\]|<[a-z][a-z_ ]*>"
    r"|【(?:填|请|你的)[^【】]*】"
)


def _placeholders(subject: _LintInput) -> Iterator[LintWarning]:
    if match := _PLACEHOLDER.search(subject.prompt):
        yield LintWarning("placeholder", {"word": match[0]})


_TECHNICAL = re.compile(
    r"(?i)(?<![\w])(?:[248]k|uhd|(?:480|720|1080|1440|2160)p|\d{2,3}\s?fps)(?![a-z0-9])|\d{2,3}\s?帧|超清"
)


def _technical(subject: _LintInput) -> Iterator[LintWarning]:
    """Warn about resolution and frame rate in the prompt: they are parameters."""
    if match := _TECHNICAL.search(subject.prompt):
        yield LintWarning("technical", {"word": match[0]})


_IMAGE_MENTION = re.compile(
    r"(?i)\b(?:the|this|my|attached|reference|uploaded) (?:image|picture|photo|attachment)\b"
    r"|参考图|这张图|图中|图里|图片中|照片里|上传的"
)


def _missing_image(subject: _LintInput) -> Iterator[LintWarning]:
    if not subject.image and (match := _IMAGE_MENTION.search(subject.prompt)):
        yield LintWarning("image", {"word": match[0]})


CHECKS: tuple[Check, ...] = (
    _length,
    _vague,
    _aspect_ratio,
    _seconds,
    _quotes,
    _placeholders,
    _technical,
    _missing_image,
)
"""All checks; each looks for one problem."""
