"""The rows: what is measured, and its reference."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psutil
from PIL import Image

from benchmarks import polling, waiting
from benchmarks.growth import growth
from benchmarks.harness import (
    ResultRow,
    Sample,
    alternate,
    cpu_seconds,
    filmgate_server,
    http_request,
    measure,
    median,
    pinned_process,
    run_load,
    wait_for_file,
)
from filmgate.domain import Asset, AssetKind
from filmgate.store import Store
from filmgate_scene.pool import WORKER_ENVIRONMENT

ROUNDS = int(os.environ.get("ROUNDS", "5"))
CREATE = json.dumps(
    {"model": "sora-2", "prompt": "a dog on a beach " * 12, "seconds": "4", "size": "1280x720"}
).encode()
MIB = 1024 * 1024
SCENE = Path(__file__).parents[1] / "packages" / "filmgate-scene" / "benchmarks" / "scene.py"


def status_poll(folder: Path) -> Iterator[ResultRow]:
    """An authenticated GET of one video, from the database."""
    with _baseline_server(folder) as (bare, bare_port), filmgate_server(folder / "data") as (ours, port, key):
        video = httpx2.post(f"http://127.0.0.1:{port}/v1/videos", content=CREATE, headers=_auth_headers(key)).json()[
            "id"
        ]
        get = http_request("GET", f"/v1/videos/{video}", key)
        results = alternate(
            {
                "ours": lambda: measure(ours, lambda: run_load(port, get, total=4000, connections=32)),
                "bare": lambda: measure(bare, lambda: run_load(bare_port, get, total=4000, connections=32)),
            },
            ROUNDS,
        )
    yield _cpu_row("GET /v1/videos/{id}, 32 at once", results["ours"], results["bare"], 2.5)


def create(folder: Path) -> Iterator[ResultRow]:
    """A JSON create: row, hold and history durable before the response, 64 at once."""
    total = 2000
    with filmgate_server(folder / "data") as (ours, port, key):
        post = http_request("POST", "/v1/videos", key, CREATE, Content_Type="application/json")
        results = alternate(
            {
                "ours": lambda: measure(ours, lambda: run_load(port, post, total=total, connections=64)),
                "commit": lambda: _baseline_commit(folder, total),
            },
            ROUNDS,
        )
    ours_us, reference_us = (
        median(results[name], lambda s: s.wall / s.operations * 1e6) for name in ("ours", "commit")
    )
    cpu = median(results["ours"], lambda s: s.cpu_us)
    note = f"{cpu / 1000:.2f} ms CPU (goal 0.5)"
    yield ResultRow(
        "POST /v1/videos, 64 at once", f"{ours_us:.0f} µs", f"{reference_us:.0f} µs", ours_us / reference_us, 3, note
    )


def upload(folder: Path) -> Iterator[ResultRow]:
    """A multipart create with a 10 MB image, 100 at once."""
    body, kind = _multipart(_png(10 * 1000 * 1000))
    with _baseline_server(folder) as (bare, bare_port), filmgate_server(folder / "data") as (ours, port, key):
        post = http_request("POST", "/v1/videos", key, body, Content_Type=kind)
        held = ours.memory_info()
        before = held.rss - held.shared
        peak = [0]
        results = alternate(
            {
                "ours": lambda: measure(
                    ours,
                    lambda: _with_peak_memory(ours, peak, lambda: run_load(port, post, total=100, connections=100)),
                ),
                "bare": lambda: measure(bare, lambda: run_load(bare_port, post, total=100, connections=100)),
            },
            max(2, ROUNDS // 2),
        )
    note = f"memory {before // MIB} → {peak[0] // MIB} MiB (goal 200)"
    yield _cpu_row("POST multipart, 10 MB image, 100 at once", results["ours"], results["bare"], 3, note)


def content(folder: Path) -> Iterator[ResultRow]:
    """GET content: large, small, and ranges, against nginx with sendfile."""
    if shutil.which("nginx") is None:
        print("content: left out, the reference (nginx) is not installed", file=sys.stderr)
        return
    data = folder / "data"
    with ExitStack() as stack:
        ours, port, key = stack.enter_context(filmgate_server(data))
        videos = {size: _completed_video(data, port, key, size) for size in (100 * MIB, 5 * MIB)}
        nginx, nginx_port = stack.enter_context(_nginx(folder, {str(size): path for size, (_, path) in videos.items()}))
        cases: list[tuple[str, int, int, int, dict[str, str]]] = [
            ("100 MB, 4 at once", 100 * MIB, 4, 8, {}),
            ("5 MB, 16 at once", 5 * MIB, 16, 120, {}),
            ("50 MB range, 4 at once", 100 * MIB, 4, 12, {"Range": f"bytes={25 * MIB}-{75 * MIB - 1}"}),
        ]
        for name, size, connections, total, headers in cases:
            get = http_request("GET", f"/v1/videos/{videos[size][0]}/content", key, b"", **headers)
            same = http_request("GET", f"/{size}", "", b"", **headers)
            moved = (50 * MIB if headers else size) * total / (1024 * MIB)
            often = {"total": total, "connections": connections}
            results = alternate(
                {
                    "ours": partial(measure, ours, partial(run_load, port, get, **often)),
                    "nginx": partial(measure, nginx, partial(run_load, nginx_port, same, **often)),
                },
                ROUNDS,
            )
            mine, other = (median(results[each], lambda s: s.cpu) / moved for each in ("ours", "nginx"))
            speed = median(results["nginx"], lambda s: s.wall) / median(results["ours"], lambda s: s.wall)
            note = f"throughput {speed:.2f}x nginx (goal 0.9)"
            yield ResultRow(
                f"GET content, {name}", f"{mine:.2f} CPU s/GiB", f"{other:.2f} CPU s/GiB", mine / other, 1.7, note
            )


def wait(_folder: Path) -> Iterator[ResultRow]:
    """How late a client learns that its video is completed, and after how many polls, at a simulated vendor."""
    vendor = waiting.SimulatedVendor()
    late, looks = waiting.summary(waiting.sdk_polling(vendor))
    loops = {every: waiting.summary(waiting.fixed_interval(vendor, every)) for every in (1, 15, 30)}
    results = {every: f"{its_late:.1f} s, {its_looks:.1f} polls" for every, (its_late, its_looks) in loops.items()}
    note = f"a loop of 15 s; one of 1 s: {results[1]}; one of 30 s: {results[30]}"
    yield ResultRow(
        "jobs of 2 to 5 min: late, polls", f"{late:.1f} s, {looks:.1f} polls", results[15], late, 1.0, note, " s"
    )


def bulk_polling(folder: Path) -> Iterator[ResultRow]:
    """Running jobs of an upstream polled by one process, against a bare loop of polls of each."""
    jobs, interval = int(os.environ.get("JOBS", "20000")), 10.0
    seen = polling.run(folder, jobs, interval)
    bare = seen.baseline_cpu / interval
    work, note = (
        f"{jobs} jobs watched",
        f"{seen.statuses_per_second:.0f} looks/s in {seen.requests_per_second:.0f} requests/s; a look each: {bare:.2f}",
    )
    yield ResultRow(f"{work}: share of a core", f"{seen.cores:.3f}", f"{bare:.3f}", seen.cores, 0.25, note, " cores")
    late = f"an end is noticed after {seen.completion_delay:.1f} s (p95)"
    yield ResultRow(f"{work}: lag, p95", f"{seen.lag:.1f} s", f"{interval:g} s", seen.lag, interval, late, " s")
    yield ResultRow(f"{work}: memory", f"{seen.kb_per_job:.1f} kB a job", "", seen.kb_per_job, 25, unit=" kB")


def saturation(folder: Path) -> Iterator[ResultRow]:
    """A thousand videos queued on an engine with fifty slots, against the engine's own time."""
    videos, at_once, seconds = 1000, 50, 6.0
    command = [sys.executable, "-m", "benchmarks.saturation", str(folder), str(videos), str(at_once), str(seconds)]
    took = float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    own = videos / at_once * seconds
    note = f"{own / took:.1%} busy (goal 95 %)"
    yield ResultRow(f"{videos} queued, {at_once} at once", f"{took:.1f} s", f"{own:.1f} s", took / own, 1 / 0.95, note)


def start(folder: Path) -> Iterator[ResultRow]:
    """Seconds until the command and the server respond, and the memory of an idle server."""
    commands = {"ours": ["-m", "filmgate", "--help"], "python": ["-c", "pass"]}
    helps = alternate({name: partial(_time_command, arguments) for name, arguments in commands.items()}, ROUNDS)
    servers = alternate(
        {
            "ours": lambda: _time_startup(folder, filmgate_server),
            "bare": lambda: _time_startup(folder, _baseline_server),
        },
        2,
    )
    with _fresh_folder(folder) as data, filmgate_server(data) as (ours, _, _):
        time.sleep(2)
        memory = ours.memory_full_info().uss / MIB
    for work, results, goal in (("filmgate --help", helps, 0.12), ("server ready, a fresh folder", servers, 1.0)):
        mine, other = (median(samples, lambda s: s.wall) for samples in results.values())
        cpu = median(results["ours"], lambda s: s.cpu)
        note = f"{cpu:.2f} s CPU" if cpu else ""
        yield ResultRow(work, f"{mine:.2f} s", f"{other:.2f} s", mine - other, goal, note, " s more")
    yield ResultRow("idle memory", f"{memory:.0f} MiB", "", memory, 110, unit=" MiB")


def scene(folder: Path) -> Iterator[ResultRow]:
    """A video of 8 seconds at 1280x720, against x264 alone over the same frames with the same threads."""
    command = [sys.executable, str(SCENE), str(folder), str(max(1, ROUNDS // 2))]
    result = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, **WORKER_ENVIRONMENT}, check=True).stdout
    )
    (wall, cpu), (plain_wall, plain_cpu) = (
        [statistics.median(each[at] for each in result[name]) for at in (0, 1)] for name in ("draw", "encode")
    )
    work, note = "scene, 8 s of 1280x720", f"memory {result['memory']} MiB (goal 500)"
    yield ResultRow(f"{work}: wall", f"{wall:.2f} s", f"{plain_wall:.2f} s", wall / plain_wall, 2, note)
    drawing = max(0.0, cpu - plain_cpu)
    yield ResultRow(
        f"{work}: CPU beside the encoder", f"{drawing:.2f} s", f"{plain_cpu:.2f} s", drawing / plain_cpu, 1.5
    )


ROWS: dict[str, Callable[[Path], Iterator[ResultRow]]] = {
    "poll": status_poll,
    "create": create,
    "upload": upload,
    "content": content,
    "start": start,
    "wait": wait,
    "watch": bulk_polling,
    "busy": saturation,
    "scene": scene,
    "growth": growth,
}


def _time_command(arguments: list[str]) -> Sample:
    before, began = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, os.times()
    return Sample(1, wall, after.children_user + after.children_system - before.children_user - before.children_system)


@contextmanager
def _fresh_folder(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        yield Path(fresh)


def _time_startup(folder: Path, server: Callable[[Path], AbstractContextManager[tuple[Any, ...]]]) -> Sample:
    with _fresh_folder(folder) as data:
        began = time.perf_counter()
        with server(data) as (running, *_):
            return Sample(1, time.perf_counter() - began, cpu_seconds(running))


def _cpu_row(work: str, ours: list[Sample], reference: list[Sample], goal: float, note: str = "") -> ResultRow:
    mine, other = median(ours, lambda s: s.cpu_us), median(reference, lambda s: s.cpu_us)
    rate = median(ours, lambda s: s.rate)
    return ResultRow(
        work, f"{mine:.0f} µs CPU", f"{other:.0f} µs CPU", mine / other, goal, note or f"{rate:.0f} a second"
    )


@contextmanager
def _baseline_server(folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    ready = folder / "bare-address"
    with pinned_process([sys.executable, "-m", "benchmarks.baseline_asgi", str(ready)]) as server:
        wait_for_file(ready)
        yield server, int(ready.read_text().rsplit(":", 1)[1])


def _baseline_commit(folder: Path, total: int) -> Sample:
    path = folder / f"commit-{len(list(folder.iterdir()))}.sqlite"
    command = ["taskset", "-c", "0", sys.executable, "-m", "benchmarks.baseline_commit", str(path), str(total)]
    wall = float(subprocess.run(command, capture_output=True, check=True).stdout)
    return Sample(total, wall, wall)


def _auth_headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def _png(length: int) -> bytes:
    """A PNG of the default size whose file is ``length`` bytes long: small to decode, large to receive."""
    buffer = io.BytesIO()
    Image.new("RGB", (720, 1280), (200, 120, 60)).save(buffer, "PNG")
    png = buffer.getvalue()
    filler = b"filler\0" + os.urandom(length - len(png) - 19)
    chunk = len(filler).to_bytes(4, "big") + b"tEXt" + filler + zlib.crc32(b"tEXt" + filler).to_bytes(4, "big")
    return png[:-12] + chunk + png[-12:]


def _multipart(image: bytes) -> tuple[bytes, str]:
    request = httpx2.Request(
        "POST", "http://x/", data={"prompt": "a dog"}, files={"input_reference": ("a.png", image, "image/png")}
    )
    return request.read(), request.headers["content-type"]


def _with_peak_memory(server: psutil.Process, peak: list[int], run: Callable[[], float]) -> float:
    """Run a load, and record the server's peak memory meanwhile."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen = server.memory_info()
            peak[0] = max(peak[0], seen.rss - seen.shared)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return run()
    finally:
        over.set()
        watcher.join()


def _completed_video(data: Path, port: int, key: str, size: int) -> tuple[str, Path]:
    """A completed video whose content is ``size`` random bytes, made through the store's own transitions."""
    video_id = httpx2.post(f"http://127.0.0.1:{port}/v1/videos", content=CREATE, headers=_auth_headers(key)).json()[
        "id"
    ]
    name = f"videos/{video_id[6:8]}/{video_id}.mp4"
    path = data / "files" / "kept" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    asset = Asset(
        kind=AssetKind.VIDEO, key=name, media_type="video/mp4", bytes=size, sha256="0" * 64, width=1280, height=720
    )
    asyncio.run(_complete_in_store(data, video_id, asset))
    return video_id, path


async def _complete_in_store(data: Path, video_id: str, asset: Asset) -> None:
    store, now = Store.open(data / "filmgate.sqlite"), time.time()
    await store.videos.record_intent(video_id, "token", now)
    await store.videos.record_ticket(video_id, "token", "ticket", now)
    await store.videos.start_fetching(video_id, now)
    assert await store.videos.complete(video_id, [asset], {}, now, None)
    await store.close()


@contextmanager
def _nginx(folder: Path, files: dict[str, Path]) -> Iterator[tuple[psutil.Process, int]]:
    port, root = _free_port(), folder / "nginx"
    root.mkdir()
    for name, path in files.items():
        os.link(path, root / name)
    config = root / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {root}/pid; error_log {root}/error.log; user root;"
        "events { worker_connections 512; }"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type video/mp4;"
        f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}"
    )
    with pinned_process(["nginx", "-c", str(config), "-e", str(root / "error.log")]) as server:
        wait_for_file(root / "pid")
        yield server, port


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
