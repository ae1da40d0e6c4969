"""A tree that stands alone: in leaf, in blossom, in autumn, or a pine."""

from __future__ import annotations

import math

from filmgate.engines.scene.canvas import Canvas
from filmgate.engines.scene.description import SubjectSpec
from filmgate.engines.scene.layers.foliage import BLOSSOM, LEAF, MAPLE, broadleaf, pine
from filmgate.engines.scene.registry import Words, subject
from filmgate.engines.scene.stage import Stage, rocking


@subject(
    "tree",
    en=(
        "tree",
        "lone tree",
        "old tree",
        "oak",
        "oak tree",
        "cherry tree",
        "cherry blossom tree",
        "maple",
        "maple tree",
        "pine",
        "pine tree",
        "willow",
    ),
    zh=("树", "大树", "老树", "橡树", "樱花树", "樱树", "枫树", "松树", "柳树", "古树"),
    element="plant",
    attributes={
        "cherry": Words(en=("cherry tree", "cherry blossom tree"), zh=("樱花树", "樱树")),
        "maple": Words(en=("maple", "maple tree"), zh=("枫树",)),
        "pine": Words(en=("pine", "pine tree"), zh=("松树",)),
    },
)
def tree(stage: Stage, spec: SubjectSpec) -> None:
    """Large and a little off the middle; more of them farther away."""
    for k in range(max(1, min(5, spec.count)) - 1, -1, -1):
        z = min(max(stage.standing * 1.5, 5.5) * (1 + 0.5 * k), stage.bounds[1] * 0.98)
        share = (0.57, 0.20, 0.86, 0.38, 0.05)[k]
        foot = (stage.width * share, stage.at(0, 0, z)[1])
        tall = min(0.74, foot[1] / stage.height * 0.96) * stage.height / (1 + 0.42 * k)
        tall = min(tall, 0.95 * stage.width)
        canvas = Canvas(foot[0] - 0.85 * tall, foot[1] - 1.25 * tall, foot[0] + 0.85 * tall, foot[1] + 0.14 * tall)
        _shadow(stage, canvas, foot, tall)
        if "pine" in spec.attributes:
            pine(stage, canvas, foot, tall, depth=z * 0.4, lean=0.06)
        else:
            leaves = (
                BLOSSOM
                if "cherry" in spec.attributes
                else MAPLE
                if {"maple", "red", "orange"} & set(spec.attributes)
                else LEAF
            )
            broadleaf(stage, canvas, foot, tall, leaves, depth=z * 0.4, leaf=0.0105 * tall / stage.unit, spread=0.50)
        stage.plate(canvas, z, sway=rocking(0.6 * stage.unit, 0.0, 0.8, k))
    stage.hear(birds=0.4, wind=0.4)


def _shadow(stage: Stage, canvas: Canvas, foot: tuple[float, float], tall: float) -> None:
    """On the ground, away from the sun."""
    lean = (0.5 - stage.light.sun[0]) * 0.9
    for k in range(5):
        canvas.ellipse(
            foot[0] + lean * tall * 0.3,
            foot[1] + 0.01 * tall,
            tall * (0.48 - 0.05 * k),
            tall * (0.055 - 0.006 * k),
            (0.03, 0.05, 0.02),
            alpha=0.10,
        )
    angle = math.copysign(0.02, lean)
    canvas.line(
        [foot, (foot[0] + lean * tall * 0.3, foot[1] + abs(angle) * tall)], 0.05 * tall, (0.03, 0.05, 0.02), alpha=0.25
    )
