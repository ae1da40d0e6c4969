"""A horse: gallops, walks, stands."""

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
_HEIGHT = 1.55  # metres at the withers, which are one unit high
_FAR, _HOOF_FAR, _TAIL, _TRUNK, _NEAR, _HOOF, _EAR, _HEAD, _MANE, _EYE = range(10)
_COATS: dict[str, Colour] = {
    "brown": rgb("#9a5a2e"),
    "white": rgb("#f0ece4"),
    "black": rgb("#39343a"),
    "grey": rgb("#a7aab2"),
    "golden": rgb("#d49a4e"),
}


@subject(
    "horse",
    en=("horse", "horses", "stallion", "mare", "pony", "foal", "mustang"),
    zh=("马匹", "骏马", "白马", "黑马", "小马", "野马", "马"),
    actions=("run", "walk", "stand", "jump", "eat"),
)
def horse(stage: SceneStage, spec: SubjectSpec) -> None:
    """One horse in front, a herd behind it."""
    action = spec.action or "run"
    named = [name for name in spec.attributes if name in _COATS or name in COLOURS] or [
        "brown",
        "black",
        "grey",
        "golden",
        "white",
    ]
    for k in range(max(1, min(6, spec.count))):
        name = named[k % len(named)]
        _put(stage, action, _COATS.get(name) or COLOURS[name], k)


def _put(stage: SceneStage, action: str, coat: Colour, k: int) -> None:
    """The ``k``-th horse: its path and the sound of its hooves."""
    z = min(max(stage.subject_depth * 1.25, 4.2) * (1 + 0.28 * k), stage.depth_range[1] * 0.95)
    true = stage.focal / z
    unit = min(_HEIGHT * true, 0.30 * stage.width, 0.40 * stage.height)
    amount, rate, pace = {"run": (1.0, 1.75, 3.4), "jump": (1.0, 1.7, 3.2), "walk": (0.36, 0.85, 0.9)}.get(
        action, (0.0, 0.3, 0.0)
    )
    pace *= unit / (_HEIGHT * true)
    grazing = 1.0 if action == "eat" else 0.0
    poses = [
        paint(stage, _gait(p / _POSES, amount, grazing), _skins(coat), unit, (-1.75, -1.9, 1.75, 0.1), hair=60)
        for p in range(_POSES)
    ]
    actor = Actor(stage, poses, true)
    width = stage.width * z / stage.focal
    aside = 0.0 if k == 0 else width * 0.24 * ((k + 1) // 2) * (-1) ** k
    if pace and stage.endless:
        stage.camera_speed = max(stage.camera_speed, pace)
    elif pace:  # slower in a narrow frame, or it would cross it at once
        pace *= min(1.0, max(0.25, 0.75 * width / (pace * stage.seconds)))

    def quads(frame: ShotFrame) -> list[Quad]:
        x = aside + 0.03 * width * math.sin(0.5 * frame.t + k)
        if pace:
            x += (
                stage.camera_speed * frame.t
                if stage.camera_speed
                else (pace * frame.t + 0.60 * width) % (1.8 * width) - 0.9 * width
            )
        hop = 0.35 * max(0.0, math.sin(_TAU * frame.t * 0.6)) if action == "jump" else 0.0
        return actor.quads(frame, x, z, frame.t * rate + 0.31 * k, lift=hop)

    stage.add(AnimatedSprites(quads), z)
    if amount and k == 0:
        beats = (0.0, 0.13, 0.28) if amount > 0.6 else (0.0, 0.25, 0.5, 0.75)
        times = [(n + beat) / rate for n in range(math.ceil(stage.seconds * rate)) for beat in beats]
        stage.events += [SoundEvent(t, "hoof", 0.1 * math.sin(9 * t), 0.5) for t in times]


def _skins(coat: Colour) -> list[Skin]:
    """The skins in painting order."""
    lit, dark = scale(coat, 1.12), scale(coat, 0.36)
    hair = rgb("#2b211c") if sum(coat) < 2.2 else rgb("#d9d3c8")
    fur = Skin(lit=lit, shaded=dark, rim=0.8)
    strands = Skin(lit=scale(hair, 1.3), shaded=scale(hair, 0.5), fur=0.06, rim=0.7)
    return [
        Skin(lit=scale(coat, 0.6), shaded=scale(dark, 0.7), rim=0.2),
        Skin(lit=(0.14, 0.12, 0.11), shaded=(0.06, 0.05, 0.05), rim=0.1),
        strands,
        fur,
        fur,
        Skin(lit=(0.22, 0.18, 0.16), shaded=(0.08, 0.07, 0.06), rim=0.3),
        fur,
        fur,
        strands,
        Skin(lit=(0.05, 0.04, 0.04), shaded=(0.03, 0.03, 0.03), rim=0.0),
    ]


def _gait(phase: float, amount: float, grazing: float) -> Body:
    """A pose of the stride, facing right; ``amount`` 1 gallops, ``grazing`` 1 lowers the head to the grass."""
    body = Body()
    bob, pitch = -0.045 * math.cos(_TAU * phase) * amount, 0.06 * math.sin(_TAU * phase) * amount

    def at(x: float, y: float) -> Joint:
        return x, y + bob - x * pitch

    gallop = amount > 0.6
    for far in (True, False):
        skin, hoof = (_FAR, _HOOF_FAR) if far else (_NEAR, _HOOF)
        lag = (0.10 if gallop else 0.5) if far else 0.0
        _leg(body, (skin, hoof), at(0.40, -0.62), phase + (0.45 if gallop else 0.25) + lag, amount, front=True)
        _leg(body, (skin, hoof), at(-0.50, -0.66), phase + lag, amount, front=False)
    body.add_chain(
        _TRUNK,
        [at(0.42, -0.72), at(0.05, -0.70), at(-0.30, -0.74), at(-0.50, -0.77)],
        [0.235, 0.235, 0.215, 0.215],
        0.1,
    )
    body.add_limb(_TRUNK, at(0.36, -0.86), 0.15, at(-0.42, -0.88), 0.14, 0.1)
    wave = 0.12 * math.sin(_TAU * phase)
    lift = 0.34 * amount
    body.add_chain(
        _TAIL,
        [
            at(-0.70, -0.86),
            at(-0.90, -0.80 - 0.4 * lift),
            (-1.02 - 0.3 * lift, -0.52 - lift + wave * 0.5),
            (-1.06 - 0.45 * lift, -0.26 - 1.2 * lift + wave),
        ],
        [0.06, 0.085, 0.095, 0.03],
        0.08,
    )
    nod = 0.035 * math.sin(_TAU * (phase + 0.3)) * max(0.25, amount)
    _neck(body, at, nod, amount, grazing, phase)
    return body


def _leg(body: Body, skins: tuple[int, int], hip: Joint, phase: float, amount: float, *, front: bool) -> None:
    """Shoulder or thigh, knee, cannon, hoof."""
    phase %= 1
    swing, rise = math.cos(_TAU * phase), max(0.0, -math.sin(_TAU * phase))
    foot = hip[0] + 0.42 * amount * swing + (0.03 if front else -0.04), -0.07 - 0.30 * rise * amount
    knee, ankle = bend(hip, foot, 0.33, 0.30, 1.0 if front else -1.0)
    body.add_chain(
        _TRUNK if skins[0] == _NEAR else skins[0],
        [hip, ((hip[0] + knee[0]) / 2, (hip[1] + knee[1]) / 2), knee],
        [0.15 if front else 0.20, 0.115, 0.068],
        0.09,
    )
    body.add_chain(skins[0], [knee, ankle], [0.062, 0.042], 0.04)
    turn = 0.05 - 0.09 * rise * amount
    body.add_limb(skins[1], (ankle[0] + 0.01, ankle[1] + 0.02), 0.046, (ankle[0] + turn, ankle[1] + 0.05), 0.054, 0.02)


def _neck(body: Body, at: object, nod: float, amount: float, grazing: float, phase: float) -> None:
    """Neck, head, ears, mane: up and forward, or lowered to the grass."""
    on = at  # maps a point of the resting body to its current position

    def h(x: float, y: float) -> Joint:
        if grazing:  # rotated about the shoulder by a little less than a right angle
            dx, dy = x - 0.50, y + 0.84
            x, y = 0.50 + 0.26 * dx - 0.97 * dy, -0.84 + 0.97 * dx + 0.26 * dy
        return on(x + 0.06 * amount, y + nod + 0.06 * amount)  # type: ignore[operator, no-any-return]  # see above

    body.add_chain(_TRUNK, [h(0.50, -0.84), h(0.72, -1.10), h(0.86, -1.34)], [0.205, 0.145, 0.110], 0.12)
    body.add_chain(_HEAD, [h(0.88, -1.38), h(1.02, -1.28), h(1.20, -1.12)], [0.115, 0.098, 0.066], 0.07)
    body.add_ball(_HEAD, h(1.22, -1.10), 0.072, 0.04)
    for dx in (-0.03, 0.04):
        body.add_limb(_EAR, h(0.84 + dx, -1.46), 0.034, h(0.83 + dx, -1.59), 0.008, 0.02)
    body.add_ball(_EYE, h(1.00, -1.335), 0.020, 0.01)
    body.add_ball(_EYE, h(1.24, -1.115), 0.012, 0.01)
    for k in range(6):
        q = k / 5
        root = h(0.47 + 0.37 * q, -1.00 - 0.47 * q)
        fly = 0.16 * amount + 0.02 * math.sin(_TAU * phase + k)
        body.add_limb(_MANE, root, 0.052, (root[0] - 0.06 - fly, root[1] + 0.12 - 0.3 * fly), 0.022, 0.05)
    body.add_limb(_MANE, h(0.87, -1.47), 0.034, h(0.97, -1.38), 0.020, 0.04)
