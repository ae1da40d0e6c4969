"""Cars that drive across the frame."""

from __future__ import annotations

import math

from filmgate_scene.canvas import Canvas, smooth
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Actor, PaintedPose
from filmgate_scene.palette import COLOURS, Colour, mix, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_LENGTH = 4.3  # metres
_WHEELS = (-0.29, 0.30)
_POSES = 6
_PAINTS = ("red", "grey", "blue", "white", "golden", "black")


@subject(
    "car",
    en=(
        "car",
        "cars",
        "vehicle",
        "vehicles",
        "taxi",
        "sports car",
        "traffic",
        "truck",
        "van",
        "suv",
        "racing car",
        "pickup",
        "bus",
        "convertible",
    ),
    zh=(
        "汽车",
        "轿车",
        "跑车",
        "车辆",
        "出租车",
        "车流",
        "车",
        "车流穿梭",
        "公交车",
        "卡车",
        "越野车",
        "敞篷车",
        "赛车",
    ),
    actions=("drive",),
)
def car(stage: SceneStage, spec: SubjectSpec) -> None:
    """One car is followed where possible; several pass in both directions."""
    count = min(8, spec.count if spec.count > 1 else (4 if stage.shot.setting == "city" else 1))
    named = [name for name in spec.attributes if name in COLOURS]
    far, near = min(stage.depth_range[1] * 0.7, stage.subject_depth * 2.0), stage.subject_depth * 1.15
    for k in range(count):
        z = (
            near + (far - near) * (k / max(1, count - 1))
            if count > 1
            else min(max(stage.subject_depth, 5.5), stage.depth_range[1] * 0.86)
        )
        _put(stage, (named or _PAINTS)[k % len(named or _PAINTS)], z, k, followed=count == 1 and stage.endless)


def _put(stage: SceneStage, paint: str, z: float, k: int, *, followed: bool) -> None:
    """A car in its lane."""
    true = stage.focal / z
    pixels = min(true, 0.42 * stage.width / _LENGTH)  # keeps a distance, so that it does not fill the frame
    left = k % 2 == 1
    actor = Actor(
        stage, [_pose(stage, COLOURS[paint], pixels * _LENGTH, p / _POSES) for p in range(_POSES)], true, left=left
    )
    way = stage.width / true + _LENGTH * 2 * pixels / true
    speed = (7.0 + 2.0 * math.sin(k * 2.1)) * pixels / true
    start = 0.35 * way if k == 0 else (k * 0.37 % 1) * way
    if followed:
        stage.camera_speed = 9.0 * pixels / true

    def quads(frame: ShotFrame) -> list[Quad]:
        t = frame.t
        x = (
            stage.camera_speed * t + 0.05 * way * math.sin(t * 0.4)
            if followed
            else ((speed * t + start) % way - way / 2) * (-1 if left else 1)
        )
        return actor.quads(frame, x, z, t * 3.0)

    stage.add(AnimatedSprites(quads), z)
    stage.add_ambience(traffic=0.5)
    if not followed:
        turns = range(int((speed * stage.seconds + start) / way) + 1)
        stage.events += [
            SoundEvent(max(0.0, ((n + 0.5) * way - start) / speed - 0.6), "whoosh", 0.0, 0.35)
            for n in turns
            if (n + 0.5) * way > start
        ]


def _pose(stage: SceneStage, colour: Colour, length: float, turn: float) -> PaintedPose:
    """A car from the side, facing right, with turned wheels."""
    pad = length * 0.45
    canvas = Canvas(-length / 2 - pad, -length * 0.36, length / 2 + pad, length * 0.06)
    body, light = stage.shade(colour, lit=0.8), stage.light

    def at(x: float, y: float) -> tuple[float, float]:
        return x * length, -y * length

    shell = smooth([at(*p) for p in _SHELL], 5)
    canvas.polygon(shell, mix(body, (1.0, 1.0, 1.0), 0.18), to=scale(body, 0.42))
    glass = mix(light.sky[-2][1], stage.shade((0.2, 0.25, 0.3)), 0.55)
    for pane in _PANES:
        canvas.polygon([at(*p) for p in pane], mix(glass, (1.0, 1.0, 1.0), 0.1), to=scale(glass, 0.5))
    canvas.line(
        [at(-0.44, 0.155), at(0.40, 0.150)], max(1.0, length * 0.006), mix(body, (1.0, 1.0, 1.0), 0.45), alpha=0.7
    )
    canvas.line([at(-0.03, 0.06), at(-0.03, 0.17)], max(1.0, length * 0.003), scale(body, 0.4), alpha=0.7)
    for x in _WHEELS:
        _wheel(stage, canvas, *at(x, 0.072), length * 0.077, turn)
    canvas.ellipse(*at(0.475, 0.125), length * 0.02, length * 0.014, (1.0, 0.97, 0.85))
    canvas.rectangle(*at(-0.492, 0.155), length * 0.02, length * 0.03, (0.85, 0.08, 0.08))
    power = 0.15 + 0.85 * light.lamps
    canvas.glow(*at(0.49, 0.125), length * 0.03, (1.0, 0.95, 0.8), 1.3 * power)
    canvas.glow(*at(0.62, 0.11), length * 0.13, (1.0, 0.93, 0.75), 0.35 * light.lamps, tall=length * 0.03)
    canvas.glow(*at(-0.49, 0.14), length * 0.03, (1.0, 0.10, 0.08), 1.1 * power)
    return PaintedPose(canvas.pixels, -canvas.x0, -canvas.y0)


_SHELL = (
    (-0.49, 0.07), (-0.50, 0.15), (-0.46, 0.19), (-0.34, 0.205), (-0.22, 0.29), (-0.08, 0.315), (0.08, 0.305),
    (0.20, 0.215), (0.36, 0.185), (0.47, 0.15), (0.50, 0.09), (0.47, 0.06), (0.0, 0.055), (-0.46, 0.055),
)  # fmt: skip
_PANES = (
    ((-0.29, 0.205), (-0.20, 0.278), (-0.045, 0.295), (-0.045, 0.205)),
    ((-0.025, 0.205), (-0.025, 0.295), (0.07, 0.288), (0.165, 0.21)),
)


def _wheel(stage: SceneStage, canvas: Canvas, x: float, y: float, radius: float, turn: float) -> None:
    """Tyre, rim and spokes."""
    rim, tyre = stage.shade((0.72, 0.74, 0.78)), stage.shade((0.07, 0.07, 0.08))
    canvas.ellipse(x, y, radius * 1.12, radius * 1.12, scale(tyre, 0.6))
    canvas.ellipse(x, y, radius, radius, tyre)
    canvas.ellipse(x, y, radius * 0.62, radius * 0.62, rim, to=scale(rim, 0.6))
    for k in range(5):
        a = (turn + k) * 2 * math.pi / 5
        canvas.line(
            [(x, y), (x + math.cos(a) * radius * 0.55, y + math.sin(a) * radius * 0.55)],
            radius * 0.14,
            scale(rim, 0.35),
        )
    canvas.ellipse(x, y, radius * 0.14, radius * 0.14, scale(rim, 0.8))
