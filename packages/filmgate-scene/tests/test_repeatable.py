"""Determinism: the same job gives the same bytes in any run, on any thread, in any order."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from filmgate.domain import Size
from filmgate.engines.base import Job
from filmgate_scene import registry
from filmgate_scene.compose import ShotRenderer, compose
from filmgate_scene.description import SceneShot
from filmgate_scene.render import render


def _drawn(view: ShotRenderer, n: int, size: Size) -> NDArray[np.uint8]:
    y = np.zeros((size.height, size.width), np.uint8)
    u, v = np.zeros((2, size.height // 2, size.width // 2), np.uint8)
    view.draw(n, y, u, v)
    return np.concatenate([y.ravel(), u.ravel(), v.ravel()])


@pytest.mark.parametrize("setting", sorted(registry.settings()))
def test_earlier_frames_leave_no_trace(setting: str) -> None:
    """Frames are the same in any order, and on a thread whose buffer contains arbitrary values."""
    size = Size(144, 256)
    view = compose(SceneShot(setting=setting, frames=72), size=size, fps=24, seed=5)
    view.prepare()
    first = [_drawn(view, n, size) for n in (3, 20, 41)]
    again = []
    for n in (41, 20, 3):
        view._local.frame.pixels[:] = 7e3
        again.append(_drawn(view, n, size))
    assert all((a == b).all() for a, b in zip(first, reversed(again), strict=True))


def test_bytes_do_not_depend_on_the_thread_count(tmp_path: Path) -> None:
    """One and three drawing threads give the same video."""
    prompt = "Shot 1: koi pond in the rain. Shot 2: a city at night"
    job = Job(token="t", video_id="v", model="m", prompt=prompt, size=Size(144, 256), seconds=2, seed=5)
    digests = set()
    for threads in (1, 3, 2):
        out = tmp_path / f"{threads}.mp4"
        render(job, out, progress=lambda _done, _all: None, cancelled=lambda: False, threads=threads)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1
