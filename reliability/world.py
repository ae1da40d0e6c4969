"""The world of a campaign: a server on one port and one folder, and clients that remember every answer."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from filmgate.store import Store
from filmgate.testing.checker import Rows, Seen, read_files, read_rows, violations
from reliability.processes import Launcher, Process, honestly

__all__ = ["SOON", "TESTCARD", "Client", "Server", "clients", "make_key", "settled"]

SOON = 60.0
"""Seconds within which anything that is to happen has happened."""

_SMALL = """
sizes = ["64x64", "128x64"]
seconds = ["1", "2"]
default_size = "64x64"
default_seconds = "1"
"""

TESTCARD = f"""
[models.sora-2]
engine = "testcard"
{_SMALL}
price = {{ default = 100 }}

[models.sora-2-pro]
engine = "testcard"
{_SMALL}
price = {{ default = 250 }}
"""
"""Two models that a test card makes in milliseconds."""


class Server:
    """``filmgate serve``, always on the same port and folder.

    Args:
        folder: for its data, its configuration and its log.
        config: what ``filmgate.toml`` says.
        launch: how it is started.
        environ: variables beside its own.
    """

    def __init__(
        self, folder: Path, config: str, launch: Launcher = honestly, environ: Mapping[str, str] | None = None
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.log = folder / "server.log"
        self.launch = launch
        self._config = folder / "filmgate.toml"
        self._config.write_text(config, encoding="utf-8")
        self._environ = dict(environ or {})
        self._process: Process | None = None

    def start(
        self, failpoint: str = "", *, launch: Launcher | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start it, to die at a step of the flow or not."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("FILMGATE_")}
        own |= {
            "FILMGATE_CONFIG": str(self._config),
            "FILMGATE_DATA": str(self.data),
            "FILMGATE_PORT": self.url.rpartition(":")[2],
            "FILMGATE_FAILPOINT": failpoint,
            "FILMGATE_LOG_LEVEL": "warning",
        }
        self._process = (launch or self.launch)(["serve"], own | self._environ | dict(environ or {}), self.log)

    @property
    def process(self) -> Process:
        """The one that was started last."""
        assert self._process is not None
        return self._process

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    async def until_ready(self) -> bool:
        """Wait until it answers, or is dead; whether it answers."""
        async with asyncio.timeout(SOON), httpx2.AsyncClient(base_url=self.url) as client:
            while self.alive:
                try:
                    if (await client.get("/healthz")).is_success:
                        return True
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.01)
        return False

    async def until_dead(self, within: float) -> bool:
        """Wait so long for it to die by itself; whether it did."""
        try:
            await asyncio.to_thread(self.process.wait, within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SOON)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.alive:
            self.end(signal.SIGKILL)


class Client:
    """Creates videos and follows each to its end, however often the server dies; remembers every answer.

    Args:
        http: where the server is, with a key.
        dice: what it does by chance.
        name: its own, so that every prompt is one of a kind.
        wishes: fields that it draws a create from, by name.
        patience: seconds that a video may take.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        dice: random.Random,
        name: str,
        wishes: Mapping[str, Sequence[str]],
        patience: float,
    ) -> None:
        self.seen: list[Seen] = []
        self.stop = asyncio.Event()
        self._http = http
        self._dice = dice
        self._name = name
        self._wishes = wishes
        self._patience = patience
        self._numbers = itertools.count()

    async def run(self) -> None:
        """One video after the other."""
        while not self.stop.is_set():
            await self._one(next(self._numbers))

    async def _one(self, number: int) -> None:
        fields = {name: self._dice.choice(list(values)) for name, values in self._wishes.items()}
        fields["prompt"] = f"Boat {self._name}.{number}"
        key = f"key-{self._dice.getrandbits(64):x}"
        answer = await self._send("POST", "/v1/videos", json=fields, headers={"Idempotency-Key": key})
        assert answer.status_code == 200, answer.text
        video_id = answer.json()["id"]
        self._note("create", video_id, answer)
        if self._dice.random() < 0.1:
            self._note("cancel", video_id, await self._send("POST", f"/v1/videos/{video_id}/cancel"))
        await self._follow(video_id)
        await self._download(video_id)
        if self._dice.random() < 0.2:
            self._note("delete", video_id, await self._send("DELETE", f"/v1/videos/{video_id}"))

    async def _follow(self, video_id: str) -> None:
        async with asyncio.timeout(self._patience):
            while True:
                answer = await self._send("GET", f"/v1/videos/{video_id}")
                self._note("retrieve", video_id, answer)
                if answer.status_code == 404 or answer.json()["status"] in ("completed", "failed"):
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
                await asyncio.sleep(0.03)
            else:
                if answer.status_code != 503:
                    return answer
                await asyncio.sleep(0.03)

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


@asynccontextmanager
async def clients(
    url: str, key: str, dice: random.Random, wishes: Mapping[str, Sequence[str]], *, count: int, patience: float
) -> AsyncIterator[list[Client]]:
    """Clients under way; on leaving they finish the videos that they have begun."""
    async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10) as http:
        seeds = [random.Random(dice.random()) for _ in range(count)]  # noqa: S311 - to be repeatable
        crowd = [Client(http, own, str(number), wishes, patience) for number, own in enumerate(seeds)]
        async with asyncio.TaskGroup() as group:
            for client in crowd:
                group.create_task(client.run())
            yield crowd
            for client in crowd:
                client.stop.set()


async def make_key(data: Path, balance: int = 1_000_000_000) -> str:
    """A key of a new account, in the folder of a server that does not run."""
    store = Store.open(data / "filmgate.sqlite")
    account = await store.accounts.create_account("clients", balance)
    _key, secret = await store.accounts.create_key(account.id, "test")
    await store.close()
    return secret


async def settled(
    data: Path, seen: Sequence[Seen], submissions: Mapping[str, int] | None = None, within: float = 15.0
) -> tuple[Rows, list[str]]:
    """The last word of the checker: the sweep at the start needs a moment to remove what stragglers left."""
    until = time.monotonic() + within
    while True:
        rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
        found = violations(seen, rows, files, submissions=submissions)
        if not found or time.monotonic() > until:
            return rows, found
        await asyncio.sleep(0.2)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
