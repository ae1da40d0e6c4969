"""Combines a prompt with the prompts before it: remixes, edits, extensions; and the characters it mentions.

The new prompt wins, facet by facet; what it leaves open keeps the earlier meaning. A new prompt of several shots is a
complete screenplay and replaces the earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PIL import Image

from filmgate.domain import Operation
from filmgate.engines.base import CharacterFiles, Job
from filmgate_scene.description import Description, SceneShot, SubjectSpec
from filmgate_scene.palette import COLOURS
from filmgate_scene.prompt import understand
from filmgate_scene.prompt.shot_parsing import parse_shot
from filmgate_scene.prompt.tokenizing import normalise

__all__ = ["character_notes", "interpret"]

_DEFAULT_SUBJECT = "person"  # the subject that represents a character if the prompt names none that can be drawn


def interpret(
    job: Job, frames: int, assign_places: Callable[[Description], Description] = lambda description: description
) -> Description:
    """Understand the job's prompt in the context of the prompts of its source videos.

    Args:
        job: what to render.
        frames: length of the new video in frames.
        assign_places: finds places for shots that have none.
    """
    first, *later_prompts = (*job.base_prompts, job.prompt)
    description = assign_places(understand(first, seed=job.seed, frames=frames))
    if later_prompts and job.operation is Operation.EXTEND:
        # The new segment continues the last shot; the earlier shots are already in the source.
        description = replace(description, shots=(replace(description.shots[-1], frames=frames),))
    for prompt in later_prompts:
        description = _apply_revision(description, prompt, frames, assign_places)
    return _with_colours(description, job)


def character_notes(job: Job) -> list[dict[str, object]]:
    """For every character of the job: its name, whether the prompt mentions it, and the colour it is drawn in."""
    return [
        {
            "name": character.name,
            "mentioned": _is_mentioned(character, job),
            "colour": _dominant_colour(character.image),
        }
        for character in job.characters
    ]


def _apply_revision(
    previous: Description, prompt: str, frames: int, assign_places: Callable[[Description], Description]
) -> Description:
    new = understand(prompt, seed=previous.seed, frames=frames)
    if len(new.shots) > 1:
        return assign_places(new)
    revision = parse_shot(normalise(prompt)).shot
    shots = tuple(_revise_shot(shot, revision) for shot in previous.shots)
    return replace(new, shots=shots, transition=previous.transition)


def _revise_shot(shot: SceneShot, revision: SceneShot) -> SceneShot:
    moved = bool(revision.setting) and revision.setting != shot.setting
    gone = revision.absent
    return replace(
        shot,
        setting=revision.setting or shot.setting,
        guessed=shot.guessed and not revision.setting,
        time=revision.time or shot.time,
        weather=revision.weather or tuple(name for name in shot.weather if name not in gone),
        subjects=_revise_subjects([spec for spec in shot.subjects if spec.kind not in gone], revision.subjects),
        style=revision.style or shot.style,
        camera=revision.camera or shot.camera,
        tempo=revision.tempo or shot.tempo,
        absent=tuple(name for name in (*shot.absent, *gone) if name not in (*revision.weather, *_kinds(revision))),
        # A sign stays in its place.
        text=revision.text or ("" if moved else shot.text),
    )


def _kinds(shot: SceneShot) -> list[str]:
    return [spec.kind for spec in shot.subjects]


def _revise_subjects(previous: Sequence[SubjectSpec], revision: Sequence[SubjectSpec]) -> tuple[SubjectSpec, ...]:
    """Revise the cast: an earlier subject is changed, any other subject replaces the whole cast."""
    by_kind = {spec.kind: spec for spec in previous}
    if not any(spec.kind in by_kind for spec in revision):
        return tuple(revision or previous)
    named = {
        spec.kind: _revise_subject(by_kind[spec.kind], spec) if spec.kind in by_kind else spec for spec in revision
    }
    kept = [named.pop(spec.kind, spec) for spec in previous]
    return (*kept, *named.values())


def _revise_subject(previous: SubjectSpec, revision: SubjectSpec) -> SubjectSpec:
    return replace(
        revision,
        action=revision.action or previous.action,
        attributes=revision.attributes or previous.attributes,
        count=max(revision.count, previous.count) if revision.count == 1 else revision.count,
    )


def _with_colours(description: Description, job: Job) -> Description:
    """Mentioned characters lend their colours: the first to the first subject, the second to the second."""
    mentioned = [_dominant_colour(character.image) for character in job.characters if _is_mentioned(character, job)]
    if not mentioned:
        return description
    return replace(description, shots=tuple(_recolour_subjects(shot, mentioned) for shot in description.shots))


def _recolour_subjects(shot: SceneShot, colours: Sequence[str]) -> SceneShot:
    subjects = list(shot.subjects) or [SubjectSpec(kind=_DEFAULT_SUBJECT)]
    for number, colour in enumerate(colours[: len(subjects)]):
        remaining = tuple(word for word in subjects[number].attributes if word not in COLOURS)
        subjects[number] = replace(subjects[number], attributes=(colour, *remaining))
    return replace(shot, subjects=tuple(subjects))


def _is_mentioned(character: CharacterFiles, job: Job) -> bool:
    return character.name.casefold() in job.prompt.casefold()


def _dominant_colour(path: Path) -> str:
    """The named colour nearest to the centre of an image."""
    with Image.open(path) as image:
        width, height = image.size
        middle = image.convert("RGB").crop((width // 3, height // 3, max(1, 2 * width // 3), max(1, 2 * height // 3)))
        mean = np.asarray(middle, np.float32).mean((0, 1)) / np.float32(255)
    return _nearest_colour(COLOURS, (float(mean[0]), float(mean[1]), float(mean[2])))


def _nearest_colour(named: Mapping[str, tuple[float, float, float]], colour: tuple[float, float, float]) -> str:
    def distance(name: str) -> float:
        return sum((a - b) ** 2 for a, b in zip(named[name], colour, strict=True))

    return min(named, key=distance)
