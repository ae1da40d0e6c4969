"""A city: rows of towers, neon signs, a wet street that reflects them."""

from __future__ import annotations

from filmgate_scene import fonts
from filmgate_scene.canvas import Canvas
from filmgate_scene.cues import SoundEvent
from filmgate_scene.layers.foliage import LEAF, broadleaf
from filmgate_scene.layers.ground import Ground, Soil
from filmgate_scene.layers.signs import NEON, flicker, neon_sign, sign_size, windows
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Surface, Water
from filmgate_scene.light import Light, replace
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_WORDS = (
    "霓虹",
    "东方",
    "酒",
    "夜",
    "茶",
    "电",
    "ラーメン",
    "未来",
    "HOTEL",
    "BAR",
    "24H",
    "NEO",
    "药",
    "龙",
    "酒店",
    "SUSHI",
    "拉面",
    "网吧",
    "音乐",
    "书店",
    "咖啡",
)
_DEPTHS = (190.0, 110.0, 62.0, 36.0)  # metres to each row of towers; the first two are painted together
__all__ = ["block", "night_glow"]

_DUSK = 0.5  # lamp brightness below which it is day
_GLASS = ("#8fb3cc", "#7ea3bf", "#9db8c6", "#6f94b3", "#b5c4cc", "#a9b6b4")
_WINDOWS: tuple[Colour, ...] = (
    (1.0, 0.80, 0.48),
    (1.0, 0.88, 0.66),
    (0.62, 0.84, 1.0),
    (1.0, 0.72, 0.40),
    (0.85, 0.92, 1.0),
)


@setting(
    "city",
    en=(
        "city",
        "cityscape",
        "downtown",
        "skyscrapers",
        "metropolis",
        "urban",
        "tokyo",
        "shanghai",
        "hong kong",
        "new york",
        "megacity",
        "futuristic city",
        "towers",
        "high-rise",
        "cyberpunk city",
    ),
    zh=(
        "城市",
        "都市",
        "摩天大楼",
        "高楼",
        "市中心",
        "东京",
        "上海",
        "香港",
        "纽约",
        "重庆",
        "未来城市",
        "大厦",
        "高楼大厦",
        "现代都市",
        "都市",
    ),
    time="night",
    camera=("dolly",),
    inhabitants=("car",),
)
def city(stage: SceneStage) -> None:
    """A street that runs into the skyline."""
    h = stage.height
    stage.light = night_glow(stage.light) if stage.light.lamps >= 0.9 else stage.light
    stage.horizon, stage.eye = h * (0.60 if not stage.portrait else 0.62), 2.2
    stage.focal = 0.9 * max(h * 0.9, stage.width * 0.62)
    stage.subject_depth, stage.depth_range, stage.wetness, stage.camera_range = 6.0, (4.0, 15.0), 0.4, 1.1
    day = stage.light.lamps < _DUSK
    sky(stage, sheets=1 + day)
    distant = stage.canvas(top=-0.35, bottom=0.75)
    for row in range(4):
        canvas = distant if row < 2 else stage.canvas(top=-0.35, bottom=0.75)
        _towers(stage, canvas, row)
        if row:
            stage.plate(canvas, _DEPTHS[row])
    if day and not {"rain", "storm"} & set(stage.shot.weather):
        stage.wetness = 0.0
        Ground(stage, Soil(dark=(0.30, 0.30, 0.32), light=(0.47, 0.47, 0.49), period=2.6), far=26.0).put(stage)
    else:
        street = stage.light.shade((0.17, 0.17, 0.21), lit=0.4)
        wet = Surface(tint=scale(street, 0.9), swell=0.013, mirror=0.22, wave=2.6, speed=0.12, murk=0.42, sparkle=0.0)
        Water(wet, far=26.0).put(stage)
    _road(stage)
    _kerb(stage)
    if day:
        _avenue(stage)
    else:
        _corners(stage)
    if stage.shot.text and day:
        _board(stage, stage.shot.text)
    stage.add_ambience(city=1.0, traffic=0.5, pad=0.4)
    for k in range(int(stage.seconds / 2.6)):
        stage.events.append(SoundEvent(1.1 + 2.6 * k, "whoosh", (-1) ** k * 0.7, 0.3))


def night_glow(light: Light) -> Light:
    """The city's glow in the night sky."""
    sky_colours = (
        (0, rgb("#060818")),
        (0.45, rgb("#15143c")),
        (0.75, rgb("#371f62")),
        (0.93, rgb("#7c3286")),
        (1, rgb("#c8538f")),
    )
    return replace(
        light,
        sky=sky_colours,
        glow=(0.75, 0.28, 0.75),
        cloud_lit=(0.60, 0.30, 0.62),
        cloud_shadow=(0.07, 0.06, 0.17),
        haze=(0.40, 0.20, 0.46),
        haze_depth=min(light.haze_depth, 60.0),
        ambient=(0.26, 0.24, 0.38),
        key=(0.32, 0.25, 0.40),
        stars=90,
        sun_size=0.0,
        sun=(0.5, 0.02),
        glow_amount=0.8,
        bloom=(0.50, 0.85),
    )


def _towers(stage: SceneStage, canvas: Canvas, row: int) -> None:
    """One row of towers: nearer rows are taller and leave the street open."""
    w, h, rng, u = stage.width, stage.height, stage.rng, stage.unit
    depth = _DEPTHS[row]
    gap = (0.0, 0.10, 0.24, 0.42)[row] * (1.0 if not stage.portrait else 1.25)
    base = stage.home_position(0, 0, 30.0)[1]
    stone = rgb(("#6f7488", "#626a80", "#565f74", "#4a5266")[row])
    cell = (max(3.0, (4 + row * 2.3) * u), max(4.0, (5.5 + row * 3.1) * u))
    x = -0.32 * w
    while x < 1.3 * w:
        wide = (0.035 + 0.05 * rng.random()) * w * (0.6 + 0.3 * row) * (1.0 if not stage.portrait else 1.7)
        side = abs((x + wide / 2) / w - 0.5) * 2
        tall = (
            h
            * (0.46, 0.62, 0.86, 1.1)[row]
            * (0.28 + 0.52 * rng.random())
            * (0.45 + 0.75 * min(1.0, max(0.0, side - gap * 0.6) * 2.2))
        )
        if row < 2 or side > gap:
            _tower(stage, canvas, (x, base - tall, wide, tall), stone, cell, depth, row)
        x += wide * (1.0 + 0.28 * rng.random()) + 1


def block(stage: SceneStage, canvas: Canvas, box: tuple[float, float, float, float], row: int) -> None:
    """A distant tower of ``row`` 0 (far) to 2."""
    u = stage.unit
    cell = (max(3.0, (3.6 + 1.2 * row) * u), max(4.0, (4.8 + 1.5 * row) * u))
    _tower(stage, canvas, box, rgb(("#626a80", "#565f74", "#4a5266")[row]), cell, 70.0 - 25.0 * row, 0)


def _tower(
    stage: SceneStage,
    canvas: Canvas,
    box: tuple[float, float, float, float],
    stone: Colour,
    cell: tuple[float, float],
    depth: float,
    row: int,
) -> None:
    """A block with lit windows, an antenna and possibly a sign."""
    x, y, wide, tall = box
    rng, u, lamps = stage.rng, stage.unit, stage.light.lamps
    face = stage.shade(scale(stone, 0.75 + 0.5 * rng.random()), depth * 0.5, lit=0.4)
    foot = mix(face, stage.light.haze, 0.5 - 0.08 * row)
    if lamps < _DUSK:
        _facade(stage, canvas, box, depth, row)
        return
    canvas.rectangle(x, y, wide, tall + 4, face, to=foot)
    canvas.rectangle(x, y, max(1.0, wide * 0.06), tall, mix(face, stage.light.glow, 0.22), alpha=0.6)
    windows(
        stage,
        canvas,
        (x, y, wide, tall),
        cell,
        _WINDOWS,
        0.30 + 0.16 * rng.random(),
        0.5 + 0.5 * lamps,
    )
    if rng.random() < 0.5:
        tip = y - tall * 0.12
        canvas.line([(x + wide / 2, y), (x + wide / 2, tip)], (1.2 + row * 0.4) * u, face)
        canvas.glow(x + wide / 2, tip, (3 + row) * u, (1.0, 0.15, 0.2), 0.9 * lamps)
    elif rng.random() < 0.6:
        canvas.rectangle(x + wide * 0.2, y - tall * 0.05, wide * 0.55, tall * 0.055, face)
    if rng.random() < 0.3:
        tube, at = NEON[int(rng.integers(len(NEON)))], x + wide * (0.08 if rng.random() < 0.5 else 0.92)
        canvas.rectangle(at, y + tall * 0.05, (1.4 + row * 0.7) * u, tall * 0.8, tube, alpha=0.9)
        canvas.glow(at, y + tall * 0.4, (4 + 3 * row) * u, tube, 0.28, tall=tall * 0.32)
    if row > 0 and rng.random() < 0.62 and wide > 16 * u:
        _hang(stage, box, depth, row)


def _facade(stage: SceneStage, canvas: Canvas, box: tuple[float, float, float, float], depth: float, row: int) -> None:
    """A tower by day: reflecting glass, storeys and pillars, one side in the sun."""
    x, y, wide, tall = box
    rng, u, light = stage.rng, stage.unit, stage.light
    stone = rng.random() < 0.35
    tint = rgb("#cfc4b4") if stone else rgb(_GLASS[int(rng.integers(len(_GLASS)))])
    face = stage.shade(scale(tint, 0.8 + 0.25 * rng.random()), depth * 0.55, lit=0.55)
    top = mix(face, light.sky[1][1], 0.12 if stone else 0.45)
    foot = mix(mix(face, light.sky[-1][1], 0.3), light.haze, 0.42 - 0.08 * row)
    canvas.rectangle(x, y, wide, tall + 4, top, to=foot)
    storey, line = max(3.2 * u, (3.4 + 2.4 * row) * u), scale(top, 0.78 if stone else 0.86)
    for k in range(int(tall / storey)):
        canvas.rectangle(x, y + k * storey, wide, max(1.0, 0.34 * storey), line, alpha=0.5 - 0.05 * row)
    for k in range(1, int(wide / (2.6 * storey))):
        canvas.rectangle(x + 2.6 * storey * k, y, max(1.0, 0.16 * storey), tall, scale(top, 1.14), alpha=0.55)
    sunny = light.sun[0] > 0.5
    canvas.rectangle(x + wide * (0.72 if sunny else 0.0), y, wide * 0.28, tall, scale(top, 1.18), to=foot, alpha=0.5)
    canvas.rectangle(x if sunny else x + wide * 0.8, y, wide * 0.2, tall, scale(face, 0.6), to=foot, alpha=0.45)
    crown = rng.random()
    if crown < 0.35:
        canvas.rectangle(x + 0.2 * wide, y - 0.045 * tall, 0.6 * wide, 0.05 * tall, scale(top, 0.92), to=top)
    elif crown < 0.6:
        canvas.polygon([(x, y + 1), (x + wide, y + 1), (x + wide, y - 0.3 * wide)], scale(top, 1.05), to=top)
    elif crown < 0.75:
        canvas.line(
            [(x + wide / 2, y), (x + wide / 2, y - 0.14 * tall)], (1.4 + row * 0.4) * u, scale(face, 0.9), end=1.0
        )


def _avenue(stage: SceneStage) -> None:
    """By day: trees along the far pavement."""
    w = stage.width
    trees = stage.canvas(top=0.1, bottom=0.8)
    foot = stage.home_position(0, 0, 17.0)[1]
    for k in range(-3, 4):
        if abs(k) > 0:
            broadleaf(stage, trees, (w * (0.5 + 0.17 * k), foot), 3.6 * stage.focal / 17.0, LEAF, depth=9.0, leaf=3.2)
    stage.plate(trees, 17.0)


def _board(stage: SceneStage, text: str) -> None:
    """The prompt's text on a screen over the street."""
    words = fonts.drawable(text)[:14]
    size = min(0.085 * stage.height, 0.55 * stage.width / max(1.0, fonts.width(words, 1000) / 1000))
    wide, x, y = fonts.width(words, size) + 1.2 * size, 0.5 * stage.width, 0.30 * stage.height
    canvas = Canvas(x - wide, y - 2 * size, x + wide, y + 2 * size)
    canvas.rectangle(
        x - wide / 2, y - size, wide, 2 * size, (0.05, 0.09, 0.20), to=(0.10, 0.22, 0.45), radius=0.15 * size
    )
    canvas.text(x, y, words, size, (1.0, 0.98, 0.92))
    stage.plate(canvas, 30.0)


def _hang(stage: SceneStage, box: tuple[float, float, float, float], depth: float, row: int) -> None:
    """A neon sign on a tower, as a separate plate so that it can flicker."""
    x, y, wide, tall = box
    rng, h = stage.rng, stage.height
    text = _WORDS[int(rng.integers(len(_WORDS)))]
    vertical = not text.isascii() or rng.random() < 0.5
    room = tall * 0.6 / (len(text) * 1.2 if vertical else 1.0)
    size = min(wide * (0.60 if vertical else 1.0 / max(2, len(text))), h * (0.024 + 0.022 * row), room)
    if size < 9 * stage.unit:
        return
    sw, sh = sign_size(text, size, vertical=vertical)
    top, low = y + tall * 0.08, stage.horizon - h * 0.03 - sh
    cx, cy = x + wide / 2, max(min(top + (low - top) * rng.random() ** 1.4, low), y) + sh / 2
    pad = size * 1.0
    canvas = Canvas(cx - sw / 2 - pad, cy - sh / 2 - pad, cx + sw / 2 + pad, cy + sh / 2 + pad)
    colour, border = NEON[int(rng.integers(len(NEON)))], NEON[int(rng.integers(len(NEON)))]
    neon_sign(canvas, cx, cy, text, size, colour, border, vertical=vertical)
    phase, faulty = rng.random() * 9, rng.random() < 0.3
    stage.plate(canvas, depth * 0.985, gain=lambda t: flicker(phase, faulty, t))


def _road(stage: SceneStage) -> None:
    """Details that distinguish a wet road from a canal: the far pavement, its kerb, lane lines."""
    light = stage.light
    paint, stone = stage.shade((0.85, 0.85, 0.82), lit=0.5), stage.shade((0.42, 0.42, 0.45), 12, lit=0.4)
    canvas = stage.canvas(top=0.4, bottom=1.1)
    far, kerb = stage.home_position(0, 0, 25.0)[1], stage.home_position(0, 0, 15.5)[1]
    canvas.rectangle(canvas.x0, far, canvas.width, kerb - far, stone, to=scale(stone, 0.7), alpha=0.55)
    canvas.rectangle(
        canvas.x0, kerb - 1.5 * stage.unit, canvas.width, 2.6 * stage.unit, mix(stone, light.glow, 0.12), alpha=0.7
    )
    stage.plate(canvas, 15.5)
    for z, dashed in ((10.4, True), (6.1, False)):
        line = stage.canvas(top=0.5, bottom=1.15)
        y, thick = stage.home_position(0, 0, z)[1], 0.16 * stage.eye * stage.focal / (z * z)
        metre = stage.focal / z
        for k in range(-12, 13) if dashed else (0,):
            x, long = (stage.width / 2 + k * 3.4 * metre, 1.7 * metre) if dashed else (line.x0, float(line.width))
            line.rectangle(x, y - thick / 2, long, thick, paint, alpha=0.7)
        stage.plate(line, z)


def _kerb(stage: SceneStage) -> None:
    """The far end of the street: a line of lamps and their light in the haze."""
    canvas = stage.canvas(top=0.3, bottom=0.75)
    base, u = stage.home_position(0, 0, 26.0)[1], stage.unit
    stone = stage.shade((0.30, 0.30, 0.34), 14, lit=0.3)
    canvas.rectangle(
        canvas.x0,
        stage.home_position(0, 0, 33.0)[1],
        canvas.width,
        base + 2 - stage.home_position(0, 0, 33.0)[1],
        stone,
    )
    for k in range(-6, 7):
        x = stage.width * (0.5 + 0.085 * k) + 4 * u
        tall = stage.height * (0.045 + 0.006 * abs(k))
        canvas.line([(x, base), (x, base - tall)], 1.6 * u, stage.shade((0.25, 0.25, 0.3), 10))
        canvas.glow(x, base - tall, 5 * u, (1.0, 0.78, 0.45), 1.1 * stage.light.lamps)
        canvas.glow(x, base - tall * 0.5, 22 * u, (1.0, 0.55, 0.35), 0.10 * stage.light.lamps)
    stage.plate(canvas, 27.0)


def _corners(stage: SceneStage) -> None:
    """Near buildings on the left and right, with the prompt's sign."""
    w, h, rng, lamps = stage.width, stage.height, stage.rng, stage.light.lamps
    canvas = stage.canvas(top=-0.25, bottom=1.2)
    stone = mix((0.62, 0.58, 0.54), (0.17, 0.17, 0.21), min(1.0, lamps * 1.1))
    face = stage.shade(stone, lit=0.35)
    share = 0.115 if not stage.portrait else 0.07
    for left in (True, False):
        x0 = canvas.x0 if left else w * (1 - share)
        wide = w * share - canvas.x0 if left else canvas.x0 + canvas.width - x0
        canvas.rectangle(x0, canvas.y0, wide, canvas.height, scale(face, 0.8), to=scale(face, 0.45))
        for j in range(9):
            for i in range(2):
                x = w * share * (0.52 * i + 0.1) if left else w * (1 - share + share * (0.52 * i + 0.1))
                warm = mix(_WINDOWS[int(rng.integers(len(_WINDOWS)))], (1.0, 0.6, 0.3), 0.2)
                glass = (
                    scale(warm, 0.75)
                    if rng.random() < 0.45 * lamps
                    else mix(scale(face, 0.5), stage.light.sky[1][1], 0.25)
                )
                y, pane = h * (-0.14 + 0.125 * j), w * share * 0.34
                canvas.rectangle(x, y, pane, h * 0.075, glass, to=scale(glass, 0.4), alpha=0.9)
                canvas.rectangle(x + pane * 0.47, y, pane * 0.06, h * 0.075, scale(face, 0.4))
                canvas.rectangle(x, y + h * 0.034, pane, h * 0.004, scale(face, 0.4))
                canvas.rectangle(x - pane * 0.06, y + h * 0.075, pane * 1.12, h * 0.006, scale(face, 1.2))
        edge = w * share if left else w * (1 - share)
        canvas.rectangle(
            edge - 2 * stage.unit, canvas.y0, 4 * stage.unit, canvas.height, mix(face, stage.light.glow, 0.3)
        )
    stage.plate(canvas, 8.0)
    for k, (text, x, y) in enumerate(((stage.shot.text or "霓虹夜市", 0.125, 0.30), ("未来都市", 0.885, 0.27))):
        if k == 0 or not stage.portrait:
            _near_sign(stage, fonts.drawable(text)[:14] or "霓虹夜市", w * x, h * y, NEON[k])


def _near_sign(stage: SceneStage, text: str, x: float, y: float, colour: Colour) -> None:
    """A large sign on a corner building; long text spans the street."""
    h, w = stage.height, stage.width
    vertical = not text.isascii() and len(text) <= 5
    size = h * (0.062 if not stage.portrait else 0.04)
    size = (
        min(size, 0.42 * h / (1.15 * len(text)))
        if vertical
        else min(size, w * 0.34 / max(1.0, fonts.width(text, 1000) / 1000 + 1))
    )
    sw, sh = sign_size(text, size, vertical=vertical)
    x = min(max(x, sw / 2 + 0.07 * w), w - sw / 2 - 0.07 * w)
    pad = size * 1.4
    canvas = Canvas(x - sw / 2 - pad, y - sh / 2 - pad, x + sw / 2 + pad, y + sh / 2 + pad)
    neon_sign(canvas, x, y, text, size, colour, NEON[3], vertical=vertical)
    power = 0.45 + 0.55 * stage.light.lamps
    stage.plate(canvas, 7.9, gain=lambda t: power * flicker(x, faulty=False, t=t))
