"""A single tree: in leaf, in blossom, in autumn, or a pine."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from filmgate_scene.canvas import Canvas
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.foliage import BLOSSOM, LEAF, MAPLE, broadleaf, pine
from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.registry import Words, subject
from filmgate_scene.stage import SceneStage, rocking


@subject(
    "tree",
    en=(
        "tree",
        "lone tree",
        "old tree",
        "oak",
        "oak tree",
        "palm",
        "palms",
        "palm tree",
        "palm trees",
        "coconut palms",
        "cherry tree",
        "cherry blossom tree",
        "maple",
        "maple tree",
        "pine",
        "pine tree",
        "willow",
    ),
    zh=(
        "树",
        "大树",
        "老树",
        "橡树",
        "樱花树",
        "樱树",
        "枫树",
        "松树",
        "柳树",
        "古树",
        "孤树",
        "棕榈树",
        "棕榈",
        "椰子树",
        "椰树",
        "椰林",
    ),
    element="plant",
    attributes={
        "cherry": Words(en=("cherry tree", "cherry blossom tree"), zh=("樱花树", "樱树")),
        "maple": Words(en=("maple", "maple tree"), zh=("枫树",)),
        "palm": Words(
            en=("palm", "palms", "palm tree", "palm trees", "coconut palms"),
            zh=("棕榈树", "棕榈", "椰子树", "椰树", "椰林"),
        ),
        "pine": Words(en=("pine", "pine tree"), zh=("松树",)),
    },
)
def tree(stage: SceneStage, spec: SubjectSpec) -> None:
    """A large tree a little off the centre; further trees farther away."""
    for k in range(max(1, min(5, spec.count)) - 1, -1, -1):
        z = min(max(stage.subject_depth * 1.5, 5.5) * (1 + 0.5 * k), stage.depth_range[1] * 0.98)
        share = (0.57, 0.20, 0.86, 0.38, 0.05)[k]
        foot = (stage.width * share, stage.home_position(0, 0, z)[1])
        tall = min(0.74, foot[1] / stage.height * 0.96) * stage.height / (1 + 0.42 * k)
        tall = min(tall, 0.95 * stage.width)
        canvas = Canvas(foot[0] - 0.85 * tall, foot[1] - 1.25 * tall, foot[0] + 0.85 * tall, foot[1] + 0.14 * tall)
        _shadow(stage, canvas, foot, tall)
        if "palm" in spec.attributes:
            _palm(stage, canvas, foot, 0.9 * tall, 0.13 if k % 2 else -0.13)
        elif "pine" in spec.attributes:
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
    stage.add_ambience(birds=0.4, wind=0.4)


def _palm(stage: SceneStage, canvas: Canvas, foot: tuple[float, float], tall: float, lean: float) -> None:
    """A ringed trunk that leans, drooping feathered leaves, a few nuts."""
    bark, rng = stage.shade(rgb("#8a6c4c"), 3, lit=0.6), stage.rng
    trunk = [(foot[0] + tall * lean * q**1.7, foot[1] - tall * q) for q in np.linspace(0, 1, 14)]
    canvas.line(trunk, 0.052 * tall, bark, end=0.026 * tall)
    for k in range(40):
        q = k / 40
        x, y, half = foot[0] + tall * lean * q**1.7, foot[1] - tall * q, (0.024 - 0.011 * q) * tall
        canvas.line([(x - half, y), (x + half, y + 0.006 * tall)], max(1.0, 0.004 * tall), scale(bark, 0.6), alpha=0.7)
    x, y = trunk[-1]
    for k in range(13):
        a = -math.pi * (0.02 + 0.96 * k / 12) + 0.12 * rng.normal()
        long = tall * (0.40 + 0.08 * rng.random())
        green = stage.shade(mix(rgb("#2f5a2a"), rgb("#a3b84f"), float(rng.random()) ** 1.3), 3, lit=0.75)
        rib = [(x + long * q * math.cos(a), y + long * (q * math.sin(a) + 0.62 * q * q)) for q in np.linspace(0, 1, 9)]
        canvas.line(rib, 0.010 * tall, scale(green, 0.75), end=1.0)
        for (ax, ay), (bx, by) in pairwise(rib):
            for side in (-1, 1):
                for q in (0.0, 0.5):
                    px, py = ax + q * (bx - ax), ay + q * (by - ay)
                    tip = (px + 0.5 * (bx - ax) + side * 0.03 * long, py + 0.5 * (by - ay) + 0.16 * long)
                    canvas.line([(px, py), tip], 0.016 * tall, green, end=1.0)
    for dx in (-0.018, 0.012, 0.03):
        canvas.ellipse(x + dx * tall, y + 0.025 * tall, 0.018 * tall, 0.02 * tall, stage.shade(rgb("#6a4a2c"), 3))


def _shadow(stage: SceneStage, canvas: Canvas, foot: tuple[float, float], tall: float) -> None:
    """A shadow on the ground, away from the sun."""
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
