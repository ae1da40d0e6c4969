"""Parses subjects: their count, appearance and actions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from filmgate_scene import registry
from filmgate_scene.description import SubjectSpec
from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.lexicon import lexicon
from filmgate_scene.prompt.tokenizing import Token

__all__ = ["parse_subjects"]

_MAX_COUNT = 12
_PLURAL_COUNT = 3  # the count of an unnumbered plural ("dogs")
_MAX_DISTANCE = 4  # maximum distance in words between an adjective or number and its noun
_POSTURES = frozenset(("sit", "stand"))  # postures that accompany another action: "sits there eating"
_ARTICLES = frozenset(("a", "an", "the"))
_LIGHT_WORDS = frozenset(
    (
        "light",
        "hour",
        "glow",
        "sunlight",
        "rays",
        "sky",
        "sunset",
        "beam",
        "haze",
        "leaves",
        "光",
        "光线",
        "阳光",
        "余晖",
    )
)


def parse_subjects(tokens: Sequence[Token]) -> tuple[SubjectSpec, ...]:
    """The subjects in the order of their first mention, one entry for each kind."""
    places = [at for at, unit in enumerate(tokens) if unit.has_facet("subject")]
    kinds: dict[str, SubjectSpec] = {}
    for at in places:
        kind = tokens[at].value("subject") or ""
        spec = SubjectSpec(
            kind=kind,
            action=_action(tokens, at, places, kind),
            count=_count(tokens, at),
            attributes=_attributes(tokens, at, places, kind),
        )
        kinds[kind] = _merge(kinds[kind], spec) if kind in kinds else spec
    return tuple(kinds.values())


def _merge(first: SubjectSpec, repeat: SubjectSpec) -> SubjectSpec:
    """Merge two mentions of one kind, which are taken to be the same subjects."""
    return SubjectSpec(
        kind=first.kind,
        action=first.action or repeat.action,
        count=max(first.count, repeat.count),
        attributes=tuple(dict.fromkeys((*first.attributes, *repeat.attributes))),
    )


def _count(tokens: Sequence[Token], at: int) -> int:
    """The number before a noun; an unnumbered plural counts as a few."""
    unit = tokens[at]
    for before in _preceding(tokens, at):
        number = _number_of(before)
        if number and (unit.script == "en" or _counts_zh(tokens, before)):
            return min(_MAX_COUNT, max(1, number))
    if unit.script == "zh":
        return _PLURAL_COUNT if at + 1 < len(tokens) and tokens[at + 1].text.startswith("们") else 1
    return _PLURAL_COUNT if _is_plural(unit.text) else 1


def _number_of(token: Token) -> int | None:
    """The number that a word denotes."""
    if token.text.isascii() and token.text.isdigit():
        return min(_MAX_COUNT, int(token.text[:4]))
    word = token.value("count")
    return grammar.COUNTS_EN.get(word, grammar.COUNTS_ZH.get(word)) if word else None


def _counts_zh(tokens: Sequence[Token], number: Token) -> bool:
    """Whether a Chinese number counts things: a measure word follows, or the number word contains one."""
    if len(number.text) > 1 or number.text.isdigit():
        return True
    at = next(place for place, unit in enumerate(tokens) if unit is number)
    return at + 1 < len(tokens) and tokens[at + 1].text[0] in grammar.CLASSIFIERS


def _is_plural(text: str) -> bool:
    """Whether an English noun is a plural, as far as the lexicon tells."""
    return text.endswith(("men", "people", "children", "geese")) or (text.endswith("s") and not text.endswith("ss"))


def _attributes(tokens: Sequence[Token], at: int, places: Sequence[int], kind: str) -> tuple[str, ...]:
    """Attributes from adjectives before the noun, adjectives after it that no later noun takes, and the noun itself."""
    near = [*reversed(_preceding(tokens, at)), tokens[at], *_following(tokens, at, places)]
    attributes: dict[str, None] = {}
    for place, unit in enumerate(near):
        colours_light = place + 1 < len(near) and near[place + 1].text[:8] in _LIGHT_WORDS
        for meaning in () if colours_light else unit.meanings:
            if meaning.facet == "attribute" and meaning.owner in {"", kind}:
                attributes.setdefault(meaning.value)
    return tuple(dict.fromkeys((*attributes, *_attributes_in_noun(tokens[at]))))


def _next_place(places: Sequence[int], at: int) -> int | None:
    """The position of the next place, if any."""
    after = bisect_right(places, at)
    return places[after] if after < len(places) else None


def _attributes_in_noun(token: Token) -> list[str]:
    """Attributes that are part of a Chinese noun ("橘猫" is an orange cat)."""
    parts = [token.text[:length] for length in range(1, len(token.text))] if token.script == "zh" else []
    meanings = [meaning for part in parts for meaning in lexicon().meanings(part)]
    return [meaning.value for meaning in meanings if meaning.facet == "attribute" and not meaning.owner]


def _preceding(tokens: Sequence[Token], at: int) -> list[Token]:
    """The words before a noun that may modify it, nearest first."""
    modifiers: list[Token] = []
    for unit in reversed(tokens[max(0, at - _MAX_DISTANCE - (tokens[at].script == "zh") * 2) : at]):
        if (
            unit.clause != tokens[at].clause
            or unit.has_facet("subject")
            or unit.has_facet("setting")
            or unit.has_facet("locating")
        ):
            break
        if unit.text in _ARTICLES:
            break  # words before this one belong to another noun
        modifiers.append(unit)
    return modifiers


def _following(tokens: Sequence[Token], at: int, places: Sequence[int]) -> list[Token]:
    """The words after a noun that may modify it: to the end of its clause, or of its sentence if no subject follows."""
    follower = _next_place(places, at)
    rival = follower if follower is not None and tokens[follower].sentence == tokens[at].sentence else None
    taken = _preceding(tokens, rival) if rival is not None else []
    modifiers: list[Token] = []
    for unit in tokens[at + 1 : rival]:
        ends = unit.sentence != tokens[at].sentence or (rival is not None and unit.clause != tokens[at].clause)
        if ends or unit.has_facet("setting") or any(unit is other for other in taken):
            break
        modifiers.append(unit)
    return modifiers


def _action(tokens: Sequence[Token], at: int, places: Sequence[int], kind: str) -> str:
    """A subject's action: the first verb after it in its sentence, else one directly before it ("a running dog").

    A verb that the subject cannot do is accepted only if no other subject could do it.
    """
    able = set(registry.subjects()[kind].actions)
    stop = _next_place(places, at)
    after = [unit.value("action") for unit in tokens[at + 1 : stop] if unit.sentence == tokens[at].sentence]
    before = [unit.value("action") for unit in _preceding(tokens, at)]
    verbs = [verb for verb in (*after, *before) if verb]
    if len(places) == 1:
        verbs += [verb for unit in tokens if unit.sentence == tokens[at].sentence and (verb := unit.value("action"))]
    fitting = next(iter(sorted((verb for verb in verbs if verb in able), key=_POSTURES.__contains__)), "")
    return fitting or (verbs[0] if verbs and len(places) == 1 else "")
