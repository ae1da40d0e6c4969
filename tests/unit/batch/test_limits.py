"""Rows are held against what the server says before the first is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from filmgate.batch.limits import ServerLimits
from filmgate.batch.rows import BatchRow, VideoParams
from filmgate.client import ModelData

if TYPE_CHECKING:
    from pathlib import Path

SORA = ModelData(
    id="sora-2",
    sizes=["720x1280", "1280x720"],
    seconds=["4", "8"],
    default_size="720x1280",
    default_seconds="4",
    prompt_characters=10,
    price={"default": 100, "1280x720": 200},
    engine="scene",
)
OURS = ServerLimits.from_models([SORA, ModelData(id="fixed", price_per_call=7)])


def _told(limits: ServerLimits, *, output: str | None = None, **fields: object) -> list[str]:
    row = BatchRow(number=1, params=VideoParams(**{"prompt": "a", **fields}), output=output)  # type: ignore[arg-type]  # a bag
    return [problem.code for problem in limits.problems([row])]


def test_what_no_model_makes_is_told() -> None:
    """Each thing by itself."""
    assert _told(OURS) == []
    assert _told(OURS, size="1x1", seconds="5") == ["bad_size", "bad_seconds"]
    assert _told(OURS, model="sora-3") == ["bad_model"]
    assert _told(OURS, prompt="a" * 11) == ["prompt_too_long"]


def test_a_server_that_says_nothing_allows_everything() -> None:
    """It will refuse by itself what it does not take; its list may lack its video models."""
    assert _told(ServerLimits(), size="1x1", model="sora-3") == []
    assert _told(ServerLimits.from_models([ModelData(id="gpt")]), model="sora-3") == []


def test_pictures_are_looked_at(tmp_path: Path) -> None:
    """There, a picture, and of the film's size unless it may be fitted."""
    picture, text = tmp_path / "a.png", tmp_path / "b.png"
    Image.new("RGB", (8, 8)).save(picture)
    text.write_text("no")
    assert _told(OURS, input_reference=str(tmp_path / "none.png")) == ["no_file"]
    assert _told(OURS, input_reference=str(text)) == ["not_an_image"]
    assert _told(OURS, input_reference=str(picture)) == ["image_size"]
    assert _told(OURS, input_reference=str(picture), fit="crop") == []


def test_two_rows_want_one_file() -> None:
    """Unless their names are made from a template."""
    rows = [BatchRow(number=at, params=VideoParams(prompt="a"), output="x.mp4") for at in (1, 2)]
    assert [(each.row, each.code) for each in OURS.problems(rows)] == [(2, "same_output")]


def test_prices() -> None:
    """By size and length, by the film, or not known."""
    assert OURS.price_micros(VideoParams(prompt="a")) == 400
    assert OURS.price_micros(VideoParams(prompt="a", size="1280x720", seconds="8")) == 1600
    assert OURS.price_micros(VideoParams(prompt="a", model="fixed")) == 7
    assert OURS.price_micros(VideoParams(prompt="a", model="other")) is None
    assert ServerLimits.from_models([ModelData(id="sora-2")]).price_micros(VideoParams(prompt="a")) is None
