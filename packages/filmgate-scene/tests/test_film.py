"""Films, from the job to the file."""

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
    made = Job(token="t", video_id="video_1", model="sora-2", prompt=prompt, size=SMALL, seconds=1, seed=7)
    return msgspec.structs.replace(made, **changes)


def make(work: Job, out: Path, threads: int = 2) -> RenderResult:
    """Render a job that nobody watches."""
    return render(work, out, progress=lambda *_: None, cancelled=lambda: False, threads=threads)


def frames(path: Path) -> list[NDArray[np.float32]]:
    """A film's luma planes."""
    with av.open(path) as container:
        return [frame.to_ndarray()[: frame.height].astype(np.float32) for frame in container.decode(video=0)]


def test_a_film_is_what_was_asked_for(tmp_path: Path) -> None:
    """Exact size and length, 24 frames a second, sound at the target, and it says what it is."""
    film = make(job(), tmp_path / "film.mp4")
    probe.verify(tmp_path / "film.mp4", SMALL, 1)
    with av.open(tmp_path / "film.mp4") as container:
        assert container.streams.video[0].frames == FPS
        assert "procedural animatic" in container.metadata["comment"]
        assert container.metadata["title"] == "A dog running on a beach at sunset"
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1).T
    assert integrated_loudness(sound) == pytest.approx(-16, abs=1.5)
    assert film.notes["understood"] == "beach at sunset with dog (run)"
    assert np.std(frames(tmp_path / "film.mp4")[0]) > 10


def test_the_pictures_come_with_the_film(tmp_path: Path) -> None:
    """Thumbnail, spritesheet and preview lie beside the film, in its proportions and its colours."""
    film = make(job(), tmp_path / "film.mp4")
    assert set(film.extras) == {AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW}
    with Image.open(film.extras[AssetKind.THUMBNAIL]) as picture, av.open(tmp_path / "film.mp4") as container:
        assert picture.size == (192, 108)
        shown = np.asarray(picture.convert("RGB"), np.float32)
        decoded = next(
            frame for number, frame in enumerate(container.decode(video=0)) if number == FPS // 3
        ).to_ndarray(format="rgb24")
    assert np.abs(shown.mean(axis=(0, 1)) - decoded.mean(axis=(0, 1))).max() < 6
    with Image.open(film.extras[AssetKind.PREVIEW]) as preview:
        assert getattr(preview, "n_frames", 1) > 1


def test_the_same_job_gives_the_same_bytes(tmp_path: Path) -> None:
    """Twice the same, with any number of threads; another seed gives another film."""
    make(job(), tmp_path / "one.mp4", threads=1)
    make(job(), tmp_path / "two.mp4", threads=3)
    make(job(seed=8), tmp_path / "other.mp4")
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert (tmp_path / "one.mp4").read_bytes() != (tmp_path / "other.mp4").read_bytes()


def test_progress_counts_every_frame(tmp_path: Path) -> None:
    """Each frame is told once, in order, up to the last."""
    told: list[tuple[int, int]] = []
    render(job(), tmp_path / "film.mp4", progress=lambda *step: told.append(step), cancelled=lambda: False)
    assert told == [(done, FPS) for done in range(1, FPS + 1)]


def test_a_cancelled_film_leaves_nothing(tmp_path: Path) -> None:
    """Asked for before each frame, a cancel ends the film at once, and no file is left."""
    told: list[int] = []
    with pytest.raises(RenderCancelled):
        render(
            job(),
            tmp_path / "film.mp4",
            progress=lambda done, _: told.append(done),
            cancelled=lambda: len(told) >= 3,
        )
    assert len(told) <= 4
    assert list(tmp_path.iterdir()) == []


def test_shots_are_cut_where_they_should_be(tmp_path: Path) -> None:
    """Two shots of a film of 24 frames: it jumps at frame 12 and nowhere else."""
    make(job("Shot 1: a beach at sunset. Shot 2: a beach at night."), tmp_path / "film.mp4")
    shown = frames(tmp_path / "film.mp4")
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(shown)]
    assert int(np.argmax(changes)) == 11
    assert sorted(changes)[-2] < 0.5 * max(changes)


def test_shots_fade_into_each_other(tmp_path: Path) -> None:
    """A fade has no jump: no two frames differ by half of what the two shots do."""
    make(job("A beach at sunset, fade to a beach at night", seconds=2), tmp_path / "film.mp4")
    shown = frames(tmp_path / "film.mp4")
    changes = [float(np.abs(after - before).mean()) for before, after in pairwise(shown)]
    assert len(shown) == 2 * FPS
    assert max(changes) < 0.5 * float(np.abs(shown[-1] - shown[0]).mean())


def test_a_reference_is_the_first_frame(tmp_path: Path) -> None:
    """A film from a picture begins with that picture."""
    ramp = np.linspace(0, 255, SMALL.width, dtype=np.uint8)
    picture = np.stack(
        [np.tile(ramp, (SMALL.height, 1)), np.full((SMALL.height, SMALL.width), 128, np.uint8)] * 2, axis=2
    )[..., :3]
    Image.fromarray(picture).save(tmp_path / "reference.png")
    make(job("snow falls", reference=tmp_path / "reference.png"), tmp_path / "film.mp4")
    with av.open(tmp_path / "film.mp4") as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.float32)
    assert np.abs(first - picture).mean() < 6


@pytest.mark.parametrize("prompt", ["", "qwertyuiop", "\ud800\x00", "雪" * 3000])
def test_any_prompt_gives_a_film_with_something_in_it(prompt: str, tmp_path: Path) -> None:
    """No prompt fails, and none gives a blank picture."""
    make(job(prompt), tmp_path / "film.mp4")
    assert min(np.std(frame) for frame in frames(tmp_path / "film.mp4")[::8]) > 4
