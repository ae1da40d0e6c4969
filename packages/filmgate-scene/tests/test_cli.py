"""``filmgate scene``: explanations of a prompt, for people and for programs, and the frame that it draws."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from filmgate.domain import Size
from filmgate_scene import registry
from filmgate_scene.sound import WORDS
from filmgate_scene.still import render_still
from filmgate_scene.texts import en, zh
from filmgate_scene.vocabulary import FACETS, word

if TYPE_CHECKING:
    from tests.support.cli import Cli

SHOTS = "Shot 1: two orange cats sleep in a garden at dawn. Shot 2: a train in the snow, a sign says “NORTH”"


def test_both_languages_hold_the_same_texts() -> None:
    """Each text exists in both languages, with the same placeholders."""
    assert {name: _fields(text) for name, text in en.TEXTS.items()} == {
        name: _fields(text) for name, text in zh.TEXTS.items()
    }


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.fixture
def data(tmp_path: Path) -> str:
    """An empty data folder."""
    return str(tmp_path / "data")


def test_explanation_lists_each_shot(cli: Cli, data: str) -> None:
    """Each shot has its times, its subjects, the defaults for its place and its sounds."""
    result = cli("scene", "explain", SHOTS, FILMGATE_DATA=data)
    assert result.code == 0, result.err
    rows = [line.partition(" ") for line in reversed(result.out.splitlines()) if line]
    lines = {label: value.strip() for label, _, value in rows}
    assert lines["Video"] == "1280x720, 8 s at 24 frames a second, 2 shots with cuts"
    assert lines["Shot"] == "1, from 0.0 to 4.0 s"
    assert lines["Subjects"] == "2 × cat: orange, sleep"
    assert lines["Time"] == "dawn"
    assert "“NORTH”" in result.out
    assert "(default for the place)" in lines["Camera"]
    assert lines["Sound"]


def test_explanation_is_available_in_chinese(cli: Cli, data: str) -> None:
    """Labels and words are Chinese whatever the prompt's language; columns are aligned."""
    result = cli("--lang", "zh", "scene", "explain", SHOTS, FILMGATE_DATA=data)
    assert result.code == 0, result.err
    assert "主体    猫咪 × 2（橙色、睡觉）" in result.out
    assert "地点    花园" in result.out


def test_explanation_is_available_as_json(cli: Cli, data: str) -> None:
    """``--format json`` prints the same data on one line."""
    result = cli("scene", "explain", SHOTS, "--seconds", "4", "--seed", "7", "--format", "json", FILMGATE_DATA=data)
    explanation = json.loads(result.out)
    assert explanation["seed"] == 7
    assert explanation["video"] == {"size": "1280x720", "seconds": 4, "fps": 24, "image": False}
    assert [(shot["setting"], shot["start"], shot["seconds"]) for shot in explanation["shots"]] == [
        ("garden", 0, 2),
        (explanation["shots"][1]["setting"], 2, 2),
    ]
    assert explanation["shots"][0]["sound"]["beds"]
    assert explanation["shots"][1]["text"] == "NORTH"


def test_quiet_explanation_is_one_line(cli: Cli, data: str) -> None:
    """``-q`` prints the summary only."""
    result = cli("scene", "explain", "a dog on a beach", "-q", FILMGATE_DATA=data)
    assert result.out == "beach with dog\n"
    assert not result.err


def test_reference_image_replaces_the_first_shots_place(cli: Cli, data: str, tmp_path: Path) -> None:
    """With ``--image`` the place is the image, and no defaults are added."""
    image = tmp_path / "image.png"
    Image.new("RGB", (320, 200), (90, 140, 60)).save(image)
    arguments = ("a dog, rain", "--image", str(image), "--size", "320x180", "--format", "json")
    explanation = json.loads(cli("scene", "explain", *arguments, FILMGATE_DATA=data).out)
    assert explanation["video"]["image"]
    assert explanation["shots"][0]["drawn"] == {"setting": "reference"}
    assert explanation["shots"][0]["assumed"] == {}


def test_frame_comes_from_the_shot_at_its_time() -> None:
    """A time in the second shot gives that shot; a time past the end gives the last frame."""
    prompt, size = "Shot 1: a city at night. Shot 2: a meadow by day.", Size(96, 54)
    night, day, end, past = (render_still(prompt, seed=1, seconds=4, size=size, at=at) for at in (1, 3, 95 / 24, 9))
    assert day.mean() > night.mean() + 30
    assert (end == past).all()


def test_frame_is_saved_as_png(cli: Cli, data: str, tmp_path: Path) -> None:
    """The PNG has the video's size, depends on the time, and never overwrites a file without ``--force``."""
    first, later = tmp_path / "first.png", tmp_path / "later.png"
    for path, at in ((first, "0"), (later, "3.9")):
        arguments = ("a dog runs on a beach", "--size", "320x180", "--seconds", "4", "--at", at, "-o", str(path))
        result = cli("scene", "frame", *arguments, FILMGATE_DATA=data)
        assert (result.code, result.out) == (0, f"{path}\n"), result.err
    with Image.open(first) as a, Image.open(later) as b:
        assert a.size == b.size == (320, 180)
        assert np.abs(np.asarray(a, int) - np.asarray(b, int)).mean() > 1
    assert cli("scene", "frame", "a dog", "-o", str(first), FILMGATE_DATA=data).code == 11


@pytest.mark.parametrize("size", ["1281x720", "12x12", "wide"])
def test_invalid_size_is_a_usage_error(cli: Cli, size: str, data: str) -> None:
    """It is refused before the renderer is loaded."""
    result = cli("scene", "explain", "a dog", "--size", size, FILMGATE_DATA=data)
    assert result.code == 2
    assert size in result.err


def test_every_registered_entry_has_a_word_in_both_languages() -> None:
    """Explanations use these words."""
    for facet, table in FACETS.items():
        for name in table():
            assert word(facet, name, "en").isascii(), (facet, name)
            assert not word(facet, name, "zh").isascii(), (facet, name)
    assert registry.settings().keys() <= FACETS["setting"]().keys()
    assert set(WORDS) == set(FACETS["sound"]())


@pytest.mark.parametrize(("page", "language"), [("scene.md", "en"), ("scene.zh-CN.md", "zh")])
def test_manual_lists_every_registered_entry(page: str, language: str) -> None:
    """Every registered entry is in the page's table of words, in the page's language."""
    text = (Path(__file__).parents[3] / "docs" / "how-to" / page).read_text(encoding="utf-8")
    facets = set(FACETS) - {"attribute", "sound"}
    assert [name for facet in facets for name in FACETS[facet]() if word(facet, name, language) not in text] == []
