"""A Japanese garden: a pond with lilies, a red bridge, maples and pines, a stone lantern, a pagoda, far hills."""

from __future__ import annotations

import math

import numpy as np

from filmgate_scene.canvas import Canvas, Point
from filmgate_scene.cues import SoundEvent
from filmgate_scene.kernels.declare import F32
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.layers.foliage import BLOSSOM, LEAF, MAPLE, boulder, broadleaf, clump, grass, limbs, pine, ramp
from filmgate_scene.layers.jetty import jetty
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.layers.water import Rings, Surface, Water
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage, rocking

_BANK = 11.0  # metres to the far bank


@setting(
    "garden",
    en=(
        "garden",
        "japanese garden",
        "zen garden",
        "pond",
        "temple",
        "shrine",
        "pagoda",
        "courtyard",
        "lotus",
        "lotus pond",
        "lily pond",
    ),
    zh=(
        "花园",
        "日式庭院",
        "日本庭院",
        "庭院",
        "园林",
        "池塘",
        "寺庙",
        "禅意花园",
        "荷花",
        "莲花",
        "荷花池",
        "荷塘",
        "莲池",
        "池子",
    ),
    time="golden",
    weather=("petals",),
    camera=("orbit",),
    inhabitants=("koi",),
)
def garden(stage: SceneStage) -> None:
    """From the hills to the iris in front of the camera."""
    h = stage.height
    stage.horizon, stage.eye = h * (0.52 if not stage.portrait else 0.50), 1.5
    stage.focal = 0.95 * max(h * (1.0 if not stage.portrait else 0.72), min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.camera_range = 5.0, (4.4, 6.0), 0.6
    stage.swim_range = (3.6, 9.5)
    sky(stage)
    for k in range(3):
        hills = Ridge(
            depth=(260.0, 130.0, 60.0)[k],
            base=stage.horizon - h * (0.03 - 0.012 * k),
            rise=h * (0.15, 0.10, 0.05)[k],
            width=(0.9, 0.7, 0.5)[k],
            colour=((0.42, 0.50, 0.60), (0.34, 0.46, 0.40), (0.26, 0.40, 0.26))[k],
            mist=0.75 - 0.15 * k,
            trees=(0, 7, 13)[k],
        )
        ridge(stage, hills)
    shore = stage.home_position(0, 0, _BANK)[1]
    _grove(stage, shore)
    _far_bank(stage, shore)
    pool = stage.light.shade((0.10, 0.22, 0.19), lit=0.3)
    Water(
        Surface(tint=pool, swell=0.015, mirror=0.22, wave=0.75, speed=0.5, sparkle=0.35), far=_BANK, rings=_rings(stage)
    ).put(stage)
    _lilies(stage)
    if stage.needs_ground:
        jetty(stage, 5.0)
    _near_bank(stage)
    _bough(stage)
    stage.add_ambience(
        water=0.6,
        birds=0.7 if not stage.light.moon else 0.0,
        crickets=0.6 if stage.light.moon else 0.0,
        pad=0.5,
        wind=0.15,
    )
    for k in range(int(stage.seconds / 1.7)):
        stage.events.append(SoundEvent(0.8 + 1.7 * k + 0.3 * math.sin(k * 5), "splash", 0.6 * math.sin(k * 2.3), 0.25))


def _rings(stage: SceneStage) -> Rings:
    """Ripples where fish touch the surface."""
    random = np.random.default_rng(stage.seed + 41).random((6, 3))

    def rings(t: float) -> F32:
        turn = t * 0.42 + random[:, 2]
        age = turn % 1
        aside = np.sin(np.floor(turn) * 12.9 + random[:, 0] * 40) * 0.5
        z = 3.0 + 5.5 * random[:, 1]
        x = aside * z * stage.width / stage.focal
        return np.stack([x, z, age * 2.6, np.full(6, 0.9)], 1).astype(np.float32)

    return rings


def _grove(stage: SceneStage, shore: float) -> None:
    """Trees and the pagoda beyond the pond, two rows deep."""
    w, h, rng = stage.width, stage.height, stage.rng
    back = stage.canvas(top=-0.1, bottom=0.72)
    portrait = stage.portrait
    depth = 22.0
    for x in np.arange(-0.3, 1.31, 0.085 if not portrait else 0.14):
        kind = (LEAF, LEAF, BLOSSOM, MAPLE)[int(rng.integers(4))] if x < 0.55 else LEAF
        size = h * (0.07 + 0.05 * rng.random())
        clump(
            stage,
            back,
            (w * (x + 0.03 * rng.normal()), shore - size * 0.75),
            (size * 1.1, size * 0.75),
            5 * stage.unit,
            ramp(stage, kind, depth),
            dense=1.1,
        )
    stage.plate(back, 16.0)
    canvas = stage.canvas(top=-0.3, bottom=0.78)
    _pagoda(
        stage, canvas, w * (0.80 if not portrait else 0.77), shore - h * 0.004, h * (0.40 if not portrait else 0.27)
    )
    sizes = h * (1.0 if not portrait else 0.72)
    broadleaf(stage, canvas, (w * 0.11, shore), sizes * 0.34, MAPLE, depth=9, leaf=4.6, lean=0.10)
    pine(stage, canvas, (w * (0.64 if not portrait else 0.52), shore), sizes * 0.30, depth=9, lean=-0.12)
    broadleaf(stage, canvas, (w * 0.985, shore), sizes * 0.30, MAPLE, depth=9, leaf=4.4, lean=-0.1)
    broadleaf(stage, canvas, (w * -0.12, shore), sizes * 0.3, LEAF, depth=9, leaf=4.6)
    broadleaf(stage, canvas, (w * 1.17, shore), sizes * 0.3, LEAF, depth=9, leaf=4.6)
    stage.plate(canvas, _BANK * 1.12)


def _far_bank(stage: SceneStage, shore: float) -> None:
    """Moss, stones and the red bridge."""
    w, h, u, rng = stage.width, stage.height, stage.unit, stage.rng
    canvas = stage.canvas(top=0.2, bottom=0.85)
    rough = fbm(canvas.width, 1, 0.012 / u, 1.0, 0.0, 0.0, 3, 0, stage.seed % 97 + 4)[0]
    tops = np.asarray(shore - h * 0.012 - rough * h * 0.022, np.float32)
    canvas.fill(
        canvas.below(tops, shore + 2),
        stage.shade(rgb("#93a04e"), 6),
        to=stage.shade(rgb("#5a7239"), 4),
        texture=0.3,
        grain=0.06 / u,
    )
    for _ in range(90):
        x, size = canvas.x0 + rng.random() * canvas.width, (2.5 + 8 * rng.random() ** 2) * u
        boulder(stage, canvas, (x, shore + 1 - size * 0.2), size, depth=6)
    stage.plate(canvas, _BANK * 1.02)
    bridge = stage.canvas(top=0.1, bottom=0.9)
    x0, x1 = (0.24, 0.56) if not stage.portrait else (0.06, 0.62)
    _bridge(stage, bridge, w * x0, w * x1, shore + 3 * u, h * (0.085 if not stage.portrait else 0.06), 11 * u)
    stage.plate(bridge, _BANK * 1.001)


def _bridge(stage: SceneStage, canvas: Canvas, x0: float, x1: float, y: float, rise: float, thick: float) -> None:
    """An arch of lacquered wood with two rails."""
    red = stage.shade(rgb("#cf3b2c"), 5, lit=0.8)
    dark, bright = scale(red, 0.45), mix(red, stage.light.glow, 0.25)
    q = np.linspace(0, 1, 41)
    xs, top = x0 + (x1 - x0) * q, y - rise * np.sin(math.pi * q) ** 0.9
    rail = thick * 2.6
    deck: list[Point] = [*zip(xs, top + thick, strict=True), *zip(xs[::-1], top[::-1], strict=True)]
    for k in (7, 14, 26, 33):
        canvas.line([(xs[k], top[k]), (xs[k], y + thick * 1.2)], thick * 0.4, dark)
    canvas.polygon(deck, scale(red, 0.85), to=dark)
    for k in range(0, 41, 4):
        canvas.line([(xs[k], top[k]), (xs[k], top[k] - rail * 1.12)], thick * 0.24, scale(red, 0.9))
    canvas.line([*zip(xs, top - rail, strict=True)], thick * 0.32, red)
    canvas.line([*zip(xs, top - rail * 0.55, strict=True)], thick * 0.17, scale(red, 0.9))
    canvas.line([*zip(xs, top - rail * 1.04, strict=True)], thick * 0.10, bright)
    canvas.line([*zip(xs, top, strict=True)], thick * 0.24, mix(red, bright, 0.7))


def _pagoda(stage: SceneStage, canvas: Canvas, x: float, foot: float, height: float) -> None:
    """Five storeys, warm windows, curved eaves."""
    wall, roof = stage.shade(rgb("#8a3a30"), 10), stage.shade(rgb("#39414f"), 10, lit=0.8)
    lamp = _lamp(stage, (1.0, 0.78, 0.42))
    tier = height * 0.80 / 5
    canvas.rectangle(
        x - height * 0.2, foot - height * 0.03, height * 0.4, height * 0.05, stage.shade(rgb("#9a9284"), 8)
    )
    q = np.linspace(-1, 1, 25)
    for k in range(5):
        y, share = foot - height * 0.03 - k * tier, 1 - 0.11 * k
        half, eave, tall = height * 0.13 * share, height * 0.255 * share, tier * 0.62
        canvas.rectangle(x - half, y - tall, 2 * half, tall, wall, to=scale(wall, 0.6))
        canvas.rectangle(x - half * 0.24, y - tall * 0.85, half * 0.48, tall * 0.8, lamp)
        for post in (-0.84, -0.42, 0.42, 0.84):
            canvas.rectangle(x + post * half - half * 0.03, y - tall, half * 0.07, tall, scale(wall, 0.5))
        low = y - tall + tier * 0.10
        under = [(x + p * eave, low - tier * 0.20 * abs(p) ** 3.2) for p in q]
        over = [(x + p * eave * 0.58, low - tier * 0.44 - tier * 0.02 * abs(p)) for p in q[::-1]]
        canvas.polygon([*under, *over], mix(roof, stage.light.glow, 0.14), to=scale(roof, 0.7))
        canvas.line(under, max(1.0, height * 0.006), scale(roof, 0.5))
    tip = foot - height * 0.03 - 5 * tier
    canvas.line([(x, tip + tier * 0.2), (x, tip - height * 0.14)], max(1.5, height * 0.012), roof)
    for k in range(5):
        canvas.ellipse(
            x, tip - height * (0.015 + 0.021 * k), height * (0.018 - 0.002 * k), height * 0.006, scale(roof, 1.3)
        )


def _lamp(stage: SceneStage, colour: Colour) -> Colour:
    """A window or lantern, lit for the time of day."""
    return mix(stage.shade(scale(colour, 0.5)), colour, 0.35 + 0.65 * stage.light.lamps)


def _lilies(stage: SceneStage) -> None:
    """Pads and flowers floating at three distances."""
    u, rng = stage.unit, stage.rng
    groups = (
        (0.12, 8.0),
        (0.20, 7.2),
        (0.70, 7.8),
        (0.78, 6.6),
        (0.64, 6.2),
        (0.30, 4.4),
        (0.42, 3.9),
        (0.55, 4.9),
        (0.02, 5.2),
        (1.02, 5.6),
    )
    for depth in (7.4, 5.6, 4.2):
        canvas = stage.canvas(top=0.4, bottom=1.15)
        for share, z in groups:
            if abs(z - depth) < 1.0 and not (stage.needs_ground and 4.0 < z < 6.0):
                x, y, metre = stage.home_position(stage.across(share, z), 0.0, z)
                _pads(stage, canvas, x, y, 0.30 * metre * (0.8 + 0.4 * rng.random()))
        stage.plate(canvas, depth, sway=rocking(1.2 * u, 0.7 * u, 0.7, depth))


def _pads(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float) -> None:
    """A few leaves, each with its notch and veins, perhaps a flower."""
    rng = stage.rng
    leaf, low, vein = (stage.shade(rgb(c)) for c in ("#79a44c", "#3f6d35", "#a0c46c"))
    for _ in range(3):
        cx, cy = x + (rng.random() - 0.5) * size * 1.7, y + (rng.random() - 0.5) * size * 0.5
        r, turn = size * (0.55 + 0.35 * rng.random()), rng.random() * 2 * math.pi
        shape = [
            (cx + math.cos(a) * r, cy + math.sin(a) * r * 0.34) for a in np.linspace(turn + 0.25, turn + 6.03, 30)
        ] + [(cx, cy)]
        canvas.polygon([(a + 2 * stage.unit, b + 3 * stage.unit) for a, b in shape], (0.02, 0.05, 0.04), alpha=0.35)
        canvas.polygon(shape, leaf, to=low)
        for a in np.linspace(turn + 0.5, turn + 5.8, 7):
            canvas.line([(cx, cy), (cx + math.cos(a) * r * 0.9, cy + math.sin(a) * r * 0.3)], 1.0, vein, alpha=0.5)
    if rng.random() < 0.65:
        _lotus(stage, canvas, x, y - size * 0.12, size * 0.26)


def _lotus(stage: SceneStage, canvas: Canvas, x: float, y: float, size: float) -> None:
    """Nine petals, the middle ones brightest."""
    marks, colours = [], []
    for k in sorted(range(9), key=lambda k: -abs(k - 4)):
        a = math.pi * k / 8
        marks.append((x + math.cos(a) * size * 0.62, y - math.sin(a) * size * 0.5, size * 0.72, size * 0.28, -a, 1.0))
        colours.append(stage.shade(mix(rgb("#ffe3eb"), rgb("#f48fb0"), abs(k - 4) / 5), lit=0.8))
    canvas.blobs(np.array(marks, np.float32), np.array(colours, np.float32))


def _near_bank(stage: SceneStage) -> None:
    """The near bank: earth, stones, iris and the stone lantern."""
    w, h, u = stage.width, stage.height, stage.unit
    canvas = stage.canvas(top=0.45, bottom=1.25)
    for x0, x1, left in ((-0.3, 0.36, True), (0.66, 1.3, False)):
        xs = np.linspace(x0, x1, 60)
        q = np.linspace(0, 1, 60)
        rough = fbm(60, 1, 0.12, 1.0, 1.0 if left else 5.0, 1.0, 4, 0, stage.seed % 97)[0]
        rise = 0.86 + 0.24 * q**1.4 if left else 1.10 - 0.24 * q**0.8
        edge = [(w * float(x), h * float(y - n * 0.03)) for x, y, n in zip(xs, rise, rough, strict=True)]
        canvas.polygon(
            [*edge, (w * x1, h * 1.25), (w * x0, h * 1.25)],
            stage.shade(rgb("#66753a")),
            to=stage.shade(rgb("#2c3a1f")),
            texture=0.35,
            grain=0.05 / u,
        )
    for x, y, size in (
        (0.03, 0.92, 46),
        (0.15, 0.955, 34),
        (0.25, 1.0, 38),
        (0.80, 0.985, 42),
        (0.93, 0.925, 50),
        (0.995, 0.90, 36),
        (0.70, 1.02, 30),
    ):
        boulder(stage, canvas, (w * x, h * y), size * u)
    small = 0.30 if not stage.portrait else 0.17
    _lantern(stage, canvas, w * (0.865 if not stage.portrait else 0.82), h * 0.955, h * small)
    for x0, x1 in ((-0.2, 0.24), (0.76, 1.2)):
        grass(stage, canvas, w * x0, w * x1, h * 0.985, h * 0.075, 170, flower=rgb("#7a5fd2"))
    stage.plate(canvas, 2.6, sway=lambda t: (0.8 * u * math.sin(t * 0.8), 0.0))


def _lantern(stage: SceneStage, canvas: Canvas, x: float, foot: float, h: float) -> None:
    """A stone lantern with a light in it."""
    stone, dark = stage.shade(rgb("#a39e93")), stage.shade(rgb("#57534e"), lit=0.3)
    canvas.polygon(
        [(x - h * 0.2, foot), (x - h * 0.14, foot - h * 0.09), (x + h * 0.14, foot - h * 0.09), (x + h * 0.2, foot)],
        stone,
        to=dark,
    )
    canvas.rectangle(x - h * 0.065, foot - h * 0.46, h * 0.13, h * 0.38, stone, to=dark)
    canvas.polygon(
        [
            (x - h * 0.09, foot - h * 0.44),
            (x - h * 0.19, foot - h * 0.52),
            (x + h * 0.19, foot - h * 0.52),
            (x + h * 0.09, foot - h * 0.44),
        ],
        stone,
        to=dark,
    )
    canvas.rectangle(x - h * 0.13, foot - h * 0.70, h * 0.26, h * 0.18, scale(stone, 0.8), to=dark)
    canvas.rectangle(x - h * 0.07, foot - h * 0.68, h * 0.14, h * 0.14, _lamp(stage, (1.0, 0.80, 0.42)))
    q = np.linspace(-1, 1, 21)
    eaves = [(x + p * h * 0.30, foot - h * 0.69 - h * 0.06 * abs(p) ** 2.5) for p in q]
    canvas.polygon(
        [*eaves, *((x + p * h * 0.06, foot - h * 0.86) for p in q[::-1])], mix(stone, (1.0, 1.0, 1.0), 0.08), to=dark
    )
    canvas.ellipse(x, foot - h * 0.89, h * 0.045, h * 0.06, stone, to=dark)
    canvas.glow(x, foot - h * 0.61, h * 0.16, (1.0, 0.62, 0.22), 0.25 + 0.7 * stage.light.lamps)


def _bough(stage: SceneStage) -> None:
    """A blossoming branch from above the frame, moving in the wind."""
    w, h, u = stage.width, stage.height, stage.unit
    paint = ramp(stage, BLOSSOM)
    bark = stage.shade(rgb("#45302a"), lit=0.3)
    for side in (0, 1):
        canvas = Canvas(-0.3 * w, -0.2 * h, 1.3 * w, 0.6 * h)
        reach = w * (0.17 if not stage.portrait else 0.30) * (1.0 if side == 0 else 0.8)
        start = (-0.06 * w, 0.02 * h) if side == 0 else (1.05 * w, -0.03 * h)
        tips = limbs(stage, canvas, start, 0.22 if side == 0 else math.pi - 0.15, reach, 13 * u, bark, droop=0.10)
        for tip in tips[::2]:
            clump(stage, canvas, tip, (19 * u, 14 * u), 5.2 * u, paint, dense=0.42, flat=0.75)
        stage.plate(canvas, 2.0, sway=rocking(3.0 * u, 2.2 * u, 1.0, 2.0 * side))
