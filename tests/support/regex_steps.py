"""Counts the steps of a backtracking search, so that a test sees a slow pattern without a clock.

:func:`count_steps` interprets the parse tree of :mod:`re` as its engine does: every position of the text is a start,
every choice is tried in order, every test of a character is a step. :func:`hostile_texts` builds, from the pattern
itself, the texts that make it backtrack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _constants as ops  # the parse tree has no public name
from re import _parser as parser
from typing import Any

__all__ = ["count_steps", "hostile_texts"]

Node = tuple[Any, Any]

_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}
_CHARACTERS = {ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN}
_REPEATS = {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}
_SAMPLES = " \n\t1a-:：.,#'\"[]()（x/=0z一第秒🐶\x01"
"""Characters to pump with, the likeliest first."""


def count_steps(pattern: re.Pattern[str], text: str, *, anchored: bool, limit: int) -> int:
    """Return the steps of finding every match of ``pattern`` in ``text``.

    Args:
        pattern: compiled.
        text: searched.
        anchored: whether only a match at the start counts, as for ``match`` and ``fullmatch``.
        limit: steps after which counting ends; a start that exceeds it is still counted to its end.
    """
    search = _Search(pattern, text)
    if anchored:
        all(end < len(text) for end in search.match_all(search.tree, 0, 0))  # fullmatch tries one end after the other
        return search.steps
    at = 0
    while at <= len(text) and search.steps <= limit:
        end = next(search.match_all(search.tree, 0, at), None)
        at = max(at + 1, end if end is not None else 0)
    return search.steps


def hostile_texts(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Yield texts of about ``length`` characters: each repeat of the pattern, pumped behind what leads to it."""
    pumps = set(_pumps(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG), ""))
    for prefix, unit in sorted(pumps | {("", " "), ("", "\n"), ("", "1 "), ("", "a ")}):
        if unit:
            yield prefix + unit * (length // len(unit)) + "\x01"


class _Search:
    """One text and the steps taken so far."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self.tree: list[Node] = list(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
        self.steps = 0
        self._flags = pattern.flags
        self._text = text

    def match_all(self, nodes: list[Node], first: int, at: int) -> Iterator[int]:
        """Yield every end of the nodes from ``first`` on, matched at a position, in the engine's order."""
        if first == len(nodes):
            yield at
            return
        for end in self._match(nodes[first], at):
            yield from self.match_all(nodes, first + 1, end)

    def _match(self, node: Node, at: int) -> Iterator[int]:
        kind, value = node
        if kind in _CHARACTERS:
            yield from [at + 1] if self._tests(node, at) else []
        elif kind in _REPEATS:
            yield from self._repeat(kind, value, at)
        elif kind in {ops.SUBPATTERN, ops.BRANCH}:
            for branch in [value[3]] if kind is ops.SUBPATTERN else value[1]:
                yield from self.match_all(list(branch), 0, at)
        elif kind is ops.ATOMIC_GROUP:
            yield from _first(self.match_all(list(value), 0, at))
        elif kind is ops.GROUPREF:
            yield from [at + 1] if at < len(self._text) else []  # a repeated character
        else:
            yield from [at] if self._asserts(kind, value, at) else []

    def _asserts(self, kind: Any, value: Any, at: int) -> bool:
        self.steps += 1
        if kind is ops.AT:
            return _holds(value, self._text, at, self._flags)
        return self._looks(value, at) is (kind is ops.ASSERT)

    def _tests(self, node: Node, at: int) -> bool:
        self.steps += 1
        return at < len(self._text) and _accepts(node, self._text[at], self._flags)

    def _looks(self, value: tuple[int, Any], at: int) -> bool:
        direction, nodes = value
        if direction > 0:
            return next(self.match_all(list(nodes), 0, at), None) is not None
        width = nodes.getwidth()[0]
        return at >= width and next(self.match_all(list(nodes), 0, at - width), None) == at

    def _repeat(self, kind: Any, value: tuple[int, int, Any], at: int) -> Iterator[int]:
        low, high, nodes = value
        if len(nodes) == 1 and nodes[0][0] in _CHARACTERS:
            ends = self._run(nodes[0], low, high, at, lazy=kind is ops.MIN_REPEAT)
        else:
            ends = self._groups(list(nodes), low, high, at, lazy=kind is ops.MIN_REPEAT)
        yield from _first(ends) if kind is ops.POSSESSIVE_REPEAT else ends

    def _run(self, node: Node, low: int, high: int, at: int, *, lazy: bool) -> Iterator[int]:
        end = at
        if lazy:
            while end - at < high and (end - at < low or (yield end) is None) and self._tests(node, end):
                end += 1
            if end - at >= low:
                yield end
            return
        while end - at < high and self._tests(node, end):
            end += 1
        for last in range(end, at + low - 1, -1):
            self.steps += 1
            yield last

    def _groups(self, nodes: list[Node], low: int, high: int, at: int, *, lazy: bool) -> Iterator[int]:
        if lazy and low <= 0:
            yield at
        if high > 0:
            for end in self.match_all(nodes, 0, at):
                if end > at or low > 0:
                    yield from self._groups(nodes, low - 1, high - 1, end, lazy=lazy)
        if not lazy and low <= 0:
            yield at


def _first(ends: Iterable[int]) -> Iterator[int]:
    for end in ends:
        yield end
        return


@cache
def _category(name: Any, flags: int) -> re.Pattern[str]:
    return re.compile(_CATEGORIES[name], flags & re.ASCII)


def _accepts(node: Node, character: str, flags: int) -> bool:
    kind, value = node
    cases = {character, character.lower(), character.upper()} if flags & re.IGNORECASE else {character}
    if kind is ops.ANY:
        return character != "\n" or bool(flags & re.DOTALL)
    if kind is ops.LITERAL:
        return any(case == chr(value) for case in cases)
    if kind is ops.NOT_LITERAL:
        return all(case != chr(value) for case in cases)
    negated = value[0][0] is ops.NEGATE
    inside = any(_in_item(item, case, flags) for item in value for case in cases if len(case) == 1)
    return inside is not negated


def _in_item(item: Node, character: str, flags: int) -> bool:
    kind, value = item
    if kind is ops.LITERAL:
        return character == chr(value)
    if kind is ops.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    return kind is ops.CATEGORY and _category(value, flags).match(character) is not None


def _holds(place: Any, text: str, at: int, flags: int) -> bool:
    if place in {ops.AT_BEGINNING, ops.AT_BEGINNING_STRING}:
        line = flags & re.MULTILINE and place is ops.AT_BEGINNING and text[at - 1 : at] == "\n"
        return at == 0 or bool(line)
    if place in {ops.AT_END, ops.AT_END_STRING}:
        line = flags & re.MULTILINE and place is ops.AT_END and text[at : at + 1] == "\n"
        return at == len(text) or bool(line)
    word = _category(ops.CATEGORY_WORD, flags)
    before, after = (word.match(text[at - 1 : at]) if at else None), word.match(text[at : at + 1])
    return (bool(before) is not bool(after)) is (place is ops.AT_BOUNDARY)


def _pumps(nodes: Iterable[Node], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield a prefix and a unit for each repeat that can grow."""
    for kind, value in nodes:
        if kind in _REPEATS:
            low, high, body = value
            if high > low + 1:
                for unit in _units(list(body)):
                    yield prefix, unit
                    yield "", prefix + unit
                    yield "", prefix
            yield from _pumps(body, prefix)
            prefix += _sample(list(body)) * max(low, 1 if high == 1 else low)
        elif kind is ops.SUBPATTERN:
            yield from _pumps(value[3], prefix)
            prefix += _sample(list(value[3]))
        elif kind is ops.BRANCH:
            for branch in value[1]:
                yield from _pumps(branch, prefix)
            prefix += _sample(list(value[1][0]))
        elif kind is ops.ATOMIC_GROUP:
            yield from _pumps(value, prefix)
            prefix += _sample(list(value))
        elif kind in _CHARACTERS:
            prefix += _sample([(kind, value)])


def _units(body: list[Node]) -> Iterator[str]:
    if len(body) == 1 and body[0][0] is ops.BRANCH:
        yield from (_sample(list(branch)) for branch in body[0][1][1])
    elif len(body) == 1 and body[0][0] in _CHARACTERS:
        accepted = [character for character in _SAMPLES if _accepts(body[0], character, 0)]
        yield from accepted[:3]
    else:
        yield _sample(body)


def _sample(nodes: list[Node]) -> str:
    """One short text that the nodes match."""
    return "".join(map(_sample_node, nodes))


def _sample_node(node: Node) -> str:
    kind, value = node
    if kind is ops.LITERAL:
        return chr(value)
    if kind in _CHARACTERS:
        first = value[0][1] if kind is ops.IN and value[0][0] is ops.LITERAL else None
        found = [character for character in _SAMPLES if _accepts(node, character, 0)]
        return found[0] if found else chr(first or ord("a"))
    if kind in _REPEATS:
        return _sample(list(value[2])) * max(1, int(value[0]))
    if kind is ops.SUBPATTERN:
        return _sample(list(value[3]))
    if kind is ops.BRANCH:
        return _sample(list(value[1][0]))
    return _sample(list(value)) if kind is ops.ATOMIC_GROUP else ""
