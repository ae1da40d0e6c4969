"""Looks: seasons, times of day, styles, windows, titles, and the absence of jumps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.examples import examples

from filmgate.domain import Size
from filmgate_scene.compose import ShotRenderer, compose
from filmgate_scene.description import SceneShot, SubjectSpec
from filmgate_scene.layers.people import ADULT, CHILD, Outfit, pose, skins
from filmgate_scene.prompt import understand
from filmgate_scene.settings.abstract import layout
from filmgate_scene.stage import AnimatedSprites, ShotFrame

SIZE = Size(160, 90)
Planes = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


def view(shot: SceneShot, size: Size = SIZE, seed: int = 5) -> ShotRenderer:
    """A prepared renderer."""
    renderer = compose(shot, size=size, fps=24, seed=seed)
    renderer.prepare()
    return renderer


def drawn(renderer: ShotRenderer, n: int) -> Planes:
    """Draw one frame."""
    w, h = renderer.stage.width, renderer.stage.height
    y, u, v = (np.zeros(size, np.uint8) for size in ((h, w), (h // 2, w // 2), (h // 2, w // 2)))
    renderer.draw(n, y, u, v)
    return y, u, v


def shot(setting: str, **fields: object) -> SceneShot:
    """Two seconds of a setting."""
    return SceneShot(setting=setting, frames=48, **fields)  # type: ignore[arg-type]  # a shot's own fields


@pytest.mark.parametrize("styles", [("mono", "cinematic"), ("cinematic", "mono"), ("mono", "cyberpunk")])
def test_black_and_white_overrides_other_styles(styles: tuple[str, ...]) -> None:
    """No other style restores colour."""
    _, u, v = drawn(view(shot("beach", style=styles)), 10)
    assert max(np.abs(u.astype(int) - 128).max(), np.abs(v.astype(int) - 128).max()) <= 1


def test_two_styles_combine() -> None:
    """A grade is applied on top of a painting style instead of replacing it."""
    painted = drawn(view(shot("beach", style=("watercolour",))), 10)
    both = drawn(view(shot("beach", style=("watercolour", "cyberpunk"), time="golden")), 10)
    grade = drawn(view(shot("beach", style=("cyberpunk",), time="golden")), 10)
    assert np.abs(painted[1].astype(int) - both[1].astype(int)).mean() > 1
    assert np.abs(grade[0].astype(int) - both[0].astype(int)).mean() > 3


@pytest.mark.parametrize(
    ("fields", "dark"),
    [({"weather": ("aurora",)}, True), ({"weather": ("fireworks",)}, True), ({"weather": ("rain",)}, False)],
)
def test_weather_sets_its_time_of_day(fields: dict[str, object], dark: bool) -> None:  # noqa: FBT001 - a test's table
    """Northern lights and fireworks are at night if the prompt names no time."""
    assert view(shot("meadow", **fields)).stage.light.moon is dark


def test_neon_style_sets_the_night() -> None:
    """A style's time of day takes precedence over the weather's."""
    renderer = compose(shot("city", style=("cyberpunk",), weather=("rain",)), size=SIZE, fps=24, seed=5)
    assert renderer.stage.light.moon


def test_negated_things_are_absent() -> None:
    """A garden's petals and a city's cars are absent if the prompt negates them."""
    petals, none = (view(shot("garden", absent=absent)) for absent in ((), ("petals",)))
    assert len(petals.stage.layers()) > len(none.stage.layers())
    cars, empty = (drawn(view(shot("city", time="day", absent=absent)), 20)[0] for absent in ((), ("car",)))
    assert np.abs(cars.astype(int) - empty.astype(int)).max() > 20


@pytest.mark.parametrize("weather", ["rain", "storm", "snow", "petals", "leaves"])
def test_indoor_weather_is_visible_only_through_windows(weather: str) -> None:
    """In a room the panes change from frame to frame, the walls do not."""
    renderer = view(
        shot("livingroom", weather=(weather,), camera=("static",), time="day", style=("anime",))
    )  # no grain
    a, b = (drawn(renderer, n)[0].astype(int) for n in (20, 26))
    changed = np.abs(a - b) > 4
    (hole,) = renderer.stage.windows
    left, top, _ = renderer.stage.home_position(hole.x, hole.y + hole.h, hole.z)
    right, low, _ = renderer.stage.home_position(hole.x + hole.w, hole.y, hole.z)
    rows, columns = np.nonzero(changed)
    assert len(rows) > 2
    assert left - 2 <= columns.min()
    assert columns.max() <= right + 2
    assert top - 2 <= rows.min()
    assert rows.max() <= low + 2


def test_trees_turn_in_autumn() -> None:
    """Falling leaves also change the colour of the trees."""
    green, gold = (drawn(view(shot("meadow", weather=weather, time="day")), 10)[2] for weather in ((), ("leaves",)))
    assert (gold.astype(int) - green.astype(int)).max() > 15


def test_children_have_larger_heads_and_shorter_legs() -> None:
    """A child is not a scaled-down adult."""
    outfit = Outfit(top=(0.8, 0.2, 0.2), bottom=(0.2, 0.2, 0.3))
    grown, child = (np.array(pose(build, outfit, "stand", 0.0).limbs) for build in (ADULT, CHILD))
    face = 9
    assert child[child[:, 0] == face][:, 3].max() > 1.2 * grown[grown[:, 0] == face][:, 3].max()
    assert CHILD.leg < ADULT.leg
    assert len(skins(outfit)) > int(max(grown[:, 0].max(), child[:, 0].max()))


@pytest.mark.parametrize(("setting", "under"), [("street", True), ("shop", False)])
def test_people_open_umbrellas_in_outdoor_rain(setting: str, under: bool) -> None:  # noqa: FBT001 - a test's table
    """People in the rain carry an umbrella."""
    person = (SubjectSpec(kind="person", action="walk"),)
    dry, wet = (view(shot(setting, subjects=person, weather=weather)) for weather in ((), ("rain",)))
    assert (max(_heights(wet)) > 1.1 * max(_heights(dry))) is under


def _heights(renderer: ShotRenderer) -> list[int]:
    """The height of moving figures' sprites above their feet, in pixels."""
    parts = [part for _, _, part in renderer.stage._layers if isinstance(part, AnimatedSprites)]
    return [round(quad.sprite.anchor_y) for part in parts for quad in part.quads(ShotFrame(renderer.stage))]


@pytest.mark.parametrize("size", [SIZE, Size(90, 160)])
def test_titles_break_between_words_into_balanced_lines(size: Size) -> None:
    """No word is split, even before an ellipsis, and no last word stands alone."""
    renderer = compose(shot("abstract"), size=size, fps=24, seed=5)
    lines, _ = layout(renderer.stage, "A cosy bookshop, rain running down its windows…")
    assert " ".join(lines) == "A cosy bookshop, rain running down its windows…"
    assert len(lines) in {2, 3}
    assert min(len(line) for line in lines) > 0.4 * max(len(line) for line in lines)


SMOOTH = [
    "A train crosses a viaduct",
    "a dancer on stage",
    "rain on a city street at night, handheld",
    "fireworks over the skyline",
    "hot air balloons above the clouds",
    "children playing on a beach, follow",
    "a boat in a storm, orbit",
    "snow falls outside the living room, dolly",
    "koi in a lotus pond, time lapse",
]
"""Videos with much movement, none with a cut."""


@pytest.mark.parametrize("prompt", SMOOTH)
def test_nothing_jumps_from_frame_to_frame(prompt: str) -> None:
    """Successive frames differ by little and by similar amounts, except for lightning."""
    (described,) = understand(prompt, seed=5, frames=96).shots
    renderer = view(described)
    lumas = [drawn(renderer, n)[0].astype(int) for n in range(30, 48)]
    steps = np.array([np.abs(b - a).mean() for a, b in pairwise(lumas)])
    assert steps.max() < 2.5 * np.median(steps) + 1.5
    assert steps.max() < (16 if "storm" in prompt else 9)


@pytest.mark.parametrize("setting", ["meadow", "desert", "beach", "sky", "snowfield"])
def test_repeating_strips_have_no_seam(setting: str) -> None:
    """The ends of every endless strip match."""
    renderer = view(shot(setting, time="day"), Size(320, 180))
    for _, _, layer in renderer.stage._layers:
        if getattr(layer, "wraps", False):
            sprite, pixels = layer.sprite, renderer.stage.atlas.pixels  # type: ignore[union-attr]  # it wraps: a plate
            strip = pixels[sprite.offset : sprite.offset + sprite.width * sprite.height]
            strip = strip.reshape(sprite.height, sprite.width)
            channels = np.stack([(strip >> shift) & 255 for shift in (0, 8, 16, 24)], -1).astype(int)
            inside = np.abs(np.diff(channels, axis=1)).mean((0, 2))
            assert np.abs(channels[:, 0] - channels[:, -1]).mean() <= inside.max() + 0.5


_ALPHABETS = st.one_of(
    st.text(max_size=120),
    st.text(st.sampled_from("。，！？…—·;:.,!?()[]{}<>\"'`~@#$%^&*|\\/ \n\t"), max_size=200),
    st.text(st.sampled_from("🐶🐱🌊🌙✨🔥🚀🎂🏙️👩‍🚀🇨🇳👨‍👩‍👧☃️🌸"), max_size=40),
    st.text(st.sampled_from("مرحبا بالعالم على الشاطئ שלום עולם بحر ים"), max_size=80),
    st.lists(st.sampled_from(["dog", "雪山", "at night", "没有雨", "shot 1:", "“招牌”", "Straße", "пляж", "海"]),
             max_size=12).map(" ".join),
)  # fmt: skip


@examples(15)
@given(_ALPHABETS)
@example("")
@example("雪" * 32_000)
@example("no " * 10_000)
@example("\x00\ud800\u202eabc")
def test_no_text_gives_an_error_or_a_blank_frame(prompt: str) -> None:
    """Each shot of any text draws a frame with contrast."""
    for described in understand(prompt, seed=9, frames=48).shots[:2]:
        renderer = compose(described, size=Size(64, 36), fps=24, seed=9)
        renderer.prepare()
        assert drawn(renderer, min(20, described.frames - 1))[0].std() > 2
