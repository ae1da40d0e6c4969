"""A real server, clients on real sockets, and SIGKILL at every named step and at random moments.

The suite kills a few times; ``FILMGATE_TEST_KILLS=300`` in the environment kills as often as that. At the end the
checker compares what the clients saw with the rows, the ledger and the files.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from filmgate.flow import CHECKPOINTS
from filmgate.store import Store
from filmgate.testing.checker import Rows, Seen, read_files, read_rows, violations

KILLS = int(os.environ.get("FILMGATE_TEST_KILLS", "14"))
SEED = int(os.environ.get("FILMGATE_TEST_SEED", "7"))
CLIENTS = 4
SOON = 60.0

MODELS = """
[models.sora-2]
engine = "testcard"
sizes = ["64x64", "128x64"]
seconds = ["1", "2"]
default_size = "64x64"
default_seconds = "1"
price = { default = 100 }

[models.sora-2-pro]
like = "sora-2"
engine = "testcard"
sizes = ["64x64", "128x64"]
seconds = ["1", "2"]
default_size = "64x64"
default_seconds = "1"
price = { default = 250 }
"""


class Server:
    """``filmgate serve`` as a process of its own, always on the same port and folder."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._models = folder / "models.toml"
        self._models.write_text(MODELS, encoding="utf-8")
        self._log = (folder / "server.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, failpoint: str = "") -> None:
        """Start it, to die at a step of the flow or not."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("FILMGATE_")}
        environ |= {
            "FILMGATE_DATA": str(self.data),
            "FILMGATE_PORT": self.url.rpartition(":")[2],
            "FILMGATE_MODELS": str(self._models),
            "FILMGATE_FAILPOINT": failpoint,
            "FILMGATE_LOG_LEVEL": "warning",
        }
        command = [sys.executable, "-m", "filmgate", "serve"]
        self._process = subprocess.Popen(command, env=environ, stdout=self._log, stderr=self._log)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    async def until_ready(self) -> None:
        """Wait until it answers, or is dead."""
        async with asyncio.timeout(SOON), httpx2.AsyncClient(base_url=self.url) as client:
            while self.alive:
                try:
                    if (await client.get("/healthz")).is_success:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.02)

    async def until_dead(self, within: float) -> bool:
        """Wait so long for it to die by itself; whether it did."""
        assert self._process is not None
        try:
            await asyncio.to_thread(self._process.wait, within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(SOON)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.alive:
            self.end(signal.SIGKILL)
        self._log.close()


class Client:
    """Creates videos and follows each to its end, however often the server dies; remembers every answer."""

    def __init__(self, http: httpx2.AsyncClient, dice: random.Random) -> None:
        self.seen: list[Seen] = []
        self.stop = asyncio.Event()
        self._http = http
        self._dice = dice
        self._numbers = itertools.count()

    async def run(self) -> None:
        """One video after the other."""
        while not self.stop.is_set():
            await self._one(next(self._numbers))

    async def _one(self, number: int) -> None:
        fields = {
            "model": self._dice.choice(["sora-2", "sora-2-pro"]),
            "prompt": f"Boat {number}",
            "seconds": self._dice.choice(["1", "2"]),
        }
        key = f"key-{self._dice.getrandbits(64):x}"
        answer = await self._send("POST", "/v1/videos", json=fields, headers={"Idempotency-Key": key})
        assert answer.status_code == 200, answer.text
        video_id = answer.json()["id"]
        self._note("create", video_id, answer)
        if self._dice.random() < 0.15:
            self._note("cancel", video_id, await self._send("POST", f"/v1/videos/{video_id}/cancel"))
        await self._follow(video_id)
        await self._download(video_id)
        if self._dice.random() < 0.2:
            self._note("delete", video_id, await self._send("DELETE", f"/v1/videos/{video_id}"))

    async def _follow(self, video_id: str) -> None:
        async with asyncio.timeout(SOON + KILLS * 10):
            while True:
                answer = await self._send("GET", f"/v1/videos/{video_id}")
                self._note("retrieve", video_id, answer)
                if answer.json()["status"] in ("completed", "failed"):
                    return
                await asyncio.sleep(0.05)

    async def _download(self, video_id: str) -> None:
        answer = await self._send("GET", f"/v1/videos/{video_id}/content")
        digest = hashlib.sha256(answer.content).hexdigest() if answer.is_success else None
        self.seen.append(Seen(what="content", video_id=video_id, http_status=answer.status_code, sha256=digest))

    async def _send(self, method: str, path: str, **given: object) -> httpx2.Response:
        """Send until somebody answers: the server may be dead at any moment."""
        while True:
            try:
                answer = await self._http.request(method, path, **given)  # type: ignore[arg-type] # passed on
            except httpx2.TransportError:
                await asyncio.sleep(0.05)
            else:
                if answer.status_code != 503:
                    return answer

    def _note(self, what: str, video_id: str, answer: httpx2.Response) -> None:
        body = answer.json() if answer.is_success else {}
        self.seen.append(
            Seen(
                what=what,
                video_id=video_id,
                http_status=answer.status_code,
                status=body.get("status"),
                progress=body.get("progress"),
            )
        )


@pytest.mark.slow
@pytest.mark.timeout(300 + KILLS * 15)
async def test_nothing_is_lost_doubled_or_misbilled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However often the server is killed, every answered video ends, once, booked right, with its bytes."""
    dice = random.Random(SEED)  # noqa: S311 - to be repeatable
    server = Server(tmp_path)
    server.data.mkdir()
    key = await _make_key(server.data)
    try:
        async with _clients(server.url, key, dice) as clients:
            died_at = await _kill(server, dice)
            server.start()
            await server.until_ready()
        assert server.end(signal.SIGTERM) == 0
        server.start()
        await server.until_ready()
        rows, found = await _settled(server.data, [answer for client in clients for answer in client.seen])
        assert server.end(signal.SIGTERM) == 0
    finally:
        server.close()
    with capsys.disabled():
        ended = Counter(row.status for row in rows.videos)
        again = sum(row.attempts > 1 for row in rows.videos)
        sys.stdout.write(
            f"\n{KILLS} kills (seed {SEED}), {dict(died_at)}: {dict(ended)}, {again} made again, {len(found)} wrong\n"
        )
    assert found == []
    assert len(rows.videos) >= KILLS / 2


async def _kill(server: Server, dice: random.Random) -> Counter[str]:
    """Kill it: first at each named step, then at random moments; where it died."""
    died: Counter[str] = Counter()
    steps = [*CHECKPOINTS] + [f"{dice.choice(CHECKPOINTS)}:{dice.randint(1, 4)}" for _ in range(KILLS // 4)]
    for number in range(KILLS):
        step = steps[number] if number < len(steps) else ""
        server.start(step)
        await server.until_ready()
        if step and await server.until_dead(within=5.0):
            died["a step"] += 1
        else:
            await asyncio.sleep(dice.uniform(0.0, 1.2))
            assert server.alive, "it died by itself"
            server.end(signal.SIGKILL)
            died["random"] += 1
    return died


async def _settled(data: Path, seen: list[Seen]) -> tuple[Rows, list[str]]:
    """The last word of the checker: the sweep at the start needs a moment to remove what stragglers left."""
    until = time.monotonic() + 10
    while True:
        rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
        found = violations(seen, rows, files)
        if not found or time.monotonic() > until:
            return rows, found
        await asyncio.sleep(0.2)


@asynccontextmanager
async def _clients(url: str, key: str, dice: random.Random) -> AsyncIterator[list[Client]]:
    """Clients under way; on leaving they finish the videos that they have begun."""
    async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10) as http:
        clients = [Client(http, random.Random(dice.random())) for _ in range(CLIENTS)]  # noqa: S311 - to be repeatable
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.run())
            yield clients
            for client in clients:
                client.stop.set()


async def _make_key(data: Path) -> str:
    store = Store.open(data / "filmgate.sqlite")
    account = await store.accounts.create_account("clients", 100_000_000)
    _key, secret = await store.accounts.create_key(account.id, "test")
    await store.close()
    return secret


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
