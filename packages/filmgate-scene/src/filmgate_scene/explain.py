"""Explains how the renderer understands a prompt, for people who want to check it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from filmgate.domain import Size
from filmgate_scene import registry
from filmgate_scene.compose import ShotRenderer
from filmgate_scene.description import Description, SceneShot
from filmgate_scene.kernels.declare import F32
from filmgate_scene.prompt import understand
from filmgate_scene.semantic import PlaceMatcher
from filmgate_scene.shots import FPS, shot_renderer
from filmgate_scene.summary import KIND, describe

__all__ = ["explain_prompt", "explain_shots"]

_SMALL = 96  # pixels of the shorter side; sounds and contents do not depend on the size


def explain_prompt(prompt: str, *, seed: int, seconds: int) -> dict[str, object]:
    """Return the description as plain data, the kind of video it becomes, and a one-line summary."""
    return _to_plain(PlaceMatcher().assign_places(understand(prompt, seed=seed, frames=seconds * FPS)))


def explain_shots(prompt: str, *, seed: int, seconds: int, size: Size, image: F32 | None = None) -> dict[str, object]:
    """The same, plus each shot's times, the defaults drawn where the prompt names nothing, and the sounds.

    This builds each shot's stage, at a small size. ``image`` (height, width, 3), in 0 … 1, is the first frame.
    """
    description = PlaceMatcher().assign_places(understand(prompt, seed=seed, frames=seconds * FPS))
    shots = []
    for number, (shot, start, frames) in enumerate(_timed_shots(description)):
        view = shot_renderer(description, number, size=_scaled_down(size), image=image)
        times = {"start": start / FPS, "seconds": frames / FPS}
        shots.append({**shot, **times, **_prepared_facts(view, description.shots[number])})
    video = {"size": str(size), "seconds": seconds, "fps": FPS, "image": image is not None}
    return {**_to_plain(description), "video": video, "shots": shots}


def _to_plain(description: Description) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(description)
    return {"kind": KIND, "summary": describe(description), **plain}


def _timed_shots(description: Description) -> Iterator[tuple[dict[str, object], int, int]]:
    """Each shot as plain data, with its first frame and its number of frames."""
    start = 0
    for shot in description.shots:
        yield msgspec.to_builtins(shot), start, shot.frames
        start += shot.frames


def _prepared_facts(view: ShotRenderer, shot: SceneShot) -> dict[str, object]:
    """Facts that need a built stage."""
    cues = view.sound_cues()
    return {
        "assumed": {} if view.notes["setting"] == "reference" else _assumed_facets(shot),
        "drawn": view.notes,
        "sound": {
            "beds": {name: round(level, 2) for name, level in sorted(cues.ambience.items()) if level > 0},
            "events": dict(sorted(Counter(event.kind for event in cues.events).items())),
        },
    }


def _assumed_facets(shot: SceneShot) -> dict[str, object]:
    """The setting's defaults where the prompt names nothing."""
    place = registry.settings()[shot.setting]
    suited: dict[str, object] = {
        "time": place.time,
        "weather": [] if place.indoor else list(place.weather),
        "subjects": list(place.inhabitants),
        "camera": list(place.camera),
    }
    return {facet: value for facet, value in suited.items() if value and not getattr(shot, facet)}


def _scaled_down(size: Size) -> Size:
    """The same aspect ratio with fewer pixels; both sides are even."""
    share = min(1.0, _SMALL / min(size.width, size.height))
    return Size(2 * round(size.width * share / 2), 2 * round(size.height * share / 2))
