"""Turns a prompt into a description: pure, total, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from filmgate_scene import registry
from filmgate_scene.description import Description, SceneShot, SubjectSpec
from filmgate_scene.prompt import default_places, quotes, shot_splitting, tokenizing
from filmgate_scene.prompt.shot_parsing import ParsedShot, parse_shot
from filmgate_scene.prompt.unrecognised import unrecognised

__all__ = ["understand"]

_ABSTRACT = "abstract"
_MAX_UNRECOGNISED = 2  # unrecognised words that a shot may contain before it counts as vague


def understand(prompt: str, *, seed: int, frames: int) -> Description:
    """Understand a prompt. Any string gives a description, which lists the words that are not understood.

    Args:
        prompt: in English, Chinese or both.
        seed: seed for everything that the prompt leaves open.
        frames: length of the video; the shots' lengths add up to it.
    """
    text = tokenizing.normalise(prompt)
    parts = shot_splitting.split_shots(text, frames=frames)
    preamble = parse_shot(parts.preamble)
    parsed = [parse_shot(piece.text) for piece in parts.shots]
    shots = _parse_shots(preamble, parsed)
    if len(shots) == 1 and shots[0].setting == _ABSTRACT and not shots[0].text:
        shots = [replace(shots[0], text=quotes.make_title(text))]
    lengths = shot_splitting.share_frames(frames, [piece.weight for piece in parts.shots])
    return Description(
        prompt=prompt,
        seed=seed,
        language=tokenizing.language(text),
        shots=tuple(replace(shot, frames=length) for shot, length in zip(shots, lengths, strict=True)),
        transition=parts.transition,
        unrecognised=unrecognised(unit for shot_words in (preamble, *parsed) for unit in shot_words.tokens),
    )


def _parse_shots(preamble: ParsedShot, shot_texts: Sequence[ParsedShot]) -> list[SceneShot]:
    """Parse the shots; each inherits first from the words for all shots, then from the shot before."""
    style = tuple(dict.fromkeys(name for parsed in (preamble, *shot_texts) for name in parsed.shot.style))
    shots: list[SceneShot] = []
    for parsed in shot_texts:
        shot = _inherit(parsed.shot, preamble.shot, parsed)
        if shots:
            shot = _inherit(shot, replace(shots[-1], text="", camera=()), parsed)
        vague = len(unrecognised(parsed.tokens)) > _MAX_UNRECOGNISED
        settled = _choose_place(replace(shot, style=parsed.shot.style or style), vague=vague)
        shots.append(_with_mood(settled, parsed) if settled.setting == _ABSTRACT else settled)
    return shots


def _inherit(shot: SceneShot, previous: SceneShot, parsed: ParsedShot) -> SceneShot:
    """Fill a shot's gaps; subjects carry over if the place stays the same or a pronoun refers to them."""
    stays = parsed.refers_back or not shot.setting or shot.setting == previous.setting
    return replace(
        shot,
        setting=shot.setting or previous.setting,
        time=shot.time or previous.time,
        weather=shot.weather or (previous.weather if stays else ()),
        subjects=shot.subjects or (_with_action(previous.subjects, parsed.action) if stays else ()),
        camera=shot.camera or previous.camera,
        tempo=shot.tempo or previous.tempo,
        absent=tuple(dict.fromkeys((*previous.absent, *shot.absent))),
        text=shot.text or previous.text,
    )


def _with_action(subjects: tuple[SubjectSpec, ...], action: str) -> tuple[SubjectSpec, ...]:
    """The earlier subjects with the new action, if they can do it."""
    known = registry.subjects()
    return tuple(
        replace(spec, action=action) if spec.kind in known and action in known[spec.kind].actions else spec
        for spec in subjects
    )


def _with_mood(shot: SceneShot, parsed: ParsedShot) -> SceneShot:
    """The abstract landscape in the first mood named, if neither a time of day nor a weather is set."""
    mood = next((mood for unit in parsed.tokens if (mood := unit.value("mood"))), "")
    if shot.time or shot.weather:
        return shot
    return replace(shot, time=mood) if mood in registry.times() else replace(shot, weather=(mood,) if mood else ())


def _place_specificity(kind: str) -> int:
    """Priority for choosing a place: subjects tied to a place first, flowers last because they grow anywhere."""
    known = registry.subjects()
    return {"water": 0, "plant": 2}.get(known[kind].element if kind in known else "", 1)


def _choose_place(shot: SceneShot, *, vague: bool) -> SceneShot:
    """Give a shot a place: the one named, else the default of its subjects, its weather or its time of day.

    A time of day alone does not choose a place if most of the words are not understood.
    """
    if shot.setting:
        return shot
    named: Iterable[tuple[Mapping[str, tuple[str, ...]], Iterable[str]]] = (
        (default_places.SUBJECT_PLACES, sorted((spec.kind for spec in shot.subjects), key=_place_specificity)),
        (default_places.WEATHER_PLACES, () if vague else shot.weather),
        (default_places.TIME_PLACES, () if vague else (shot.time,)),
    )
    suited = [home for table, names in named for name in names for home in table.get(name, ())]
    known = registry.settings()
    if shot.subjects:
        suited += ["meadow", "beach"]
    return replace(shot, setting=next((home for home in suited if home in known), _ABSTRACT))
