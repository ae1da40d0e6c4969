"""``filmgate scene``: what is said of a prompt, to people and to programs, and the frame that is drawn."""

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
    """Each text exists in both languages, with the same places for values."""
    assert {name: _fields(text) for name, text in en.TEXTS.items()} == {
        name: _fields(text) for name, text in zh.TEXTS.items()
    }


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.fixture
def data(tmp_path: Path) -> str:
    """An empty data folder."""
    return str(tmp_path / "data")


def test_people_read_what_was_understood(cli: Cli, data: str) -> None:
    """Each shot is told with its times, who is in it, what suits the place and what is heard."""
    ran = cli("scene", "explain", SHOTS, FILMGATE_DATA=data)
    assert ran.code == 0, ran.err
    told = [line.partition(" ") for line in reversed(ran.out.splitlines()) if line]
    lines = {label: value.strip() for label, _, value in told}
    assert lines["Film"] == "1280x720, 8 s at 24 frames a second, 2 shots with cuts"
    assert lines["Shot"] == "1, from 0.0 to 4.0 s"
    assert lines["Subjects"] == "2 × cat: orange, sleep"
    assert lines["Time"] == "dawn"
    assert "“NORTH”" in ran.out
    assert "(not said; suits the place)" in lines["Camera"]
    assert lines["Sound"]


def test_it_is_told_in_chinese_too(cli: Cli, data: str) -> None:
    """Labels and the things themselves, whatever language the prompt is in; columns are even."""
    ran = cli("--lang", "zh", "scene", "explain", SHOTS, FILMGATE_DATA=data)
    assert ran.code == 0, ran.err
    assert "主体    猫咪 × 2（橙色、睡觉）" in ran.out
    assert "地点    花园" in ran.out


def test_programs_read_json(cli: Cli, data: str) -> None:
    """The same as one line of JSON."""
    ran = cli("scene", "explain", SHOTS, "--seconds", "4", "--seed", "7", "--format", "json", FILMGATE_DATA=data)
    told = json.loads(ran.out)
    assert told["seed"] == 7
    assert told["film"] == {"size": "1280x720", "seconds": 4, "fps": 24, "picture": False}
    assert [(shot["setting"], shot["start"], shot["seconds"]) for shot in told["shots"]] == [
        ("garden", 0, 2),
        (told["shots"][1]["setting"], 2, 2),
    ]
    assert told["shots"][0]["sound"]["beds"]
    assert told["shots"][1]["text"] == "NORTH"


def test_quiet_is_one_line(cli: Cli, data: str) -> None:
    """``-q`` leaves the summary."""
    ran = cli("scene", "explain", "a dog on a beach", "-q", FILMGATE_DATA=data)
    assert ran.out == "beach with dog\n"
    assert not ran.err


def test_a_picture_takes_the_first_shots_place(cli: Cli, data: str, tmp_path: Path) -> None:
    """With ``--image`` the place is the picture, and nothing is assumed of it."""
    picture = tmp_path / "picture.png"
    Image.new("RGB", (320, 200), (90, 140, 60)).save(picture)
    arguments = ("a dog, rain", "--image", str(picture), "--size", "320x180", "--format", "json")
    told = json.loads(cli("scene", "explain", *arguments, FILMGATE_DATA=data).out)
    assert told["film"]["picture"]
    assert told["shots"][0]["drawn"] == {"setting": "reference"}
    assert told["shots"][0]["assumed"] == {}


def test_a_still_knows_its_shot() -> None:
    """A moment of the second shot shows the second shot; one past the end the last frame."""
    prompt, size = "Shot 1: a city at night. Shot 2: a meadow by day.", Size(96, 54)
    night, day, end, past = (render_still(prompt, seed=1, seconds=4, size=size, at=at) for at in (1, 3, 95 / 24, 9))
    assert day.mean() > night.mean() + 30
    assert (end == past).all()


def test_a_frame_is_drawn(cli: Cli, data: str, tmp_path: Path) -> None:
    """The PNG has the film's size, moves with the time that is asked for, and is never written over by mistake."""
    first, later = tmp_path / "first.png", tmp_path / "later.png"
    for path, at in ((first, "0"), (later, "3.9")):
        arguments = ("a dog runs on a beach", "--size", "320x180", "--seconds", "4", "--at", at, "-o", str(path))
        ran = cli("scene", "frame", *arguments, FILMGATE_DATA=data)
        assert (ran.code, ran.out) == (0, f"{path}\n"), ran.err
    with Image.open(first) as a, Image.open(later) as b:
        assert a.size == b.size == (320, 180)
        assert np.abs(np.asarray(a, int) - np.asarray(b, int)).mean() > 1
    assert cli("scene", "frame", "a dog", "-o", str(first), FILMGATE_DATA=data).code == 11


@pytest.mark.parametrize("size", ["1281x720", "12x12", "wide"])
def test_sizes_that_cannot_be_drawn_are_refused(cli: Cli, size: str, data: str) -> None:
    """Said before anything is loaded, as a mistake of the command line."""
    ran = cli("scene", "explain", "a dog", "--size", size, FILMGATE_DATA=data)
    assert ran.code == 2
    assert size in ran.err


def test_everything_registered_has_a_name_in_both_languages() -> None:
    """What explanations name, people can read."""
    for facet, table in FACETS.items():
        for name in table():
            assert word(facet, name, "en").isascii(), (facet, name)
            assert not word(facet, name, "zh").isascii(), (facet, name)
    assert registry.settings().keys() <= FACETS["setting"]().keys()
    assert set(WORDS) == set(FACETS["sound"]())


@pytest.mark.parametrize(("page", "language"), [("scene.md", "en"), ("scene.zh-CN.md", "zh")])
def test_the_manual_names_everything_that_is_understood(page: str, language: str) -> None:
    """Whatever is registered stands in the table of words, in the page's language."""
    text = (Path(__file__).parents[3] / "docs" / "how-to" / page).read_text(encoding="utf-8")
    facets = set(FACETS) - {"attribute", "sound"}
    assert [name for facet in facets for name in FACETS[facet]() if word(facet, name, language) not in text] == []
