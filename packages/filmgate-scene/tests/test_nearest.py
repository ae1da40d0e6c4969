"""Places by meaning for prompts that name none: with the extra's encoder, with a test encoder, and without one."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from numpy.typing import NDArray

from filmgate.domain import Operation, Size
from filmgate.engines.base import Job
from filmgate_scene import registry
from filmgate_scene.prompt import understand
from filmgate_scene.revisions import interpret
from filmgate_scene.semantic import PlaceMatcher, _place_phrases, load_encoder


class OneMeaning:
    """An encoder that gives every text the meaning of one phrase."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """The prompt, which comes first, equals the phrase; all other texts differ."""
        vectors = np.eye(len(texts), dtype=np.float32)
        vectors[0] = vectors[texts.index(self.phrase)]
        return vectors


@pytest.fixture(scope="module")
def nearest() -> PlaceMatcher:
    """The matcher with the extra's encoder, loaded once."""
    encoder = load_encoder()
    assert encoder is not None
    return PlaceMatcher(lambda: encoder)


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("the orchestra tunes its violins", "stage"),
        ("程序员熬夜写代码", "office"),
        ("commuters hurry with umbrellas", "street"),
        ("企鹅在冰面上排队", "snowfield"),
        ("fishing trawlers head out before sunrise", "sea"),
        ("一家人在看电视", "livingroom"),
        ("entropy of the quarterly tax return", "abstract"),
        ("请生成一个好看的视频", "abstract"),
        ("asdf qwer", "abstract"),
    ],
)
def test_semantic_encoder_finds_places_in_both_languages(nearest: PlaceMatcher, prompt: str, place: str) -> None:
    """Activities get the place where they happen; prompts without a place keep the abstract landscape."""
    assert nearest.nearest_place(prompt) == place


def test_guessed_place_is_marked_and_has_no_title() -> None:
    """The title card belongs to the abstract landscape only."""
    before = understand("dough is kneaded", seed=1, frames=96)
    assert (before.shots[0].setting, before.shots[0].text) == ("abstract", "dough is kneaded")
    (shot,) = PlaceMatcher(lambda: OneMeaning("a chef prepares a meal")).assign_places(before).shots
    assert (shot.setting, shot.guessed, shot.text) == ("kitchen", True, "")


@pytest.mark.parametrize("prompt", ["a beach", "an abstract dreamscape", "抽象的意境", "a dog", "rain", "夜晚"])
def test_named_place_is_never_guessed(prompt: str) -> None:
    """A place from a word or a subject, and a requested abstract landscape, stay unchanged."""
    before = understand(prompt, seed=1, frames=96)
    assert PlaceMatcher(lambda: OneMeaning("a chef prepares a meal")).assign_places(before) == before


def test_time_of_day_is_not_a_place_if_nothing_else_is_understood(nearest: PlaceMatcher) -> None:
    """The unknown words matter more than the time of day among them."""
    before = understand("程序员熬夜写代码", seed=1, frames=96)
    assert nearest.assign_places(before).shots[0].setting == "office"
    assert nearest.assign_places(before).shots[0].time == "night"


def test_each_shot_is_matched_separately() -> None:
    """Of two shots only the one without a place gets one by meaning."""
    before = understand("Shot 1: dough is kneaded. Shot 2: waves on a beach.", seed=1, frames=96)
    after = PlaceMatcher(lambda: OneMeaning("a chef prepares a meal")).assign_places(before)
    assert [(shot.setting, shot.guessed) for shot in after.shots] == [("kitchen", True), ("beach", False)]


def test_without_the_extra_nothing_changes() -> None:
    """No encoder, no guess: the abstract landscape with its title card."""
    before = understand("dough is kneaded", seed=1, frames=96)
    assert PlaceMatcher(lambda: None).assign_places(before) == before


def test_encoder_is_released_and_answers_are_cached() -> None:
    """Its memory is needed for drawing; the same prompt does not load it again."""
    loaded: list[weakref.ref[OneMeaning]] = []

    def load() -> OneMeaning:
        encoder = OneMeaning("surfing")
        loaded.append(weakref.ref(encoder))
        return encoder

    nearest = PlaceMatcher(load)
    assert nearest.nearest_place("what?") == nearest.nearest_place("what?") == "beach"
    gc.collect()
    assert [encoder() for encoder in loaded] == [None]


def test_remix_keeps_the_guessed_place() -> None:
    """What the new prompt leaves open stays, still marked as a guess; a place that it names wins."""
    settle = PlaceMatcher(lambda: OneMeaning("a chef prepares a meal")).assign_places

    def shot(prompt: str) -> tuple[str, bool, str]:
        job = Job(
            token="t",
            video_id="v",
            model="sora-2",
            prompt=prompt,
            size=Size(64, 36),
            seconds=4,
            seed=1,
            operation=Operation.REMIX,
            base_prompts=("dough is kneaded",),
        )
        (described,) = interpret(job, 96, settle).shots
        return described.setting, described.guessed, described.time

    assert shot("at night") == ("kitchen", True, "night")
    assert shot("on a beach") == ("beach", False, "")


def test_every_phrase_belongs_to_a_place() -> None:
    """Every phrase belongs to a registered place, and more than 20 places have phrases."""
    phrases, places = _place_phrases()
    assert len(set(phrases)) == len(phrases)
    assert set(places) - {""} <= registry.settings().keys()
    assert len(set(places)) > 20
