"""A plane that flies across the sky."""

from __future__ import annotations

from filmgate_scene.canvas import Canvas, smooth
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.flight import cross
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import SceneStage


@subject(
    "plane",
    en=("plane", "planes", "airplane", "airplanes", "aeroplane", "aircraft", "jet", "airliner", "passenger jet"),
    zh=("飞机", "客机", "喷气机", "战斗机", "航班", "民航客机"),
    actions=("fly",),
    element="air",
)
def plane(stage: SceneStage, spec: SubjectSpec) -> None:
    """An airliner that banks a little; several fly in loose order with vapour trails."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#2f62a8"))
    size = 0.46 * min(stage.width, 1.2 * stage.height)
    cross(stage, _paint_plane(stage, colour, size), spec.count, pace=0.045, bob=0.008, depth=180.0)
    stage.add_ambience(wind=0.5, hum=0.25)


def _paint_plane(stage: SceneStage, colour: Colour, long: float) -> Canvas:
    """A plane from the side and a little below, facing right."""
    canvas = Canvas(-2.2 * long, -0.45 * long, 0.62 * long, 0.35 * long)
    white, tone = stage.shade((0.96, 0.97, 0.98), lit=0.85), stage.shade(colour, lit=0.8)
    belly = mix(scale(white, 0.5), stage.light.haze, 0.15)

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * long, y * long) for x, y in points]

    for k in range(40):
        q = k / 39
        canvas.glow(
            (-0.62 - 1.5 * q) * long,
            0.035 * long,
            0.055 * long,
            stage.shade((1.0, 1.0, 1.0), lit=0.8),
            0.16 * (1 - q),
            tall=(0.012 + 0.018 * q) * long,
        )
    canvas.polygon(
        at((0.08, -0.045), (-0.13, -0.155), (-0.20, -0.16), (-0.10, -0.04)), scale(white, 0.78), to=scale(white, 0.6)
    )
    canvas.polygon(at((-0.42, -0.05), (-0.53, -0.23), (-0.60, -0.23), (-0.57, -0.03)), tone, to=scale(tone, 0.7))
    body = smooth(
        at(
            (0.50, 0.012),
            (0.45, -0.030),
            (0.36, -0.058),
            (0.0, -0.066),
            (-0.36, -0.060),
            (-0.60, -0.045),
            (-0.60, -0.030),
            (-0.38, 0.035),
            (0.0, 0.060),
            (0.36, 0.055),
            (0.47, 0.036),
        ),
        6,
    )
    canvas.polygon(body, white, to=belly)
    canvas.polygon(at((0.42, 0.010), (-0.58, -0.034), (-0.58, -0.026), (0.42, 0.022)), tone, mode="atop")
    for k in range(17):
        canvas.ellipse(
            (0.31 - 0.048 * k) * long,
            (-0.022 - 0.0004 * k) * long,
            0.0085 * long,
            0.011 * long,
            mix((0.12, 0.16, 0.22), (1.0, 0.85, 0.5), 0.8 * stage.light.lamps),
        )
    canvas.polygon(at((0.47, -0.012), (0.435, -0.037), (0.40, -0.037), (0.405, -0.012)), (0.12, 0.15, 0.20))
    _near_wing(stage, canvas, white, tone, long)
    return canvas


def _near_wing(stage: SceneStage, canvas: Canvas, white: Colour, tone: Colour, long: float) -> None:
    """Engine, wing, tailplane and the red light on the near side."""

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * long, y * long) for x, y in points]

    canvas.rectangle(
        -0.10 * long,
        0.075 * long,
        0.16 * long,
        0.058 * long,
        mix(white, tone, 0.4),
        to=scale(tone, 0.5),
        radius=0.028 * long,
    )
    wing = at((0.12, 0.020), (-0.30, 0.245), (-0.38, 0.25), (-0.16, 0.030))
    canvas.polygon(wing, mix(white, (1.0, 1.0, 1.0), 0.1), to=scale(white, 0.62))
    canvas.line(at((-0.30, 0.245), (-0.385, 0.215)), 0.018 * long, tone)
    canvas.polygon(
        at((-0.46, -0.025), (-0.64, 0.060), (-0.69, 0.060), (-0.59, -0.030)), scale(white, 0.85), to=scale(white, 0.6)
    )
    canvas.glow(-0.34 * long, 0.245 * long, 0.02 * long, (1.0, 0.2, 0.15), 0.6 + 0.4 * stage.light.lamps)
