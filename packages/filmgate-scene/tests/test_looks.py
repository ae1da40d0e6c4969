"""How things look: seasons, hours, styles, windows, titles, and that nothing jumps."""

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
    """A prepared view."""
    made = compose(shot, size=size, fps=24, seed=seed)
    made.prepare()
    return made


def drawn(made: ShotRenderer, n: int) -> Planes:
    """One frame of it."""
    w, h = made.stage.width, made.stage.height
    y, u, v = (np.zeros(size, np.uint8) for size in ((h, w), (h // 2, w // 2), (h // 2, w // 2)))
    made.draw(n, y, u, v)
    return y, u, v


def shot(setting: str, **said: object) -> SceneShot:
    """Two seconds of a setting."""
    return SceneShot(setting=setting, frames=48, **said)  # type: ignore[arg-type]  # a shot's own fields


@pytest.mark.parametrize("styles", [("mono", "cinematic"), ("cinematic", "mono"), ("mono", "cyberpunk")])
def test_black_and_white_stays_so_whatever_else_is_asked_for(styles: tuple[str, ...]) -> None:
    """No other style gives a silver picture its colours back."""
    _, u, v = drawn(view(shot("beach", style=styles)), 10)
    assert max(np.abs(u.astype(int) - 128).max(), np.abs(v.astype(int) - 128).max()) <= 1


def test_two_styles_are_both_seen() -> None:
    """A grade lies over a painting instead of taking its place."""
    painted = drawn(view(shot("beach", style=("watercolour",))), 10)
    both = drawn(view(shot("beach", style=("watercolour", "cyberpunk"), time="golden")), 10)
    film = drawn(view(shot("beach", style=("cyberpunk",), time="golden")), 10)
    assert np.abs(painted[1].astype(int) - both[1].astype(int)).mean() > 1
    assert np.abs(film[0].astype(int) - both[0].astype(int)).mean() > 3


@pytest.mark.parametrize(
    ("said", "dark"),
    [({"weather": ("aurora",)}, True), ({"weather": ("fireworks",)}, True), ({"weather": ("rain",)}, False)],
)
def test_weather_brings_its_hour(said: dict[str, object], dark: bool) -> None:  # noqa: FBT001 - a test's table
    """Northern lights and fireworks are seen by night, where no hour is said."""
    assert view(shot("meadow", **said)).stage.light.moon is dark


def test_neon_is_seen_by_night() -> None:
    """A style brings its hour, before the weather does."""
    made = compose(shot("city", style=("cyberpunk",), weather=("rain",)), size=SIZE, fps=24, seed=5)
    assert made.stage.light.moon


def test_what_is_denied_stays_away() -> None:
    """A garden's petals and a city's cars are not there if the prompt denies them."""
    petals, none = (view(shot("garden", absent=absent)) for absent in ((), ("petals",)))
    assert len(petals.stage.layers()) > len(none.stage.layers())
    cars, empty = (drawn(view(shot("city", time="day", absent=absent)), 20)[0] for absent in ((), ("car",)))
    assert np.abs(cars.astype(int) - empty.astype(int)).max() > 20


@pytest.mark.parametrize("weather", ["rain", "storm", "snow", "petals", "leaves"])
def test_the_weather_is_seen_through_the_windows_only(weather: str) -> None:
    """In a room it falls outside: the panes change from frame to frame, the walls do not."""
    made = view(shot("livingroom", weather=(weather,), camera=("static",), time="day", style=("anime",)))  # no grain
    a, b = (drawn(made, n)[0].astype(int) for n in (20, 26))
    changed = np.abs(a - b) > 4
    (hole,) = made.stage.windows
    left, top, _ = made.stage.home_position(hole.x, hole.y + hole.h, hole.z)
    right, low, _ = made.stage.home_position(hole.x + hole.w, hole.y, hole.z)
    rows, columns = np.nonzero(changed)
    assert len(rows) > 2
    assert left - 2 <= columns.min()
    assert columns.max() <= right + 2
    assert top - 2 <= rows.min()
    assert rows.max() <= low + 2


def test_trees_turn_with_the_leaves() -> None:
    """Autumn is in the trees as well as in the air."""
    green, gold = (drawn(view(shot("meadow", weather=weather, time="day")), 10)[2] for weather in ((), ("leaves",)))
    assert (gold.astype(int) - green.astype(int)).max() > 15


def test_children_have_larger_heads_and_shorter_legs() -> None:
    """A child is no small grown-up."""
    outfit = Outfit(top=(0.8, 0.2, 0.2), bottom=(0.2, 0.2, 0.3))
    grown, child = (np.array(pose(build, outfit, "stand", 0.0).limbs) for build in (ADULT, CHILD))
    face = 9
    assert child[child[:, 0] == face][:, 3].max() > 1.2 * grown[grown[:, 0] == face][:, 3].max()
    assert CHILD.leg < ADULT.leg
    assert len(skins(outfit)) > int(max(grown[:, 0].max(), child[:, 0].max()))


@pytest.mark.parametrize(("setting", "under"), [("street", True), ("shop", False)])
def test_umbrellas_are_put_up_in_the_rain_but_not_indoors(setting: str, under: bool) -> None:  # noqa: FBT001 - a test's table
    """Who walks in the rain is under one."""
    who = (SubjectSpec(kind="person", action="walk"),)
    dry, wet = (view(shot(setting, subjects=who, weather=weather)) for weather in ((), ("rain",)))
    assert (max(_heights(wet)) > 1.1 * max(_heights(dry))) is under


def _heights(made: ShotRenderer) -> list[int]:
    """How far above their feet the sprites of moving figures reach, in pixels."""
    parts = [part for _, _, part in made.stage._layers if isinstance(part, AnimatedSprites)]
    return [round(quad.sprite.anchor_y) for part in parts for quad in part.quads(ShotFrame(made.stage))]


@pytest.mark.parametrize("size", [SIZE, Size(90, 160)])
def test_titles_break_between_words_into_even_lines(size: Size) -> None:
    """No word is cut in two, even before an ellipsis, and no last word is left alone."""
    made = compose(shot("abstract"), size=size, fps=24, seed=5)
    lines, _ = layout(made.stage, "A cosy bookshop, rain running down its windows…")
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
"""Films of much movement, none with a cut."""


@pytest.mark.parametrize("prompt", SMOOTH)
def test_nothing_jumps_from_frame_to_frame(prompt: str) -> None:
    """Successive frames differ by little and by much the same, lightning apart."""
    (described,) = understand(prompt, seed=5, frames=96).shots
    made = view(described)
    lumas = [drawn(made, n)[0].astype(int) for n in range(30, 48)]
    steps = np.array([np.abs(b - a).mean() for a, b in pairwise(lumas)])
    assert steps.max() < 2.5 * np.median(steps) + 1.5
    assert steps.max() < (16 if "storm" in prompt else 9)


@pytest.mark.parametrize("setting", ["meadow", "desert", "beach", "sky", "snowfield"])
def test_what_repeats_has_no_seam(setting: str) -> None:
    """The ends of every strip that goes on for ever meet."""
    made = view(shot(setting, time="day"), Size(320, 180))
    for _, _, layer in made.stage._layers:
        if getattr(layer, "wraps", False):
            sprite, pixels = layer.sprite, made.stage.atlas.pixels  # type: ignore[union-attr]  # it wraps: a plate
            picture = pixels[sprite.offset : sprite.offset + sprite.width * sprite.height]
            picture = picture.reshape(sprite.height, sprite.width)
            channels = np.stack([(picture >> shift) & 255 for shift in (0, 8, 16, 24)], -1).astype(int)
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
    """Whatever is sent, each of its shots draws a picture with light and dark in it."""
    for described in understand(prompt, seed=9, frames=48).shots[:2]:
        made = compose(described, size=Size(64, 36), fps=24, seed=9)
        made.prepare()
        assert drawn(made, min(20, described.frames - 1))[0].std() > 2
