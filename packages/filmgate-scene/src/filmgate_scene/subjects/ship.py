"""Flying vehicles: flying cars, spaceships, a saucer."""

from __future__ import annotations

from filmgate_scene.canvas import Canvas, smooth
from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.flight import cross
from filmgate_scene.palette import COLOURS, Colour, mix, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import SceneStage

_JET: Colour = (0.30, 0.75, 1.0)


@subject(
    "ship",
    en=(
        "flying car",
        "flying cars",
        "flying vehicle",
        "flying vehicles",
        "hovercar",
        "hovercars",
        "spaceship",
        "spaceships",
        "spacecraft",
        "starship",
        "ufo",
        "flying saucer",
        "space shuttle",
    ),
    zh=("飞行汽车", "飞行器", "飞车", "悬浮车", "飞船", "宇宙飞船", "太空船", "飞碟", "不明飞行物", "星舰"),
    actions=("fly", "float", "drive"),
    element="air",
    attributes={"saucer": Words(en=("ufo", "flying saucer"), zh=("飞碟", "不明飞行物"))},
)
def ship(stage: SceneStage, spec: SubjectSpec) -> None:
    """One vehicle near, the others behind it, with glowing jets."""
    colour = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#c9ced8"))
    size = 0.34 * min(stage.width, 1.2 * stage.height)
    paint = _saucer if "saucer" in spec.attributes else _hovercar
    cross(stage, paint(stage, colour, size), spec.count, pace=0.06, bob=0.016, depth=min(45.0, stage.subject_depth * 4))
    stage.add_ambience(hum=0.6)
    stage.events += [
        SoundEvent(0.8 + 2.4 * k, "whoosh", 0.5 * (-1) ** k, 0.4) for k in range(int(stage.seconds / 2.4) + 1)
    ]


def _hovercar(stage: SceneStage, colour: Colour, long: float) -> Canvas:
    """A sleek body, a glass dome, jets below and behind."""
    canvas = Canvas(-1.3 * long, -0.5 * long, 1.1 * long, 0.5 * long)
    body, dark = stage.shade(colour, lit=0.85), stage.shade((0.12, 0.13, 0.17), lit=0.5)

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * long, y * long) for x, y in points]

    canvas.glow(-0.66 * long, 0.02 * long, 0.30 * long, _JET, 0.75, tall=0.05 * long)
    canvas.glow(-0.55 * long, 0.02 * long, 0.09 * long, (0.8, 0.95, 1.0), 1.2, tall=0.04 * long)
    for x in (-0.28, 0.26):
        canvas.glow(x * long, 0.17 * long, 0.15 * long, _JET, 0.8, tall=0.09 * long)
    canvas.polygon(at((-0.36, -0.06), (-0.56, -0.24), (-0.64, -0.24), (-0.52, -0.02)), body, to=scale(body, 0.55))
    glass = mix(stage.light.sky[-2][1], (0.10, 0.20, 0.30), 0.5)
    canvas.polygon(
        smooth(at((-0.22, -0.09), (-0.10, -0.20), (0.08, -0.21), (0.24, -0.13), (0.30, -0.06), (-0.20, -0.05)), 6),
        glass,
        to=scale(glass, 0.5),
    )
    canvas.line(at((-0.06, -0.185), (0.10, -0.19)), 0.012 * long, (1.0, 1.0, 1.0), alpha=0.6)
    shell = smooth(
        at(
            (-0.52, 0.0),
            (-0.46, -0.075),
            (-0.20, -0.095),
            (0.26, -0.085),
            (0.50, -0.01),
            (0.55, 0.035),
            (0.44, 0.075),
            (0.0, 0.10),
            (-0.42, 0.085),
        ),
        6,
    )
    canvas.polygon(shell, mix(body, (1.0, 1.0, 1.0), 0.2), to=scale(body, 0.42))
    canvas.line(at((-0.44, -0.005), (0.10, 0.0), (0.48, 0.03)), 0.012 * long, (0.25, 0.95, 1.0))
    canvas.line(at((-0.02, -0.08), (0.0, 0.08)), 0.006 * long, scale(body, 0.35))
    for x in (-0.28, 0.26):
        canvas.rectangle((x - 0.10) * long, 0.07 * long, 0.20 * long, 0.065 * long, dark, radius=0.03 * long)
        canvas.rectangle((x - 0.08) * long, 0.122 * long, 0.16 * long, 0.018 * long, (0.75, 0.95, 1.0))
    canvas.rectangle(-0.555 * long, -0.02 * long, 0.05 * long, 0.075 * long, (0.85, 0.97, 1.0), radius=0.02 * long)
    canvas.ellipse(0.51 * long, 0.02 * long, 0.022 * long, 0.016 * long, (1.0, 0.98, 0.9))
    canvas.glow(0.56 * long, 0.025 * long, 0.10 * long, (1.0, 0.95, 0.8), 0.7, tall=0.05 * long)
    return canvas


def _saucer(stage: SceneStage, colour: Colour, long: float) -> Canvas:
    """A disc, a dome, lights all round, a beam."""
    canvas = Canvas(-0.9 * long, -0.5 * long, 0.9 * long, 1.3 * long)
    body = stage.shade(colour, lit=0.85)
    for k in range(14):
        q = k / 13
        canvas.glow(
            0.0, (0.18 + 0.9 * q) * long, (0.10 + 0.22 * q) * long, (0.55, 1.0, 0.75), 0.11 * (1 - q), tall=0.10 * long
        )
    canvas.ellipse(0, -0.07 * long, 0.24 * long, 0.20 * long, (0.45, 0.75, 0.82), to=(0.16, 0.30, 0.40))
    canvas.ellipse(-0.07 * long, -0.15 * long, 0.07 * long, 0.05 * long, (1.0, 1.0, 1.0), alpha=0.4)
    canvas.ellipse(0, 0.03 * long, 0.60 * long, 0.13 * long, scale(body, 0.5))
    canvas.ellipse(0, 0.0, 0.60 * long, 0.12 * long, mix(body, (1.0, 1.0, 1.0), 0.2), to=scale(body, 0.45))
    canvas.ellipse(0, 0.08 * long, 0.22 * long, 0.05 * long, (0.75, 1.0, 0.85))
    for k in range(9):
        x = (-0.48 + 0.12 * k) * long
        y = 0.035 * long + 0.035 * long * (1 - (x / (0.6 * long)) ** 2)
        tone = ((1.0, 0.4, 0.3), (1.0, 0.85, 0.3), (0.4, 0.9, 1.0))[k % 3]
        canvas.ellipse(x, y, 0.022 * long, 0.018 * long, tone)
        canvas.glow(x, y, 0.04 * long, tone, 0.7)
    return canvas
