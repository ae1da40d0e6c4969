"""The lexicon: every word that the renderer understands, in both languages, collected from the registry."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Protocol

from msgspec import Struct

from filmgate_scene import registry
from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.moods import MOODS

__all__ = ["Lexicon", "WordMeaning", "lexicon", "split_words"]

_WORD = re.compile(r"(?:[^\W_]+(?:['’][^\W\d_]+)*|&)")
_SHORTEST_STEM = 3


class WordMeaning(Struct, frozen=True):
    """One meaning of a word: a facet and its value."""

    facet: str  # setting, time, weather, subject, style, camera, tempo, action, attribute, mood, count, or joint
    value: str
    owner: str = ""  # for an attribute: the only subject that has it


class _HasWords(Protocol):
    """Any registry entry: it has words."""

    @property
    def words(self) -> registry.Words: ...


class Lexicon:
    """Maps words to meanings. English is looked up by words, Chinese by characters."""

    def __init__(
        self, words_en: Mapping[str, Iterable[WordMeaning]], words_zh: Mapping[str, Iterable[WordMeaning]]
    ) -> None:
        self._english = {tuple(split_words(word)): tuple(meanings) for word, meanings in words_en.items()}
        self._chinese = {word: tuple(meanings) for word, meanings in words_zh.items()}
        self._longest_en = _longest((words[0], len(words)) for words in self._english if words)
        self._longest_zh = _longest((word[0], len(word)) for word in self._chinese)

    def english(self, words: list[str], at: int) -> tuple[int, tuple[WordMeaning, ...]]:
        """The longest phrase at this position: its number of words and its meanings; (0, ()) if there is none."""
        for first in _forms(words[at]):
            for length in range(min(self._longest_en.get(first, 0), len(words) - at), 0, -1):
                middle = (first, *words[at + 1 : at + length])
                for phrase in ((*middle[:-1], last) for last in _forms(middle[-1])):
                    if phrase in self._english:
                        return length, self._english[phrase]
        return 0, ()

    def chinese(self, text: str, at: int) -> list[str]:
        """Every word that begins at this character."""
        longest = min(self._longest_zh.get(text[at], 0), len(text) - at)
        return [text[at : at + length] for length in range(1, longest + 1) if text[at : at + length] in self._chinese]

    def meanings(self, word: str) -> tuple[WordMeaning, ...]:
        """The meanings of a Chinese word."""
        return self._chinese.get(word, ())


def split_words(text: str) -> list[str]:
    """The words of lower-case English text; hyphens separate."""
    return _WORD.findall(text)


@cache
def lexicon() -> Lexicon:
    """Build the lexicon of all registered entries."""
    english: defaultdict[str, list[WordMeaning]] = defaultdict(list)
    chinese: defaultdict[str, list[WordMeaning]] = defaultdict(list)
    for meaning, words in [*_visual_words(), *_descriptive_words()]:
        for word in words.en:
            english[word].append(meaning)
        for word in words.zh:
            chinese[word].append(meaning)
    for facet, words_en, words_zh in _FUNCTION_WORDS:
        for word in words_en:
            english[word].append(WordMeaning(facet, word))
        for word in words_zh:
            chinese[word].append(WordMeaning(facet, word))
    return Lexicon(english, chinese)


_FUNCTION_WORDS: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
    ("negation", grammar.NEGATIONS_EN, grammar.NEGATIONS_ZH),
    ("count", grammar.COUNTS_EN, grammar.COUNTS_ZH),
    ("locating", grammar.LOCATING_EN, grammar.LOCATING_ZH),
    ("remote", grammar.REMOTE_EN, grammar.REMOTE_ZH),
    ("pronoun", grammar.PRONOUNS_EN, grammar.PRONOUNS_ZH),
    ("silent", grammar.PHRASES_EN, grammar.STOP_WORDS_ZH),
)


def _visual_words() -> Iterable[tuple[WordMeaning, registry.Words]]:
    """The words of everything that can be drawn."""
    tables: dict[str, Mapping[str, _HasWords]] = {
        "setting": registry.settings(),
        "subject": registry.subjects(),
        "weather": registry.weathers(),
        "time": registry.times(),
        "style": registry.styles(),
        "camera": registry.cameras(),
    }  # fmt: skip
    for facet, table in tables.items():
        for name, entry in table.items():
            yield WordMeaning(facet, name), entry.words


def _descriptive_words() -> Iterable[tuple[WordMeaning, registry.Words]]:
    """The words for attributes and actions."""
    for name, tempo in registry.TEMPOS.items():
        yield WordMeaning("tempo", name), tempo.words
    for name, words in MOODS.items():
        yield WordMeaning("mood", name), words
    for name, words in registry.ACTIONS.items():
        yield WordMeaning("action", name), words
    for name, words in registry.ATTRIBUTES.items():
        yield WordMeaning("attribute", name), words
    for kind, subject in registry.subjects().items():
        for name, words in subject.attributes.items():
            yield WordMeaning("attribute", name, kind), words
            yield WordMeaning("subject", kind), _naming(words, subject.words)


def _naming(words: registry.Words, subject: registry.Words) -> registry.Words:
    """Attribute words that also name the subject ("golden retriever") and are not among the subject's words yet."""
    return registry.Words(
        en=tuple(word for word in words.en if set(split_words(word)) & set(subject.en) and word not in subject.en),
        zh=tuple(word for word in words.zh if any(noun in word for noun in subject.zh) and word not in subject.zh),
    )


def _longest(lengths: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Length of the longest phrase, by its first word (or character)."""
    longest: dict[str, int] = {}
    for first, length in lengths:
        longest[first] = max(length, longest.get(first, 0))
    return longest


@cache
def _forms_cached(word: str) -> tuple[str, ...]:
    stems = [word]
    for ending, instead in (("'s", ""), ("’s", ""), ("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM - 1 and not word.endswith("ss"):
            stems.append(word[: -len(ending)] + instead)
    if word.endswith(("es", "ed")):
        stems.append(word[:-2] + "ing")
    if word.endswith("ing") and len(word) - 3 >= _SHORTEST_STEM:
        stem = word[:-3]
        stems += [stem, stem + "e"] + ([stem[:-1]] if stem[-1] == stem[-2] else [])
    return tuple(stems)


def _forms(word: str) -> tuple[str, ...]:
    """The word itself, then the base forms it may be the plural or the participle of."""
    return _forms_cached(word) if len(word) <= 24 else (word,)
