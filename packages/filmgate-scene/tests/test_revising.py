"""What a new prompt means on top of older ones, and how an extension begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Operation, Size
from filmgate.engines.base import CharacterFiles, Job
from filmgate.media import frames
from filmgate.media.probe import open_video
from filmgate.media.stitch import stitch
from filmgate_scene import sound
from filmgate_scene.cues import SoundCues
from filmgate_scene.extension import ShotContinuation
from filmgate_scene.prompt import understand
from filmgate_scene.render import render
from filmgate_scene.revisions import character_notes, interpret
from filmgate_scene.shots import shot_renderer

Grey = NDArray[np.int_]

DOG = "A golden dog running on a beach at sunset, the camera follows"
BASE = Job(token="t", video_id="v", model="m", prompt=DOG, size=Size(128, 72), seconds=1, seed=7)


def _remix(prompt: str, *before: str) -> Job:
    return replace(BASE, prompt=prompt, base_prompts=before or (DOG,), operation=Operation.REMIX)


@pytest.mark.parametrize(
    ("prompt", "changed"),
    [
        ("At night", {"time": "night"}),
        ("Make it rain", {"weather": ("rain",)}),
        ("In a city", {"setting": "city"}),
        ("把它变成夜晚", {"time": "night"}),
        ("Nothing of the kind is known here", {}),
    ],
)
def test_what_is_said_wins_and_the_rest_stays(prompt: str, changed: dict[str, object]) -> None:
    """One facet is replaced, every other one is what it was."""
    (before,), (after,) = interpret(BASE, 24).shots, interpret(_remix(prompt), 24).shots
    said = {name: getattr(after, name) for name in ("setting", "time", "weather", "camera")}
    was = {name: getattr(before, name) for name in ("setting", "time", "weather", "camera")}
    assert said == was | changed
    assert [spec.kind for spec in after.subjects] == ["dog"]


@pytest.mark.parametrize("prompt", ["No rain any more", "不要下雨"])
def test_a_remix_can_take_things_away(prompt: str) -> None:
    """What the new prompt denies is gone; the rest stays."""
    (shot,) = interpret(_remix(prompt, "A dog on a beach in the rain"), 24).shots
    assert (shot.setting, shot.weather, [spec.kind for spec in shot.subjects]) == ("beach", (), ["dog"])
    (again,) = interpret(_remix("It rains again", "A dog on a beach in the rain", prompt), 24).shots
    assert again.weather == ("rain",)


def test_somebody_who_was_there_is_changed() -> None:
    """A dog that is called black now goes on running."""
    (shot,) = interpret(_remix("The dog is black"), 24).shots
    assert [(spec.kind, spec.action, spec.attributes) for spec in shot.subjects] == [("dog", "run", ("black",))]


def test_remixes_of_remixes_add_up() -> None:
    """Each prompt lies over all before it; the seed is the first film's."""
    description = interpret(_remix("In the rain", DOG, "At night"), 24)
    assert (description.shots[0].time, description.shots[0].weather) == ("night", ("rain",))
    assert description.seed == BASE.seed


def test_an_extension_goes_on_from_the_last_shot() -> None:
    """What was seen in earlier shots is not told again."""
    two = "Shot 1: a city at night. Shot 2: a beach at dawn."
    assert len(interpret(replace(BASE, prompt=two), 48).shots) == 2
    job = replace(BASE, prompt="The camera pans", base_prompts=(two,), operation=Operation.EXTEND)
    (shot,) = interpret(job, 48).shots
    assert (shot.setting, shot.camera, shot.frames) == ("beach", ("pan",), 48)


def test_a_mentioned_character_lends_its_colour(tmp_path: Path) -> None:
    """The notes say who was mentioned, and which colour it gave."""
    picture = tmp_path / "who.png"
    Image.new("RGB", (30, 30), "#c8322c").save(picture)
    who = (
        CharacterFiles(name="Mossy", image=picture, video=picture),
        CharacterFiles(name="Fern", image=picture, video=picture),
    )
    job = replace(BASE, prompt="mossy the dog runs on a beach", characters=who)
    assert interpret(job, 24).shots[0].subjects[0].attributes[0] == "red"
    assert [(said["name"], said["mentioned"], said["colour"]) for said in character_notes(job)] == [
        ("Mossy", True, "red"),
        ("Fern", False, "red"),
    ]


def _extended(folder: Path, prompt: str, base: tuple[str, ...] = (DOG,)) -> tuple[list[Grey], dict[str, object]]:
    """The frames of a film of a second and of its extension by two, and the extension's notes."""
    source, segment, whole = (folder / f"{name}.mp4" for name in ("source", "segment", "whole"))
    _render(BASE, source)
    frames.save_last_frame(source, folder / "last.png")
    job = replace(BASE, prompt=prompt, base_prompts=base, operation=Operation.EXTEND, seconds=2, source=source)
    notes = _render(replace(job, reference=folder / "last.png"), segment)
    assert stitch(source, segment, whole) == 72
    with open_video(whole) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)], notes


def _step(greys: list[Grey], n: int) -> float:
    """How much frame ``n`` differs from the one before."""
    return float(np.abs(greys[n] - greys[n - 1]).mean())


def test_an_extension_goes_on_from_the_next_frame(tmp_path: Path) -> None:
    """The seam is a step like any other: place, waves and legs go on, and go on moving."""
    greys, _ = _extended(tmp_path, "It goes on")
    steps = [_step(greys, n) for n in range(12, 60)]
    assert _step(greys, 24) <= 1.5 * float(np.median(steps))
    assert max(steps) <= 2.5 * float(np.median(steps))
    assert np.abs(greys[71] - greys[24]).mean() > 3


def test_what_is_new_in_an_extension_dissolves_in(tmp_path: Path) -> None:
    """Over the seam the old world goes on; a second later it is night."""
    greys, notes = _extended(tmp_path, "night falls, snow")
    assert _step(greys, 24) <= 1.5 * float(np.median([_step(greys, n) for n in range(12, 24)]))
    assert greys[71].mean() < greys[23].mean() - 20
    assert "drawn on from the last frame" in str(notes["operation"])


def test_an_extension_of_what_was_drawn_otherwise_begins_with_its_last_frame(tmp_path: Path) -> None:
    """Where the last frame is not what we would draw, it stands over the seam and dissolves."""
    greys, _ = _extended(tmp_path, "It goes on", ("a city at night in the rain",))
    assert _step(greys, 24) < 3
    assert np.abs(greys[71] - greys[24]).mean() > 10


def test_the_sound_of_an_extension_goes_on() -> None:
    """It does not fade in, and its events are those after the source's end."""
    whole = sound.mix([sound.ShotSound(0, 4, SoundCues(ambience={"wind": 1.0}, events=()))], seconds=4, seed=1)
    rest = sound.mix(
        [sound.ShotSound(0, 2, SoundCues(ambience={"wind": 1.0}, events=()))], seconds=2, seed=1, since=2.0
    )
    assert rest.shape == (2 * sound.RATE, 2)
    assert np.sqrt((rest[480:2400] ** 2).mean()) > 3 * np.sqrt((whole[480:2400] ** 2).mean())
    source = understand(DOG, seed=1, frames=48)
    onward = ShotContinuation(source, Size(160, 90), 48)
    times = [event.time for event in onward.sound_cues().events]
    assert times
    assert all(0 <= time < 2 for time in times)
    assert len(times) == pytest.approx(len(shot_renderer(source, 0, size=Size(160, 90)).sound_cues().events), abs=3)


def test_an_uploaded_film_is_edited_from_its_first_frame(tmp_path: Path) -> None:
    """The edit begins as the upload did, and its notes say what was not kept."""
    _render(BASE, tmp_path / "upload.mp4")
    job = replace(BASE, prompt="Snow", operation=Operation.EDIT, source=tmp_path / "upload.mp4")
    notes = _render(job, tmp_path / "edit.mp4")
    first, again = (frames.read_first_frame(tmp_path / f"{name}.mp4").astype(int) for name in ("upload", "edit"))
    assert np.abs(first - again).mean() < 6
    assert "motion is not kept" in str(notes["operation"])


def _render(job: Job, out: Path) -> dict[str, object]:
    return render(job, out, progress=lambda _done, _all: None, cancelled=lambda: False).notes
