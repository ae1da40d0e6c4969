"""A wooden walkway across the water, for subjects that cannot swim."""

from __future__ import annotations

import numpy as np

from filmgate_scene.palette import mix, rgb, scale
from filmgate_scene.stage import SceneStage

__all__ = ["jetty"]


def jetty(stage: SceneStage, z: float) -> None:
    """Add planks from one side of the frame to the other, half a metre before and behind ``z``."""
    canvas = stage.canvas(top=0.3, bottom=1.2)
    back, front, metre = stage.home_position(0, 0, z + 0.55)[1], stage.home_position(0, 0, z - 0.45)[1], stage.focal / z
    wood, dark = stage.shade(rgb("#a9845c"), lit=0.7), stage.shade(rgb("#5c4128"), lit=0.3)
    thick, rng = 0.10 * metre, np.random.default_rng(5)
    for k in range(-14, 15):
        x = stage.width / 2 + (k + 0.3) * 1.1 * metre
        canvas.rectangle(x, front, 0.13 * metre, 0.42 * metre, scale(dark, 0.8), to=scale(dark, 0.35))
        canvas.rectangle(x, front + 0.42 * metre, 0.13 * metre, 0.35 * metre, scale(dark, 0.4), alpha=0.4)
    canvas.rectangle(canvas.x0, front + thick, canvas.width, thick * 1.6, (0.02, 0.03, 0.03), alpha=0.45)
    canvas.rectangle(
        canvas.x0, back, canvas.width, front - back, wood, to=scale(wood, 0.85), texture=0.16, grain=0.03 / stage.unit
    )
    for x in np.arange(canvas.x0, canvas.x0 + canvas.width, 0.19 * metre):
        middle = stage.width / 2
        far = middle + (x - middle) * z / (z + 0.9)
        canvas.line(
            [(far, back), (x, front)], max(1.0, 0.008 * metre), scale(dark, 0.9), alpha=0.5 + 0.3 * rng.random()
        )
    canvas.rectangle(canvas.x0, front, canvas.width, thick, mix(wood, dark, 0.55), to=dark)
    canvas.rectangle(canvas.x0, front, canvas.width, max(1.0, thick * 0.12), mix(wood, (1.0, 1.0, 1.0), 0.2), alpha=0.8)
    stage.plate(canvas, z + 0.05)
