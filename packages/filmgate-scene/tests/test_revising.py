"""Revisions: a new prompt on top of earlier ones, and the start of an extension."""

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
def test_new_prompt_replaces_only_what_it_names(prompt: str, changed: dict[str, object]) -> None:
    """One facet is replaced, every other one is unchanged."""
    (before,), (after,) = interpret(BASE, 24).shots, interpret(_remix(prompt), 24).shots
    revised = {name: getattr(after, name) for name in ("setting", "time", "weather", "camera")}
    was = {name: getattr(before, name) for name in ("setting", "time", "weather", "camera")}
    assert revised == was | changed
    assert [spec.kind for spec in after.subjects] == ["dog"]


@pytest.mark.parametrize("prompt", ["No rain any more", "不要下雨"])
def test_remix_can_remove_things(prompt: str) -> None:
    """What the new prompt negates is removed; the rest stays."""
    (shot,) = interpret(_remix(prompt, "A dog on a beach in the rain"), 24).shots
    assert (shot.setting, shot.weather, [spec.kind for spec in shot.subjects]) == ("beach", (), ["dog"])
    (again,) = interpret(_remix("It rains again", "A dog on a beach in the rain", prompt), 24).shots
    assert again.weather == ("rain",)


def test_remix_changes_an_existing_subject() -> None:
    """A running dog that the remix calls black continues to run."""
    (shot,) = interpret(_remix("The dog is black"), 24).shots
    assert [(spec.kind, spec.action, spec.attributes) for spec in shot.subjects] == [("dog", "run", ("black",))]


def test_remixes_of_remixes_accumulate() -> None:
    """Each prompt applies on top of all earlier ones; the seed is the first video's."""
    description = interpret(_remix("In the rain", DOG, "At night"), 24)
    assert (description.shots[0].time, description.shots[0].weather) == ("night", ("rain",))
    assert description.seed == BASE.seed


def test_extension_continues_the_last_shot() -> None:
    """Earlier shots are not repeated."""
    two = "Shot 1: a city at night. Shot 2: a beach at dawn."
    assert len(interpret(replace(BASE, prompt=two), 48).shots) == 2
    job = replace(BASE, prompt="The camera pans", base_prompts=(two,), operation=Operation.EXTEND)
    (shot,) = interpret(job, 48).shots
    assert (shot.setting, shot.camera, shot.frames) == ("beach", ("pan",), 48)


def test_mentioned_character_lends_its_colour(tmp_path: Path) -> None:
    """The notes list the mentioned characters and their colours."""
    path = tmp_path / "who.png"
    Image.new("RGB", (30, 30), "#c8322c").save(path)
    characters = (
        CharacterFiles(name="Mossy", image=path, video=path),
        CharacterFiles(name="Fern", image=path, video=path),
    )
    job = replace(BASE, prompt="mossy the dog runs on a beach", characters=characters)
    assert interpret(job, 24).shots[0].subjects[0].attributes[0] == "red"
    assert [(note["name"], note["mentioned"], note["colour"]) for note in character_notes(job)] == [
        ("Mossy", True, "red"),
        ("Fern", False, "red"),
    ]


def _extended(folder: Path, prompt: str, base: tuple[str, ...] = (DOG,)) -> tuple[list[Grey], dict[str, object]]:
    """The frames of a one-second video and of its extension by two seconds, and the extension's notes."""
    source, segment, whole = (folder / f"{name}.mp4" for name in ("source", "segment", "whole"))
    _render(BASE, source)
    frames.save_last_frame(source, folder / "last.png")
    job = replace(BASE, prompt=prompt, base_prompts=base, operation=Operation.EXTEND, seconds=2, source=source)
    notes = _render(replace(job, reference=folder / "last.png"), segment)
    assert stitch(source, segment, whole) == 72
    with open_video(whole) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)], notes


def _step(greys: list[Grey], n: int) -> float:
    """The difference between frame ``n`` and the one before."""
    return float(np.abs(greys[n] - greys[n - 1]).mean())


def test_extension_continues_from_the_next_frame(tmp_path: Path) -> None:
    """The seam is a step like any other: place, waves and legs continue to move."""
    greys, _ = _extended(tmp_path, "It goes on")
    steps = [_step(greys, n) for n in range(12, 60)]
    assert _step(greys, 24) <= 1.5 * float(np.median(steps))
    assert max(steps) <= 2.5 * float(np.median(steps))
    assert np.abs(greys[71] - greys[24]).mean() > 3


def test_new_content_of_an_extension_dissolves_in(tmp_path: Path) -> None:
    """The old world continues over the seam; a second later it is night."""
    greys, notes = _extended(tmp_path, "night falls, snow")
    assert _step(greys, 24) <= 1.5 * float(np.median([_step(greys, n) for n in range(12, 24)]))
    assert greys[71].mean() < greys[23].mean() - 20
    assert "drawn on from the last frame" in str(notes["operation"])


def test_extension_of_a_differently_drawn_video_holds_its_last_frame(tmp_path: Path) -> None:
    """If the last frame is not the expected one, it is held over the seam and dissolves."""
    greys, _ = _extended(tmp_path, "It goes on", ("a city at night in the rain",))
    assert _step(greys, 24) < 3
    assert np.abs(greys[71] - greys[24]).mean() > 10


def test_extension_continues_the_sound() -> None:
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


def test_edit_of_an_uploaded_video_starts_with_its_first_frame(tmp_path: Path) -> None:
    """The notes state that the motion is not kept."""
    _render(BASE, tmp_path / "upload.mp4")
    job = replace(BASE, prompt="Snow", operation=Operation.EDIT, source=tmp_path / "upload.mp4")
    notes = _render(job, tmp_path / "edit.mp4")
    first, again = (frames.read_first_frame(tmp_path / f"{name}.mp4").astype(int) for name in ("upload", "edit"))
    assert np.abs(first - again).mean() < 6
    assert "motion is not kept" in str(notes["operation"])


def _render(job: Job, out: Path) -> dict[str, object]:
    return render(job, out, progress=lambda _done, _all: None, cancelled=lambda: False).notes
