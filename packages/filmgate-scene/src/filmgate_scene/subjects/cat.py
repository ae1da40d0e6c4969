"""A cat: sits and looks around, walks, runs, sleeps."""

from __future__ import annotations

import math

from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Actor, Body, Joint, Skin, bend, paint
from filmgate_scene.palette import COLOURS, Colour, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TAU = 2 * math.pi
_POSES = 16
_HEIGHT = 0.50  # metres a unit: a little larger than life, since a true-size cat is too small to see
_FAR, _TAIL, _TRUNK, _NEAR, _EAR_FAR, _HEAD, _EAR, _MUZZLE, _EYE, _PUPIL, _NOSE = range(11)
_COATS: dict[str, Colour] = {
    "orange": rgb("#e58e3e"),
    "white": rgb("#f3eee6"),
    "black": rgb("#37343a"),
    "grey": rgb("#9aa0aa"),
    "brown": rgb("#8a623f"),
}


@subject(
    "cat",
    en=("cat", "cats", "kitten", "kittens", "kitty", "tabby"),
    zh=("猫咪", "小猫", "猫", "橘猫", "黑猫", "白猫"),
    actions=("sit", "walk", "run", "stand", "sleep", "play"),
)
def cat(stage: SceneStage, spec: SubjectSpec) -> None:
    """One in front, others around it."""
    action = spec.action or "sit"
    moving = {"walk": (0.55, 1.1, 0.42), "run": (1.9, 1.8, 1.0), "play": (1.5, 1.7, 0.9)}.get(action)
    name = next((name for name in spec.attributes if name in _COATS or name in COLOURS), "orange")
    coat = _COATS.get(name) or COLOURS[name]
    true = stage.focal / (stage.subject_depth * 0.85)
    unit = min(_HEIGHT * true, 0.34 * stage.width)
    amount = moving[2] if moving else 0.0
    make = _gait if moving or action == "stand" else _curled if action == "sleep" else _sitting
    poses = [
        paint(stage, make(k / _POSES, amount), _skins(coat), unit, (-1.6, -1.62, 1.25, 0.12), hair=46)
        for k in range(_POSES)
    ]
    actor = Actor(stage, poses, true)
    if moving and stage.endless:
        stage.camera_speed = max(stage.camera_speed, moving[0])
    for k in range(max(1, min(6, spec.count))):
        _put(stage, actor, moving, k)


def _put(stage: SceneStage, actor: Actor, moving: tuple[float, float, float] | None, k: int) -> None:
    """The ``k``-th cat."""
    z = stage.subject_depth * (0.85 + 0.2 * k)
    width = stage.width * z / stage.focal
    aside = width * 0.2 * ((k + 1) // 2) * (-1) ** k
    pace, rate = (moving[0], moving[1]) if moving else (0.0, 0.25)

    def quads(frame: ShotFrame) -> list[Quad]:
        x = aside
        if moving:
            x += (
                stage.camera_speed * frame.t
                if stage.camera_speed
                else (pace * frame.t + 0.6 * width) % (1.7 * width) - 0.85 * width
            )
        return actor.quads(frame, x, z, frame.t * rate + 0.4 * k)

    stage.add(AnimatedSprites(quads), z)
    if k == 0:
        stage.events.append(SoundEvent(0.9, "meow", 0.0, 0.3))


def _skins(coat: Colour) -> list[Skin]:
    """The skins in painting order."""
    dark, pale = (
        scale(coat, 0.40),
        (min(1.1, coat[0] * 0.5 + 0.55), min(1.1, coat[1] * 0.5 + 0.52), min(1.1, coat[2] * 0.5 + 0.48)),
    )
    fur = Skin(lit=scale(coat, 1.12), shaded=dark, fur=0.014, rim=0.9)
    return [
        Skin(lit=scale(coat, 0.66), shaded=scale(dark, 0.7), fur=0.012, rim=0.2),
        Skin(lit=coat, shaded=dark, fur=0.02, rim=0.9), fur, fur,
        Skin(lit=scale(coat, 0.7), shaded=dark, rim=0.3), fur, Skin(lit=scale(coat, 0.95), shaded=dark, rim=0.6),
        Skin(lit=pale, shaded=scale(pale, 0.6), rim=0.3), Skin(lit=rgb("#b9d14a"), shaded=rgb("#7f9a2c"), rim=0.0),
        Skin(lit=(0.04, 0.04, 0.04), shaded=(0.03, 0.03, 0.03), rim=0.0),
        Skin(lit=rgb("#d9808a"), shaded=rgb("#8c4a52"), rim=0.0),
    ]  # fmt: skip


def _head(body: Body, at: Joint, turn: float) -> None:
    """A round head with pointed ears; ``turn`` rotates it from the side towards the camera."""
    x, y = at
    for skin, dx in ((_EAR_FAR, 0.10), (_EAR, -0.12)):
        body.add_limb(skin, (x + dx, y - 0.15), 0.085, (x + dx * 1.25, y - 0.31), 0.012, 0.05)
    body.add_limb(_HEAD, (x - 0.04, y), 0.205, (x + 0.05, y + 0.01), 0.195, 0.05)
    body.add_limb(_MUZZLE, (x + 0.11 + turn, y + 0.075), 0.075, (x + 0.17 + turn, y + 0.08), 0.06, 0.05)
    body.add_ball(_NOSE, (x + 0.205 + turn, y + 0.04), 0.024)
    for dx in (0.005, 0.155):
        body.add_ball(_EYE, (x + dx + turn, y - 0.025), 0.044)
        body.add_ball(_PUPIL, (x + dx + 0.010 + turn, y - 0.022), 0.023)


def _sitting(phase: float, amount: float) -> Body:
    """Upright, breathing, the tail's tip flicking, the head turning a little."""
    del amount
    body = Body()
    breath, flick = 0.010 * math.sin(_TAU * phase), 0.14 * math.sin(_TAU * phase)
    body.add_chain(_TRUNK, [(0.18, -0.80 + breath), (0.04, -0.52), (-0.16, -0.28)], [0.17, 0.215, 0.265], 0.1)
    for skin, dx in ((_FAR, 0.09), (_NEAR, 0.0)):
        body.add_chain(
            skin,
            [(0.20 + dx, -0.68), (0.22 + dx, -0.34), (0.22 + dx, -0.06), (0.29 + dx, -0.04)],
            [0.10, 0.066, 0.05, 0.046],
        )
        body.add_chain(
            skin,
            [(-0.14 + dx, -0.26), (0.10 + dx, -0.17), (0.02 + dx, -0.06), (0.17 + dx, -0.045)],
            [0.20, 0.11, 0.06, 0.05],
            0.09,
        )
    body.add_chain(
        _TAIL,
        [(-0.38, -0.12), (-0.66, -0.08), (-0.86, -0.16 + flick * 0.3), (-0.96, -0.34 + flick)],
        [0.06, 0.058, 0.052, 0.035],
    )
    _head(body, (0.24, -1.05 + breath), 0.03 * math.sin(_TAU * phase))
    return body


def _curled(phase: float, amount: float) -> Body:
    """Curled up asleep, breathing."""
    del amount
    body = Body()
    breath = 0.018 * math.sin(_TAU * phase)
    body.add_chain(_TRUNK, [(0.30, -0.26), (0.0, -0.30 - breath), (-0.34, -0.27)], [0.20, 0.29 + breath, 0.25], 0.12)
    body.add_chain(_TAIL, [(-0.50, -0.12), (-0.30, -0.05), (0.10, -0.05), (0.40, -0.06)], [0.06, 0.06, 0.058, 0.04])
    _head(body, (0.44, -0.28), 0.0)
    return body


def _gait(phase: float, amount: float) -> Body:
    """Walking or running, facing right."""
    body = Body()
    bob = -0.03 * math.cos(_TAU * 2 * phase) * amount
    for skin, shift in ((_FAR, 0.5), (_NEAR, 0.0)):
        for hip, lag, side in ((0.36, 0.25, 1.0), (-0.40, 0.0, -1.0)):
            swing = math.cos(_TAU * (phase + shift + lag))
            rise = max(0.0, -math.sin(_TAU * (phase + shift + lag))) * 0.22 * amount
            foot = hip + 0.34 * amount * swing + 0.02, -0.06 - rise
            knee, end = bend((hip, -0.62 + bob), foot, 0.32, 0.32, side)
            body.add_chain(
                skin,
                [(hip, -0.62 + bob), knee, end, (end[0] + 0.08, end[1] + 0.015)],
                [0.12 if side > 0 else 0.15, 0.068, 0.046, 0.042],
            )
    body.add_chain(_TRUNK, [(0.40, -0.70 + bob), (0.02, -0.68 + bob), (-0.42, -0.69 + bob)], [0.185, 0.195, 0.185], 0.1)
    wave = 0.10 * math.sin(_TAU * phase)
    body.add_chain(
        _TAIL,
        [(-0.56, -0.74 + bob), (-0.82, -0.80 + wave * 0.4), (-1.02, -1.02 + wave), (-1.00, -1.26 + wave * 1.4)],
        [0.06, 0.055, 0.05, 0.034],
    )
    body.add_limb(_TRUNK, (0.44, -0.76 + bob), 0.15, (0.58, -0.88 + bob), 0.13, 0.1)
    _head(body, (0.68, -0.97 + bob), 0.02)
    return body
