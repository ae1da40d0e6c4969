from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from filmgate.domain import Size
from filmgate_scene import fonts, registry
from filmgate_scene.compose import ShotRenderer, compose
from filmgate_scene.description import SceneShot, SubjectSpec
from filmgate_scene.lens import Lens

SIZE = Size(96, 54)
Planes = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


def planes(size: Size = SIZE, pad: int = 0) -> Planes:
    """Empty planes of a frame, with ``pad`` extra bytes a line."""
    w, h = size.width, size.height
    y, u, v = (
        np.zeros((rows, columns + pad), np.uint8) for rows, columns in ((h, w), (h // 2, w // 2), (h // 2, w // 2))
    )
    return y[:, :w], u[:, : w // 2], v[:, : w // 2]


def shot(setting: str = "beach", **fields: object) -> SceneShot:
    """Two seconds of a setting."""
    return SceneShot(setting=setting, frames=48, **fields)  # type: ignore[arg-type]  # a shot's own fields


def view(
    described: SceneShot, *, size: Size = SIZE, seed: int = 7, reference: npt.NDArray[np.uint8] | None = None
) -> ShotRenderer:
    """A prepared renderer."""
    renderer = compose(described, size=size, fps=24, seed=seed, reference=reference)
    renderer.prepare()
    return renderer


def drawn(renderer: ShotRenderer, n: int, pad: int = 0) -> Planes:
    """Draw one frame."""
    size = Size(renderer.stage.width, renderer.stage.height)
    out = planes(size, pad)
    renderer.draw(n, *out)
    return out


def same(a: Planes, b: Planes) -> bool:
    """Whether two frames are equal, byte for byte."""
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("setting", sorted(registry.settings()))
def test_every_setting_draws_a_frame_with_contrast(setting: str) -> None:
    """No place is blank, in landscape or in portrait."""
    for size in (SIZE, Size(54, 96)):
        luma = drawn(view(shot(setting), size=size), 20)[0]
        assert luma.std() > 4
        assert 18 < luma.mean() < 225


@pytest.mark.parametrize("subject", sorted(registry.subjects()))
def test_every_subject_is_visible(subject: str) -> None:
    """The same place differs with and without the subject."""
    setting = "garden" if registry.subjects()[subject].element == "water" else "beach"
    placeholder = SubjectSpec(kind="nothing at all")
    empty = drawn(view(shot(setting, time="day", subjects=(placeholder,))), 20)
    full = drawn(view(shot(setting, time="day", subjects=(placeholder, SubjectSpec(kind=subject)))), 20)
    assert (np.abs(empty[0].astype(int) - full[0].astype(int)) > 6).mean() > 0.001


@pytest.mark.parametrize("subject", sorted(registry.subjects()))
def test_every_action_of_every_subject_can_be_drawn(subject: str) -> None:
    """Every action that a subject lists draws without an error."""
    for action in registry.subjects()[subject].actions:
        assert drawn(view(shot(subjects=(SubjectSpec(kind=subject, action=action, count=2),))), 5)[0].std() > 4


@pytest.mark.parametrize("weather", sorted(registry.weathers()))
def test_every_weather_combines_with_any_setting(weather: str) -> None:
    """Weather also works with a setting for which it was not made."""
    assert drawn(view(shot("abstract", weather=(weather,), time="night")), 30)[0].std() > 2


@pytest.mark.parametrize("style", sorted(registry.styles()))
def test_every_style_changes_the_image(style: str) -> None:
    """Each style differs from the plain look."""
    plain, styled = drawn(view(shot()), 10), drawn(view(shot(style=(style,))), 10)
    assert not same(plain, styled)


def test_black_and_white_has_no_colour() -> None:
    """The chroma planes of a black-and-white video are neutral."""
    _, u, v = drawn(view(shot(style=("mono",))), 10)
    assert max(np.abs(u.astype(int) - 128).max(), np.abs(v.astype(int) - 128).max()) <= 1


@pytest.mark.parametrize("camera", sorted(registry.cameras()))
def test_every_camera_move_is_smooth(camera: str) -> None:
    """No jump from one frame to the next."""
    path = registry.cameras()[camera].path
    lenses = [path(n / 96, n / 24) for n in range(97)]
    for field in Lens.__struct_fields__:
        values = np.array([getattr(lens, field) for lens in lenses])
        assert np.abs(np.diff(values)).max() < 0.03


def test_the_times_of_day_differ_in_brightness() -> None:
    """Night is darker than day."""
    night, day = (drawn(view(shot(time=time)), 10)[0].mean() for time in ("night", "day"))
    assert night < day * 0.7


def test_frames_depend_only_on_shot_size_and_seed() -> None:
    """Any order, any thread, any run gives the same bytes."""
    described = shot("city", subjects=(SubjectSpec(kind="car"),), weather=("rain",))
    first, second = view(described), view(described)
    forward = [drawn(first, n) for n in (0, 7, 13, 30)]
    with ThreadPoolExecutor(3) as pool:
        threaded = list(pool.map(lambda n: drawn(second, n), (30, 13, 7, 0)))[::-1]
    assert all(same(a, b) for a, b in zip(forward, threaded, strict=True))


def test_another_seed_gives_another_image() -> None:
    """The seed varies the place."""
    assert not same(drawn(view(shot("garden"), seed=1), 3), drawn(view(shot("garden"), seed=2), 3))


def test_padded_lines_get_the_same_pixels() -> None:
    """Planes with a line stride get the same pixels, and their padding is unchanged."""
    renderer = view(shot())
    tight, loose = drawn(renderer, 9), drawn(renderer, 9, pad=32)
    assert same(tight, loose)
    assert loose[0].base is not None
    assert not np.asarray(loose[0].base)[:, SIZE.width :].any()


def test_motion_has_no_jumps() -> None:
    """Neighbouring frames differ a little, never a lot."""
    renderer = view(shot("garden", subjects=(SubjectSpec(kind="koi"),)))
    lumas = [drawn(renderer, n)[0].astype(int) for n in range(20, 30)]
    steps = [np.abs(b - a).mean() for a, b in pairwise(lumas)]
    assert min(steps) > 0.2
    assert max(steps) < 3 * min(steps) + 1


def _test_image(size: Size) -> npt.NDArray[np.uint8]:
    """An image with smooth colours and an edge."""
    ys, xs = np.mgrid[0 : size.height, 0 : size.width]
    red, green = xs * 255 // size.width, ys * 255 // size.height
    blue = np.where(xs > size.width // 2, 220, 30)
    return np.stack([red, green, blue], -1).astype(np.uint8)


def _luma(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The BT.709 limited-range luma."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    return np.asarray(16 + 219 * (image / 255.0) @ weights)


def test_first_frame_is_the_reference_image() -> None:
    """Before encoding the first frame equals the image, whatever the prompt adds later."""
    image = _test_image(SIZE)
    described = shot("abstract", weather=("snow",), time="night", style=("ink",), camera=("orbit", "zoom"))
    renderer = view(described, reference=image)
    assert np.abs(drawn(renderer, 0)[0] - _luma(image)).max() <= 1
    assert np.abs(drawn(renderer, 40)[0] - _luma(image)).mean() > 3


def test_static_camera_keeps_the_reference_image_in_place() -> None:
    """Only requested motion occurs."""
    image = _test_image(SIZE)
    renderer = view(shot("abstract", camera=("static",)), reference=image)
    middle = np.s_[15:40, 30:66]
    assert np.abs(drawn(renderer, 40)[0].astype(int)[middle] - _luma(image)[middle]).mean() < 8


def test_unknown_words_fall_back_and_are_noted() -> None:
    """An unknown place is the abstract landscape; unknown subjects are noted, not drawn."""
    renderer = view(shot("an undrawable place", subjects=(SubjectSpec(kind="jabberwock"),), weather=("frogs",)))
    assert renderer.notes == {"setting": "abstract", "not_drawn": ["jabberwock", "frogs"]}


def test_title_appears_on_the_abstract_landscape() -> None:
    """It shows the prompt, in Chinese too."""
    without, with_title = (drawn(view(shot("abstract", text=text)), 36)[0] for text in ("", "时间之外"))
    assert np.abs(without.astype(int) - with_title.astype(int)).max() > 20


def test_missing_glyphs_are_left_out() -> None:
    """No boxes replace missing glyphs."""
    assert fonts.drawable("招牌 neon ラーメン") == "招牌 neon ラーメン"
    assert fonts.drawable("a𓀀b \U0001f409") == "ab"
    assert fonts.render("", 20).max() == 0


def test_sound_events_are_ordered_within_the_shot() -> None:
    """Steps and waves lie within the shot's time."""
    sounds = view(shot(subjects=(SubjectSpec(kind="dog", action="run"),))).sound_cues()
    times = [event.time for event in sounds.events]
    assert sounds.ambience["waves"] > 0
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] < 2
    assert {"step", "wave"} <= {event.kind for event in sounds.events}


def test_every_registered_entry_has_words_in_both_languages() -> None:
    """The lexicon consists of them."""
    tables = (
        registry.settings(),
        registry.subjects(),
        registry.weathers(),
        registry.times(),
        registry.styles(),
        registry.cameras(),
    )
    for table in tables:
        for entry in table.values():
            assert entry.words.en, entry.name
            assert entry.words.zh, entry.name
            assert all(word == word.lower() for word in entry.words.en)


def test_names_are_registered_once() -> None:
    """Two files with the same name raise an error at import."""
    with pytest.raises(ValueError, match="two settings are called 'beach'"):
        registry.setting("beach", en=("x",), zh=("x",))(lambda _: None)


def test_every_action_of_a_subject_has_words() -> None:
    """A prompt can name every action."""
    for subject in registry.subjects().values():
        assert set(subject.actions) <= set(registry.ACTIONS)


@pytest.mark.parametrize(("tempo", "rate"), [("slow", 0.5), ("", 1.0), ("fast", 2.2)])
def test_steps_follow_the_tempo(tempo: str, rate: float) -> None:
    """In slow motion the dog's steps sound as slowly as they are drawn, to the end of the shot."""
    sounds = view(shot(tempo=tempo, subjects=(SubjectSpec(kind="dog", action="run"),))).sound_cues()
    steps = [event.time for event in sounds.events if event.kind == "step"]
    assert steps[1] - steps[0] == pytest.approx(1 / (2 * 1.9 * rate))
    assert 1.4 < steps[-1] < 2
