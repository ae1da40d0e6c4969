"""The registry: what the renderer can draw, and the English and Chinese words for it.

Every setting, subject, weather, time of day, style and camera move is one function in one small file that registers
itself with a decorator from this module; its words are listed beside it. The prompt lexicon is collected from these
tables and the composer looks up the drawing functions in them, so one new file is enough to draw (and understand)
something new.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from filmgate_scene.description import SubjectSpec
    from filmgate_scene.lens import Path
    from filmgate_scene.light import Light
    from filmgate_scene.look import Look
    from filmgate_scene.stage import SceneStage

__all__ = [
    "ACTIONS",
    "ATTRIBUTES",
    "TEMPOS",
    "Camera",
    "RegistryEntry",
    "Setting",
    "Style",
    "Subject",
    "Tempo",
    "TimeOfDay",
    "Weather",
    "Words",
    "camera",
    "cameras",
    "setting",
    "settings",
    "style",
    "styles",
    "subject",
    "subjects",
    "time",
    "times",
    "weather",
    "weathers",
]

_PACKAGE = "filmgate_scene"
_SUBPACKAGES = ("settings", "subjects", "weather", "hours", "styles", "camera")


class Words(Struct, frozen=True, kw_only=True):
    """The words for an entry, in lower case; longer words take precedence over shorter ones."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class RegistryEntry(Struct, frozen=True, kw_only=True):
    """Common fields of all entries: the name in descriptions, and the words."""

    name: str
    words: Words


class Setting(RegistryEntry, frozen=True, kw_only=True):
    """A place. ``build`` adds its layers to a stage."""

    build: Callable[[SceneStage], None]
    time: str = "day"  # default time of day
    weather: tuple[str, ...] = ()  # default weather
    camera: tuple[str, ...] = ("dolly",)  # default camera moves
    inhabitants: tuple[str, ...] = ()  # default subjects
    indoor: bool = False  # weather stays outside


class Subject(RegistryEntry, frozen=True, kw_only=True):
    """A person, an animal or an object. ``build`` adds it to a stage that already contains its setting."""

    build: Callable[[SceneStage, SubjectSpec], None]
    actions: tuple[str, ...] = ()  # names from ACTIONS; the first one is the default
    element: str = "ground"  # its medium: "ground", "water", "air", "plant" or "table"
    attributes: Mapping[str, Words] = {}  # its own attributes, in addition to the common ATTRIBUTES


class Weather(RegistryEntry, frozen=True, kw_only=True):
    """A weather. ``light`` changes the light before anything is painted, ``build`` adds layers on top."""

    build: Callable[[SceneStage], None]
    light: Callable[[Light], Light]
    time: str = ""  # default time of day


class TimeOfDay(RegistryEntry, frozen=True, kw_only=True):
    """A time of day."""

    light: Callable[[], Light]


class Style(RegistryEntry, frozen=True, kw_only=True):
    """A finish of the image."""

    look: Callable[[Look], Look]
    time: str = ""  # default time of day


class Camera(RegistryEntry, frozen=True, kw_only=True):
    """A camera move."""

    path: Path


class Tempo(Struct, frozen=True, kw_only=True):
    """The speed of the scene's time."""

    words: Words
    factor: float


_T = TypeVar("_T", bound=RegistryEntry)


class _Registry(Generic[_T]):
    """All entries of one kind, by name."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._entries: dict[str, _T] = {}

    def add(self, entry: _T) -> None:
        if entry.name in self._entries:
            raise ValueError(f"two {self._kind}s are called {entry.name!r}")
        self._entries[entry.name] = entry

    def all(self) -> Mapping[str, _T]:
        _import_all()
        return MappingProxyType(self._entries)


_settings = _Registry[Setting]("setting")
_subjects = _Registry[Subject]("subject")
_weathers = _Registry[Weather]("weather")
_times = _Registry[TimeOfDay]("time")
_styles = _Registry[Style]("style")
_cameras = _Registry[Camera]("camera")

settings = _settings.all
subjects = _subjects.all
weathers = _weathers.all
times = _times.all
styles = _styles.all
cameras = _cameras.all


def setting(
    name: str,
    *,
    en: tuple[str, ...],
    zh: tuple[str, ...],
    time: str = "day",
    weather: tuple[str, ...] = (),
    camera: tuple[str, ...] = ("dolly",),
    inhabitants: tuple[str, ...] = (),
    indoor: bool = False,
) -> Callable[[Callable[[SceneStage], None]], Callable[[SceneStage], None]]:
    """Register the decorated function as a setting."""

    def register(build: Callable[[SceneStage], None]) -> Callable[[SceneStage], None]:
        _settings.add(
            Setting(
                name=name,
                words=Words(en=en, zh=zh),
                build=build,
                time=time,
                weather=weather,
                camera=camera,
                inhabitants=inhabitants,
                indoor=indoor,
            )
        )
        return build

    return register


def subject(
    name: str,
    *,
    en: tuple[str, ...],
    zh: tuple[str, ...],
    actions: tuple[str, ...] = (),
    element: str = "ground",
    attributes: Mapping[str, Words] | None = None,
) -> Callable[[Callable[[SceneStage, SubjectSpec], None]], Callable[[SceneStage, SubjectSpec], None]]:
    """Register the decorated function as a subject."""

    def register(build: Callable[[SceneStage, SubjectSpec], None]) -> Callable[[SceneStage, SubjectSpec], None]:
        words = Words(en=en, zh=zh)
        _subjects.add(
            Subject(name=name, words=words, build=build, actions=actions, element=element, attributes=attributes or {})
        )
        return build

    return register


def weather(
    name: str,
    *,
    en: tuple[str, ...],
    zh: tuple[str, ...],
    light: Callable[[Light], Light] = lambda light: light,
    time: str = "",
) -> Callable[[Callable[[SceneStage], None]], Callable[[SceneStage], None]]:
    """Register the decorated function as a weather; ``light`` is its change to the light."""

    def register(build: Callable[[SceneStage], None]) -> Callable[[SceneStage], None]:
        _weathers.add(Weather(name=name, words=Words(en=en, zh=zh), build=build, light=light, time=time))
        return build

    return register


def time(
    name: str, *, en: tuple[str, ...], zh: tuple[str, ...]
) -> Callable[[Callable[[], Light]], Callable[[], Light]]:
    """Register the decorated function's light as a time of day."""

    def register(light: Callable[[], Light]) -> Callable[[], Light]:
        _times.add(TimeOfDay(name=name, words=Words(en=en, zh=zh), light=light))
        return light

    return register


def style(
    name: str, *, en: tuple[str, ...], zh: tuple[str, ...], time: str = ""
) -> Callable[[Callable[[Look], Look]], Callable[[Look], Look]]:
    """Register the decorated function, which maps a look to a look, as a style."""

    def register(look: Callable[[Look], Look]) -> Callable[[Look], Look]:
        _styles.add(Style(name=name, words=Words(en=en, zh=zh), look=look, time=time))
        return look

    return register


def camera(name: str, *, en: tuple[str, ...], zh: tuple[str, ...]) -> Callable[[Path], Path]:
    """Register the decorated path as a camera move."""

    def register(path: Path) -> Path:
        _cameras.add(Camera(name=name, words=Words(en=en, zh=zh), path=path))
        return path

    return register


@cache
def _import_all() -> None:
    """Import every module that registers something."""
    for subpackage in _SUBPACKAGES:
        module = importlib.import_module(f"{_PACKAGE}.{subpackage}")
        for submodule in pkgutil.iter_modules(getattr(module, "__path__", ())):
            importlib.import_module(f"{_PACKAGE}.{subpackage}.{submodule.name}")


TEMPOS: Mapping[str, Tempo] = {
    "slow": Tempo(
        words=Words(
            en=("slow motion", "slow-motion", "slow-mo", "slowly", "slow"),
            zh=("慢动作", "慢镜头", "缓缓", "缓慢", "慢慢"),
        ),
        factor=0.5,
    ),
    "fast": Tempo(
        words=Words(
            en=("time lapse", "time-lapse", "timelapse", "hyperlapse", "fast", "quickly"),
            zh=("延时摄影", "延时", "快速", "飞快", "快镜头"),
        ),
        factor=2.2,
    ),
}
"""The tempos that a prompt can request."""

ACTIONS: Mapping[str, Words] = {
    "run": Words(
        en=(
            "run",
            "runs",
            "running",
            "ran",
            "sprinting",
            "sprints",
            "galloping",
            "gallops",
            "racing",
            "chasing",
            "jogging",
        ),
        zh=("奔跑", "跑步", "跑", "追逐", "飞奔", "狂奔"),
    ),
    "walk": Words(
        en=("walk", "walks", "walking", "strolling", "strolls", "wandering"), zh=("行走", "走路", "散步", "漫步", "走")
    ),
    "stand": Words(
        en=("stand", "stands", "standing", "waiting", "waits", "looking", "watching"),
        zh=("站立", "站着", "站", "看着", "望着", "等待"),
    ),
    "sit": Words(en=("sit", "sits", "sitting", "resting"), zh=("坐着", "坐在", "坐", "蹲")),
    "eat": Words(
        en=("eat", "eats", "eating", "tasting", "biting", "grazing", "grazes"),
        zh=("吃着", "正在吃", "吃", "品尝", "啃", "吃草", "觅食"),
    ),
    "dance": Words(en=("dance", "dances", "dancing"), zh=("跳舞", "舞蹈", "起舞", "翩翩起舞", "舞动")),
    "wave": Words(en=("wave", "waves hello", "waving"), zh=("挥手", "招手")),
    "play": Words(en=("play", "plays", "playing"), zh=("追蝴蝶", "玩耍", "嬉戏", "玩")),
    "sleep": Words(en=("sleep", "sleeps", "sleeping", "napping"), zh=("睡觉", "睡着", "睡")),
    "swim": Words(en=("swim", "swims", "swimming"), zh=("游泳", "游动", "游弋", "游")),
    "fly": Words(
        en=("fly", "flies", "flying", "soaring", "soars", "gliding", "hovering"),
        zh=("飞翔", "飞行", "翱翔", "盘旋", "飞过", "飞"),
    ),
    "drive": Words(
        en=("drive", "drives", "driving", "speeding", "speeds", "cruising"),
        zh=("行驶", "驾驶", "疾驰", "开车", "驶过", "驶来", "飞驰", "飞驰而过"),
    ),
    "float": Words(en=("float", "floats", "floating", "drifting", "drifts"), zh=("漂浮", "飘浮", "漂流", "飘荡")),
    "jump": Words(en=("jump", "jumps", "jumping", "leaping", "leaps"), zh=("跳跃", "跳起", "跃出", "跳")),
}
"""Actions of subjects. A subject lists the ones that it supports."""

ATTRIBUTES: Mapping[str, Words] = {
    "red": Words(en=("red", "crimson", "scarlet"), zh=("红色", "红")),
    "orange": Words(en=("orange", "ginger"), zh=("橙色", "橘色", "橘")),
    "golden": Words(en=("golden", "gold", "blonde"), zh=("金色", "金黄", "金")),
    "yellow": Words(en=("yellow",), zh=("黄色", "黄")),
    "green": Words(en=("green",), zh=("绿色", "绿")),
    "blue": Words(en=("blue",), zh=("蓝色", "蓝")),
    "purple": Words(en=("purple", "violet"), zh=("紫色", "紫")),
    "pink": Words(en=("pink",), zh=("粉色", "粉红", "粉")),
    "white": Words(en=("white",), zh=("白色", "白")),
    "black": Words(en=("black",), zh=("黑色", "黑")),
    "grey": Words(en=("grey", "gray", "silver"), zh=("灰色", "银色", "灰")),
    "brown": Words(en=("brown", "chocolate"), zh=("棕色", "褐色", "棕")),
    "small": Words(en=("small", "little", "tiny", "baby"), zh=("小小的", "小")),
    "big": Words(en=("big", "large", "giant", "huge"), zh=("大大的", "巨大", "巨型")),
}
"""Attributes of any subject. Colours are looked up in ``palette.COLOURS``."""
