"""Rendering, from the job to the video file."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from filmgate.domain import AssetKind, Size
from filmgate.engines.base import Job
from filmgate.media import probe
from filmgate_scene.render import FPS, RenderCancelled, RenderResult, render
from filmgate_scene.sound import integrated_loudness

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL = Size(192, 108)


def job(prompt: str = "A dog running on a beach at sunset", **changes: object) -> Job:
    """A small job."""
    base = Job(token="t", video_id="video_1", model="sora-2", prompt=prompt, size=SMALL, seconds=1, seed=7)
    return msgspec.structs.replace(base, **changes)


def make(work: Job, out: Path, threads: int = 2) -> RenderResult:
    """Render a job without progress or cancellation."""
    return render(work, out, progress=lambda *_: None, cancelled=lambda: False, threads=threads)


def frames(path: Path) -> list[NDArray[np.float32]]:
    """A video's luma planes."""
    with av.open(path) as container:
        return [frame.to_ndarray()[: frame.height].astype(np.float32) for frame in container.decode(video=0)]


def test_video_matches_the_job(tmp_path: Path) -> None:
    """Exact size and length, 24 frames a second, sound at the target loudness, and metadata that describe it."""
    result = make(job(), tmp_path / "video.mp4")
    probe.verify(tmp_path / "video.mp4", SMALL, 1)
    with av.open(tmp_path / "video.mp4") as container:
        assert container.streams.video[0].frames == FPS
        assert "procedural animatic" in container.metadata["comment"]
        assert container.metadata["title"] == "A dog running on a beach at sunset"
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1).T
    assert integrated_loudness(sound) == pytest.approx(-16, abs=1.5)
    assert result.notes["understood"] == "beach at sunset with dog (run)"
    assert np.std(frames(tmp_path / "video.mp4")[0]) > 10


def test_images_are_written_beside_the_video(tmp_path: Path) -> None:
    """Thumbnail, spritesheet and preview have the video's aspect ratio and colours."""
    result = make(job(), tmp_path / "video.mp4")
    assert set(result.extras) == {AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW}
    with Image.open(result.extras[AssetKind.THUMBNAIL]) as thumbnail, av.open(tmp_path / "video.mp4") as container:
        assert thumbnail.size == (192, 108)
        pixels = np.asarray(thumbnail.convert("RGB"), np.float32)
        decoded = next(
            frame for number, frame in enumerate(container.decode(video=0)) if number == FPS // 3
        ).to_ndarray(format="rgb24")
    assert np.abs(pixels.mean(axis=(0, 1)) - decoded.mean(axis=(0, 1))).max() < 6
    with Image.open(result.extras[AssetKind.PREVIEW]) as preview:
        assert getattr(preview, "n_frames", 1) > 1


def test_same_job_gives_the_same_bytes(tmp_path: Path) -> None:
    """The bytes are equal for any number of threads; another seed gives other bytes."""
    make(job(), tmp_path / "one.mp4", threads=1)
    make(job(), tmp_path / "two.mp4", threads=3)
    make(job(seed=8), tmp_path / "other.mp4")
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert (tmp_path / "one.mp4").read_bytes() != (tmp_path / "other.mp4").read_bytes()


def test_progress_counts_every_frame(tmp_path: Path) -> None:
    """Each frame is reported once, in order, up to the last."""
    steps: list[tuple[int, int]] = []
    render(job(), tmp_path / "video.mp4", progress=lambda *step: steps.append(step), cancelled=lambda: False)
    assert steps == [(done, FPS) for done in range(1, FPS + 1)]


def test_cancelled_rendering_leaves_no_files(tmp_path: Path) -> None:
    """Cancellation is polled before each frame, ends rendering at once, and leaves no file."""
    done_frames: list[int] = []
    with pytest.raises(RenderCancelled):
        render(
            job(),
            tmp_path / "video.mp4",
            progress=lambda done, _: done_frames.append(done),
            cancelled=lambda: len(done_frames) >= 3,
        )
    assert len(done_frames) <= 4
    assert list(tmp_path.iterdir()) == []


def test_shots_are_cut_at_their_boundary(tmp_path: Path) -> None:
    """Two shots in 24 frames: the image jumps at frame 12 and nowhere else."""
    make(job("Shot 1: a beach at sunset. Shot 2: a beach at night."), tmp_path / "video.mp4")
    lumas = frames(tmp_path / "video.mp4")
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(lumas)]
    assert int(np.argmax(changes)) == 11
    assert sorted(changes)[-2] < 0.5 * max(changes)


def test_shots_cross_fade(tmp_path: Path) -> None:
    """A fade has no jump: no two neighbouring frames differ by half of the difference between the shots."""
    make(job("A beach at sunset, fade to a beach at night", seconds=2), tmp_path / "video.mp4")
    lumas = frames(tmp_path / "video.mp4")
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(lumas)]
    assert len(lumas) == 2 * FPS
    assert max(changes) < 0.5 * float(np.abs(lumas[-1] - lumas[0]).mean())


def test_reference_image_is_the_first_frame(tmp_path: Path) -> None:
    """A video with a reference image starts with that image."""
    ramp = np.linspace(0, 255, SMALL.width, dtype=np.uint8)
    image = np.stack(
        [np.tile(ramp, (SMALL.height, 1)), np.full((SMALL.height, SMALL.width), 128, np.uint8)] * 2, axis=2
    )[..., :3]
    Image.fromarray(image).save(tmp_path / "reference.png")
    make(job("snow falls", reference=tmp_path / "reference.png"), tmp_path / "video.mp4")
    with av.open(tmp_path / "video.mp4") as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.float32)
    assert np.abs(first - image).mean() < 6


@pytest.mark.parametrize("prompt", ["", "qwertyuiop", "\ud800\x00", "雪" * 3000])
def test_every_prompt_gives_a_video_with_content(prompt: str, tmp_path: Path) -> None:
    """No prompt fails, and none gives a blank frame."""
    make(job(prompt), tmp_path / "video.mp4")
    assert min(np.std(frame) for frame in frames(tmp_path / "video.mp4")[::8]) > 4
