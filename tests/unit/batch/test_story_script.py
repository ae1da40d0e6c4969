"""Story scripts, and invalid ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from filmgate.batch.story_script import StoryScript, read_script

LAKE = """
title: The Lake
style: watercolour
defaults: {seconds: 4, size: 1280x720}
characters: {Mara: a woman in a red coat}
shots:
  - {name: dawn, prompt: mist over a lake}
  - {name: boat, prompt: Mara in a boat, continue: true, seconds: 8}
  - {prompt: a town, image: town.png}
  - {name: night, prompt: stars, reference: {last_frame_of: boat}}
"""


def _read(text: str, name: str = "lake.yaml") -> StoryScript:
    return read_script(text.encode(), name, Path("/stories"))


def _problems(*shots: object, **others: object) -> list[tuple[int, str]]:
    script = _read(json.dumps({"shots": shots, **others}), "lake.json")
    return [(problem.row, problem.code) for problem in script.problems]


def test_a_story_is_read() -> None:
    """Defaults, style and characters are applied; shots without a name get one."""
    script = _read(LAKE)
    assert not script.problems, script
    assert script.title == "The Lake"
    assert [(shot.name, shot.continues_from) for shot in script.shots] == [
        ("dawn", None),
        ("boat", "dawn"),
        ("shot-3", None),
        ("night", "boat"),
    ]
    boat, town = script.shots[1].row.params, script.shots[2].row.params
    assert boat.prompt == "watercolour\nMara in a boat\nMara: a woman in a red coat"
    assert (boat.seconds, boat.size, town.seconds) == ("8", "1280x720", "4")
    assert town.image_path == Path("/stories/town.png")


def test_a_story_is_read_in_other_formats() -> None:
    """JSON, TOML, Chinese keys, and references in words."""
    chinese = (
        "标题: 湖\n镜头:\n- {名称: 清晨, 提示词: 湖}\n- {提示词: 船, 参考图: 清晨的末帧}\n- {提示词: 夜, 延续: true}"
    )
    assert [shot.continues_from for shot in _read(chinese).shots] == [None, "清晨", "shot-2"]
    toml = '[[shots]]\nname = "a"\nprompt = "a"\n[[shots]]\nprompt = "b"\nreference = "the last frame of a"\n'
    assert [shot.continues_from for shot in _read(toml, "lake.toml").shots] == [None, "a"]
    assert [shot.row.params.prompt for shot in _read('{"shots": ["a", "b"]}', "lake.json").shots] == ["a", "b"]


def test_a_change_affects_the_shots_that_continue_it() -> None:
    """A changed dawn changes boat and night, but not the town."""
    before, after = _read(LAKE), _read(LAKE.replace("mist over a lake", "fog over a lake"))
    pairs = zip(before.shots, after.shots, strict=True)
    assert [old.name for old, new in pairs if old.row.key != new.row.key] == ["dawn", "boat", "night"]
    renamed = _read(LAKE.replace("dawn", "opening"))
    assert [shot.row.key for shot in renamed.shots] == [shot.row.key for shot in before.shots]


def test_equal_shots_have_different_keys() -> None:
    """Also where a third one continues the second."""
    shots = _read('{"shots": ["a", "a", {"prompt": "b", "continue": true}]}', "lake.json").shots
    assert len({shot.row.key for shot in shots}) == 3


@pytest.mark.parametrize(
    ("shots", "problems"),
    [
        ([], [(0, "no_shots")]),
        ([7], [(1, "not_an_object")]),
        ([{"prompt": "a", "continue": True}], [(1, "first_continues")]),
        ([{"prompt": "a", "promt": "b"}], [(1, "unknown_column")]),
        ([{"name": "a", "prompt": "a"}, {"name": "a", "prompt": "b"}], [(0, "duplicate_name")]),
        ([{"prompt": "a", "reference": "last frame of z"}], [(1, "unknown_shot")]),
        ([{"name": "a", "prompt": "a", "reference": "last frame of a"}], [(1, "cycle")]),
        (
            [
                {"name": "a", "prompt": "a", "reference": "last frame of b"},
                {"name": "b", "prompt": "b", "reference": "last frame of a"},
                {"prompt": "c", "continue": True},
            ],
            [(1, "cycle"), (2, "cycle")],
        ),
    ],
)
def test_an_invalid_shot_is_a_problem(shots: list[object], problems: list[tuple[int, str]]) -> None:
    """With the shot's number; 0 for the whole story."""
    assert _problems(*shots) == problems


def test_an_invalid_story_file_is_a_problem() -> None:
    """One problem for its first invalid key or value."""
    assert _problems("a", titel="x") == [(0, "unknown_story_key")]
    assert _problems("a", defaults=["x"]) == [(0, "story_defaults")]
    assert _problems("a", characters="x") == [(0, "story_characters")]
    for text, what in (("- a", "not_a_story"), ("a: [", "yaml"), ("!!python/name:os.system", "yaml")):
        assert [problem.code for problem in _read(text).problems] == [what]
    assert [problem.code for problem in _read("{", "lake.json").problems] == ["yaml"]
    assert [problem.code for problem in _read("=", "lake.toml").problems] == ["yaml"]
    assert [problem.code for problem in read_script(b"\xff\xff", "lake.yaml", Path()).problems] == ["encoding"]
