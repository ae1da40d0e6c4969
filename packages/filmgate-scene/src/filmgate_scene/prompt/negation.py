"""What the prompt says is absent."""

from __future__ import annotations

from collections.abc import Sequence

from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.reading import Unit

__all__ = ["denied", "without_negated"]

_REACH = 3  # words after "no" until the first thing that is absent
_LINKS = frozenset(("and", "or", "nor", "any", "和", "或", "与", "及", "或者"))


def without_negated(units: Sequence[Unit]) -> list[Unit]:
    """The words that speak of what is there: "no rain or snow" loses both, "not only dogs" nothing."""
    kept: list[Unit] = []
    at = 0
    while at < len(units):
        if units[at].says("negation") and not _harmless(units, at):
            at = _skip(units, at + 1)
        else:
            kept.append(units[at])
            at += 1
    return kept


def denied(units: Sequence[Unit]) -> tuple[str, ...]:
    """The weathers and the subjects that are said to be absent."""
    left = {id(unit) for unit in without_negated(units)}
    gone = [unit for unit in units if id(unit) not in left and not unit.says("negation")]
    values = (unit.value(facet) for unit in gone for facet in ("weather", "subject"))
    return tuple(dict.fromkeys(value for value in values if value))


def _skip(units: Sequence[Unit], at: int) -> int:
    """The first word that a negation before ``at`` does not reach."""
    clause = units[at].clause if at < len(units) else 0
    end, patience = at, _REACH
    while end < len(units) and units[end].clause == clause and patience:
        unit = units[end]
        if unit.says("locating") or unit.says("negation"):
            break  # "no people on the beach": the beach is there
        end += 1
        if unit.text in _LINKS:
            patience += 1
        elif unit.meanings and not (unit.says("attribute") or unit.says("count") or unit.says("silent")):
            patience = 1 if end < len(units) and units[end].text in _LINKS else _still_named(units, end)
        else:
            patience -= 1
    return end


def _still_named(units: Sequence[Unit], at: int) -> int:
    """A Chinese list goes on without a conjunction's being known ("没有雨和雪" leaves "和" over)."""
    return 2 if at + 1 < len(units) and units[at].text in _LINKS and units[at + 1].meanings else 0


def _harmless(units: Sequence[Unit], at: int) -> bool:
    """Whether a negation denies nothing that could be drawn."""
    return at + 1 < len(units) and units[at + 1].text[:8] in grammar.HINDERED
