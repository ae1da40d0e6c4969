"""People: proportions, clothes and poses for the puppet kernel."""

from __future__ import annotations

import math

from msgspec import Struct

from filmgate_scene.layers.figures import Body, Joint, Skin, bend
from filmgate_scene.palette import Colour, rgb, scale

__all__ = ["ADULT", "CHILD", "WOMAN", "Build", "Outfit", "pose", "skins"]

_TAU = 2 * math.pi
(
    _FAR_ARM, _FAR_HAND, _FAR_LEG, _HAIR_BACK, _NEAR_LEG, _SHOES, _TORSO, _BELT, _NECK, _FACE, _MOUTH, _EYE, _HAIR,
    _BROW, _NEAR_ARM, _HAND, _STICK, _CANOPY, _RIND, _FOOD,
) = range(20)  # fmt: skip


class Build(Struct, frozen=True, kw_only=True):
    """Body proportions, as shares of the height."""

    leg: float = 0.475  # from the ground to the hips
    trunk: float = 0.335  # from the hips to the neck
    head: float = 1.0  # relative to an adult's
    girth: float = 1.0
    stoop: float = 0.0


ADULT = Build()
WOMAN = Build(leg=0.48, trunk=0.325, head=0.98, girth=0.88)
CHILD = Build(leg=0.41, trunk=0.285, head=1.40, girth=1.08)


class Outfit(Struct, frozen=True, kw_only=True):
    """Clothes and carried things."""

    top: Colour
    bottom: Colour
    hair: Colour = rgb("#2a1f1b")
    skin: Colour = rgb("#e8b591")
    shoes: Colour = (0.16, 0.13, 0.12)
    dress: bool = False  # the top goes down to the knees, the legs are bare
    short: bool = False  # sleeves
    long_hair: bool = False
    umbrella: Colour | None = None
    food: str = ""  # "melon" or "bun": the food in the hand


def skins(outfit: Outfit) -> list[Skin]:
    """The outfit's colours in painting order."""

    def cloth(colour: Colour, rim: float = 0.45) -> Skin:
        return Skin(lit=scale(colour, 1.15), shaded=scale(colour, 0.42), rim=rim)

    def flesh(shade: float, rim: float) -> Skin:
        return Skin(lit=scale(outfit.skin, 1.08 * shade), shaded=scale(outfit.skin, 0.58 * shade), rim=rim)

    def plain(colour: Colour) -> Skin:
        return Skin(lit=colour, shaded=scale(colour, 0.7), rim=0.0)

    strands = Skin(lit=scale(outfit.hair, 1.35), shaded=scale(outfit.hair, 0.5), fur=0.006, rim=0.6)
    legs = (
        (flesh(0.72, 0.2), flesh(1.0, 0.35))
        if outfit.dress
        else (cloth(scale(outfit.bottom, 0.7), 0.2), cloth(outfit.bottom))
    )
    far = flesh(0.74, 0.2)
    bun = rgb("#ee4a58") if outfit.food == "melon" else rgb("#c98a4b")
    return [
        cloth(scale(outfit.top, 0.68), 0.2), far, legs[0], strands, legs[1], cloth(outfit.shoes), cloth(outfit.top),
        cloth(scale(outfit.bottom, 0.8), 0.2), flesh(0.86, 0.25), flesh(1.0, 0.35), plain(rgb("#a8483f")),
        plain((0.09, 0.06, 0.06)),
        strands, plain(scale(outfit.hair, 0.8)), cloth(scale(outfit.top, 0.96)), flesh(1.0, 0.35),
        cloth((0.30, 0.26, 0.24), 0.3), cloth(outfit.umbrella or outfit.top, 0.5), cloth(rgb("#3f9a48"), 0.2),
        cloth(bun, 0.2),
    ]  # fmt: skip


def pose(build: Build, outfit: Outfit, action: str, phase: float) -> Body:
    """One moment of an action, in three-quarter view facing right. One unit tall, the feet at 0."""
    if action == "sit":
        return _seated(build, outfit, phase)
    body = Body()
    stride = {"run": 0.24, "walk": 0.135, "dance": 0.07, "play": 0.05}.get(action, 0.0) * build.leg / 0.475
    lean = build.stoop + {"run": 0.07, "play": 0.02}.get(action, 0.012)
    moving = {"run": 0.030, "walk": 0.012, "dance": 0.018, "play": 0.035}.get(action, 0.0)
    bounce = -abs(math.sin(_TAU * phase)) * moving if moving else 0.003 * math.sin(_TAU * phase)
    sway = 0.045 * math.sin(_TAU * phase) if action == "dance" else 0.0
    hip = (sway, -build.leg - 0.02 + bounce)
    neck = (lean - sway * 0.5, hip[1] - build.trunk + 0.5 * build.stoop)
    for skin, offset, x in ((_FAR_LEG, 0.5, 0.024), (_NEAR_LEG, 0.0, -0.018)):
        _leg(body, skin, build, (hip[0] + x, hip[1]), phase + offset, stride, action)
    _trunk(body, build, outfit, hip, neck, phase if stride else 0.0)
    _arms(body, build, outfit, action, phase, neck)
    wind = phase if action in {"run", "dance", "play"} else 0.0
    _head(body, build, outfit, (neck[0] + 0.012 + lean * 0.3, neck[1] - 0.03 - 0.075 * build.head), wind)
    return body


def _leg(body: Body, skin: int, build: Build, hip: Joint, phase: float, stride: float, action: str) -> None:
    """Thigh, calf and shoe."""
    phase %= 1
    lift = {"run": 0.17, "dance": 0.12, "play": 0.09}.get(action, 0.055)
    rise = max(0.0, -math.sin(_TAU * phase)) * lift * min(1.0, stride * 8)
    ankle = hip[0] + stride * math.cos(_TAU * phase), -0.045 - rise
    half, g = build.leg / 2, build.girth
    knee, ankle = bend(hip, ankle, half, half, -1)
    body.add_chain(skin, [hip, knee, ankle], [0.064 * g, 0.045 * g, 0.029 * g], 0.03)
    tilt = 3.0 * rise
    toe = ankle[0] + 0.066 * math.cos(tilt), ankle[1] + 0.026 + 0.05 * math.sin(tilt)
    body.add_limb(_SHOES, (ankle[0] - 0.012, ankle[1] + 0.022), 0.024, toe, 0.018, 0.02)


def _trunk(body: Body, build: Build, outfit: Outfit, hip: Joint, neck: Joint, phase: float) -> None:
    """Hips, waist, chest, and a skirt that swings."""
    g = build.girth
    waist = (hip[0] * 0.55 + neck[0] * 0.45, hip[1] * 0.6 + neck[1] * 0.4)
    chest = (neck[0] - 0.002, neck[1] + 0.085)
    body.add_chain(
        _TORSO, [hip, waist, chest, (neck[0], neck[1] + 0.036)], [0.070 * g, 0.064 * g, 0.080 * g, 0.052 * g], 0.05
    )
    if outfit.dress:
        hem, swing = hip[1] + 0.235 * build.leg / 0.475, 0.02 * math.sin(_TAU * phase)
        for x, wide in ((-0.085, 0.026), (-0.03, 0.05), (0.03, 0.05), (0.075, 0.026)):
            body.add_limb(
                _TORSO,
                (hip[0] + 0.2 * x, hip[1] - 0.03),
                0.068 * g,
                (hip[0] + x * 1.15 + swing, hem - 0.2 * wide),
                wide,
                0.03,
            )
    else:
        body.add_chain(
            _NEAR_LEG,
            [(hip[0] - 0.012, hip[1] + 0.025), (hip[0] + 0.018, hip[1] + 0.025)],
            [0.056 * g, 0.056 * g],
            0.03,
        )
    body.add_limb(_NECK, neck, 0.029, (neck[0] + 0.008, neck[1] - 0.04), 0.028, 0.02)


def _angles(action: str, phase: float, *, near: bool) -> tuple[float, float]:
    """The upper arm's direction and the elbow's bend, in radians, clockwise from the right."""
    beat, swing = math.sin(_TAU * phase), math.cos(_TAU * (phase + (0.5 if near else 0.0)))
    raised = (-2.5 + 0.35 * beat, 0.3) if near else (-0.65 - 0.35 * beat, -0.3)
    hanging = (1.66, -0.16) if near else (1.46, -0.18)
    known = {
        "run": (1.45 - 0.95 * swing, -1.5),
        "walk": (1.57 - 0.48 * swing, -0.30 - 0.15 * swing),
        "dance": (-2.35 + 0.75 * beat, 0.55 + 0.35 * beat) if near else (-0.55 + 0.6 * beat, -0.45 - 0.4 * beat),
        "play": raised,
        "jump": raised,
        "wave": hanging if near else (-0.85, -0.45 + 0.5 * math.sin(2 * _TAU * phase)),
        "eat": (1.02, -1.72 - 0.42 * max(0.0, beat)) if near else hanging,
    }
    return known.get(action, hanging)


def _arms(body: Body, build: Build, outfit: Outfit, action: str, phase: float, neck: Joint) -> None:
    """Arms: swinging, raised, or at the mouth."""
    shoulder, long, g = (neck[0] - 0.004, neck[1] + 0.058), 0.46 * build.trunk, build.girth
    for near in (False, True):
        upper, lower = _angles(action, phase, near=near)
        if outfit.umbrella and near:
            upper, lower = 1.15, -2.1
        start = (shoulder[0] + (-0.012 if near else 0.018), shoulder[1])
        elbow = start[0] + long * math.cos(upper), start[1] + long * math.sin(upper)
        hand = elbow[0] + 0.94 * long * math.cos(upper + lower), elbow[1] + 0.94 * long * math.sin(upper + lower)
        sleeve, flesh = (_NEAR_ARM, _HAND) if near else (_FAR_ARM, _FAR_HAND)
        if outfit.short:
            middle = (start[0] + 0.62 * (elbow[0] - start[0]), start[1] + 0.62 * (elbow[1] - start[1]))
            body.add_chain(flesh, [middle, elbow, hand], [0.027 * g, 0.026 * g, 0.020 * g], 0.02)
            body.add_limb(sleeve, start, 0.040 * g, middle, 0.036 * g, 0.025)
        else:
            body.add_chain(sleeve, [start, elbow, hand], [0.038 * g, 0.030 * g, 0.023 * g], 0.025)
        body.add_ball(
            flesh, (hand[0] + 0.012 * math.cos(upper + lower), hand[1] + 0.012 * math.sin(upper + lower)), 0.023
        )
        if near and outfit.umbrella:
            _umbrella(body, hand)
        if near and action == "eat":
            _meal(body, hand, outfit.food)


def _umbrella(body: Body, hand: Joint) -> None:
    """A stick from the hand, a round roof over the head."""
    x, y = hand[0] - 0.005, hand[1]
    top, rim = y - 0.60, y - 0.36
    body.add_limb(_STICK, (x, y + 0.06), 0.008, (x - 0.02, top), 0.008, 0.01)
    body.add_limb(_STICK, (x - 0.02, top), 0.006, (x - 0.02, top - 0.05), 0.005, 0.01)
    for k in range(11):
        side = (k - 5) / 5
        bow = [
            (x - 0.02 + 0.30 * side * q, top + (rim - top) * (0.25 * q + 0.75 * q**3)) for q in (0.0, 0.4, 0.75, 1.0)
        ]
        body.add_chain(_CANOPY, bow, [0.018, 0.036, 0.040, 0.026], 0.03)


def _meal(body: Body, hand: Joint, food: str) -> None:
    """A slice of melon with its rind below, or a bun."""
    x, y = hand[0] + 0.014, hand[1] - 0.016
    if food != "melon":
        body.add_limb(_FOOD, (x - 0.022, y - 0.024), 0.034, (x + 0.026, y - 0.024), 0.034, 0.02)
        return
    arc = [(x + 0.088 * math.sin(a), y - 0.050 + 0.050 * math.cos(a)) for a in (-1.3, -0.8, -0.3, 0.3, 0.8, 1.3)]
    body.add_chain(_RIND, arc, [0.013, 0.016, 0.017, 0.017, 0.016, 0.013], 0.008)
    for dx in (-0.066, -0.044, -0.022, 0.0, 0.022, 0.044, 0.066):
        low = y - 0.045 + 0.030 * (1 - (dx / 0.066) ** 2)
        body.add_limb(_FOOD, (x + dx, low), 0.013, (x + 0.12 * dx, y - 0.135), 0.007, 0.008)


def _head(body: Body, build: Build, outfit: Outfit, at: Joint, phase: float) -> None:
    """Face, eyes, mouth, hair."""
    h = build.head

    def on(dx: float, dy: float) -> Joint:
        return at[0] + dx * h, at[1] + dy * h

    body.add_limb(_FACE, on(0.004, -0.008), 0.056 * h, on(0.016, 0.030), 0.041 * h, 0.03)
    body.add_ball(_FACE, on(0.062, 0.012), 0.0095 * h, 0.012)
    body.add_ball(_FACE, on(-0.020, 0.016), 0.014 * h, 0.006)
    for x, size in ((0.030, 0.0058), (0.055, 0.0046)):
        body.add_limb(_EYE, on(x, -0.002), size * h, on(x, 0.005), size * h, 0.002)
        body.add_limb(_BROW, on(x - 0.008, -0.021), 0.0016 * h, on(x + 0.006, -0.022), 0.0016 * h, 0.002)
    body.add_chain(_MOUTH, [on(0.032, 0.036), on(0.044, 0.041), on(0.054, 0.036)], [0.0024 * h] * 3, 0.002)
    body.add_limb(_HAIR, on(-0.026, -0.020), 0.057 * h, on(0.012, -0.054), 0.034 * h, 0.03)
    body.add_limb(_HAIR, on(0.012, -0.054), 0.030 * h, on(0.040, -0.046), 0.016 * h, 0.02)
    body.add_limb(_HAIR, on(-0.048, -0.008), 0.030 * h, on(-0.042, 0.024), 0.022 * h, 0.03)
    if outfit.long_hair:
        fly = (0.03 * math.sin(2 * _TAU * phase) + 0.05) if phase else 0.0
        back = [on(-0.034, -0.01), on(-0.060 - fly * 0.5, 0.06), on(-0.060 - fly, 0.135)]
        body.add_chain(_HAIR_BACK, back, [0.050 * h, 0.043 * h, 0.022 * h], 0.04)
        body.add_limb(_HAIR, on(-0.044, 0.0), 0.026 * h, on(-0.040, 0.07), 0.014 * h, 0.02)


def _seated(build: Build, outfit: Outfit, phase: float) -> Body:
    """On the ground, knees drawn up, looking into the distance."""
    body, g = Body(), build.girth
    breath = 0.004 * math.sin(_TAU * phase)
    hip, neck = (-0.06, -0.085), (-0.035, -0.085 - 0.95 * build.trunk + breath)
    for skin, dx in ((_FAR_LEG, 0.03), (_NEAR_LEG, 0.0)):
        knee, ankle = (0.12 + dx, -0.48 * build.leg), (0.185 + dx, -0.045)
        body.add_chain(skin, [(hip[0] + dx, hip[1]), knee, ankle], [0.066 * g, 0.047 * g, 0.030 * g], 0.03)
        body.add_limb(_SHOES, (ankle[0], ankle[1] + 0.02), 0.023, (ankle[0] + 0.065, ankle[1] + 0.025), 0.018, 0.02)
    chest = (neck[0], neck[1] + 0.08)
    body.add_chain(_TORSO, [hip, chest, (neck[0], neck[1] + 0.036)], [0.078 * g, 0.080 * g, 0.052 * g], 0.05)
    body.add_limb(_NECK, neck, 0.029, (neck[0] + 0.008, neck[1] - 0.04), 0.028, 0.02)
    shoulder = (neck[0], neck[1] + 0.06)
    body.add_chain(
        _NEAR_ARM,
        [shoulder, (0.05, -0.49 * build.leg), (0.15, -0.47 * build.leg)],
        [0.038 * g, 0.030 * g, 0.023 * g],
        0.025,
    )
    body.add_ball(_HAND, (0.16, -0.465 * build.leg), 0.024)
    _head(body, build, outfit, (neck[0] + 0.014, neck[1] - 0.03 - 0.075 * build.head), 0.0)
    return body
