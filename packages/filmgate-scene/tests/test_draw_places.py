from __future__ import annotations

import numpy as np
import pytest

from filmgate.domain import Size
from filmgate_scene import registry
from filmgate_scene.compose import compose
from filmgate_scene.description import SceneShot, SubjectSpec
from filmgate_scene.layers.flat import Flat
from filmgate_scene.layers.table import table, table_spot
from filmgate_scene.lens import Lens
from filmgate_scene.stage import SceneStage, ShotFrame

SIZE = Size(128, 72)


def empty_stage(size: Size = SIZE) -> SceneStage:
    """A stage with nothing on it."""
    return SceneStage(
        SceneShot(setting="abstract", frames=24), registry.times()["day"].light(), size=size, seconds=1.0, seed=3
    )


def test_all_dishes_share_one_table() -> None:
    """A second dish stands beside the first on the same table."""
    stage = empty_stage()
    table(stage)
    before = len(stage.layers())
    first, second = table_spot(stage)[0], table_spot(stage)[0]
    assert len(stage.layers()) == before
    assert abs(first.x - second.x) > 0.1 * SIZE.width


@pytest.mark.parametrize("size", [SIZE, Size(72, 128)])
def test_dishes_stay_inside_the_frame(size: Size) -> None:
    """In landscape and in portrait, with one or four of them."""
    for count in (1, 4):
        for spot in table_spot(empty_stage(size), count):
            assert 0 < spot.x < size.width
            assert 0.5 * size.height < spot.y < size.height


def test_wall_shows_the_view_through_its_holes() -> None:
    """The view is visible where nothing is painted, and only there."""
    stage = empty_stage()
    flat = Flat(stage, 5.0)
    flat.canvas.rectangle(
        flat.canvas.x0, flat.canvas.y0, SIZE.width / 2 - flat.canvas.x0, 2 * SIZE.height, (1.0, 0.0, 0.0)
    )
    view = np.zeros((3, SIZE.height, SIZE.width), np.float32)
    view[2] = 1.0
    flat.wall(view)
    frame = ShotFrame(stage)
    stage.layers()[0].draw(frame)
    assert frame.pixels[:, 20, 20] == pytest.approx([1, 0, 0])
    assert frame.pixels[:, 20, 100] == pytest.approx([0, 0, 1])


def test_wall_grows_as_the_camera_approaches() -> None:
    """It scales with its depth as a plate does."""
    stage = empty_stage()
    flat = Flat(stage, 4.0)
    flat.canvas.rectangle(SIZE.width / 2 - 8, 0, 16, SIZE.height, (1.0, 1.0, 1.0))
    flat.wall(np.zeros((3, SIZE.height, SIZE.width), np.float32))
    frame = ShotFrame(stage)
    wide = []
    for z in (0.0, 2.0):
        frame.lens = Lens(z=z)
        stage.layers()[0].draw(frame)
        wide.append(frame.pixels[0, 36].sum())
    assert wide[1] == pytest.approx(2 * wide[0], rel=0.05)


def test_people_eating_sit_at_a_table_with_sound() -> None:
    """The scene has bite sounds."""
    renderer = compose(
        SceneShot(setting="meadow", subjects=(SubjectSpec(kind="person", action="eat"),), frames=96),
        size=SIZE,
        fps=24,
        seed=3,
    )
    assert "bite" in {event.kind for event in renderer.sound_cues().events}
    assert renderer.stage.dishes is not None


@pytest.mark.parametrize(("setting", "habit"), [("stage", "dance"), ("office", "stand"), ("meadow", "walk")])
def test_people_do_the_default_action_of_a_place(setting: str, habit: str) -> None:
    """It applies if the prompt names no action."""
    renderer = compose(SceneShot(setting=setting, frames=24), size=SIZE, fps=24, seed=3)
    renderer.prepare()
    assert renderer.stage.default_action == habit


def test_camera_drives_along_an_empty_road() -> None:
    """Without subjects the camera moves on; with a car it stays beside it."""
    alone = compose(SceneShot(setting="road", frames=24), size=SIZE, fps=24, seed=3)
    beside = compose(
        SceneShot(setting="road", subjects=(SubjectSpec(kind="car"),), frames=24), size=SIZE, fps=24, seed=3
    )
    alone.prepare()
    beside.prepare()
    assert alone.stage.camera_drive is not None
    assert alone.stage.camera_drive(2.0).z > alone.stage.camera_drive(1.0).z
    assert beside.stage.camera_drive is None
    assert beside.stage.camera_speed > 0
