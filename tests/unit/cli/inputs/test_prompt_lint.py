"""The prompt lint: each problem is reported, and a good prompt has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.cli.inputs.prompt_lint import lint_prompt
from filmgate.cli.texts import Texts

GOOD = [
    ("A golden retriever runs along a beach at sunset, low camera, warm light", {}),
    ("一只金毛犬在日落的海滩上奔跑，低机位，暖色调", {"size": "720x1280"}),
    ("a koi pond in the rain", {"size": "1280x720", "seconds": "8"}),
    ("Shot 1: 4 seconds, a dog. Shot 2: 4 seconds, a cat.", {"seconds": "8"}),
    ("0-4s: a dog wakes. 4-8s: it runs out of the door.", {"seconds": "8"}),
    ("A portrait of a woman in the mountain landscape", {"size": "1280x720"}),
    ('A neon sign that says "OPEN", 6" tall, blinks in the rain', {}),
    ("竖屏，雨夜的霓虹街道，行人撑伞走过", {"size": "720x1280"}),
    ("she turns", {"image": True}),
    ("the woman of this picture smiles", {"image": True}),
    ("A 10-second shot of waves", {"seconds": "10"}),
]

BAD = [
    ("dog", {}, ["short"]),
    ("小狗", {}, ["short"]),
    ("a beautiful video", {}, ["vague"]),
    ("帮我生成一个好看的视频", {}, ["vague"]),
    ("随便来一段", {}, ["vague"]),
    ("", {}, ["vague"]),
    ("waves " * 400, {}, ["long"]),
    ("竖屏，雨夜的霓虹街道，行人撑伞走过", {"size": "1280x720"}, ["aspect_ratio"]),
    ("a street at night, portrait, rain", {"size": "1280x720"}, ["aspect_ratio"]),
    ("a street at night, 9:16", {"size": "1792x1024"}, ["aspect_ratio"]),
    ("横屏的雪山日出云海", {"size": "720x1280"}, ["aspect_ratio"]),
    ("a long street, 16:9画面", {"size": "720x1280"}, ["aspect_ratio"]),
    ("waves for 12 seconds at the coast", {"seconds": "4"}, ["seconds"]),
    ("海浪拍岸，时长15秒", {"seconds": "8"}, ["seconds"]),
    ("a 5 second film of waves, 10 seconds long", {}, ["several_lengths"]),
    ('a sign that says "OPEN in the rain', {}, ["quotes"]),
    ("招牌上写着“营业中，雨夜街道", {}, ["quotes"]),
    ("a {subject} runs through the rain", {}, ["placeholder"]),
    ("a dog in [INSERT CITY] at night", {}, ["placeholder"]),
    ("a dog in the rain, 4k, 60fps", {}, ["technical"]),
    ("超清，雨夜的霓虹街道和行人", {}, ["technical"]),
    ("the woman of this picture smiles", {}, ["image"]),
    ("让图中的人微笑着挥手", {}, ["image"]),
]


@pytest.mark.parametrize(("prompt", "more"), GOOD)
def test_a_good_prompt_has_no_warning(prompt: str, more: dict[str, str]) -> None:
    """Users ignore warnings if there are too many."""
    assert lint_prompt(prompt, **more) == []  # type: ignore[arg-type]  # table values


@pytest.mark.parametrize(("prompt", "more", "names"), BAD)
def test_a_bad_prompt_has_its_warning(prompt: str, more: dict[str, str], names: list[str]) -> None:
    """And no other."""
    assert [warning.name for warning in lint_prompt(prompt, **more)] == names  # type: ignore[arg-type]  # table values


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_warning_has_its_text(language: str) -> None:
    """In both languages, with its values."""
    text = Texts(language)
    for prompt, more, _ in BAD:
        for warning in lint_prompt(prompt, **more):  # type: ignore[arg-type]  # table values
            assert text(f"lint.{warning.name}", **warning.values)


@given(st.text(), st.text(max_size=12), st.text(max_size=5))
def test_any_prompt_is_accepted(prompt: str, size: str, seconds: str) -> None:
    """The lint never raises."""
    lint_prompt(prompt, size=size, seconds=seconds)
