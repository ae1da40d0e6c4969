"""Park furniture: a bench, a street lamp."""

from __future__ import annotations

from filmgate_scene.description import SubjectSpec
from filmgate_scene.layers.flat import Flat
from filmgate_scene.palette import COLOURS, mix, rgb, scale
from filmgate_scene.registry import subject
from filmgate_scene.stage import SceneStage


@subject("bench", en=("bench", "benches", "park bench"), zh=("长椅", "长凳", "公园长椅"))
def bench(stage: SceneStage, spec: SubjectSpec) -> None:
    """Slats on iron legs, a little off the middle."""
    z = min(max(3.6, 1.05 * stage.subject_depth), stage.depth_range[1] * 0.9)
    named = next((COLOURS[name] for name in spec.attributes if name in COLOURS), rgb("#8a5a33"))
    flat = Flat(stage, z)
    wood, iron = stage.shade(named, z * 0.3, lit=0.75), stage.shade((0.14, 0.14, 0.16), z * 0.3, lit=0.5)
    wide = min(1.7, 1.5 * flat.half)
    for k in range(max(1, min(3, spec.count))):
        x = -0.5 * wide + (0.0, 1.35, -1.35)[k] * wide
        flat.disc(x + wide / 2, 0.0, 0.62 * wide, 0.06, (0.02, 0.03, 0.02), alpha=0.35)
        for side in (0.08, wide - 0.14):
            flat.line([(x + side, 0.0), (x + side, 0.44)], 0.05, iron)
            flat.line([(x + side + 0.05, 0.44), (x + side + 0.02, 0.92)], 0.05, iron)
            flat.line([(x + side - 0.02, 0.62), (x + side + 0.07, 0.62)], 0.045, iron)
        for j, y in enumerate((0.40, 0.45)):
            flat.box(x, y, wide, 0.045, scale(wood, 0.8 + 0.2 * j), to=scale(wood, 0.62))
        for j in range(3):
            slat = mix(wood, (1.0, 0.95, 0.85), 0.06 * j)
            flat.box(x + 0.02, 0.58 + 0.12 * j, wide - 0.04, 0.085, slat, to=scale(slat, 0.7))
    flat.put()


@subject("streetlamp", en=("street lamp", "streetlamp", "lamp post", "lamppost"), zh=("路灯", "街灯"))
def street_lamp(stage: SceneStage, spec: SubjectSpec) -> None:
    """Cast iron, its glass aglow from dusk on."""
    z = min(max(4.2, 1.2 * stage.subject_depth), stage.depth_range[1] * 0.92)
    flat, power = Flat(stage, z, top=-0.4), 0.25 + 0.75 * stage.light.lamps
    iron = stage.shade((0.13, 0.15, 0.15), z * 0.3, lit=0.5)
    for k in range(max(1, min(3, spec.count))):
        x = (0.42, -0.55, 0.05)[k] * flat.half * 1.6
        flat.line([(x, 0.0), (x, 2.9)], 0.09, iron, end=0.05 * flat.metre)
        flat.box(x - 0.13, 0.0, 0.26, 0.22, iron)
        glass = mix((0.75, 0.78, 0.75), (1.0, 0.84, 0.5), power)
        flat.shape([(x - 0.12, 2.9), (x + 0.12, 2.9), (x + 0.19, 3.3), (x - 0.19, 3.3)], glass)
        flat.shape([(x - 0.25, 3.3), (x + 0.25, 3.3), (x, 3.52)], iron)
        flat.glow(x, 3.1, 0.28, (1.0, 0.8, 0.45), 0.9 * power)
        flat.glow(x, 2.9, 1.5, (1.0, 0.7, 0.4), 0.22 * power)
    flat.put()
