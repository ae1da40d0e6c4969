"""A prompt's meaning as plain data: the interface between prompt understanding and drawing.

``understand(prompt) -> Description`` is pure and printable; drawing uses only the description.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Description", "SceneShot", "SubjectSpec"]


class SubjectSpec(Struct, frozen=True, kw_only=True):
    """One kind of person, animal or object in the shot."""

    kind: str  # a registered subject: "dog", "person", "koi" …
    action: str = ""  # "run", "walk", "eat", "fly" …; empty: the subject's default action
    count: int = 1
    attributes: tuple[str, ...] = ()  # "golden", "red", "retriever" …


class SceneShot(Struct, frozen=True, kw_only=True):
    """One uninterrupted view. Every word is a registered name; empty means that the prompt does not name one."""

    setting: str  # "beach", "garden", "city", "mountains" … ; "abstract" where nothing was recognised
    time: str = ""  # "dawn", "day", "golden", "sunset", "night"
    weather: tuple[str, ...] = ()  # "rain", "snow", "fog", "clouds", "storm", "aurora", "petals", "leaves"
    subjects: tuple[SubjectSpec, ...] = ()
    style: tuple[str, ...] = ()  # "cinematic", "watercolour", "ink", "anime", "cyberpunk", "mono", "paper"
    camera: tuple[str, ...] = ()  # "static", "pan", "tilt", "zoom", "dolly", "orbit", "aerial", "follow", "handheld"
    tempo: str = ""  # "slow", "fast"
    absent: tuple[str, ...] = ()  # weathers and subjects that the prompt negates: "no rain", "没有人"
    text: str = ""  # text of a sign, a caption or a title card
    guessed: bool = False  # True if no word of the prompt names the place and it was chosen as the nearest by meaning
    frames: int = 0  # length in frames; the shots' frames add up to the video's


class Description(Struct, frozen=True, kw_only=True):
    """The whole video as described by the prompt."""

    prompt: str
    seed: int
    language: str  # the prompt's language: "en" or "zh"
    shots: tuple[SceneShot, ...]
    transition: str = "cut"  # "cut" or "fade"
    unrecognised: tuple[str, ...] = ()  # words that the renderer does not understand; listed in the video's notes
