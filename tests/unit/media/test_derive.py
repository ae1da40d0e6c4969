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


@pytest.fixture(params=["video", "frames"])
def source(request: pytest.FixtureRequest, video: Path) -> FrameSource:
    """The same video, as a file and as frames in memory."""
    return video if request.param == "video" else sample_frames(video)


def test_the_thumbnail_has_the_proportions_of_the_video(source: FrameSource, tmp_path: Path) -> None:
    """A WebP with the video's proportions shows the frame at a third of the fade from red to blue."""
    thumbnail(source, tmp_path / "out")
    with Image.open(tmp_path / "out") as image:
        assert (image.format, image.size) == ("WEBP", (160, 96))
        red, _, blue = np.asarray(image.convert("RGB"), int).mean(axis=(0, 1))
    assert 130 < red < 170
    assert 65 < blue < 105


def test_the_spritesheet_has_sixteen_equal_tiles(source: FrameSource, tmp_path: Path) -> None:
    """The tiles have no gaps and follow the order of the video."""
    spritesheet(source, tmp_path / "out")
    with Image.open(tmp_path / "out") as image:
        assert (image.format, image.size) == ("JPEG", (SHEET_SIDE * 160, SHEET_SIDE * 96))
        pixels = np.asarray(image.convert("RGB"), int)
    tiles = pixels.reshape(SHEET_SIDE, 96, SHEET_SIDE, 160, 3).mean(axis=(1, 3)).reshape(-1, 3)
    expected = [210 - 180 * (96 * k // 16) / 96 for k in range(SHEET_SIDE**2)]
    assert abs(tiles[:, 0] - expected).max() < 6


def test_the_preview_is_animated_and_loops(source: FrameSource, tmp_path: Path) -> None:
    """It is an animated WebP of three seconds that repeats forever."""
    preview(source, tmp_path / "out")
    with Image.open(tmp_path / "out") as image:
        assert (image.format, image.size) == ("WEBP", (160, 96))
        assert getattr(image, "n_frames", 1) == PREVIEW_FRAMES
        assert image.info["loop"] == 0
        image.seek(PREVIEW_FRAMES - 1)
        image.load()
        assert PREVIEW_FRAMES * image.info["duration"] == 3000


def test_sampled_frames_are_evenly_spaced(video: Path) -> None:
    """The requested number of frames comes back, from the first frame on, with the encoded colours."""
    frames = sample_frames(video)
    assert len(frames) == SAMPLE_COUNT
    assert {frame.shape for frame in frames} == {(96, 160, 3)}
    reds = [float(frame[..., 0].mean()) for frame in frames]
    assert reds == sorted(reds, reverse=True)
    assert abs(reds[0] - 209) < 4
    assert len(sample_frames(video, count=200)) == 200


def test_one_frame_is_enough(tmp_path: Path) -> None:
    """Every image can be made from one frame; without a frame, an error is raised."""
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
def test_images_are_scaled_by_their_long_side(size: Size, side: int, expected: Size) -> None:
    """Proportions are kept; nothing is enlarged or scaled to zero."""
    assert fit_within(size, side) == expected


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    """The error is the same as in verification."""
    path = tmp_path / "video.mp4"
    path.write_bytes(b"<html>")
    for make in (thumbnail, spritesheet, preview):
        with pytest.raises(BadArtifact):
            make(path, tmp_path / "out")
