"""Negation: what the prompt declares absent."""

from __future__ import annotations

from collections.abc import Sequence

from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.tokenizing import Token

__all__ = ["absent_names", "without_negated"]

_REACH = 3  # words between "no" and the first absent thing
_LINKS = frozenset(("and", "or", "nor", "any", "和", "或", "与", "及", "或者"))


def without_negated(tokens: Sequence[Token]) -> list[Token]:
    """The words that are not negated: "no rain or snow" removes both, "not only dogs" removes nothing."""
    present: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].has_facet("negation") and not _denies_nothing(tokens, at):
            at = _end_of_negation(tokens, at + 1)
        else:
            present.append(tokens[at])
            at += 1
    return present


def absent_names(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The weathers and subjects that the prompt negates."""
    left = {id(unit) for unit in without_negated(tokens)}
    gone = [unit for unit in tokens if id(unit) not in left and not unit.has_facet("negation")]
    values = (unit.value(facet) for unit in gone for facet in ("weather", "subject"))
    return tuple(dict.fromkeys(value for value in values if value))


def _end_of_negation(tokens: Sequence[Token], at: int) -> int:
    """The index of the first word outside the scope of the negation before ``at``."""
    clause = tokens[at].clause if at < len(tokens) else 0
    end, patience = at, _REACH
    while end < len(tokens) and tokens[end].clause == clause and patience:
        unit = tokens[end]
        if unit.has_facet("locating") or unit.has_facet("negation"):
            break  # "no people on the beach": the beach itself is present
        end += 1
        if unit.text in _LINKS:
            patience += 1
        elif unit.meanings and not (unit.has_facet("attribute") or unit.has_facet("count") or unit.has_facet("silent")):
            patience = 1 if end < len(tokens) and tokens[end].text in _LINKS else _still_named(tokens, end)
        else:
            patience -= 1
    return end


def _still_named(tokens: Sequence[Token], at: int) -> int:
    """Whether a Chinese list continues without a conjunction in the lexicon ("没有雨和雪" leaves "和" over)."""
    return 2 if at + 1 < len(tokens) and tokens[at].text in _LINKS and tokens[at + 1].meanings else 0


def _denies_nothing(tokens: Sequence[Token], at: int) -> bool:
    """Whether a negation applies to nothing that can be drawn."""
    return at + 1 < len(tokens) and tokens[at + 1].text[:8] in grammar.NEGATION_EXCEPTIONS
