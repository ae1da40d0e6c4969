"""The renderer against its encoder: a whole film, and x264 alone over that film's own ready frames.

``python -m benchmarks.scene FOLDER ROUNDS`` prints, as JSON, the seconds of each round by variant: wall and CPU, and
the most memory that drawing took (MiB), read before the reference holds all its frames.
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
from av.video.frame import PictureType, VideoFrame

from filmgate.engines.base import Job
from filmgate.engines.scene.film import FPS, render
from filmgate.video import Size

PROMPT = "A golden retriever runs along the beach at sunset, waves rolling in"
SIZE = Size(1280, 720)
THREADS = 2


def draw(out: Path, seconds: int = 8) -> None:
    """The film as the engine makes it, sound and pictures included."""
    job = Job(token="", video_id="", model="sora-2", prompt=PROMPT, size=SIZE, seconds=seconds, seed=1)
    render(job, out, progress=lambda *_: None, cancelled=lambda: False, threads=THREADS)


def encode(frames: list[VideoFrame], out: Path) -> None:
    """x264 veryfast alone."""
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = SIZE.width, SIZE.height, "yuv420p"
        stream.codec_context.thread_count, stream.codec_context.thread_type = THREADS, "FRAME"
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read(film: Path) -> list[VideoFrame]:
    """The film's frames, ready to be encoded."""
    with av.open(str(film)) as container:
        frames = list(container.decode(video=0))
    for frame in frames:
        frame.pict_type = PictureType.NONE  # the encoder decides anew
    return frames


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main(folder: Path, rounds: int) -> None:
    """One short film first, which compiles what has to be compiled."""
    draw(folder / "warm.mp4", seconds=1)
    results = {"draw": [timed(lambda: draw(folder / "film.mp4"))], "encode": []}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    frames = read(folder / "film.mp4")
    for _ in range(rounds):
        results["encode"].append(timed(lambda: encode(frames, folder / "plain.mp4")))
        results["draw"].append(timed(lambda: draw(folder / "film.mp4")))
    print(json.dumps({"memory": memory, **results}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
