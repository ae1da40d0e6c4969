"""Things that fly across the sky."""

from __future__ import annotations

import math

from filmgate_scene.canvas import Canvas
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

__all__ = ["cross"]

_PLACES = ((0.0, 0.0), (-0.30, -0.16), (-0.40, 0.17), (-0.66, -0.05), (-0.80, 0.22), (-0.95, -0.2))


def cross(stage: SceneStage, canvas: Canvas, count: int, *, pace: float, bob: float, depth: float) -> None:
    """Let what is painted around (0, 0), facing right, fly across the frame.

    ``pace``: frame widths a second; ``bob``: frame heights of vertical sway; several fly in loose order.
    """
    sprite = stage.atlas.add(canvas.pixels, -canvas.x0, -canvas.y0)
    top = min(0.46, 0.60 * stage.horizon / stage.height)

    def quads(frame: ShotFrame) -> list[Quad]:
        out = []
        for k in range(max(1, min(len(_PLACES), count)) - 1, -1, -1):
            dx, dy = _PLACES[k]
            small = 1.0 if k == 0 else 0.62 - 0.05 * k
            x = stage.width * (0.42 + dx * (0.9 if count > 1 else 0.0) + pace * frame.t * (1 - 0.1 * k))
            x = (x + 0.8 * stage.width) % (2.6 * stage.width) - 0.8 * stage.width
            y = stage.height * (top + dy + bob * math.sin(1.1 * frame.t + 1.7 * k) - 0.006 * frame.t)
            sx, sy = frame.screen(x, y)
            size = small * frame.lens.zoom
            out.append(Quad(sprite, sx, sy, size, size))
        return out

    stage.add(AnimatedSprites(quads), depth)
