"""People: they walk, run, stand, wave, dance, sit or eat."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from filmgate_scene.cues import SoundEvent
from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.figures import Actor, paint
from filmgate_scene.layers.people import ADULT, CHILD, WOMAN, Build, Outfit, pose, skins
from filmgate_scene.layers.table import table
from filmgate_scene.palette import COLOURS, Colour, rgb
from filmgate_scene.registry import Words, settings, subject
from filmgate_scene.stage import AnimatedSprites, Quad, SceneStage, ShotFrame

_TAU = 2 * math.pi
_POSES = 16
_CLOTHES: tuple[Colour, ...] = (
    rgb("#c8483f"),
    rgb("#3d7ea6"),
    rgb("#e3b04b"),
    rgb("#5b8c5a"),
    rgb("#8b5fa8"),
    rgb("#e8e4da"),
)
_TROUSERS: tuple[Colour, ...] = (rgb("#2e3650"), rgb("#4b4038"), rgb("#23252b"), rgb("#6a6f7a"))
_HAIRS: tuple[Colour, ...] = (rgb("#2a1f1b"), rgb("#5a3a22"), rgb("#1b191c"), rgb("#8a5a2c"))
_UMBRELLAS: tuple[Colour, ...] = (rgb("#c43c35"), rgb("#2f5d9c"), rgb("#e0b13f"), rgb("#3f7f6a"), rgb("#33343c"))
_BOX = (-0.62, -1.36, 0.62, 0.06)  # bounds of a pose, in heights
_SEAT = 0.44  # metres to a bench's seat
_DINING = 2.0  # metres to a person at the table in front of the camera
_PACE = {
    "run": (2.9, 1.45),
    "walk": (1.2, 0.92),
    "dance": (0.0, 0.85),
    "play": (0.0, 0.9),
}  # metres and cycles a second


@subject(
    "person",
    en=(
        "person",
        "people",
        "man",
        "woman",
        "girl",
        "boy",
        "child",
        "children",
        "kid",
        "kids",
        "crowd",
        "traveler",
        "traveller",
        "samurai",
        "astronaut",
        "couple",
        "lady",
        "runner",
        "dancer",
        "monk",
        "hiker",
        "climber",
        "mountaineer",
        "old man",
        "wanderer",
        "someone",
        "human",
        "friends",
        "family",
        "singer",
        "teacher",
        "student",
        "students",
        "chef",
        "musician",
        "teenager",
        "teenagers",
        "young man",
        "young woman",
        "grandfather",
        "grandmother",
        "grandma",
        "grandpa",
        "pedestrians",
        "pedestrian",
        "passenger",
        "farmer",
        "fisherman",
        "worker",
        "workers",
        "team",
        "audience",
        "boys",
        "girls",
        "men",
        "women",
        "dancers",
        "runners",
        "jogger",
        "athlete",
        "ballerina",
        "bride",
        "groom",
        "mother",
        "father",
        "baby",
        "toddler",
        "detective",
        "soldier",
        "warrior",
        "knight",
        "princess",
        "king",
        "queen",
        "wizard",
    ),
    zh=(
        "人",
        "男人",
        "女人",
        "女孩",
        "男孩",
        "小孩",
        "孩子",
        "儿童",
        "人群",
        "行人",
        "情侣",
        "老人",
        "少年",
        "少女",
        "姑娘",
        "旅人",
        "宇航员",
        "朋友",
        "家人",
        "舞者",
        "人们",
        "路人",
        "歌手",
        "老师",
        "学生",
        "厨师",
        "主播",
        "女子",
        "男子",
        "小女孩",
        "小男孩",
        "年轻人",
        "青年",
        "爷爷",
        "奶奶",
        "外婆",
        "妈妈",
        "爸爸",
        "母亲",
        "父亲",
        "农民",
        "渔夫",
        "工人",
        "观众",
        "游客",
        "乘客",
        "侦探",
        "战士",
        "侠客",
        "公主",
        "新娘",
        "婴儿",
        "宝宝",
        "同学",
        "旅客",
        "人山人海",
        "登山者",
        "徒步者",
        "登山客",
        "老者",
        "老爷爷",
        "老奶奶",
        "大叔",
        "阿姨",
    ),
    actions=("walk", "run", "stand", "sit", "wave", "dance", "eat", "play", "jump"),
    attributes={
        "child": Words(
            en=("child", "children", "kid", "kids", "girl", "boy", "girls", "boys", "toddler", "baby"),
            zh=("小孩", "孩子", "儿童", "女孩", "男孩", "小女孩", "小男孩", "宝宝", "婴儿"),
        ),
        "woman": Words(
            en=(
                "woman",
                "women",
                "girl",
                "girls",
                "lady",
                "dancer",
                "ballerina",
                "bride",
                "princess",
                "queen",
                "mother",
                "grandmother",
                "grandma",
            ),
            zh=("女人", "女子", "女孩", "小女孩", "少女", "姑娘", "新娘", "公主", "妈妈", "奶奶", "外婆", "阿姨"),
        ),
        "man": Words(
            en=(
                "man",
                "men",
                "old man",
                "young man",
                "grandfather",
                "grandpa",
                "boy",
                "boys",
                "samurai",
                "monk",
                "knight",
                "king",
                "groom",
                "fisherman",
            ),
            zh=("男人", "男子", "爷爷", "老爷爷", "男孩", "小男孩", "少年", "大叔"),
        ),
        "old": Words(
            en=("old man", "old woman", "elderly", "grandfather", "grandmother", "grandma", "grandpa", "wizard"),
            zh=("老人", "爷爷", "奶奶", "外婆", "老者", "老爷爷", "老奶奶"),
        ),
        "umbrella": Words(
            en=("umbrella", "umbrellas", "parasol"), zh=("撑伞", "雨伞", "打伞", "撑着伞", "油纸伞", "伞")
        ),
        "crowd": Words(en=("crowd", "people", "audience"), zh=("人群", "人们", "人山人海", "观众")),
    },
)
def person(stage: SceneStage, spec: SubjectSpec) -> None:
    """One person in front, others farther away; a crowd fills the place."""
    count = 9 if "crowd" in spec.attributes and spec.count == 1 else max(1, min(10, spec.count))
    for k in range(count):
        _put(stage, spec, k, count)


def _put(stage: SceneStage, spec: SubjectSpec, k: int, count: int) -> None:
    """The ``k``-th person: clothes, position, path and steps."""
    rng = np.random.default_rng(stage.seed * 31 + k)
    action = spec.action or stage.default_action
    build, outfit = _describe_person(stage, spec, rng, k, count, action)
    tall = (1.16 if build is CHILD else 1.7) * (1 + 0.05 * rng.normal())
    z = min(stage.subject_depth * (1 + 0.35 * k * (0.6 if count > 4 else 1.0)), stage.depth_range[1] * 0.92)
    if action == "eat":
        table(stage)
        z = _DINING + 0.2 * k
    true = stage.focal / z
    unit = true * (1.5 if build is not CHILD else 1.32)
    unit = (
        unit if action == "eat" else min(true * tall, 0.62 * stage.height * min(1.0, tall / 1.6))
    )  # no head leaves the frame
    poses = [
        paint(stage, pose(build, outfit, action, p / _POSES), skins(outfit), unit, _BOX, hair=60) for p in range(_POSES)
    ]
    left = k % 2 == 1
    actor = Actor(stage, poses, true, left=left)
    pace, rate = _PACE.get(action, (0.0, 0.45))
    pace *= unit / (true * tall)
    if pace and not stage.endless:  # slower in a narrow frame, or they would cross it at once
        slower = min(1.0, max(0.14, 0.7 / stage.seconds) * stage.width / true / pace)
        pace, rate = pace * slower, rate * (0.4 + 0.6 * slower)
    place = _way(stage, pace, z, k, count, left=left)
    phase = 0.29 * k
    seated = stage.shot.setting == "traincar" or any(other.kind == "bench" for other in stage.shot.subjects)
    seat = _SEAT if action == "sit" and seated else 0.0

    def quads(frame: ShotFrame) -> list[Quad]:
        hop = 0.3 * max(0.0, math.sin(frame.t * _TAU * 0.8)) if action == "jump" else seat
        return actor.quads(frame, place(frame.t), z, frame.t * rate + phase, lift=hop)

    stage.add(AnimatedSprites(quads), z)
    if action == "eat" and k == 0:
        stage.events += [SoundEvent((n + 0.3) / rate, "bite", 0.0, 0.5) for n in range(int(stage.seconds * rate))]
    if action in {"run", "walk", "dance"} and k == 0:
        steps = range(round(stage.seconds * rate * 2))
        stage.events += [SoundEvent((n + 0.3) / (2 * rate), "step", 0.15 * (-1) ** n, 0.35) for n in steps]


def _indoors(stage: SceneStage) -> bool:
    place = settings().get(stage.shot.setting)
    return place is not None and place.indoor


def _describe_person(
    stage: SceneStage, spec: SubjectSpec, rng: np.random.Generator, k: int, count: int, action: str
) -> tuple[Build, Outfit]:
    """The build and the clothes of the ``k``-th person."""
    named = [COLOURS[name] for name in spec.attributes if name in COLOURS]
    woman = "woman" in spec.attributes or ("man" not in spec.attributes and count > 1 and rng.random() < 0.5)
    child, old = "child" in spec.attributes, "old" in spec.attributes
    build = CHILD if child else WOMAN if woman else ADULT
    wet = action in {"walk", "stand"} and bool({"rain", "storm"} & set(stage.shot.weather)) and not _indoors(stage)
    under = "umbrella" in spec.attributes or (wet and not child and (k == 0 or rng.random() < 0.6))
    warm = "snow" in stage.shot.weather or stage.shot.setting == "snowfield"
    outfit = Outfit(
        top=named[0] if named else _CLOTHES[int(rng.integers(len(_CLOTHES)))],
        bottom=_TROUSERS[int(rng.integers(len(_TROUSERS)))],
        hair=rgb("#c9c6c2") if old else _HAIRS[int(rng.integers(len(_HAIRS)))],
        dress=woman and not warm and not old,
        short=not warm and not old and (child or rng.random() < 0.5),
        long_hair=woman,
        umbrella=_UMBRELLAS[int(rng.integers(len(_UMBRELLAS)))] if under else None,
        food="melon" if any(other.kind == "watermelon" for other in stage.shot.subjects) else "bun",
    )
    return replace(build, stoop=0.05) if old else build, outfit


def _way(stage: SceneStage, pace: float, z: float, k: int, count: int, *, left: bool) -> Callable[[float], float]:
    """The position at a time: beside the camera if the place is endless, else across the frame."""
    width = stage.width * z / stage.focal
    aside = 0.0 if count == 1 else width * (((k * 0.382 + 0.5) % 1) - 0.5) * 0.86
    if pace and stage.endless and not left:
        stage.camera_speed = max(stage.camera_speed, pace)
        run = stage.camera_speed
        return lambda t: run * t + aside + width * 0.03 * math.sin(t * 0.45)
    if not pace:
        return lambda _: aside
    sign = -1.0 if left else 1.0
    start = (aside * sign + 0.5 * width + (0.0 if count > 1 else -0.30 * width)) % (1.5 * width)
    return lambda t: sign * (((pace * t + start + 0.25 * width) % (1.5 * width)) - 0.75 * width)
