"""From a prompt to a description: pure, total, in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from filmgate_scene import registry
from filmgate_scene.description import Description, Shot, SubjectSpec
from filmgate_scene.prompt import cutting, homes, quotes, reading
from filmgate_scene.prompt.scene import Said, listen
from filmgate_scene.prompt.unknown import unrecognised

__all__ = ["understand"]

_ABSTRACT = "abstract"
_FEW = 2  # words of a shot that may stay unrecognised without its becoming vague


def understand(prompt: str, *, seed: int, frames: int) -> Description:
    """What a prompt means. Any string gives a description; what it could not make sense of is listed in it.

    Args:
        prompt: in English, Chinese or both.
        seed: of everything that the prompt leaves open.
        frames: of the whole film; the shots share them exactly.
    """
    text = reading.display(prompt)
    parts = cutting.cut(text, frames=frames)
    whole = listen(parts.whole)
    heard = [listen(piece.text) for piece in parts.pieces]
    shots = _shots(whole, heard)
    if len(shots) == 1 and shots[0].setting == _ABSTRACT and not shots[0].text:
        shots = [replace(shots[0], text=quotes.title_of(text))]
    lengths = cutting.share_frames(frames, [piece.weight for piece in parts.pieces])
    return Description(
        prompt=prompt,
        seed=seed,
        language=reading.language(text),
        shots=tuple(replace(shot, frames=length) for shot, length in zip(shots, lengths, strict=True)),
        transition=parts.transition,
        unrecognised=unrecognised(unit for said in (whole, *heard) for unit in said.units),
    )


def _shots(whole: Said, heard: Sequence[Said]) -> list[Shot]:
    """The shots, each with what it inherits: from the whole first, then from the shot before."""
    style = tuple(dict.fromkeys(name for said in (whole, *heard) for name in said.shot.style))
    shots: list[Shot] = []
    for said in heard:
        shot = _inherit(said.shot, whole.shot, said)
        if shots:
            shot = _inherit(shot, replace(shots[-1], text="", camera=()), said)
        vague = len(unrecognised(said.units)) > _FEW
        settled = _settle(replace(shot, style=said.shot.style or style), vague=vague)
        shots.append(_felt(settled, said) if settled.setting == _ABSTRACT else settled)
    return shots


def _inherit(shot: Shot, before: Shot, said: Said) -> Shot:
    """A shot with what it did not say itself; who was there stays where the place does, or where "it" is said."""
    stays = said.refers or not shot.setting or shot.setting == before.setting
    return replace(
        shot,
        setting=shot.setting or before.setting,
        time=shot.time or before.time,
        weather=shot.weather or (before.weather if stays else ()),
        subjects=shot.subjects or (_acting(before.subjects, said.action) if stays else ()),
        camera=shot.camera or before.camera,
        tempo=shot.tempo or before.tempo,
        absent=tuple(dict.fromkeys((*before.absent, *shot.absent))),
        text=shot.text or before.text,
    )


def _acting(subjects: tuple[SubjectSpec, ...], action: str) -> tuple[SubjectSpec, ...]:
    """Those seen before, doing now what is said, if they can."""
    known = registry.subjects()
    return tuple(
        replace(spec, action=action) if spec.kind in known and action in known[spec.kind].actions else spec
        for spec in subjects
    )


def _felt(shot: Shot, said: Said) -> Shot:
    """The abstract landscape in the first mood that is named, where neither hour nor weather are."""
    mood = next((mood for unit in said.units if (mood := unit.value("mood"))), "")
    if shot.time or shot.weather:
        return shot
    return replace(shot, time=mood) if mood in registry.times() else replace(shot, weather=(mood,) if mood else ())


def _particular(kind: str) -> int:
    """Who can't be elsewhere comes first, flowers last: they grow anywhere."""
    known = registry.subjects()
    return {"water": 0, "plant": 2}.get(known[kind].element if kind in known else "", 1)


def _settle(shot: Shot, *, vague: bool) -> Shot:
    """A shot that has a place: the one said, else where its subjects, its weather or its hour belong.

    An hour alone is no hint where most of the words were not understood.
    """
    if shot.setting:
        return shot
    named: Iterable[tuple[Mapping[str, tuple[str, ...]], Iterable[str]]] = (
        (homes.SUBJECT_HOMES, sorted((spec.kind for spec in shot.subjects), key=_particular)),
        (homes.WEATHER_HOMES, () if vague else shot.weather),
        (homes.TIME_HOMES, () if vague else (shot.time,)),
    )
    suited = [home for table, names in named for name in names for home in table.get(name, ())]
    known = registry.settings()
    if shot.subjects:
        suited += ["meadow", "beach"]
    return replace(shot, setting=next((home for home in suited if home in known), _ABSTRACT))
