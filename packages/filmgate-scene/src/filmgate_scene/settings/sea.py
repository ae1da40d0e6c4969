"""The open sea: swell to the horizon, distant isles."""

from __future__ import annotations

import math

from filmgate_scene.cues import SoundEvent
from filmgate_scene.layers.jetty import jetty
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Surface, Water
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage


@setting(
    "sea",
    en=(
        "sea",
        "ocean",
        "waves",
        "lake",
        "river",
        "bay",
        "harbour",
        "harbor",
        "sailing",
        "water",
        "water wave",
        "lagoon",
        "open water",
    ),
    zh=(
        "大海",
        "海洋",
        "海面",
        "海上",
        "海浪",
        "湖",
        "湖面",
        "湖泊",
        "江面",
        "河",
        "港口",
        "江河",
        "海水",
    ),
    time="sunset",
    camera=("dolly",),
    inhabitants=("boat",),
)
def sea(stage: SceneStage) -> None:
    """Seen from a boat's deck."""
    stage.horizon, stage.eye = stage.height * (0.47 if not stage.portrait else 0.52), 2.4
    stage.focal = 0.95 * max(stage.height * 0.8, min(stage.width, stage.height))
    stage.subject_depth, stage.depth_range, stage.swim_range, stage.camera_range = 9.0, (6.0, 30.0), (5.0, 30.0), 1.6
    sky(stage)
    isles = Ridge(
        depth=900.0,
        base=stage.horizon + 0.012 * stage.height,
        rise=stage.height * 0.085,
        width=0.5,
        colour=(0.36, 0.42, 0.48),
        mist=0.4,
        bottom=stage.horizon + 4,
    )
    ridge(stage, isles)
    tint = stage.light.shade((0.10, 0.26, 0.36), lit=0.35)
    rough = 1.9 if "storm" in stage.shot.weather else 1.0
    waves = Surface(tint=tint, swell=0.11 * rough, mirror=0.14, wave=0.32, speed=1.5, wind=0.5, foam=0.45 * rough)
    Water(waves).put(stage)
    if stage.needs_ground:
        stage.subject_depth = 5.5
        jetty(stage, stage.subject_depth)
    stage.add_ambience(waves=0.8, wind=0.45, gulls=0.3 if not stage.light.moon else 0.0)
    for n in range(math.ceil(stage.seconds / 2.4)):
        stage.events.append(SoundEvent(0.6 + 2.4 * n, "wave", 0.5 * math.sin(n * 2.4), 0.5))
