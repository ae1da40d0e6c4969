"""Rows are checked against the server's limits before the first one is submitted."""

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
FILMGATE_LIMITS = ServerLimits.from_models([SORA, ModelData(id="fixed", price_per_call=7)])


def _problem_codes(limits: ServerLimits, *, output: str | None = None, **fields: object) -> list[str]:
    row = BatchRow(number=1, params=VideoParams(**{"prompt": "a", **fields}), output=output)  # type: ignore[arg-type]  # fields of several types
    return [problem.code for problem in limits.problems([row])]


def test_unsupported_parameters_are_problems() -> None:
    """One problem each."""
    assert _problem_codes(FILMGATE_LIMITS) == []
    assert _problem_codes(FILMGATE_LIMITS, size="1x1", seconds="5") == ["bad_size", "bad_seconds"]
    assert _problem_codes(FILMGATE_LIMITS, model="sora-3") == ["bad_model"]
    assert _problem_codes(FILMGATE_LIMITS, prompt="a" * 11) == ["prompt_too_long"]


def test_a_server_without_limits_allows_everything() -> None:
    """It rejects what it does not support; its list may lack its video models."""
    assert _problem_codes(ServerLimits(), size="1x1", model="sora-3") == []
    assert _problem_codes(ServerLimits.from_models([ModelData(id="gpt")]), model="sora-3") == []


def test_reference_images_are_checked(tmp_path: Path) -> None:
    """The file exists, is an image, and has the video's size unless ``fit`` is set."""
    image, text = tmp_path / "a.png", tmp_path / "b.png"
    Image.new("RGB", (8, 8)).save(image)
    text.write_text("no")
    assert _problem_codes(FILMGATE_LIMITS, input_reference=str(tmp_path / "none.png")) == ["no_file"]
    assert _problem_codes(FILMGATE_LIMITS, input_reference=str(text)) == ["not_an_image"]
    assert _problem_codes(FILMGATE_LIMITS, input_reference=str(image)) == ["image_size"]
    assert _problem_codes(FILMGATE_LIMITS, input_reference=str(image), fit="crop") == []


def test_two_rows_with_one_output_are_a_problem() -> None:
    """Unless the path is a template."""
    rows = [BatchRow(number=at, params=VideoParams(prompt="a"), output="x.mp4") for at in (1, 2)]
    assert [(problem.row, problem.code) for problem in FILMGATE_LIMITS.problems(rows)] == [(2, "same_output")]


def test_prices_depend_on_model_size_and_length() -> None:
    """Per second or per video; None if the server does not list them."""
    assert FILMGATE_LIMITS.price_micros(VideoParams(prompt="a")) == 400
    assert FILMGATE_LIMITS.price_micros(VideoParams(prompt="a", size="1280x720", seconds="8")) == 1600
    assert FILMGATE_LIMITS.price_micros(VideoParams(prompt="a", model="fixed")) == 7
    assert FILMGATE_LIMITS.price_micros(VideoParams(prompt="a", model="other")) is None
    assert ServerLimits.from_models([ModelData(id="sora-2")]).price_micros(VideoParams(prompt="a")) is None
