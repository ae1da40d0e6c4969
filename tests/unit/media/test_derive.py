"""Thumbnail, spritesheet and preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.derive import (
    PREVIEW_FRAMES,
    SAMPLE_COUNT,
    SHEET_SIDE,
    FrameSource,
    fit_within,
    preview,
    sample_frames,
    spritesheet,
    thumbnail,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["film", "frames"])
def source(request: pytest.FixtureRequest, film: Path) -> FrameSource:
    """The same film, as a file and as frames in memory."""
    return film if request.param == "film" else sample_frames(film)


def test_the_thumbnail_has_the_films_proportions(source: FrameSource, tmp_path: Path) -> None:
    """A WebP of the film's shape, showing a third of the way from red to blue."""
    thumbnail(source, tmp_path / "out")
    with Image.open(tmp_path / "out") as picture:
        assert (picture.format, picture.size) == ("WEBP", (160, 96))
        red, _, blue = np.asarray(picture.convert("RGB"), int).mean(axis=(0, 1))
    assert 130 < red < 170
    assert 65 < blue < 105


def test_the_spritesheet_is_a_page_of_sixteen(source: FrameSource, tmp_path: Path) -> None:
    """Equal tiles without gaps, in the order of the film."""
    spritesheet(source, tmp_path / "out")
    with Image.open(tmp_path / "out") as picture:
        assert (picture.format, picture.size) == ("JPEG", (SHEET_SIDE * 160, SHEET_SIDE * 96))
        pixels = np.asarray(picture.convert("RGB"), int)
    tiles = pixels.reshape(SHEET_SIDE, 96, SHEET_SIDE, 160, 3).mean(axis=(1, 3)).reshape(-1, 3)
    expected = [210 - 180 * (96 * k // 16) / 96 for k in range(SHEET_SIDE**2)]
    assert abs(tiles[:, 0] - expected).max() < 6


def test_the_preview_moves_and_repeats(source: FrameSource, tmp_path: Path) -> None:
    """An animated WebP of three seconds that goes on for ever."""
    preview(source, tmp_path / "out")
    with Image.open(tmp_path / "out") as picture:
        assert (picture.format, picture.size) == ("WEBP", (160, 96))
        assert getattr(picture, "n_frames", 1) == PREVIEW_FRAMES
        assert picture.info["loop"] == 0
        picture.seek(PREVIEW_FRAMES - 1)
        picture.load()
        assert PREVIEW_FRAMES * picture.info["duration"] == 3000


def test_samples_are_spaced_over_the_film(film: Path) -> None:
    """As many as were asked for, from the first frame on, with the colours that were drawn."""
    frames = sample_frames(film)
    assert len(frames) == SAMPLE_COUNT
    assert {frame.shape for frame in frames} == {(96, 160, 3)}
    reds = [float(frame[..., 0].mean()) for frame in frames]
    assert reds == sorted(reds, reverse=True)
    assert abs(reds[0] - 209) < 4
    assert len(sample_frames(film, count=200)) == 200


def test_few_frames_are_enough(tmp_path: Path) -> None:
    """One frame makes every picture; none makes none."""
    frame = np.full((720, 1280, 3), 90, np.uint8)
    for make in (thumbnail, spritesheet, preview):
        make([frame], tmp_path / make.__name__)
        assert (tmp_path / make.__name__).stat().st_size > 0
        with pytest.raises(ValueError, match="at least one"):
            make([], tmp_path / "none")


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        (Size(1280, 720), 640, Size(640, 360)),
        (Size(720, 1280), 640, Size(360, 640)),
        (Size(1792, 1024), 640, Size(640, 366)),
        (Size(100, 60), 640, Size(100, 60)),
        (Size(10_000, 2), 100, Size(100, 1)),
    ],
)
def test_pictures_are_scaled_by_their_long_side(size: Size, side: int, expected: Size) -> None:
    """Proportions are kept, nothing is enlarged, nothing vanishes."""
    assert fit_within(size, side) == expected


def test_what_is_no_film_gives_no_picture(tmp_path: Path) -> None:
    """The caller learns it by the error that verification would give."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"<html>")
    for make in (thumbnail, spritesheet, preview):
        with pytest.raises(BadArtifact):
            make(path, tmp_path / "out")
