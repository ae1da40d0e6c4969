"""Deer: a stag with its antlers, a doe, a fawn; they walk, bound, stand or graze."""

from __future__ import annotations

import math

from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Actor, Body, Joint, Skin, bend, paint
from filmgate_scene.palette import COLOURS, Colour, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TAU = 2 * math.pi
_POSES = 16
_HEIGHT = 1.15  # metres at the withers, which are one unit high
_FAR, _HOOF_FAR, _ANTLER_FAR, _BELLY, _TRUNK, _TAIL, _NEAR, _HOOF, _HEAD, _EAR, _ANTLER, _NOSE, _SPOT = range(13)
_MOVES = {"run": (0.95, 1.7, 2.6), "jump": (0.95, 1.6, 2.6), "walk": (0.36, 0.85, 0.65)}  # amount, cycles, metres


@subject(
    "deer",
    en=("deer", "stag", "doe", "fawn", "reindeer", "elk", "moose", "buck"),
    zh=("鹿", "小鹿", "梅花鹿", "驯鹿", "麋鹿", "雄鹿", "鹿群"),
    actions=("walk", "run", "stand", "eat", "jump"),
    attributes={
        "young": Words(en=("fawn", "doe"), zh=("小鹿",)),
        "spotted": Words(en=("fawn",), zh=("梅花鹿", "小鹿")),
    },
)
def deer(stage: SceneStage, spec: SubjectSpec) -> None:
    """The first deer in front, the others behind it; does follow a stag."""
    action = spec.action or "walk"
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#9c6b3f"))
    for k in range(max(1, min(5, spec.count))):
        young = "young" in spec.attributes or k % 2 == 1
        _put(stage, action, named, k, young=young, spotted="spotted" in spec.attributes)


def _put(stage: SceneStage, action: str, coat: Colour, k: int, *, young: bool, spotted: bool) -> None:
    """The ``k``-th deer."""
    z = min(max(stage.subject_depth * 1.1, 3.6) * (1 + 0.3 * k), stage.depth_range[1] * 0.95)
    true = stage.focal / z
    unit = min(_HEIGHT * true, 0.27 * stage.width, 0.34 * stage.height) * (0.8 if young else 1.0)
    amount, rate, pace = _MOVES.get(action, (0.0, 0.3, 0.0))
    pace *= unit / (_HEIGHT * true)
    bodies = [_gait(p / _POSES, amount, young=young, spotted=spotted, low=action == "eat") for p in range(_POSES)]
    poses = [paint(stage, body, _skins(coat), unit, (-1.5, -2.35, 1.6, 0.1), hair=60) for body in bodies]
    actor = Actor(stage, poses, true, left=False)
    width = stage.width * z / stage.focal
    aside = 0.0 if k == 0 else width * 0.26 * ((k + 1) // 2) * (-1) ** k
    if pace and stage.endless:
        stage.camera_speed = max(stage.camera_speed, pace)
    elif pace:  # slower in a narrow frame, or it would cross it at once
        pace *= min(1.0, max(0.25, 0.75 * width / (pace * stage.seconds)))

    def quads(frame: ShotFrame) -> list[Quad]:
        x = aside + 0.02 * width * math.sin(0.5 * frame.t + k)
        if pace:
            x += (
                stage.camera_speed * frame.t
                if stage.camera_speed
                else (pace * frame.t + 0.60 * width) % (1.8 * width) - 0.9 * width
            )
        hop = 0.45 * max(0.0, math.sin(_TAU * frame.t * 0.8)) if action == "jump" else 0.0
        return actor.quads(frame, x, z, frame.t * rate + 0.31 * k, lift=hop)

    stage.add(AnimatedSprites(quads), z)
    if amount and k == 0:
        steps = range(round(stage.seconds * rate * 2))
        stage.events += [SoundEvent((n + 0.2) / (2 * rate), "step", 0.1 * (-1) ** n, 0.2) for n in steps]


def _skins(coat: Colour) -> list[Skin]:
    """The skins in painting order."""
    fur = Skin(lit=scale(coat, 1.12), shaded=scale(coat, 0.42), fur=0.012, rim=0.7)
    pale = Skin(lit=rgb("#efe3cf"), shaded=rgb("#9a8a74"), rim=0.4)
    dark = Skin(lit=(0.16, 0.13, 0.11), shaded=(0.07, 0.06, 0.05), rim=0.2)
    horn = Skin(lit=rgb("#b79c78"), shaded=rgb("#5b4632"), rim=0.5)
    behind = Skin(lit=scale(coat, 0.66), shaded=scale(coat, 0.3), rim=0.2)
    far_horn = Skin(lit=rgb("#8d7658"), shaded=rgb("#453626"), rim=0.2)
    return [behind, dark, far_horn, pale, fur, pale, fur, dark, fur, fur, horn, dark, pale]


def _gait(phase: float, amount: float, *, young: bool, spotted: bool, low: bool) -> Body:
    """A pose of the stride, facing right."""
    body = Body()
    bob, pitch = -0.05 * math.cos(_TAU * phase) * amount, 0.05 * math.sin(_TAU * phase) * amount

    def at(x: float, y: float) -> Joint:
        return x, y + bob - x * pitch

    bounds = amount > 0.6
    for far in (True, False):
        skins = (_FAR, _HOOF_FAR) if far else (_NEAR, _HOOF)
        lag = (0.10 if bounds else 0.5) if far else 0.0
        _leg(body, skins, at(0.34, -0.66), phase + (0.45 if bounds else 0.25) + lag, amount, front=True)
        _leg(body, skins, at(-0.42, -0.70), phase + lag, amount, front=False)
    back = [at(0.36, -0.80), at(0.05, -0.78), at(-0.25, -0.80), at(-0.44, -0.82)]
    body.add_chain(_TRUNK, back, [0.175, 0.165, 0.150, 0.165], 0.1)
    body.add_limb(_BELLY, at(0.24, -0.74), 0.155, at(-0.22, -0.76), 0.145, 0.05)
    flick = 0.04 * math.sin(_TAU * phase)
    body.add_limb(_TAIL, at(-0.58, -0.86), 0.055, at(-0.66, -0.74 - 0.25 * amount + flick), 0.035, 0.05)
    if spotted:
        for k in range(7):
            body.add_ball(_SPOT, at(-0.42 + 0.13 * k, -0.84 + 0.045 * (k % 3)), 0.020, 0.006)
    nod = 0.03 * math.sin(_TAU * (phase + 0.3)) * max(0.25, amount)
    _head(body, at, nod, antlers=not young, low=low)
    return body


def _leg(body: Body, skins: tuple[int, int], hip: Joint, phase: float, amount: float, *, front: bool) -> None:
    """Thigh, knee, thin cannon, hoof."""
    phase %= 1
    rise = max(0.0, -math.sin(_TAU * phase))
    foot = hip[0] + 0.42 * amount * math.cos(_TAU * phase) + (0.02 if front else -0.05), -0.06 - 0.32 * rise * amount
    knee, ankle = bend(hip, foot, 0.34, 0.31, 1.0 if front else -1.0)
    upper = _TRUNK if skins[0] == _NEAR else skins[0]
    middle = (hip[0] + knee[0]) / 2, (hip[1] + knee[1]) / 2
    body.add_chain(upper, [hip, middle, knee], [0.11 if front else 0.16, 0.080, 0.045], 0.08)
    body.add_chain(skins[0], [knee, ankle], [0.042, 0.027], 0.03)
    body.add_limb(skins[1], (ankle[0], ankle[1] + 0.015), 0.030, (ankle[0] + 0.04, ankle[1] + 0.045), 0.030, 0.02)


def _head(body: Body, at: object, nod: float, *, antlers: bool, low: bool) -> None:
    """A long neck, held high or down to the grass, a narrow head, large ears."""
    on = at  # maps a point of the resting body to its current position

    def h(x: float, y: float) -> Joint:
        if low:  # rotated about the shoulder
            dx, dy = x - 0.42, y + 0.84
            x, y = 0.42 + 0.10 * dx - 0.95 * dy, -0.84 + 0.95 * dx + 0.10 * dy
        return on(x, y + nod)  # type: ignore[operator, no-any-return]  # see above

    body.add_chain(_TRUNK, [h(0.42, -0.86), h(0.58, -1.12), h(0.66, -1.36)], [0.150, 0.095, 0.075], 0.1)
    body.add_limb(_BELLY, h(0.50, -0.94), 0.115, h(0.67, -1.22), 0.07, 0.05)
    body.add_chain(_HEAD, [h(0.66, -1.42), h(0.80, -1.37), h(0.97, -1.29)], [0.090, 0.072, 0.044], 0.06)
    body.add_ball(_NOSE, h(1.00, -1.29), 0.028, 0.02)
    body.add_ball(_NOSE, h(0.76, -1.42), 0.018, 0.01)
    for side, skin in ((-0.08, _FAR), (0.0, _EAR)):
        body.add_limb(skin, h(0.60 + side, -1.48), 0.022, h(0.46 + side, -1.58), 0.014, 0.02)
        body.add_ball(skin, h(0.51 + side, -1.545), 0.032, 0.03)
    if antlers:
        for shift, skin in ((0.07, _ANTLER_FAR), (0.0, _ANTLER)):
            beam = [h(0.63 + shift, -1.50), h(0.48 + shift, -1.74), h(0.50 + shift, -1.98), h(0.64 + shift, -2.16)]
            body.add_chain(skin, beam, [0.026, 0.024, 0.020, 0.010], 0.02)
            tines = (((0.57, -1.60), (0.74, -1.72)), ((0.48, -1.80), (0.66, -1.94)), ((0.50, -1.98), (0.42, -2.16)))
            for (ax, ay), (bx, by) in tines:
                body.add_limb(skin, h(ax + shift, ay), 0.018, h(bx + shift, by), 0.008, 0.015)
