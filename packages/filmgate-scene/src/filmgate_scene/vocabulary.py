"""Words for everything the renderer can draw, by language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from filmgate_scene import registry, sound

__all__ = ["FACETS", "word"]


def _attributes() -> Mapping[str, registry.Words]:
    """The common attributes and each subject's own."""
    owned = {name: words for subject in registry.subjects().values() for name, words in subject.attributes.items()}
    return {**owned, **registry.ATTRIBUTES}


def _words_of(
    table: Callable[[], Mapping[str, registry.RegistryEntry]],
) -> Callable[[], Mapping[str, registry.Words]]:
    return lambda: {name: entry.words for name, entry in table().items()}


FACETS: Mapping[str, Callable[[], Mapping[str, registry.Words]]] = {
    "setting": _words_of(registry.settings),
    "subject": _words_of(registry.subjects),
    "weather": _words_of(registry.weathers),
    "time": _words_of(registry.times),
    "style": _words_of(registry.styles),
    "camera": _words_of(registry.cameras),
    "tempo": lambda: {name: tempo.words for name, tempo in registry.TEMPOS.items()},
    "action": lambda: registry.ACTIONS,
    "attribute": _attributes,
    "sound": lambda: sound.WORDS,
}
"""The kinds of registered entries, each with its names and their words."""


def word(facet: str, name: str, language: str) -> str:
    """The word for a name in ``language`` ("en" or "zh"); the name itself if it has no words."""
    words = FACETS[facet]().get(name, registry.Words())
    return next(iter(words.zh if language == "zh" else words.en), name)
