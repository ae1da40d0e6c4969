"""Registered times of day."""

from __future__ import annotations

from filmgate_scene import registry
from filmgate_scene.light import Light
from filmgate_scene.palette import rgb


@registry.time(
    "day",
    en=("day", "daytime", "noon", "midday", "afternoon", "sunny", "daylight", "blue sky", "summer", "summertime"),
    zh=(
        "白天",
        "中午",
        "下午",
        "晴天",
        "阳光",
        "晴朗",
        "蓝天",
        "正午",
        "夏天",
        "夏日",
        "夏季",
        "盛夏",
        "晴空万里",
        "天空很蓝",
    ),
)
def day() -> Light:
    """A clear afternoon."""
    return Light(
        sky=((0, rgb("#2f6fb8")), (0.5, rgb("#6aa6d8")), (0.85, rgb("#b5d8ec")), (1, rgb("#dcecef"))),
        sun=(0.74, 0.36),
        sun_size=0.0,
        glow=rgb("#fff3d6"),
        glow_amount=0.35,
        cloud_lit=(1.0, 1.0, 0.98),
        cloud_shadow=rgb("#9fb2c8"),
        clouds=0.48,
        ambient=(0.60, 0.66, 0.74),
        key=(0.62, 0.56, 0.44),
        haze=rgb("#c3dbe8"),
        haze_depth=150.0,
        glitter=0.35,
        bloom=(0.88, 0.35),
    )


@registry.time(
    "dawn",
    en=("dawn", "sunrise", "daybreak", "early morning", "morning", "first light", "sunup"),
    zh=("黎明", "日出", "清晨", "早晨", "拂晓", "破晓", "早上", "第一缕阳光", "曙光", "晨光", "朝阳", "晨曦"),
)
def dawn() -> Light:
    """First light: rose and pale blue, mist in low places."""
    return Light(
        sky=(
            (0, rgb("#4a68a4")),
            (0.4, rgb("#8fa3cc")),
            (0.7, rgb("#e9b8b4")),
            (0.9, rgb("#ffd3a6")),
            (1, rgb("#ffe2bb")),
        ),
        sun=(0.28, 0.075),
        sun_size=0.028,
        sun_colour=(1.0, 0.92, 0.72),
        glow=(1.0, 0.66, 0.42),
        glow_amount=0.75,
        cloud_lit=(1.0, 0.80, 0.70),
        cloud_shadow=rgb("#8a86ac"),
        clouds=0.46,
        ambient=(0.52, 0.54, 0.66),
        key=(0.60, 0.44, 0.34),
        haze=rgb("#e6cdc6"),
        haze_depth=80.0,
        glitter=0.75,
        bloom=(0.8, 0.5),
    )


@registry.time(
    "golden",
    en=("golden hour", "golden light", "late afternoon", "warm light"),
    zh=("金色时刻", "黄金时刻", "午后", "暖光"),
)
def golden() -> Light:
    """The hour before sunset: long warm light under a soft sky."""
    return Light(
        sky=(
            (0, rgb("#5f93bd")),
            (0.4, rgb("#a9cbd6")),
            (0.7, rgb("#fbe0b4")),
            (0.92, rgb("#ffd39a")),
            (1, rgb("#ffe0b0")),
        ),
        sun=(0.22, 0.2),
        sun_size=0.034,
        sun_colour=(1.0, 0.93, 0.70),
        glow=(1.0, 0.72, 0.38),
        glow_amount=0.55,
        cloud_lit=(1.0, 0.92, 0.80),
        cloud_shadow=rgb("#c3aaa6"),
        clouds=0.48,
        ambient=(0.58, 0.57, 0.58),
        key=(0.66, 0.50, 0.30),
        haze=rgb("#f2dcb6"),
        haze_depth=100.0,
        glitter=0.6,
        bloom=(0.82, 0.45),
    )


@registry.time(
    "sunset",
    en=("sunset", "dusk", "evening", "twilight", "sundown", "afterglow"),
    zh=("日落", "夕阳", "黄昏", "傍晚", "落日", "晚霞", "暮色", "余晖", "放学后", "残阳", "夕照"),
)
def sunset() -> Light:
    """The sun on the horizon under burning clouds."""
    return Light(
        sky=(
            (0, rgb("#2b3a6b")),
            (0.35, rgb("#7c5a8c")),
            (0.62, rgb("#d9796a")),
            (0.85, rgb("#f7a65a")),
            (1, rgb("#ffd08a")),
        ),
        sun=(0.70, 0.055),
        sun_size=0.036,
        sun_colour=(1.0, 0.86, 0.55),
        glow=(1.0, 0.55, 0.25),
        glow_amount=1.0,
        cloud_lit=(1.0, 0.62, 0.42),
        cloud_shadow=(0.42, 0.30, 0.47),
        clouds=0.5,
        ambient=(0.50, 0.42, 0.50),
        key=(0.72, 0.42, 0.20),
        haze=(0.93, 0.58, 0.42),
        haze_depth=90.0,
        stars=0,
        lamps=0.55,
        glitter=1.1,
        bloom=(0.78, 0.62),
    )


@registry.time(
    "night",
    en=(
        "night",
        "midnight",
        "moonlit",
        "moonlight",
        "starry",
        "nighttime",
        "stars",
        "starlight",
        "moon",
        "full moon",
        "crescent moon",
        "starlit",
        "under the stars",
        "night market",
        "night sky",
        "starry night",
        "starry sky",
        "clear night",
    ),
    zh=(
        "夜晚",
        "深夜",
        "午夜",
        "夜色",
        "月光",
        "星空",
        "月夜",
        "夜",
        "繁星",
        "星星",
        "月亮",
        "月光下",
        "月下",
        "夜幕",
        "夜幕降临",
        "夜空",
        "除夕",
        "除夕夜",
        "冬夜",
        "夏夜",
        "夜里",
        "晚上",
        "夜间",
        "入夜",
        "雨夜",
        "夜市",
        "夜景",
        "夜行",
        "夜行列车",
        "雪夜",
        "满天星斗",
    ),
)
def night() -> Light:
    """Moon and stars over deep blue."""
    return Light(
        sky=((0, rgb("#050a1c")), (0.5, rgb("#0c1a3c")), (0.85, rgb("#1d3560")), (1, rgb("#32507c"))),
        sun=(0.72, 0.34),
        sun_size=0.034,
        sun_colour=(0.92, 0.95, 1.0),
        glow=(0.42, 0.55, 0.85),
        glow_amount=0.45,
        cloud_lit=(0.34, 0.42, 0.60),
        cloud_shadow=(0.06, 0.09, 0.18),
        clouds=0.40,
        ambient=(0.22, 0.30, 0.48),
        key=(0.27, 0.33, 0.44),
        haze=(0.16, 0.25, 0.43),
        haze_depth=110.0,
        stars=420,
        lamps=1.0,
        moon=True,
        glitter=0.55,
        bloom=(0.55, 0.7),
    )
