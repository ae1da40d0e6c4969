"""Robots: they walk, stand, wave or dance."""

from __future__ import annotations

import math

from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Actor, Joint, PaintedPose, bend
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TAU = 2 * math.pi
_POSES = 16
_TALL = 1.75  # metres
_EYES: Colour = (0.35, 0.92, 1.0)


@subject(
    "robot",
    en=("robot", "robots", "android", "androids", "mech", "mecha", "cyborg", "droid"),
    zh=("机器人", "机械人", "机甲", "人形机器人"),
    actions=("walk", "stand", "wave", "dance", "run"),
)
def robot(stage: SceneStage, spec: SubjectSpec) -> None:
    """One robot in front, the others farther back."""
    action = spec.action or "walk"
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#d4d9e0"))
    size = 1.8 if "big" in spec.attributes else 0.7 if "small" in spec.attributes else 1.0
    for k in range(max(1, min(6, spec.count))):
        _put(stage, action, colour, size, k)


def _put(stage: SceneStage, action: str, colour: Colour, size: float, k: int) -> None:
    """The ``k``-th robot."""
    z = min(stage.subject_depth * (1 + 0.35 * k), stage.depth_range[1] * 0.92)
    true = stage.focal / z
    unit = min(true * _TALL * size, 0.66 * stage.height)
    poses = [_pose(stage, action, p / _POSES, colour, unit) for p in range(_POSES)]
    actor = Actor(stage, poses, true)
    pace, rate = {"walk": (0.9, 0.8), "run": (2.2, 1.3)}.get(action, (0.0, 0.5))
    width = stage.width * z / stage.focal
    aside = 0.0 if k == 0 else width * 0.26 * ((k + 1) // 2) * (-1) ** k
    if pace and not stage.endless:
        pace = min(pace, 0.2 * width)
    elif pace:
        stage.camera_speed = max(stage.camera_speed, pace)

    def quads(frame: ShotFrame) -> list[Quad]:
        x = aside
        if pace:
            x += (
                stage.camera_speed * frame.t
                if stage.camera_speed
                else (pace * frame.t + 0.62 * width - aside) % (1.4 * width) - 0.7 * width
            )
        return actor.quads(frame, x, z, frame.t * rate + 0.3 * k)

    stage.add(AnimatedSprites(quads), z)
    if k == 0:
        stage.add_ambience(hum=0.2)
        beat = range(round(stage.seconds * rate * 2) if pace else 0)
        stage.events += [SoundEvent((n + 0.3) / (2 * rate), "step", 0.1 * (-1) ** n, 0.5) for n in beat]
        stage.events.append(SoundEvent(0.9, "beep", 0.1, 0.3))


def _pose(stage: SceneStage, action: str, phase: float, colour: Colour, unit: float) -> PaintedPose:
    """One moment, three quarters from the front, facing right; one unit tall."""
    canvas = Canvas(-0.62 * unit, -1.2 * unit, 0.62 * unit, 0.06 * unit)
    shell, joint = stage.shade(colour, lit=0.85), stage.shade((0.20, 0.22, 0.26), lit=0.6)
    stride = {"walk": 0.11, "run": 0.19}.get(action, 0.0)
    bob = -0.010 * abs(math.sin(_TAU * phase)) if stride else 0.006 * math.sin(_TAU * phase)
    sway = 0.035 * math.sin(_TAU * phase) if action == "dance" else 0.0
    hip, neck = (sway, -0.47 + bob), (0.01 - sway * 0.5, -0.80 + bob)
    _leg(canvas, unit, (hip[0] + 0.055, hip[1]), phase + 0.5, stride, scale(shell, 0.62), scale(joint, 0.7))
    _arm(
        canvas,
        unit,
        (neck[0] + 0.10, neck[1] + 0.05),
        _angles(action, phase, near=False),
        scale(shell, 0.62),
        scale(joint, 0.7),
    )
    _leg(canvas, unit, (hip[0] - 0.05, hip[1]), phase, stride, shell, joint)
    _torso(canvas, unit, hip, neck, shell, joint)
    _head(canvas, unit, neck, shell, joint)
    _arm(canvas, unit, (neck[0] - 0.125, neck[1] + 0.055), _angles(action, phase, near=True), shell, joint)
    return PaintedPose(canvas.pixels, -canvas.x0, -canvas.y0)


def _tube(canvas: Canvas, unit: float, a: Joint, b: Joint, wide: float, colour: Colour) -> None:
    """A limb with a bright edge."""
    ends = [(a[0] * unit, a[1] * unit), (b[0] * unit, b[1] * unit)]
    canvas.line(ends, wide * unit, scale(colour, 0.55))
    canvas.line([(x - 0.008 * unit, y) for x, y in ends], wide * unit * 0.72, colour)
    canvas.line(
        [(x - 0.016 * unit, y) for x, y in ends], wide * unit * 0.2, mix(colour, (1.0, 1.0, 1.0), 0.5), alpha=0.7
    )


def _leg(canvas: Canvas, unit: float, hip: Joint, phase: float, stride: float, shell: Colour, joint: Colour) -> None:
    """Thigh, shin, a heavy foot."""
    swing, rise = math.cos(_TAU * phase), max(0.0, -math.sin(_TAU * phase)) * 0.5 * stride
    knee, ankle = bend(hip, (hip[0] + stride * swing, -0.055 - rise), 0.215, 0.215, -1)
    _tube(canvas, unit, hip, knee, 0.050, joint)
    _tube(canvas, unit, ((hip[0] + knee[0]) / 2, (hip[1] + knee[1]) / 2 - 0.03), knee, 0.085, shell)
    _tube(canvas, unit, (knee[0], knee[1] + 0.035), ankle, 0.095, shell)
    canvas.ellipse(knee[0] * unit, knee[1] * unit, 0.04 * unit, 0.04 * unit, joint)
    x, y = ankle[0] * unit, ankle[1] * unit
    canvas.rectangle(
        x - 0.07 * unit, y + 0.005 * unit, 0.20 * unit, 0.055 * unit, shell, to=scale(shell, 0.5), radius=0.025 * unit
    )


def _angles(action: str, phase: float, *, near: bool) -> tuple[float, float]:
    """Upper arm and elbow."""
    swing = math.cos(_TAU * (phase + (0.5 if near else 0.0)))
    if action in {"walk", "run"}:
        return 1.57 - 0.4 * swing, -0.45
    if action == "dance" or (action == "wave" and near):
        side = -1.0 if near else 1.0
        return -1.57 + side * (1.0 + 0.2 * swing), -side * (0.8 + 0.4 * math.sin(_TAU * phase * 2))
    return (1.75 if near else 1.40), -0.25


def _arm(
    canvas: Canvas, unit: float, shoulder: Joint, angles: tuple[float, float], shell: Colour, joint: Colour
) -> None:
    """Shoulder ball, two tubes, a gripper."""
    upper, lower = angles
    elbow = shoulder[0] + 0.15 * math.cos(upper), shoulder[1] + 0.15 * math.sin(upper)
    hand = elbow[0] + 0.14 * math.cos(upper + lower), elbow[1] + 0.14 * math.sin(upper + lower)
    _tube(canvas, unit, shoulder, elbow, 0.055, joint)
    _tube(canvas, unit, elbow, hand, 0.075, shell)
    canvas.ellipse(shoulder[0] * unit, shoulder[1] * unit, 0.055 * unit, 0.055 * unit, shell, to=scale(shell, 0.55))
    canvas.ellipse(elbow[0] * unit, elbow[1] * unit, 0.032 * unit, 0.032 * unit, joint)
    for turn in (-0.45, 0.45):
        a = upper + lower + turn
        canvas.line(
            [
                (hand[0] * unit, hand[1] * unit),
                ((hand[0] + 0.055 * math.cos(a)) * unit, (hand[1] + 0.055 * math.sin(a)) * unit),
            ],
            0.024 * unit,
            joint,
        )


def _torso(canvas: Canvas, unit: float, hip: Joint, neck: Joint, shell: Colour, joint: Colour) -> None:
    """Pelvis, waist, a chest with a light in it."""
    canvas.rectangle(
        (hip[0] - 0.095) * unit,
        (hip[1] - 0.05) * unit,
        0.19 * unit,
        0.10 * unit,
        shell,
        to=scale(shell, 0.55),
        radius=0.03 * unit,
    )
    canvas.rectangle((hip[0] - 0.05) * unit, (hip[1] - 0.11) * unit, 0.10 * unit, 0.08 * unit, joint)
    x, y = neck[0] * unit, neck[1] * unit
    chest = [
        (x - 0.15 * unit, y + 0.02 * unit),
        (x + 0.13 * unit, y + 0.02 * unit),
        (x + 0.10 * unit, y + 0.25 * unit),
        (x - 0.11 * unit, y + 0.25 * unit),
    ]
    canvas.line([*chest, chest[0]], 0.035 * unit, scale(shell, 0.8))
    canvas.polygon(chest, mix(shell, (1.0, 1.0, 1.0), 0.15), to=scale(shell, 0.6))
    canvas.line(
        [(x - 0.12 * unit, y + 0.16 * unit), (x + 0.11 * unit, y + 0.16 * unit)], 0.008 * unit, scale(shell, 0.4)
    )
    canvas.ellipse(x + 0.01 * unit, y + 0.10 * unit, 0.036 * unit, 0.036 * unit, scale(joint, 0.7))
    canvas.ellipse(x + 0.01 * unit, y + 0.10 * unit, 0.025 * unit, 0.025 * unit, _EYES)
    canvas.glow(x + 0.01 * unit, y + 0.10 * unit, 0.05 * unit, _EYES, 0.6)


def _head(canvas: Canvas, unit: float, neck: Joint, shell: Colour, joint: Colour) -> None:
    """A rounded box, a dark visor, two eyes, an aerial."""
    x, y = (neck[0] + 0.012) * unit, (neck[1] - 0.11) * unit
    canvas.rectangle(x - 0.035 * unit, y + 0.06 * unit, 0.07 * unit, 0.06 * unit, joint)
    canvas.line([(x - 0.02 * unit, y - 0.08 * unit), (x - 0.03 * unit, y - 0.15 * unit)], 0.012 * unit, joint)
    canvas.ellipse(x - 0.03 * unit, y - 0.16 * unit, 0.016 * unit, 0.016 * unit, (1.0, 0.35, 0.25))
    canvas.glow(x - 0.03 * unit, y - 0.16 * unit, 0.03 * unit, (1.0, 0.3, 0.2), 0.5)
    canvas.rectangle(
        x - 0.115 * unit,
        y - 0.095 * unit,
        0.23 * unit,
        0.18 * unit,
        mix(shell, (1.0, 1.0, 1.0), 0.2),
        to=scale(shell, 0.6),
        radius=0.06 * unit,
    )
    canvas.ellipse(x - 0.115 * unit, y, 0.025 * unit, 0.04 * unit, joint)
    canvas.rectangle(
        x - 0.065 * unit, y - 0.055 * unit, 0.18 * unit, 0.095 * unit, (0.04, 0.05, 0.08), radius=0.04 * unit
    )
    for dx in (-0.012, 0.062):
        canvas.ellipse(x + dx * unit, y - 0.008 * unit, 0.017 * unit, 0.022 * unit, _EYES)
        canvas.glow(x + dx * unit, y - 0.008 * unit, 0.035 * unit, _EYES, 0.6)
