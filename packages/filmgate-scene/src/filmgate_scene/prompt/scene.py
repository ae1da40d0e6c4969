"""From the words of one shot to what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from msgspec import Struct

from filmgate_scene.description import Shot
from filmgate_scene.prompt import quotes
from filmgate_scene.prompt.cast import cast
from filmgate_scene.prompt.negation import denied, without_negated
from filmgate_scene.prompt.reading import Unit, read

__all__ = ["Said", "listen"]

_NEAR = 4  # words between a preposition and the place it introduces
_NEAR_ZH = 3
_ARTICLES = frozenset(("a", "an", "the"))
_AFTER = 6  # words after a place that may send it into the distance
_WITHIN_ZH = frozenset("上里中内旁边下间畔")


class Said(Struct, frozen=True):
    """What a shot's own words say; ``setting`` is empty where they name none."""

    shot: Shot
    units: tuple[Unit, ...]
    refers: bool  # whether it speaks of somebody seen before
    action: str = ""  # what is done, where it is not said by whom


def listen(text: str) -> Said:
    """What a shot's words say."""
    spoken, written = quotes.take_quoted(text)
    everything = read(spoken)
    units = without_negated(everything)
    shot = Shot(
        setting=_best(units, "setting", _place_weight),
        time=_best(units, "time", _plain_weight),
        weather=_all(units, "weather"),
        subjects=cast(units),
        style=_all(units, "style"),
        camera=_all(units, "camera"),
        tempo=_best(units, "tempo", _plain_weight),
        absent=denied(everything),
        text=written,
    )
    refers = any(unit.says("pronoun") for unit in units)
    action = "" if shot.subjects else _best(units, "action", _plain_weight)
    return Said(shot, tuple(everything), refers, action)


def _all(units: Iterable[Unit], facet: str) -> tuple[str, ...]:
    """Every value of a facet, in the prompt's order."""
    return tuple(dict.fromkeys(value for unit in units if (value := unit.value(facet))))


def _best(units: Sequence[Unit], facet: str, weigh: Callable[[Sequence[Unit], int], float]) -> str:
    """The value that is named with the most weight, the first of equals; "" if none is."""
    weights: dict[str, float] = {}
    for at, unit in enumerate(units):
        if value := unit.value(facet):
            weights[value] = weights.get(value, 0.0) + weigh(units, at)
    return max(weights, key=lambda value: weights[value], default="")


def _until_place(units: Sequence[Unit], clause: int) -> list[Unit]:
    """Those words of a clause that come before its next place."""
    return list(takewhile(lambda unit: unit.clause == clause and not unit.says("setting"), units))


def _plain_weight(units: Sequence[Unit], at: int) -> float:
    """Of words that say the same, the longer says it more surely."""
    text = units[at].text
    return 1.0 + 0.1 * min(4, len(text.split()) if units[at].script == "en" else len(text) / 2)


def _describes(unit: Unit) -> bool:
    """Whether a word stands between a preposition and its place only to describe it."""
    return unit.text in _ARTICLES or unit.says("weather") or unit.says("time") or unit.says("attribute")


def _place_weight(units: Sequence[Unit], at: int) -> float:
    """A place counts more where it is said that something happens there, and less where it is only seen from afar."""
    unit = units[at]
    weight = _plain_weight(units, at)
    reach = _NEAR if unit.script == "en" else _NEAR_ZH
    before = [other for other in units[max(0, at - reach) : at] if other.clause == unit.clause]
    after = _until_place(units[at + 1 : at + 1 + _AFTER], unit.clause)
    inside = any(other.says("locating") for other in before) or (after and after[0].text[0] in _WITHIN_ZH)
    nearest = [other for other in before if not _describes(other)][-1:]
    if any(other.says("remote") for other in (*nearest, *after)):
        weight -= 1.2
    elif inside and not unit.says("time"):
        weight += 1.5
    if unit.says("time") or unit.says("style") or unit.says("weather") or unit.says("subject"):
        weight -= 0.6  # the word may have been meant otherwise
    return max(0.05, weight)
