"""Splits a prompt into shots and allots the frames."""

from __future__ import annotations

import re

from msgspec import Struct

__all__ = ["PromptSplit", "ShotText", "share_frames", "split_shots"]

MIN_SHOT_FRAMES = 12
"""Minimum length of a shot in frames: half a second."""

MAX_SHOTS = 12

# A prompt's white space is collapsed before it gets here; the limits keep the search linear whatever the text is.
_BLANKS = r"\s{0,4}+"
_NUMBER = r"(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten)"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}"
_AMOUNT = r"[0-9]{1,3}(?:\.[0-9])?"
_UNIT = r"(?:seconds|second|secs|sec|s|秒)"
_TO = rf"{_BLANKS}(?:[-–—~～至到]|to){_BLANKS}"


def _span(mark: str) -> str:
    """A time range: "0-4s", "0:00 - 0:04", "0秒到3秒". A colon or a unit distinguishes it from a count."""
    return (
        rf"(?:(?P<from_{mark}>{_CLOCK}){_TO}(?P<to_{mark}>{_CLOCK})"
        rf"|(?P<start_{mark}>{_AMOUNT}){_BLANKS}{_UNIT}?{_TO}(?P<end_{mark}>{_AMOUNT}){_BLANKS}{_UNIT}(?![a-z]))"
    )


_BEFORE = rf"(?:^|(?<=[\s。;；.,，!！?？\])】]))[\[(（【*#-]{{0,8}}+{_BLANKS}"
_NAMED = (
    rf"(?:(?:shot|scene|clip|act|segment|part){_BLANKS}\#?{_BLANKS}{_NUMBER}\b"
    rf"|(?:分镜头?|镜头|画面|场景){_BLANKS}{_NUMBER}(?![0-9一二三四五六七八九十只个条])"
    rf"|第{_BLANKS}{_NUMBER}{_BLANKS}(?:个?分?镜头?|幕|个?画面|段|个?场景))"
)
_NUMBERED = (
    rf"{_NAMED}(?:{_BLANKS}[\[(（,，:：]?{_BLANKS}{_span('a')}{_BLANKS}[\])）]?)?"
    rf"\s{{0,4}}(?:[\])）】*]{{0,8}}+{_BLANKS}[:：,，、.。\-–—]{{1,8}}+|[\])）】]|\n)"
)
_TIMED = rf"{_span('b')}{_BLANKS}[\])）】]?{_BLANKS}[:：,，\-–—]{{0,8}}+"
_MARKERS = re.compile(rf"{_BEFORE}(?:{_NUMBERED}|{_TIMED})", re.IGNORECASE)
_TRANSITIONS = re.compile(
    r"(?:[,.;，。；]\s{0,4}+)?\b(?:(?:and|then|we|it)\s{1,4}+){0,3}(?:(?:smash|jump|hard|match|quick)[\s-]+)?"
    r"(?:cuts?|cross[\s-]?fades?|fades?|dissolves?|transitions?|switch(?:es)?)\s{1,4}+(?:in)?to\b(?!\s{1,4}+(?:black|white))[:,]?"
    r"|(?:[,.;，。；]\s{0,4}+)?(?:然后|接着|随后)?(?:镜头|画面)?"
    r"(?:切换到|切换至|切至|切到|转到|转至|转场到|叠化到|淡入到|渐变到|渐变为)[:：,，]?",
    re.IGNORECASE,
)
_FADES = re.compile(
    r"\b(?:cross[\s-]?)?fad(?:e|es|ing)\b|\bdissolv(?:e|es|ing)\b|叠化|淡入|淡出|渐变|溶解", re.IGNORECASE
)


class ShotText(Struct, frozen=True):
    """The words of one shot."""

    text: str
    weight: float = 1.0  # length relative to the other shots


class PromptSplit(Struct, frozen=True):
    """A prompt, split into shots."""

    preamble: str  # words before the first shot, which apply to all shots
    shots: tuple[ShotText, ...]
    transition: str  # "cut" or "fade"


def split_shots(text: str, *, frames: int) -> PromptSplit:
    """Split a prompt into the shots that it names, at most as many as fit into the video; one if it names none."""
    preamble, pieces = _by_markers(text) or ("", [ShotText(piece) for piece in _by_transitions(text)])
    room = max(1, min(MAX_SHOTS, frames // MIN_SHOT_FRAMES))
    fades = len(pieces) > 1 and _FADES.search(text) is not None
    return PromptSplit(preamble, tuple(pieces[:room]), "fade" if fades else "cut")


def share_frames(frames: int, weights: list[float]) -> list[int]:
    """Split ``frames`` in proportion to the weights: integers, each at least one, whose sum is exactly ``frames``."""
    total, spent, weight_so_far = sum(weights), 0, 0.0
    shares = []
    for left, weight in zip(range(len(weights) - 1, -1, -1), weights, strict=True):
        weight_so_far += weight
        end = max(spent + 1, min(frames - left, round(frames * weight_so_far / total)))
        shares.append(end - spent)
        spent = end
    return shares


def _by_markers(text: str) -> tuple[str, list[ShotText]] | None:
    """Split by shot numbers or time ranges; None if there are fewer than two."""
    marks = list(_MARKERS.finditer(text))
    if len(marks) < 2:
        return None
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    weights = [_marked_seconds(mark) for mark in marks]
    even = any(weight is None for weight in weights)
    texts = [text[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
    pieces: list[ShotText] = []
    for piece, weight in zip(texts, weights, strict=True):
        parts = _by_transitions(piece)
        pieces += [ShotText(part, (1.0 if even or not weight else weight) / len(parts)) for part in parts]
    return text[: marks[0].start()], pieces


def _by_transitions(text: str) -> list[str]:
    """Split at "cut to" and similar transitions."""
    return [piece for piece in _TRANSITIONS.split(text) if piece.strip()] or [text]


def _marked_seconds(mark: re.Match[str]) -> float | None:
    """The duration that a marker gives its shot, in seconds."""
    groups = mark.groupdict()
    begin, end = (
        next((groups[name] for name in names if groups[name]), None)
        for names in (("from_a", "start_a", "from_b", "start_b"), ("to_a", "end_a", "to_b", "end_b"))
    )
    if begin is None or end is None:
        return None
    length = _seconds(end) - _seconds(begin)
    return length if length > 0 else None


def _seconds(clock: str) -> float:
    """Parse "1:05" or "65" into seconds."""
    minutes, _, seconds = clock.rpartition(":")
    return 60 * float(minutes or 0) + float(seconds)
