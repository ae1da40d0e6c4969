"""Splits text into meaningful words, in order; the only step that depends on the script."""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from filmgate_scene.prompt import grammar
from filmgate_scene.prompt.lexicon import Lexicon, WordMeaning, lexicon

__all__ = ["Token", "language", "normalise", "tokenize"]

_HAN = r"㐀-䶿一-鿿豈-﫿"
_SCRIPT_RUNS = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    rf"|(?P<word>[^\W_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*|&)"
    r"|(?P<stop>[.!?;。！？；\n]+)"
    r"|(?P<comma>[,，:：()（）\[\]]+)"
)
_SYMBOLS = re.compile(r"[☀-➿\U0001f000-\U0001faff]")
_EMOJI_TAIL = re.compile(r"\b(face|symbol|sign|with|head)\b")


class Token(Struct, frozen=True):
    """One word of the prompt, or a run of unknown characters."""

    text: str
    meanings: tuple[WordMeaning, ...]
    clause: int  # clause number: grows at every comma
    sentence: int  # sentence number: grows at every full stop
    script: str  # "en" or "zh"

    def value(self, facet: str) -> str | None:
        """The word's value for a facet, if any."""
        return next((meaning.value for meaning in self.meanings if meaning.facet == facet), None)

    def has_facet(self, facet: str) -> bool:
        """Whether the word has a meaning for a facet."""
        return any(meaning.facet == facet for meaning in self.meanings)


def normalise(prompt: str) -> str:
    """The prompt in displayable form.

    Compatibility forms and lone surrogates are resolved, symbols are spelled out, and white space is collapsed: one
    line break where lines end, else one space.
    """
    text = prompt.encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFKC", _SYMBOLS.sub(_symbol_name, text))
    return "\n".join(line for raw_line in text.split("\n") if (line := " ".join(raw_line.split())))


def language(text: str) -> str:
    """The prompt's language: "zh" if there is at least one Chinese character for every two other words, else "en"."""
    pieces = list(_SCRIPT_RUNS.finditer(text))
    han = sum(len(match["han"]) for match in pieces if match["han"])
    return "zh" if han and 2 * han >= sum(1 for match in pieces if match["word"]) else "en"


def tokenize(text: str) -> list[Token]:
    """The words of a text with their meanings; unknown text becomes tokens without meanings."""
    units: list[Token] = []
    words: list[str] = []
    clause = sentence = 0
    known = lexicon()

    def flush() -> None:
        units.extend(Token(word, meanings, clause, sentence, "en") for word, meanings in _english(words, known))
        words.clear()

    for match in _SCRIPT_RUNS.finditer(text.lower()):
        if match["word"]:
            words.append(match["word"])
            continue
        flush()
        if match["han"]:
            run = match["han"].translate(grammar.SIMPLIFIED)
            units.extend(Token(word, meanings, clause, sentence, "zh") for word, meanings in _chinese(run, known))
        else:
            clause += 1
            sentence += match["stop"] is not None
    flush()
    return units


def _symbol_name(match: re.Match[str]) -> str:
    """The Unicode name of a symbol: the dog's face becomes "dog"."""
    return f" {_EMOJI_TAIL.sub(' ', unicodedata.name(match[0], '').lower())} "


def _english(words: list[str], known: Lexicon) -> list[tuple[str, tuple[WordMeaning, ...]]]:
    """Match English phrases, longest first."""
    phrases: list[tuple[str, tuple[WordMeaning, ...]]] = []
    at = 0
    while at < len(words):
        length, meanings = known.english(words, at)
        phrases.append((" ".join(words[at : at + max(1, length)]), meanings))
        at += max(1, length)
    return phrases


def _chinese(run: str, known: Lexicon) -> list[tuple[str, tuple[WordMeaning, ...]]]:
    """Segment Chinese text into known words: fewest characters left over, then fewest words.

    Words may overlap ("雪山" contains "雪" and "山"); a greedy longest match from the left could miss a better split.
    """
    best: list[tuple[int, int, int]] = [(0, 0, 0)] * (len(run) + 1)  # characters left over, words, the word's length
    for at in range(len(run) - 1, -1, -1):
        left, count, _ = best[at + 1]
        choice = (left + 1, count, 0)
        for word in known.chinese(run, at):
            left, count, _ = best[at + len(word)]
            choice = min(choice, (left, count + 1, -len(word)))
        best[at] = choice
    phrases: list[tuple[str, tuple[WordMeaning, ...]]] = []
    at = start = 0
    while at < len(run):
        length = -best[at][2]
        if length:
            if start < at:
                phrases.append((run[start:at], ()))
            phrases.append((run[at : at + length], known.meanings(run[at : at + length])))
            start = at + length
        at += max(1, length)
    return phrases + ([(run[start:], ())] if start < len(run) else [])
