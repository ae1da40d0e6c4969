"""Single frames of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.encode import VideoWriter
from filmgate.media.frames import copy_to_frame, save_first_frame, save_last_frame
from filmgate.media.probe import open_video, probe

if TYPE_CHECKING:
    from pathlib import Path


def _mean(path: Path) -> list[int]:
    with Image.open(path) as image:
        return [round(float(part)) for part in np.asarray(image.convert("RGB")).mean((0, 1))]


def test_the_first_and_the_last_frame_are_saved(video: Path, tmp_path: Path) -> None:
    """A video that fades from red to blue starts red and ends blue, at its own size."""
    assert (
        save_first_frame(video, tmp_path / "first.png")
        == save_last_frame(video, tmp_path / "last.png")
        == Size(160, 96)
    )
    first, last = _mean(tmp_path / "first.png"), _mean(tmp_path / "last.png")
    assert first == pytest.approx([210, 20, 30], abs=4)
    assert last == pytest.approx([31, 20, 208], abs=4)


def test_an_image_is_refused(tmp_path: Path) -> None:
    """A file that can't be decoded raises BadArtifact."""
    Image.new("RGB", (8, 8)).save(tmp_path / "image.png")
    with pytest.raises(BadArtifact):
        save_last_frame(tmp_path / "image.png", tmp_path / "out.png")


def test_a_decoded_frame_can_be_encoded_again(video: Path, tmp_path: Path) -> None:
    """Its colours do not change."""
    with open_video(video) as container, VideoWriter(tmp_path / "again.mp4", size=Size(160, 96), crf=4) as writer:
        for decoded in container.decode(video=0):
            frame = writer.new_frame()
            copy_to_frame(decoded, frame)
            writer.write(frame)
    assert probe(tmp_path / "again.mp4").frames == 96
    save_last_frame(video, tmp_path / "a.png")
    save_last_frame(tmp_path / "again.mp4", tmp_path / "b.png")
    assert _mean(tmp_path / "a.png") == _mean(tmp_path / "b.png")
