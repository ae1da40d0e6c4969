"""Small videos for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from filmgate.domain import Size
from filmgate.media.encode import VideoWriter, rgb_to_planes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160x96, 4 s at 24 fps, from red to blue under moving noise: its data is larger than its index. Read only."""
    path, size, frames = tmp_path_factory.mktemp("video") / "video.mp4", Size(160, 96), 96
    noise = np.random.default_rng(1).integers(0, 40, (size.height, size.width), np.uint8)
    with VideoWriter(path, size=size) as writer:
        for number in range(frames):
            rgb = np.repeat(np.roll(noise, 3 * number, axis=1)[..., None], 3, axis=2)
            rgb[..., 0] += np.uint8(190 - 180 * number // frames)
            rgb[..., 2] += np.uint8(10 + 180 * number // frames)
            frame = writer.new_frame()
            rgb_to_planes(rgb, frame)
            writer.write(frame)
    return path
