"""`make demo`: start a server, create a video as any client would, and print the path of its file.

Nothing here is special to the demo: the server is `filmgate serve`, the client is the SDK over a real socket. Give
another prompt with ``make demo PROMPT="a koi pond in the rain"`` (中文也可以).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from PIL import Image

from filmgate import Client
from filmgate.client import Video

PROMPT = "A golden retriever running on a beach at sunset, cinematic"
FOLDER = Path("demo")
CELL = "\x1b[38;2;{};{};{}m\x1b[48;2;{};{};{}m▀"


def main() -> None:
    """Make one video and show a frame of it."""
    prompt = os.environ.get("PROMPT") or PROMPT
    size, seconds = os.environ.get("SIZE", "1280x720"), os.environ.get("SECONDS_LONG", "8")
    began = time.monotonic()
    with _server(FOLDER / "data") as (base_url, api_key):
        _say(f"Server   {base_url}  (its own process, SQLite, the embedded renderer)")
        _say(f"Prompt   {prompt}")
        client = Client(base_url=base_url, api_key=api_key)
        video = client.generate(prompt, size=size, seconds=seconds)
        _say(f"Video    {video.id}")
        video.wait(timeout=600, on_progress=_progress)
        path = video.save(FOLDER / f"{video.id}.mp4", force=True)
    frame = _frame(path)
    _say("")
    _show(frame)
    _say(f"File     {path.resolve()}  ({path.stat().st_size / 1e6:.1f} MB, {size}, {seconds} s, with sound)")
    _say(f"Frame    {frame.resolve()}")
    _say(f"Made in  {time.monotonic() - began:.0f} s, without a key, a network or a GPU. Any browser plays the file.")


@contextmanager
def _server(data: Path) -> Iterator[tuple[str, str]]:
    data.mkdir(parents=True, exist_ok=True)
    filmgate = [sys.executable, "-m", "filmgate"]
    command = [*filmgate, "serve", "--port", "0", "--data", str(data), "--ready-file", str(data / "address")]
    (data / "address").unlink(missing_ok=True)
    log = (FOLDER / "server.log").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        base_url = _address(process, data / "address")
        key = subprocess.run([*filmgate, "keys", "create", "--data", str(data), "-q"], capture_output=True, check=True)
        yield base_url, key.stdout.decode().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def _address(process: subprocess.Popen[bytes], file: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"The server exited with status {process.returncode}; see {FOLDER / 'server.log'}.")
        if file.exists():
            return file.read_text().strip()
        time.sleep(0.05)
    sys.exit("The server was not ready within a minute.")


def _progress(video: Video) -> None:
    done = video.progress * 30 // 100
    bar = "█" * done + "░" * (30 - done)
    if sys.stderr.isatty():
        print(f"\r{video.status:<12} {bar} {video.progress:3d} %", end="", file=sys.stderr, flush=True)
    else:
        print(f"{video.status:<12} {video.progress:3d} %", file=sys.stderr, flush=True)


def _frame(path: Path) -> Path:
    with av.open(str(path)) as container:
        middle = container.streams.video[0].frames // 2
        for number, frame in enumerate(container.decode(video=0)):
            if number == middle:
                Image.fromarray(frame.to_ndarray(format="rgb24")).save(path.with_suffix(".png"))
    return path.with_suffix(".png")


def _show(frame_path: Path) -> None:
    """Print the frame in the terminal, two pixels a character."""
    if not sys.stdout.isatty():
        return
    columns = min(96, shutil.get_terminal_size().columns)
    with Image.open(frame_path) as image:
        small = image.convert("RGB").resize((columns, columns * image.height // image.width // 2 * 2))
    pixels = np.asarray(small)
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        cells = zip(upper.tolist(), lower.tolist(), strict=True)
        print("".join(CELL.format(*top, *bottom) for top, bottom in cells) + "\x1b[0m")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
