"""The renderer compared with its encoder: a complete video, and x264 alone over the same frames in memory.

``python scene.py FOLDER ROUNDS`` prints, as JSON, the wall and CPU seconds of each round by variant, and the peak
memory of rendering (MiB), read before the reference variant holds all its frames. It renders video after video in one
process and releases memory between them, as a worker does.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from filmgate.domain import Size
from filmgate.engines.base import Job
from filmgate.media.encode import YuvFrame
from filmgate_scene.prompt import understand
from filmgate_scene.render import FPS, render
from filmgate_scene.shots import shot_renderer
from filmgate_scene.worker import release_memory

PROMPT = "A golden retriever runs along the beach at sunset, waves rolling in"
SIZE = Size(1280, 720)
SECONDS = 8
SEED = 1
THREADS = 2


def draw(out: Path, seconds: int = SECONDS) -> None:
    """Render the video as the engine does, with sound and images."""
    job = Job(token="", video_id="", model="sora-2", prompt=PROMPT, size=SIZE, seconds=seconds, seed=SEED)
    render(job, out, progress=lambda *_: None, cancelled=lambda: False, threads=THREADS)


def encode(frames: list[YuvFrame], out: Path) -> None:
    """Encode with x264 veryfast alone."""
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = SIZE.width, SIZE.height, "yuv420p"
        stream.codec_context.thread_count, stream.codec_context.thread_type = THREADS, "FRAME"
        for number, frame in enumerate(frames):
            frame.video.pts, frame.video.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame.video))
        container.mux(stream.encode(None))


def ready_frames() -> list[YuvFrame]:
    """Draw the video's frames, ready to be encoded."""
    description = understand(PROMPT, seed=SEED, frames=SECONDS * FPS)
    view = shot_renderer(description, 0, size=SIZE)
    view.prepare()
    frames = [YuvFrame(SIZE) for _ in range(SECONDS * FPS)]
    for number, frame in enumerate(frames):
        view.draw(number, frame.y, frame.u, frame.v)
    return frames


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Run and return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    taken = time.perf_counter() - wall, time.process_time() - cpu
    release_memory()
    return taken


def main(folder: Path, rounds: int) -> None:
    """Measure, after one short video that compiles the kernels."""
    timed(lambda: draw(folder / "warm.mp4", seconds=1))
    results = {"draw": [timed(lambda: draw(folder / "video.mp4"))], "encode": []}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    frames = ready_frames()
    for _ in range(rounds):
        results["encode"].append(timed(lambda: encode(frames, folder / "plain.mp4")))
        results["draw"].append(timed(lambda: draw(folder / "video.mp4")))
    print(json.dumps({"memory": memory, **results}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
