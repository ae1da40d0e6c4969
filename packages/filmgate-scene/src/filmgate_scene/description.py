"""What a prompt means to the renderer: the value between understanding and drawing.

``understand(prompt) -> Description`` is pure and can be printed; everything below draws only from it.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Description", "SceneShot", "SubjectSpec"]


class SubjectSpec(Struct, frozen=True, kw_only=True):
    """Somebody or something in the picture."""

    kind: str  # a registered subject: "dog", "person", "koi" …
    action: str = ""  # "run", "walk", "eat", "fly" …; empty: whatever it does by itself
    count: int = 1
    attributes: tuple[str, ...] = ()  # "golden", "red", "retriever" …


class SceneShot(Struct, frozen=True, kw_only=True):
    """One uninterrupted view. Every word is a registered one; empty means: not said."""

    setting: str  # "beach", "garden", "city", "mountains" … ; "abstract" where nothing was recognised
    time: str = ""  # "dawn", "day", "golden", "sunset", "night"
    weather: tuple[str, ...] = ()  # "rain", "snow", "fog", "clouds", "storm", "aurora", "petals", "leaves"
    subjects: tuple[SubjectSpec, ...] = ()
    style: tuple[str, ...] = ()  # "cinematic", "watercolour", "ink", "anime", "cyberpunk", "mono", "paper"
    camera: tuple[str, ...] = ()  # "static", "pan", "tilt", "zoom", "dolly", "orbit", "aerial", "follow", "handheld"
    tempo: str = ""  # "slow", "fast"
    absent: tuple[str, ...] = ()  # weathers and subjects that the prompt denies: "no rain", "没有人"
    text: str = ""  # what a sign, a caption or a title card says
    guessed: bool = False  # no word of the prompt names the place: it is the nearest by meaning
    frames: int = 0  # its length; all shots' frames add up to the film's


class Description(Struct, frozen=True, kw_only=True):
    """The whole film as it was understood."""

    prompt: str
    seed: int
    language: str  # "en" or "zh": of the prompt
    shots: tuple[SceneShot, ...]
    transition: str = "cut"  # "cut" or "fade"
    unrecognised: tuple[str, ...] = ()  # words that meant nothing to us, said openly in the video's notes
