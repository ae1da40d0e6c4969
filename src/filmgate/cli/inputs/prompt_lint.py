"""What is odd about a prompt, told before it costs anything: pure, in English and Chinese, never in the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

__all__ = ["CHECKS", "LintWarning", "lint_prompt"]

LONG_PROMPT = 2_000
"""Characters beyond which models forget the beginning."""

SHORT_WORDS = 3
SHORT_CHARACTERS = 5  # of a prompt in Chinese


class LintWarning(Struct, frozen=True):
    """Something odd: the name of its text in the catalogue (below ``lint.``), and the text's values."""

    name: str
    values: Mapping[str, object] = {}


class _LintInput(Struct, frozen=True):
    """A prompt and what goes with it."""

    prompt: str
    width: int | None
    height: int | None
    seconds: float | None
    image: bool


Check = Callable[[_LintInput], Iterator[LintWarning]]


def lint_prompt(
    prompt: str, *, size: str | None = None, seconds: str | None = None, image: bool = False
) -> list[LintWarning]:
    """What is odd about a prompt.

    Args:
        prompt: as it will be sent.
        size: ``WxH``, where it was chosen.
        seconds: the film's length, where it was chosen.
        image: whether a reference picture goes along.
    """
    frame = re.fullmatch(r"(\d{2,5})x(\d{2,5})", size or "")
    width, height = (int(frame[1]), int(frame[2])) if frame else (None, None)
    length = float(seconds) if seconds and re.fullmatch(r"\d{1,4}(\.\d+)?", seconds) else None
    looked = _LintInput(prompt, width, height, length, image)
    return [remark for check in CHECKS for remark in check(looked)]


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
    """Short, or of words that say nothing."""
    wide = _WIDE.findall(subject.prompt)
    words = [word.lower() for word in _WORD.findall(_WIDE.sub(" ", subject.prompt))]
    telling = [word for word in words if word not in _VAGUE]
    if not telling and not _WIDE.search(_VAGUE_WIDE.sub("", subject.prompt)):
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
    """The prompt asks for another shape than the size has."""
    if subject.width is None or subject.height is None:
        return
    lying = subject.width > subject.height
    for pattern, fits in ((_PORTRAIT, not lying), (_LANDSCAPE, lying), (_SQUARE, subject.width == subject.height)):
        if (found := pattern.search(subject.prompt)) and not fits:
            yield LintWarning("aspect_ratio", {"word": found[0], "size": f"{subject.width}x{subject.height}"})


_SECONDS = re.compile(r"(?i)(?<![\d.:–~-])(\d{1,3})\s*-?\s*(?:seconds?\b|secs?\b|s\b|秒)")
_TIME_RANGE = re.compile(
    r"(?i)\d{1,3}\s*s?\s*(?:-|–|~|to|到|至)\s*\d{1,3}\s*(?:seconds?\b|secs?\b|s\b|秒)|第\s*\d+\s*秒"
)


def _seconds(subject: _LintInput) -> Iterator[LintWarning]:
    """Several lengths are named, or another one than was asked for; those of shots add up to it."""
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
    """A quotation that never ends: text on signs is read from quotation marks."""
    for opening, closing in _PAIRS:
        if subject.prompt.count(opening) != subject.prompt.count(closing):
            yield LintWarning("quotes", {"mark": opening + closing})
    if len(re.findall(r'(?<!\d)"', subject.prompt)) % 2:  # 6" is a length
        yield LintWarning("quotes", {"mark": '"'})


_PLACEHOLDER = re.compile(
    r"\{\{?[^\W\d][\w ]*\}?\}|\$\{\w+\}|\[(?i:insert|your|todo)[^\]]*\]|<[a-z][a-z_ ]*>"
    r"|【(?:填|请|你的)[^】]*】"
)


def _placeholders(subject: _LintInput) -> Iterator[LintWarning]:
    if found := _PLACEHOLDER.search(subject.prompt):
        yield LintWarning("placeholder", {"word": found[0]})


_TECHNICAL = re.compile(
    r"(?i)(?<![\w])(?:[248]k|uhd|(?:480|720|1080|1440|2160)p|\d{2,3}\s?fps)(?![a-z0-9])|\d{2,3}\s?帧|超清"
)


def _technical(subject: _LintInput) -> Iterator[LintWarning]:
    """Resolution and frame rate are parameters, not words."""
    if found := _TECHNICAL.search(subject.prompt):
        yield LintWarning("technical", {"word": found[0]})


_IMAGE_MENTION = re.compile(
    r"(?i)\b(?:the|this|my|attached|reference|uploaded) (?:image|picture|photo|attachment)\b"
    r"|参考图|这张图|图中|图里|图片中|照片里|上传的"
)


def _missing_image(subject: _LintInput) -> Iterator[LintWarning]:
    if not subject.image and (found := _IMAGE_MENTION.search(subject.prompt)):
        yield LintWarning("image", {"word": found[0]})


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
"""Each looks for one thing."""
