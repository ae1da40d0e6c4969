"""Parses the words of one shot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from msgspec import Struct

from filmgate_scene.description import SceneShot
from filmgate_scene.prompt import quotes
from filmgate_scene.prompt.negation import absent_names, without_negated
from filmgate_scene.prompt.subject_parsing import parse_subjects
from filmgate_scene.prompt.tokenizing import Token, tokenize

__all__ = ["ParsedShot", "parse_shot"]

_MAX_DISTANCE = 4  # maximum number of words between a preposition and its place
_MAX_DISTANCE_ZH = 3
_ARTICLES = frozenset(("a", "an", "the"))
_REMOTE_REACH = 6  # words after a place that can move it into the distance
_WITHIN_ZH = frozenset("上里中内旁边下间畔")


class ParsedShot(Struct, frozen=True):
    """Contents of one shot's own words; ``setting`` is empty if they name no place."""

    shot: SceneShot
    tokens: tuple[Token, ...]
    refers_back: bool  # whether a pronoun refers to an earlier subject
    action: str = ""  # an action whose subject is not named


def parse_shot(text: str) -> ParsedShot:
    """Parse the tokens of a shot."""
    spoken, written = quotes.extract_quoted(text)
    everything = tokenize(spoken)
    units = without_negated(everything)
    shot = SceneShot(
        setting=_best_value(units, "setting", _place_weight),
        time=_best_value(units, "time", _plain_weight),
        weather=_all_values(units, "weather"),
        subjects=parse_subjects(units),
        style=_all_values(units, "style"),
        camera=_all_values(units, "camera"),
        tempo=_best_value(units, "tempo", _plain_weight),
        absent=absent_names(everything),
        text=written,
    )
    refers = any(unit.has_facet("pronoun") for unit in units)
    action = "" if shot.subjects else _best_value(units, "action", _plain_weight)
    return ParsedShot(shot, tuple(everything), refers, action)


def _all_values(tokens: Iterable[Token], facet: str) -> tuple[str, ...]:
    """Every value of a facet, in the prompt's order."""
    return tuple(dict.fromkeys(value for unit in tokens if (value := unit.value(facet))))


def _best_value(tokens: Sequence[Token], facet: str, weight: Callable[[Sequence[Token], int], float]) -> str:
    """The value with the highest weight, the first among equals; "" if there is none."""
    weights: dict[str, float] = {}
    for at, unit in enumerate(tokens):
        if value := unit.value(facet):
            weights[value] = weights.get(value, 0.0) + weight(tokens, at)
    return max(weights, key=lambda value: weights[value], default="")


def _until_place(tokens: Sequence[Token], clause: int) -> list[Token]:
    """The words of a clause before its next place."""
    return list(takewhile(lambda unit: unit.clause == clause and not unit.has_facet("setting"), tokens))


def _plain_weight(tokens: Sequence[Token], at: int) -> float:
    """Weight by length: of synonyms, the longer word is the more certain."""
    text = tokens[at].text
    return 1.0 + 0.1 * min(4, len(text.split()) if tokens[at].script == "en" else len(text) / 2)


def _describes(token: Token) -> bool:
    """Whether a word only modifies the place after a preposition."""
    return (
        token.text in _ARTICLES or token.has_facet("weather") or token.has_facet("time") or token.has_facet("attribute")
    )


def _place_weight(tokens: Sequence[Token], at: int) -> float:
    """The weight of a place: higher if something happens there, lower if it is only visible in the distance."""
    unit = tokens[at]
    weight = _plain_weight(tokens, at)
    reach = _MAX_DISTANCE if unit.script == "en" else _MAX_DISTANCE_ZH
    before = [other for other in tokens[max(0, at - reach) : at] if other.clause == unit.clause]
    after = _until_place(tokens[at + 1 : at + 1 + _REMOTE_REACH], unit.clause)
    inside = any(other.has_facet("locating") for other in before) or (after and after[0].text[0] in _WITHIN_ZH)
    nearest = [other for other in before if not _describes(other)][-1:]
    if any(other.has_facet("remote") for other in (*nearest, *after)):
        weight -= 1.2
    elif inside and not unit.has_facet("time"):
        weight += 1.5
    if unit.has_facet("time") or unit.has_facet("style") or unit.has_facet("weather") or unit.has_facet("subject"):
        weight -= 0.6  # an ambiguous word
    return max(0.05, weight)
