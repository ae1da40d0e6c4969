"""People: they walk, run, stand, wave, dance, sit or eat."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from filmgate.engines.scene.cues import SoundEvent
from filmgate.engines.scene.description import SubjectSpec
from filmgate.engines.scene.layers.figures import Actor, Body, Joint, Skin, bend, paint
from filmgate.engines.scene.layers.table import table
from filmgate.engines.scene.palette import COLOURS, Colour, rgb, scale
from filmgate.engines.scene.registry import Words, subject
from filmgate.engines.scene.stage import Figures, Frame, Quad, Stage

_TAU = 2 * math.pi
_POSES = 16
_FAR_ARM, _FAR_LEG, _HAIR_BACK, _NEAR_LEG, _SHOES, _TORSO, _NECK, _FACE, _HAIR, _NEAR_ARM, _HAND, _EYE, _RIND, _FOOD = (
    range(14)
)
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
_DINING = 2.0  # metres to who sits at the table before the camera
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
        "老者",
        "老爷爷",
        "老奶奶",
        "大叔",
        "阿姨",
    ),
    actions=("walk", "run", "stand", "sit", "wave", "dance", "eat", "play", "jump"),
    attributes={
        "child": Words(
            en=("child", "children", "kid", "kids", "girl", "boy"), zh=("小孩", "孩子", "儿童", "女孩", "男孩")
        ),
        "woman": Words(en=("woman", "girl", "lady", "dancer"), zh=("女人", "女孩", "少女", "姑娘")),
        "crowd": Words(en=("crowd", "people"), zh=("人群", "人们")),
    },
)
def person(stage: Stage, spec: SubjectSpec) -> None:
    """One in front, others farther away; a crowd fills the place."""
    count = 9 if "crowd" in spec.attributes and spec.count == 1 else max(1, min(10, spec.count))
    for k in range(count):
        _put(stage, spec, k, count)


def _put(stage: Stage, spec: SubjectSpec, k: int, count: int) -> None:
    """The ``k``-th of them: clothes, place, way and steps."""
    rng = np.random.default_rng(stage.seed * 31 + k)
    action = spec.action or stage.habit
    tall = (1.22 if "child" in spec.attributes else 1.7) * (1 + 0.05 * rng.normal())
    z = min(stage.standing * (1 + 0.35 * k * (0.6 if count > 4 else 1.0)), stage.bounds[1] * 0.92)
    if action == "eat":
        table(stage)
        z = _DINING + 0.2 * k
    true = stage.focal / z
    unit = true * 1.5 if action == "eat" else min(true * tall, 0.62 * stage.height)  # nobody's head leaves the picture
    named = [COLOURS[name] for name in spec.attributes if name in COLOURS]
    top = named[0] if named else _CLOTHES[int(rng.integers(len(_CLOTHES)))]
    skins = _skins(top, _TROUSERS[int(rng.integers(4))], _HAIRS[int(rng.integers(4))])
    woman = "woman" in spec.attributes or (count > 1 and rng.random() < 0.5)
    poses = [
        paint(stage, _pose(action, p / _POSES, woman=woman), skins, unit, (-0.62, -1.14, 0.62, 0.06), hair=60)
        for p in range(_POSES)
    ]
    left = k % 2 == 1
    actor = Actor(stage, poses, true, left=left)
    pace, rate = _PACE.get(action, (0.0, 0.45))
    pace *= unit / (true * tall)
    if pace and not stage.endless:  # in a narrow picture they take their time, or they would be gone at once
        slower = min(1.0, max(0.14, 0.7 / stage.seconds) * stage.width / true / pace)
        pace, rate = pace * slower, rate * (0.4 + 0.6 * slower)
    place = _way(stage, pace, z, k, count, left=left)
    phase = 0.29 * k

    def quads(frame: Frame) -> list[Quad]:
        hop = 0.3 * max(0.0, math.sin(frame.t * _TAU * 0.8)) if action == "jump" else 0.0
        return actor.quads(frame, place(frame.t), z, frame.t * rate + phase, lift=hop)

    stage.add(Figures(quads), z)
    if action == "eat" and k == 0:
        stage.events += [SoundEvent((n + 0.3) / rate, "bite", 0.0, 0.5) for n in range(int(stage.seconds * rate))]
    if action in {"run", "walk", "dance"} and k == 0:
        steps = range(round(stage.seconds * rate * 2))
        stage.events += [SoundEvent((n + 0.3) / (2 * rate), "step", 0.15 * (-1) ** n, 0.35) for n in steps]


def _way(stage: Stage, pace: float, z: float, k: int, count: int, *, left: bool) -> Callable[[float], float]:
    """Where they are at a time: beside the camera where the place is endless, else across the picture."""
    width = stage.width * z / stage.focal
    aside = 0.0 if count == 1 else width * (((k * 0.382 + 0.5) % 1) - 0.5) * 0.86
    if pace and stage.endless and not left:
        stage.speed = max(stage.speed, pace)
        run = stage.speed
        return lambda t: run * t + aside + width * 0.03 * math.sin(t * 0.45)
    if not pace:
        return lambda _: aside
    sign = -1.0 if left else 1.0
    start = (aside * sign + 0.5 * width + (0.0 if count > 1 else -0.30 * width)) % (1.5 * width)
    return lambda t: sign * (((pace * t + start + 0.25 * width) % (1.5 * width)) - 0.75 * width)


def _skins(top: Colour, trousers: Colour, hair: Colour) -> list[Skin]:
    """In painting order."""
    skin = rgb("#e8b591")

    def cloth(colour: Colour, rim: float = 0.45) -> Skin:
        return Skin(lit=scale(colour, 1.15), shaded=scale(colour, 0.42), rim=rim)

    strands = Skin(lit=scale(hair, 1.3), shaded=scale(hair, 0.5), fur=0.006, rim=0.6)
    face = Skin(lit=scale(skin, 1.08), shaded=scale(skin, 0.55), rim=0.35)
    return [
        cloth(scale(top, 0.7), 0.2), cloth(scale(trousers, 0.72), 0.2), strands,
        cloth(trousers), cloth((0.16, 0.13, 0.12)), cloth(top), face, face,
        strands, cloth(scale(top, 0.96)), face, Skin(lit=(0.08, 0.06, 0.06), shaded=(0.05, 0.04, 0.04), rim=0.0),
        cloth(rgb("#3f9a48"), 0.2), cloth(rgb("#ee4a58"), 0.2),
    ]  # fmt: skip


def _pose(action: str, phase: float, *, woman: bool) -> Body:
    """One moment of an action; three quarters from the side, looking to the right. One unit tall."""
    if action == "sit":
        return _seated(phase, woman=woman)
    body = Body()
    stride = {"run": 0.24, "walk": 0.135}.get(action, 0.05 if action in {"dance", "play"} else 0.0)
    lean = 0.07 if action == "run" else 0.012
    bounce = -abs(math.sin(_TAU * phase)) * (0.03 if action == "run" else 0.012)
    if action in {"stand", "eat", "wave", "sleep"}:
        bounce = 0.004 * math.sin(_TAU * phase)
    sway = 0.05 * math.sin(_TAU * phase) if action in {"dance", "play"} else 0.0
    hip = (sway, -0.50 + bounce)
    neck = (lean + sway * 0.4, -0.82 + bounce)
    for skin, offset, x in ((_FAR_LEG, 0.5, 0.022), (_NEAR_LEG, 0.0, -0.018)):
        _leg(body, skin, (hip[0] + x, hip[1]), phase + offset, stride, run=action == "run")
    _trunk(body, hip, neck, woman=woman)
    _arms(body, action, phase, neck)
    _head(
        body, (neck[0] + 0.012 + lean * 0.3, neck[1] - 0.105), phase if action in {"run", "dance"} else 0.0, woman=woman
    )
    return body


def _leg(body: Body, skin: int, hip: Joint, phase: float, stride: float, *, run: bool) -> None:
    """Thigh, calf and shoe."""
    phase %= 1
    swing = math.cos(_TAU * phase)
    rise = max(0.0, -math.sin(_TAU * phase)) * (0.17 if run else 0.055) * min(1.0, stride * 8)
    ankle = hip[0] + stride * swing, -0.045 - rise
    knee, ankle = bend(hip, ankle, 0.235, 0.235, -1)
    body.chain(skin, [hip, knee, ankle], [0.066, 0.047, 0.030], 0.03)
    tilt = 0.5 * rise * 6
    body.limb(
        _SHOES,
        (ankle[0] - 0.012, ankle[1] + 0.022),
        0.023,
        (ankle[0] + 0.062 * math.cos(tilt), ankle[1] + 0.026 + 0.05 * math.sin(tilt)),
        0.018,
        0.02,
    )


def _trunk(body: Body, hip: Joint, neck: Joint, *, woman: bool) -> None:
    """Hips, waist, chest, and a skirt for some."""
    waist = (hip[0] * 0.5 + neck[0] * 0.5, hip[1] * 0.62 + neck[1] * 0.38)
    body.chain(
        _TORSO,
        [hip, waist, (neck[0], neck[1] + 0.075), (neck[0], neck[1] + 0.035)],
        [0.070, 0.062 if woman else 0.072, 0.082, 0.060],
        0.05,
    )
    if woman:
        body.limb(_TORSO, (hip[0], hip[1] - 0.02), 0.075, (hip[0] - 0.015, hip[1] + 0.15), 0.105, 0.05)
    body.limb(_NECK, neck, 0.028, (neck[0] + 0.008, neck[1] - 0.05), 0.027, 0.02)


def _arms(body: Body, action: str, phase: float, neck: Joint) -> None:
    """Swinging, raised, or at the mouth."""
    shoulder = (neck[0] - 0.004, neck[1] + 0.055)
    for near in (False, True):
        swing = math.cos(_TAU * (phase + (0.5 if near else 0.0)))
        if action == "run":
            upper, lower = 1.45 - 0.95 * swing, -1.5
        elif action == "walk":
            upper, lower = 1.57 - 0.48 * swing, -0.30 - 0.15 * swing
        elif action in {"dance", "play"} or (action == "wave" and near):
            lift = -1.05 if near else -0.7
            upper, lower = lift + 0.25 * swing, -0.7 + 0.45 * math.sin(_TAU * phase * 2)
        elif action == "eat" and near:
            upper, lower = 1.02, -1.72 - 0.42 * max(0.0, math.sin(_TAU * phase))
        else:
            upper, lower = 1.62 if near else 1.50, -0.12
        elbow = shoulder[0] + 0.155 * math.cos(upper), shoulder[1] + 0.155 * math.sin(upper)
        hand = elbow[0] + 0.145 * math.cos(upper + lower), elbow[1] + 0.145 * math.sin(upper + lower)
        body.chain(_NEAR_ARM if near else _FAR_ARM, [shoulder, elbow, hand], [0.038, 0.030, 0.023], 0.025)
        body.ball(_HAND if near else _FAR_ARM, hand, 0.024)
        if action == "eat" and near:
            x, y = hand[0] + 0.012, hand[1] - 0.012
            body.chain(_RIND, [(x - 0.085, y - 0.030), (x, y), (x + 0.085, y - 0.030)], [0.016, 0.018, 0.016], 0.01)
            body.chain(
                _FOOD, [(x - 0.060, y - 0.040), (x, y - 0.030), (x + 0.060, y - 0.040)], [0.018, 0.026, 0.018], 0.02
            )
            body.limb(_FOOD, (x, y - 0.045), 0.042, (x, y - 0.105), 0.008, 0.03)


def _head(body: Body, at: Joint, phase: float, *, woman: bool) -> None:
    """Face, hair, an eye."""
    x, y = at
    body.limb(_FACE, (x + 0.004, y - 0.005), 0.055, (x + 0.014, y + 0.028), 0.042, 0.03)
    body.ball(_FACE, (x + 0.060, y + 0.010), 0.010, 0.012)
    body.limb(_HAIR, (x - 0.022, y - 0.024), 0.058, (x + 0.018, y - 0.048), 0.040, 0.03)
    body.limb(_HAIR, (x - 0.046, y - 0.010), 0.030, (x - 0.040, y + 0.020), 0.022, 0.03)
    if woman:
        fly = 0.03 * math.sin(_TAU * phase * 2) + (0.05 if phase else 0.0)
        body.chain(
            _HAIR_BACK,
            [(x - 0.030, y - 0.01), (x - 0.058 - fly * 0.5, y + 0.06), (x - 0.062 - fly, y + 0.14)],
            [0.052, 0.044, 0.020],
            0.04,
        )
    body.ball(_EYE, (x + 0.036, y - 0.002), 0.0065, 0.01)


def _seated(phase: float, *, woman: bool) -> Body:
    """On the ground, knees drawn up, looking into the distance."""
    body = Body()
    breath = 0.004 * math.sin(_TAU * phase)
    hip, neck = (-0.06, -0.085), (-0.035, -0.40 + breath)
    for skin, dx in ((_FAR_LEG, 0.03), (_NEAR_LEG, 0.0)):
        knee, ankle = (0.135 + dx, -0.235), (0.195 + dx, -0.045)
        body.chain(skin, [(hip[0] + dx, hip[1]), knee, ankle], [0.066, 0.047, 0.030], 0.03)
        body.limb(_SHOES, (ankle[0], ankle[1] + 0.02), 0.023, (ankle[0] + 0.065, ankle[1] + 0.025), 0.018, 0.02)
    _trunk(body, hip, neck, woman=False)
    shoulder = (neck[0], neck[1] + 0.055)
    body.chain(_NEAR_ARM, [shoulder, (0.06, -0.235), (0.16, -0.225)], [0.038, 0.030, 0.023], 0.025)
    body.ball(_HAND, (0.165, -0.225), 0.024)
    _head(body, (neck[0] + 0.014, neck[1] - 0.105), 0.0, woman=woman)
    return body
