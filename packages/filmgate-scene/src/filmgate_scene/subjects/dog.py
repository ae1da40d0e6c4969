"""A dog: runs, walks, sits or stands."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.kernels.marks import splats
from filmgate_scene.layers.figures import Actor, Body, Joint, Skin, bend, paint
from filmgate_scene.palette import COLOURS, Colour, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TAU = 2 * math.pi
_POSES = 16
_HEIGHT = 0.62  # metres at the withers, which are one unit high
_COATS: dict[str, tuple[Colour, Colour]] = {
    "golden": ((1.12, 0.80, 0.44), (0.50, 0.29, 0.14)),
    "white": ((1.05, 1.02, 0.96), (0.50, 0.48, 0.50)),
    "black": ((0.30, 0.28, 0.29), (0.06, 0.055, 0.06)),
    "grey": ((0.72, 0.73, 0.77), (0.26, 0.27, 0.31)),
    "brown": ((0.66, 0.42, 0.25), (0.24, 0.14, 0.08)),
}
_FAR, _TAIL, _TRUNK, _NEAR, _RUFF, _JAW, _TONGUE, _HEAD, _EAR, _NOSE, _EYE = range(11)


@subject(
    "dog",
    en=("dog", "dogs", "puppy", "puppies", "retriever", "labrador", "husky", "corgi", "hound", "pup", "rex"),
    zh=("狗狗", "小狗", "狗", "犬", "金毛", "金毛犬", "拉布拉多", "哈士奇", "柯基"),
    actions=("run", "walk", "stand", "sit", "play", "jump"),
    attributes={
        "golden": Words(en=("golden retriever",), zh=("金毛", "金毛犬", "金毛寻回犬")),
        "grey": Words(en=("husky",), zh=("哈士奇",)),
    },
)
def dog(stage: SceneStage, spec: SubjectSpec) -> None:
    """One dog in front, the others behind it and to the sides."""
    indoors = stage.default_action == "stand"
    action = "sit" if indoors and spec.action in {"", "stand"} else spec.action or "run"
    running = action in {"run", "play", "jump"}
    pixels = stage.focal / stage.subject_depth
    coat = next((name for name in spec.attributes if name in _COATS or name in COLOURS), "golden")
    actor = _actor(stage, coat, action, pixels)
    if running and stage.endless:
        stage.camera_speed = 2.1
    for k in range(max(1, min(6, spec.count))):
        _put(stage, actor, action, k)


def _actor(stage: SceneStage, coat: str, action: str, pixels: float) -> Actor:
    """The painted poses of an action."""
    unit = min(_HEIGHT * pixels, 0.25 * stage.width)  # must fit into a portrait frame
    skins = _skins(coat)
    amount = {"run": 1.0, "play": 0.9, "jump": 1.0, "walk": 0.36}.get(action, 0.0)
    count = _POSES if amount else 8
    make = _sitting if action == "sit" else _gait
    poses = [paint(stage, make(k / count, amount), skins, unit, (-1.6, -1.62, 1.4, 0.12)) for k in range(count)]
    return Actor(stage, poses, pixels)


def _put(stage: SceneStage, actor: Actor, action: str, k: int) -> None:
    """The ``k``-th dog: its path, the sound of its steps and the sand that it throws up."""
    z = stage.subject_depth * (1 + 0.22 * k)
    rate = {"run": 1.9, "play": 1.8, "jump": 1.9, "walk": 1.1}.get(action, 0.35)
    aside = stage.across(0.5 + 0.17 * ((k + 1) // 2) * (-1) ** k, z) if k else 0.0
    width = stage.width * z / stage.focal

    def place(t: float) -> float:
        if stage.camera_speed:
            return stage.camera_speed * t + aside + width * (0.045 * math.sin(t * 0.5) - 0.09 * math.exp(-t * 0.5))
        if action in {"run", "walk", "play", "jump"}:
            pace = 2.1 if action != "walk" else 0.55
            return aside + (pace * t + 0.58 * width) % (1.7 * width) - 0.85 * width
        return aside

    def quads(frame: ShotFrame) -> list[Quad]:
        hop = 0.25 * max(0.0, math.sin(frame.t * rate * _TAU)) if action == "jump" else 0.0
        return actor.quads(frame, place(frame.t), z, frame.t * rate + 0.37 * k, lift=hop)

    stage.add(AnimatedSprites(quads), z)
    if action in {"run", "walk", "play", "jump"}:
        steps = round(stage.seconds * rate * 2)
        stage.events += [
            SoundEvent(n / (2 * rate), "step", 0.1 * (-1) ** n, 0.55 if n % 2 else 0.4) for n in range(steps)
        ]
    if action in {"run", "play"}:
        stage.add(_Spray(stage, place, z, rate), z - 0.01)


class _Spray:
    """Sand and drops that the paws throw up."""

    def __init__(self, stage: SceneStage, place: object, z: float, rate: float) -> None:
        self.place, self.z, self.rate = place, z, rate
        self.random = np.random.default_rng(stage.seed + 3).random((170, 6)).astype(np.float32)
        self.colour = np.tile(np.asarray(stage.shade((1.0, 0.9, 0.75), lit=0.8), np.float32), (170, 1))

    def draw(self, frame: ShotFrame) -> None:
        """Draw grains that fly in parabolas behind the paws, repeatedly."""
        x, y, metre = frame.project(self.place(frame.t), 0.0, self.z)  # type: ignore[operator]  # a function of time
        r, unit = self.random, metre * _HEIGHT
        age = (frame.t * self.rate + r[:, 0]) % 1
        paw = np.where(r[:, 2] < 0.5, -0.42, 0.25) + (r[:, 3] - 0.5) * 0.5
        marks = np.zeros((len(r), 6), np.float32)
        marks[:, 0] = x + unit * (paw - age * (0.55 + 0.5 * r[:, 1]))
        marks[:, 1] = y - 2 - unit * (r[:, 1] * 0.95 + 0.2) * 0.85 * age * (1.15 - age)
        marks[:, 2] = -3 * frame.stage.unit
        marks[:, 4] = (1.1 + 1.6 * r[:, 4]) * frame.stage.unit
        marks[:, 5] = (1 - age) ** 1.2 * 0.6
        splats(frame.pixels, marks, self.colour)


def _skins(coat: str) -> list[Skin]:
    """The skins of a coat, in painting order."""
    lit, dark = _COATS.get(coat) or (scale(COLOURS[coat], 1.15), scale(COLOURS[coat], 0.4))
    pale = (min(1.15, lit[0] * 1.07 + 0.04), min(1.15, lit[1] * 1.07 + 0.04), min(1.15, lit[2] * 1.07 + 0.04))
    return [
        Skin(lit=scale(lit, 0.55), shaded=scale(dark, 0.55), fur=0.024, rim=0.2),
        Skin(lit=pale, shaded=dark, fur=0.055, rim=1.0),
        Skin(lit=lit, shaded=dark, fur=0.026, rim=1.0),
        Skin(lit=lit, shaded=dark, fur=0.026, rim=0.8),
        Skin(lit=pale, shaded=scale(dark, 1.3), fur=0.05, rim=0.6),
        Skin(lit=scale(lit, 0.72), shaded=dark, rim=0.3),
        Skin(lit=(0.95, 0.45, 0.45), shaded=(0.6, 0.2, 0.22), rim=0.3),
        Skin(lit=pale, shaded=scale(dark, 1.2), fur=0.014, rim=0.9),
        Skin(lit=scale(lit, 0.80), shaded=scale(dark, 0.85), fur=0.024, rim=0.7),
        Skin(lit=(0.12, 0.09, 0.08), shaded=(0.03, 0.02, 0.02), rim=0.5),
        Skin(lit=(1.2, 1.15, 1.1), shaded=(1.2, 1.15, 1.1), rim=0.0),
    ]


def _paw(phase: float, reach: float, lift: float) -> tuple[float, float]:
    """A paw's position in the stride, relative to below its joint: on the ground, then swung forward."""
    phase %= 1
    stance = 0.42
    if phase < stance:
        return reach * (1 - 2 * phase / stance), 0.0
    swing = (phase - stance) / (1 - stance)
    eased = swing * swing * (3 - 2 * swing)
    return reach * (2 * eased - 1), lift * math.sin(math.pi * swing)


class _TrunkMotion:
    """The trunk's motion: all attached parts bob, pitch and arch with it."""

    def __init__(self, phase: float, amount: float) -> None:
        self.bob = -0.05 * math.cos(_TAU * (phase - 0.08)) * amount - 0.02
        self.pitch = 0.085 * math.sin(_TAU * (phase + 0.02)) * amount
        self.arch = 0.05 * math.cos(_TAU * (phase + 0.05)) * amount

    def at(self, x: float, y: float) -> Joint:
        """The current position of a point of the resting trunk."""
        bow = self.arch * (1 - (x / 0.6) ** 2) * 0.5 if abs(x) < 0.6 else -0.1 * self.arch
        y = y + 0.72 + bow
        c, s = math.cos(self.pitch), math.sin(self.pitch)
        return x * c - y * s, x * s + y * c - 0.72 + self.bob


def _gait(phase: float, amount: float) -> Body:
    """A pose of the stride: ``amount`` 1 gallops, 0.4 walks, 0 stands; facing right."""
    body, trunk = Body(), _TrunkMotion(phase, amount)
    gallop = amount > 0.6
    offsets = (0.12, 0.14, 0.0, 0.0) if gallop else (0.5, 0.5, 0.0, 0.0)
    _foreleg(body, _FAR, trunk, phase + (0.50 if gallop else 0.25) + offsets[0], amount)
    _hindleg(body, _FAR, trunk, phase + offsets[1], amount)
    _tail(body, trunk, phase)
    _torso(body, trunk)
    _hindleg(body, _NEAR, trunk, phase + offsets[2], amount)
    _foreleg(body, _NEAR, trunk, phase + (0.50 if gallop else 0.25) + offsets[3], amount)
    nod = 0.022 * math.sin(_TAU * (phase + 0.3)) * max(0.3, amount)
    flap = 0.09 * math.sin(_TAU * (phase + 0.55)) * amount
    _head(body, lambda x, y: trunk.at(x, y + nod), flap, 0.010 * math.sin(2 * _TAU * phase))
    return body


def _torso(body: Body, trunk: _TrunkMotion) -> None:
    """Deep chest, tucked waist, croup, neck and ruff."""
    at = trunk.at
    body.add_chain(
        _TRUNK, [at(0.42, -0.72), at(0.10, -0.74), at(-0.24, -0.775), at(-0.46, -0.76)], [0.25, 0.225, 0.18, 0.185], 0.1
    )
    body.add_limb(_TRUNK, at(-0.44, -0.78), 0.18, at(-0.56, -0.78), 0.13, 0.1)
    body.add_limb(_TRUNK, at(0.44, -0.84), 0.19, at(0.70, -1.10), 0.135, 0.12)
    body.add_limb(_TRUNK, at(0.34, -0.56), 0.10, at(-0.06, -0.585), 0.06, 0.1)
    body.add_limb(_RUFF, at(0.54, -0.88), 0.15, at(0.55, -0.62), 0.105, 0.1)
    body.add_limb(_RUFF, at(0.63, -0.98), 0.12, at(0.57, -0.76), 0.12, 0.1)


def _foreleg(body: Body, skin: int, trunk: _TrunkMotion, phase: float, amount: float) -> None:
    """Shoulder, elbow, wrist and paw."""
    shoulder = trunk.at(0.40, -0.64)
    swing, rise = _paw(phase, 0.46 * amount + 0.03 * (amount > 0), 0.30 * amount)
    elbow, wrist = bend(shoulder, (0.43 + swing, -0.155 - rise), 0.33, 0.31, 1)
    lift = min(1.0, rise * 4)
    angle = 1.77 - 0.95 * lift
    paw = wrist[0] + 0.10 * math.cos(angle), wrist[1] + 0.10 * math.sin(angle)
    toe = paw[0] + 0.06 * math.cos(angle - 1.2), paw[1] + 0.035 * math.sin(angle - 1.2)
    upper = _TRUNK if skin == _NEAR else skin  # the near limbs are part of the trunk
    body.add_limb(upper, shoulder, 0.125, elbow, 0.07, 0.09)
    body.add_chain(skin, [elbow, wrist, paw, toe], [0.068, 0.045, 0.046, 0.04], 0.06)
    body.add_limb(
        skin,
        ((shoulder[0] + elbow[0]) / 2 - 0.05, (shoulder[1] + elbow[1]) / 2 + 0.03),
        0.07,
        (elbow[0] - 0.05, elbow[1] + 0.03),
        0.035,
        0.05,
    )


def _hindleg(body: Body, skin: int, trunk: _TrunkMotion, phase: float, amount: float) -> None:
    """Hip, knee, hock and paw."""
    hip = trunk.at(-0.45, -0.72)
    swing, rise = _paw(phase, 0.48 * amount + 0.03 * (amount > 0), 0.26 * amount)
    foot = -0.44 + swing, -0.05 - rise
    hock = foot[0] - 0.13 - 0.05 * min(1.0, rise * 4), foot[1] - 0.20
    knee, hock = bend(hip, hock, 0.35, 0.31, -1)
    upper = _TRUNK if skin == _NEAR else skin
    body.add_limb(upper, hip, 0.165, knee, 0.092, 0.10)
    body.add_limb(skin, knee, 0.090, hock, 0.048, 0.08)
    body.add_chain(skin, [hock, foot, (foot[0] + 0.08, foot[1] + 0.012)], [0.048, 0.043, 0.04], 0.04)
    body.add_limb(
        skin,
        (hip[0] * 0.4 + knee[0] * 0.6 - 0.08, hip[1] * 0.4 + knee[1] * 0.6 - 0.01),
        0.085,
        (hock[0] + 0.01, hock[1] - 0.06),
        0.04,
        0.06,
    )


def _tail(body: Body, trunk: _TrunkMotion, phase: float) -> None:
    """A bushy tail that waves."""
    wave = 0.10 * math.sin(_TAU * (phase + 0.2))
    root, tip = trunk.at(-0.58, -0.83), (-1.30, -1.02 + wave * 1.7)
    body.add_chain(
        _TAIL, [root, trunk.at(-0.82, -0.92 + wave * 0.3), (-1.06, -1.0 + wave * 0.9), tip], [0.065, 0.08, 0.085, 0.025]
    )
    body.add_limb(_TAIL, trunk.at(-0.84, -0.84 + wave * 0.3), 0.06, (-1.12, -0.88 + wave * 1.1), 0.045, 0.08)


def _head(body: Body, at: object, flap: float, pant: float) -> None:
    """Skull, muzzle, open jaw with tongue, ear, nose and eye."""
    on = at  # maps a point of the resting head to its current position

    def h(x: float, y: float) -> Joint:
        return on(x, y)  # type: ignore[operator, no-any-return]  # see above

    body.add_limb(_JAW, h(0.88, -1.10), 0.058, h(1.04, -1.06), 0.034, 0.04)
    body.add_limb(_TONGUE, h(0.99, -1.085), 0.026, h(1.06, -1.02 + pant), 0.028, 0.03)
    body.add_limb(_HEAD, h(0.73, -1.16), 0.145, h(0.83, -1.22), 0.128, 0.08)
    body.add_limb(_HEAD, h(0.88, -1.18), 0.095, h(1.075, -1.14), 0.062, 0.09)
    fold = 0.70 - abs(flap) * 0.3, -1.11 - flap * 0.6
    body.add_limb(_EAR, h(0.765, -1.27), 0.05, h(*fold), 0.07, 0.06)
    body.add_limb(_EAR, h(*fold), 0.07, h(0.655 - abs(flap) * 0.5, -1.02 - flap), 0.05, 0.05)
    body.add_limb(_NOSE, h(1.115, -1.165), 0.037, h(1.122, -1.15), 0.03, 0.03)
    body.add_ball(_NOSE, h(0.90, -1.235), 0.021, 0.02)
    body.add_ball(_EYE, h(0.907, -1.242), 0.0075, 0.01)


def _sitting(phase: float, amount: float) -> Body:
    """Sitting upright, breathing, the tail sweeping the ground."""
    del amount
    body = Body()
    breath = 0.012 * math.sin(_TAU * phase)
    body.add_chain(_TRUNK, [(0.28, -0.78 + breath), (0.02, -0.55), (-0.22, -0.27)], [0.22, 0.235, 0.245], 0.1)
    body.add_limb(_TRUNK, (0.32, -0.90 + breath), 0.17, (0.44, -1.16 + breath), 0.135, 0.12)
    for skin, dx in ((_FAR, 0.08), (_NEAR, 0.0)):
        body.add_chain(
            skin,
            [(0.30 + dx, -0.66), (0.29 + dx, -0.36), (0.30 + dx, -0.08), (0.38 + dx, -0.045)],
            [0.11, 0.065, 0.048, 0.045],
        )
        body.add_chain(
            skin,
            [(-0.20 + dx, -0.28), (0.06 + dx, -0.22), (-0.06 + dx, -0.07), (0.16 + dx, -0.045)],
            [0.20, 0.12, 0.06, 0.05],
            0.09,
        )
    sweep = 0.12 * math.sin(_TAU * phase)
    body.add_chain(_TAIL, [(-0.40, -0.14), (-0.66, -0.10 + sweep * 0.2), (-0.92, -0.16 + sweep)], [0.07, 0.08, 0.03])
    body.add_limb(_RUFF, (0.42, -0.98 + breath), 0.13, (0.40, -0.66), 0.11, 0.1)
    _head(body, lambda x, y: (x - 0.28, y - 0.06 + breath), 0.0, 0.01 * math.sin(2 * _TAU * phase))
    return body
