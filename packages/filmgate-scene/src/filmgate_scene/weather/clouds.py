"""A cloudy sky, and a clear one."""

from __future__ import annotations

from filmgate_scene.light import Light, overcast, replace
from filmgate_scene.registry import weather
from filmgate_scene.stage import SceneStage


@weather(
    "clouds",
    en=("cloudy", "clouds", "overcast"),
    zh=("多云", "阴天", "云朵", "白云", "乌云"),
    light=lambda light: overcast(replace(light, clouds=0.62), 0.2),
)
def clouds(stage: SceneStage) -> None:
    """Nothing to add: the sky draws its clouds."""
    stage.add_ambience(wind=0.15)


def _clear(light: Light) -> Light:
    return replace(light, clouds=0.0)


@weather(
    "clear",
    en=("clear sky", "cloudless", "clear skies", "starry", "starry sky", "starry night", "clear night"),
    zh=("万里无云", "晴空", "星空", "繁星", "满天繁星", "繁星满天", "满天星斗"),
    light=_clear,
)
def clear(stage: SceneStage) -> None:
    """No clouds."""
    del stage
