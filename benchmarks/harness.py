"""Shared by all benchmarks: servers pinned to one core, a load on the other, CPU time beside wall time.

Rounds of the variants alternate, so that a drift in the machine's speed affects all of them; medians are quoted.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil

SERVER_CORE, LOAD_CORE = 0, (1 if (os.cpu_count() or 1) > 1 else 0)


@dataclass(frozen=True)
class Sample:
    """One round: number of operations, wall time, and CPU time of the server, in seconds."""

    operations: float
    wall: float
    cpu: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of server CPU per operation."""
        return self.cpu / self.operations * 1e6

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.operations / self.wall


@dataclass(frozen=True)
class ResultRow:
    """One line of the report; ``figure`` is a ratio unless ``unit`` says otherwise, and at most the goal when met."""

    name: str
    measured: str
    reference: str
    figure: float
    goal: float
    note: str = ""
    unit: str = "x"

    def __str__(self) -> str:
        """The line, aligned."""
        met = "met" if self.figure <= self.goal else "MISSED"
        against = f"{self.figure:.2f}{self.unit}"
        figures = f"{self.name:<44}{self.measured:>20}{self.reference:>20}{against:>12}"
        return f"{figures}  goal {self.goal:g}{self.unit} {met}  {self.note}".rstrip()


def median(samples: Sequence[Sample], metric: Callable[[Sample], float]) -> float:
    """The median of one figure over the rounds."""
    return statistics.median(metric(sample) for sample in samples)


def alternate(variants: dict[str, Callable[[], Sample]], rounds: int) -> dict[str, list[Sample]]:
    """Run the variants in turn, ``rounds`` times; one uncounted round first."""
    results: dict[str, list[Sample]] = {name: [] for name in variants}
    for number in range(rounds + 1):
        for name, run in variants.items():
            sample = run()
            if number:
                results[name].append(sample)
    return results


def pin(core: int) -> None:
    """Keep this process on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned_process(command: Sequence[str], **env: str) -> Iterator[psutil.Process]:
    """A server in a process of its own, on the servers' core; stopped at the end."""
    child = subprocess.Popen(
        command,
        env={**os.environ, **env},
        preexec_fn=lambda: pin(SERVER_CORE),  # noqa: PLW1509 - no threads are running yet
        stdout=subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()  # the measurement is done; twenty thousand flows take their time to stop
            child.wait()


@contextmanager
def filmgate_server(folder: Path, **env: str) -> Iterator[tuple[psutil.Process, int, str]]:
    """A Filmgate server: its process, its port, a key."""
    with pinned_process([sys.executable, "-m", "benchmarks.server_process", str(folder)], **env) as server:
        wait_for_file(folder / "ready")
        address, key = (folder / "ready").read_text().split()
        yield server, int(address.rsplit(":", 1)[1]), key


def wait_for_file(path: Path, seconds: float = 60) -> None:
    """Wait until a server has reported that it is ready."""
    until = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError(path)
        time.sleep(0.02)


def cpu_seconds(server: psutil.Process) -> float:
    """User and system time of a process and its children so far."""
    total = 0.0
    for each in [server, *server.children(recursive=True)]:
        times = each.cpu_times()
        total += times.user + times.system
    return total


def measure(server: psutil.Process, load: Callable[[], float]) -> Sample:
    """Run a load (it returns its number of operations) and measure the server's CPU."""
    cpu, began = cpu_seconds(server), time.perf_counter()
    operations = load()
    return Sample(operations, time.perf_counter() - began, cpu_seconds(server) - cpu)


class LoadConnection(asyncio.Protocol):
    """A keep-alive connection that repeats one request and counts whole responses."""

    def __init__(self, request: bytes, remaining: list[int], done: asyncio.Future[None]) -> None:
        self._request, self._remaining, self._done = request, remaining, done
        self._missing_bytes = 0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's class has the same interface
        self._next()

    def data_received(self, data: bytes) -> None:
        """Count a response when its last byte has arrived."""
        if self._missing_bytes:
            self._missing_bytes -= len(data)
        else:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 206")), head[:200]
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._missing_bytes, self._head = int(length) - len(body), b""
        if not self._missing_bytes:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that disconnects fails the benchmark."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionResetError("the server disconnected"))

    def _next(self) -> None:
        if self._remaining[0] <= 0:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._remaining[0] -= 1
        self._transport.write(self._request)


def run_load(port: int, request: bytes, *, total: int, connections: int) -> float:
    """Send ``request`` ``total`` times over ``connections`` at once; every response must be a 200 or 206."""
    pin(LOAD_CORE)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        budget = [total]
        futures = [loop.create_future() for _ in range(connections)]
        for future in futures:
            await loop.create_connection(lambda f=future: LoadConnection(request, budget, f), "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.gather(*futures)

    import uvloop  # noqa: PLC0415 - only the load wants it

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    return total


def http_request(method: str, path: str, key: str = "", body: bytes = b"", **headers: str) -> bytes:
    """One request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
