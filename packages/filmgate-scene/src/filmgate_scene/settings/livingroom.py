"""A living room: a sofa, a wide window, a floor lamp, books, a rug, the door."""

from __future__ import annotations

from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.ground import Soil
from filmgate_scene.layers.room import WARM, goods, outside, plant, room, window
from filmgate_scene.palette import Colour, mix, rgb, scale
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage

_BOOKS: tuple[Colour, ...] = tuple(rgb(c) for c in ("#8c3b33", "#3f5f7a", "#c7a04d", "#5c7352", "#e2d8c4", "#6a4b6e"))


@setting(
    "livingroom",
    en=(
        "living room", "room", "bedroom", "at home", "sofa", "couch", "fireplace", "lounge", "apartment",
        "door", "doorway", "front door", "hallway", "windowsill", "by the window", "at the window",
    ),
    zh=(
        "客厅", "房间", "卧室", "家里", "家中", "沙发", "屋里", "公寓", "门口", "门前",
        "窗边", "窗前", "窗台", "床上",
    ),
    time="golden",
    camera=("dolly",),
    indoor=True,
)  # fmt: skip
def living_room(stage: SceneStage) -> None:
    """The window in the middle, the sofa below it, books on one side and the door on the other."""
    boards = Soil(dark=(0.30, 0.20, 0.13), light=(0.60, 0.43, 0.28), period=3.2, wet=(0.0, 1.0, 0.06))
    wall = room(stage, rgb("#c9b79c"), boards)
    half = min(wall.half, 3.6)
    wide = min(2.5, 1.3 * half)
    window(wall, -wide / 2, 0.95, wide, 1.65, panes=3)
    _curtains(wall, wide)
    _wall_pictures(wall, half)
    _door(wall, 0.70 * half if half > 2.2 else 0.62 * half)
    if half > 1.8:
        for k in range(4):
            goods(wall, -0.98 * half, 0.55 + 0.5 * k, 0.42 * half, 0.34, _BOOKS)
    wall.wall(outside(stage))
    _sofa(stage, min(1.25, 0.72 * half))
    _lamp(stage, -0.62 * half if half > 1.8 else -0.78 * half)
    _rug(stage, half)
    stage.default_action = "stand"
    stage.add_ambience(pad=0.4, fire=0.12)


def _curtains(wall: Flat, wide: float) -> None:
    """Heavy folds on both sides of the window."""
    cloth = wall.stage.shade(rgb("#a4553f"), lit=0.6)
    wall.box(-wide / 2 - 0.5, 2.72, wide + 1.0, 0.05, wall.stage.shade((0.28, 0.2, 0.14)))
    for side in (-1, 1):
        x = side * (wide / 2 + 0.16) - 0.24
        wall.box(x, 0.35, 0.48, 2.38, cloth, to=scale(cloth, 0.72))
        for k in range(4):
            wall.box(x + 0.12 * k + 0.02, 0.35, 0.05, 2.38, scale(cloth, 0.72), alpha=0.55)
            wall.box(x + 0.12 * k + 0.08, 0.35, 0.025, 2.38, mix(cloth, (1.0, 0.9, 0.8), 0.25), alpha=0.5)


def _wall_pictures(wall: Flat, half: float) -> None:
    """A landscape in its frame beside the window."""
    frame, sky = wall.stage.shade((0.24, 0.17, 0.12)), wall.stage.shade(rgb("#9cc0d2"), lit=0.7)
    x = -0.76 * half if half <= 1.8 else 0.50 * half - 0.3
    if half > 2.2:
        wall.box(x, 1.55, 0.62, 0.48, frame)
        wall.box(x + 0.04, 1.59, 0.54, 0.40, sky, to=mix(sky, (1.0, 0.9, 0.7), 0.4))
        hill = wall.stage.shade(rgb("#5d7f53"), lit=0.6)
        wall.shape(
            [
                (x + 0.04, 1.59),
                (x + 0.04, 1.70),
                (x + 0.25, 1.82),
                (x + 0.42, 1.70),
                (x + 0.58, 1.76),
                (x + 0.58, 1.59),
            ],
            hill,
        )


def _door(wall: Flat, x: float) -> None:
    """Panelled wood with a brass knob."""
    stage = wall.stage
    wood, frame = stage.shade(rgb("#7d5232"), lit=0.65), stage.shade((0.90, 0.87, 0.80), lit=0.6)
    wall.box(x - 0.08, 0, 1.08, 2.22, frame)
    wall.box(x, 0, 0.92, 2.12, wood, to=scale(wood, 0.75))
    for dy, tall in ((0.16, 0.78), (1.06, 0.90)):
        for dx in (0.10, 0.50):
            wall.box(x + dx, dy, 0.32, tall, scale(wood, 0.72))
            wall.box(
                x + dx + 0.03, dy + 0.03, 0.26, tall - 0.06, mix(wood, (1.0, 0.9, 0.7), 0.08), to=scale(wood, 0.85)
            )
    wall.disc(x + 0.07, 1.0, 0.035, 0.035, stage.shade(rgb("#d9b25a"), lit=0.9))


def _sofa(stage: SceneStage, half: float) -> None:
    """Wide and soft, with two cushions."""
    flat = Flat(stage, 4.9)
    cloth, low = stage.shade(rgb("#5d7a7c"), lit=0.65), stage.shade((0.2, 0.14, 0.1))
    for x in (-half + 0.1, half - 0.16):
        flat.box(x, 0, 0.07, 0.14, low)
    flat.panel(-half, 0.38, 2 * half, 0.56, scale(cloth, 0.88), radius=0.14)
    for k in (-1, 0):
        flat.panel(k * half * 0.86 + 0.02, 0.50, half * 0.86 - 0.04, 0.42, cloth, radius=0.10)
    flat.panel(-half * 0.9, 0.12, 1.8 * half, 0.36, scale(cloth, 0.8), radius=0.06)
    for k in (-1, 0):
        flat.panel(
            k * half * 0.86 + 0.01, 0.36, half * 0.86 - 0.02, 0.18, mix(cloth, (1.0, 1.0, 1.0), 0.12), radius=0.07
        )
    for x in (-half - 0.12, half - 0.14):
        flat.panel(x, 0.10, 0.26, 0.62, cloth, radius=0.12)
    for x, code in ((-0.62 * half, "#d8a24a"), (0.36 * half, "#b5533f")):
        pillow = stage.shade(rgb(code), lit=0.7)
        flat.panel(x, 0.52, 0.38, 0.34, pillow, radius=0.09)
    flat.put()


def _lamp(stage: SceneStage, x: float) -> None:
    """On a tall foot; it lights its corner."""
    flat, power = Flat(stage, 4.7, top=-0.2), 0.30 + 0.7 * stage.light.lamps
    flat.box(x - 0.015, 0.03, 0.03, 1.4, stage.shade((0.16, 0.14, 0.12)))
    flat.disc(x, 0.03, 0.17, 0.035, stage.shade((0.16, 0.14, 0.12)))
    shade = mix(stage.shade((0.93, 0.86, 0.70), lit=0.8), WARM, 0.6 * power)
    flat.shape([(x - 0.24, 1.35), (x + 0.24, 1.35), (x + 0.15, 1.75), (x - 0.15, 1.75)], shade)
    flat.glow(x, 1.5, 0.32, WARM, 0.55 * power)
    flat.glow(x, 1.35, 1.1, WARM, 0.16 * power)
    flat.put()


def _rug(stage: SceneStage, half: float) -> None:
    """An oval on the boards, and a plant in the corner."""
    flat = Flat(stage, 3.8)
    wool = stage.shade(rgb("#b8a58c"), lit=0.65)
    for q, tone in ((1.0, scale(wool, 0.8)), (0.92, wool), (0.6, mix(wool, rgb("#8c4a3c"), 0.35)), (0.52, wool)):
        flat.disc(0.0, 0.0, 1.05 * q * min(1.5, half), 0.13 * q, tone)
    flat.put()
    corner = Flat(stage, 3.9)
    plant(corner, 0.94 * min(corner.half, half), 0.0, 1.05)
    corner.put()
