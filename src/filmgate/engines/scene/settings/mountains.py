"""High mountains, flown over: snow, rock, mist in the valleys."""

from __future__ import annotations

from filmgate.engines.scene.layers.sky import sky
from filmgate.engines.scene.layers.terrain import Relief, Terrain, alps
from filmgate.engines.scene.registry import setting
from filmgate.engines.scene.stage import Stage


@setting(
    "mountains",
    en=(
        "mountains",
        "mountain",
        "mountain range",
        "snowy mountains",
        "peaks",
        "peak",
        "alps",
        "himalaya",
        "himalayas",
        "summit",
    ),
    zh=("雪山", "山脉", "群山", "高山", "山峰", "大山", "阿尔卑斯", "喜马拉雅", "山顶", "峡谷"),
    time="dawn",
    camera=("static",),
)
def mountains(stage: Stage) -> None:
    """A drone's view, always on the way."""
    stage.horizon = stage.height * (0.36 if not stage.portrait else 0.46)
    stage.focal = 0.82 * max(stage.width, stage.height * 0.9)
    stage.eye, stage.standing, stage.reach = 30.0, 90.0, 4.0
    stage.bounds = (40.0, 300.0)
    sky(stage)
    Terrain(stage, Relief(heights=alps(stage.seed % 1000)), speed=0.7, over=1.15 if not stage.portrait else 2.0).put(
        stage
    )
    stage.hear(wind=1.0, pad=0.6)
