"""What a prompt means on top of the prompts before it: remixes, edits, extensions; and the characters it mentions.

What the new prompt says wins, facet by facet; what it leaves open stays as it was understood before. A new prompt of
several shots is a screenplay of its own and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PIL import Image

from filmgate.domain import Operation
from filmgate.engines.base import Character, Job
from filmgate_scene.description import Description, Shot, SubjectSpec
from filmgate_scene.palette import COLOURS
from filmgate_scene.prompt import understand
from filmgate_scene.prompt.reading import display
from filmgate_scene.prompt.scene import listen

__all__ = ["characters", "meaning"]

_FALLBACK = "person"  # what a character is drawn as where the prompt names nothing that can be


def meaning(job: Job, frames: int, settle: Callable[[Description], Description] = lambda said: said) -> Description:
    """What the job's prompt means, over the prompts of the films that it comes from.

    Args:
        job: what to make.
        frames: of what is to be made.
        settle: finds places for shots that have none.
    """
    first, *others = (*job.base_prompts, job.prompt)
    description = settle(understand(first, seed=job.seed, frames=frames))
    if others and job.operation is Operation.EXTEND:
        # The new segment goes on from the last shot; the ones before it were seen already.
        description = replace(description, shots=(replace(description.shots[-1], frames=frames),))
    for prompt in others:
        description = _over(description, prompt, frames, settle)
    return _with_colours(description, job)


def characters(job: Job) -> list[dict[str, object]]:
    """Of every character of the job: its name, whether the prompt mentions it, and the colour it was drawn in."""
    return [
        {"name": who.name, "mentioned": _mentioned(who, job), "colour": _colour(who.picture)} for who in job.characters
    ]


def _over(before: Description, prompt: str, frames: int, settle: Callable[[Description], Description]) -> Description:
    new = understand(prompt, seed=before.seed, frames=frames)
    if len(new.shots) > 1:
        return settle(new)
    said = listen(display(prompt)).shot
    shots = tuple(_changed(shot, said) for shot in before.shots)
    return replace(new, shots=shots, transition=before.transition)


def _changed(shot: Shot, said: Shot) -> Shot:
    moved = bool(said.setting) and said.setting != shot.setting
    gone = said.absent
    return replace(
        shot,
        setting=said.setting or shot.setting,
        guessed=shot.guessed and not said.setting,
        time=said.time or shot.time,
        weather=said.weather or tuple(name for name in shot.weather if name not in gone),
        subjects=_recast([spec for spec in shot.subjects if spec.kind not in gone], said.subjects),
        style=said.style or shot.style,
        camera=said.camera or shot.camera,
        tempo=said.tempo or shot.tempo,
        absent=tuple(name for name in (*shot.absent, *gone) if name not in (*said.weather, *_kinds(said))),
        # A sign stays where it hangs.
        text=said.text or ("" if moved else shot.text),
    )


def _kinds(shot: Shot) -> list[str]:
    return [spec.kind for spec in shot.subjects]


def _recast(before: Sequence[SubjectSpec], said: Sequence[SubjectSpec]) -> tuple[SubjectSpec, ...]:
    """The cast: somebody who was there already is changed, anybody else takes the place of all."""
    seen = {spec.kind: spec for spec in before}
    if not any(spec.kind in seen for spec in said):
        return tuple(said or before)
    named = {spec.kind: _turned(seen[spec.kind], spec) if spec.kind in seen else spec for spec in said}
    kept = [named.pop(spec.kind, spec) for spec in before]
    return (*kept, *named.values())


def _turned(before: SubjectSpec, said: SubjectSpec) -> SubjectSpec:
    return replace(
        said,
        action=said.action or before.action,
        attributes=said.attributes or before.attributes,
        count=max(said.count, before.count) if said.count == 1 else said.count,
    )


def _with_colours(description: Description, job: Job) -> Description:
    """Mentioned characters lend their colour: the first to the first subject, the second to the second."""
    mentioned = [_colour(who.picture) for who in job.characters if _mentioned(who, job)]
    if not mentioned:
        return description
    return replace(description, shots=tuple(_dressed(shot, mentioned) for shot in description.shots))


def _dressed(shot: Shot, colours: Sequence[str]) -> Shot:
    subjects = list(shot.subjects) or [SubjectSpec(kind=_FALLBACK)]
    for number, colour in enumerate(colours[: len(subjects)]):
        others = tuple(word for word in subjects[number].attributes if word not in COLOURS)
        subjects[number] = replace(subjects[number], attributes=(colour, *others))
    return replace(shot, subjects=tuple(subjects))


def _mentioned(who: Character, job: Job) -> bool:
    return who.name.casefold() in job.prompt.casefold()


def _colour(picture: Path) -> str:
    """The named colour that the middle of a picture is nearest to."""
    with Image.open(picture) as image:
        width, height = image.size
        middle = image.convert("RGB").crop((width // 3, height // 3, max(1, 2 * width // 3), max(1, 2 * height // 3)))
        mean = np.asarray(middle, np.float32).mean((0, 1)) / np.float32(255)
    return _nearest(COLOURS, (float(mean[0]), float(mean[1]), float(mean[2])))


def _nearest(named: Mapping[str, tuple[float, float, float]], colour: tuple[float, float, float]) -> str:
    def distance(name: str) -> float:
        return sum((a - b) ** 2 for a, b in zip(named[name], colour, strict=True))

    return min(named, key=distance)
