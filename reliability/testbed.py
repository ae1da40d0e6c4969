"""The world of a campaign: a server on one port and one folder, its accounts, and who listens to them."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx2

from filmgate.net.guard import Guard
from filmgate.security.secret_box import SecretBox
from filmgate.services.webhooks import WebhookService
from filmgate.store import Principal, Store
from filmgate.testing.checker import (
    ClientResponse,
    DatabaseSnapshot,
    ResourceCheck,
    SecretScan,
    SurroundingFiles,
    list_files,
    read_contents,
    read_files,
    read_rows,
    violations,
)
from filmgate.wire.webhook import EVENT_TYPES, EndpointParams
from reliability.clients import Tenant, list_all
from reliability.processes import Launcher, Process, spawn
from reliability.receiver import CALLBACK_TOKEN, WebhookReceiver, running_receiver

__all__ = ["TESTCARD_MODELS", "TIMEOUT_SECONDS", "Server", "Testbed", "open_testbed"]

TIMEOUT_SECONDS = 60.0
"""Seconds within which anything that is to happen has happened."""

_SMALL = """
sizes = ["64x64", "128x64"]
seconds = ["1", "2"]
default_size = "64x64"
default_seconds = "1"
"""

TESTCARD_MODELS = f"""
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
        self, folder: Path, config: str, launch: Launcher = spawn, environ: Mapping[str, str] | None = None
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.log = folder / "server.log"
        self.launch = launch
        self.surrounding_folders = (folder / "home", folder / "tmp")
        self._config = folder / "filmgate.toml"
        self.configure(config)
        for place in self.surrounding_folders:
            place.mkdir(exist_ok=True)
        self._environ = {
            "HOME": str(self.surrounding_folders[0]),
            "TMPDIR": str(self.surrounding_folders[1]),
            **(environ or {}),
        }
        self._process: Process | None = None

    def start(
        self, failpoint: str = "", *, launch: Launcher | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start it, to die at a step of the flow or not."""
        more = {"FILMGATE_FAILPOINT": failpoint, **(environ or {})}
        self._process = (launch or self.launch)(["serve"], self.environ | more, self.log)

    def run_command(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Process:
        """Start another command with the same folder and configuration."""
        return self.launch(arguments, self.environ | dict(environ or {}), self.log)

    def configure(self, config: str) -> None:
        """What ``filmgate.toml`` says from the next start on."""
        self._config.write_text(config, encoding="utf-8")

    @property
    def environ(self) -> dict[str, str]:
        """The environment of its processes."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("FILMGATE_", "XDG_"))}
        own |= {
            "FILMGATE_CONFIG": str(self._config),
            "FILMGATE_DATA": str(self.data),
            "FILMGATE_PORT": self.url.rpartition(":")[2],
            "FILMGATE_LOG_LEVEL": "warning",
            "FILMGATE_ALLOW_HOSTS": "127.0.0.1",  # there the webhooks go
        }
        return own | self._environ

    @property
    def process(self) -> Process:
        """The one that was started last."""
        assert self._process is not None
        return self._process

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    async def wait_until_ready(self) -> bool:
        """Wait until it answers, or is dead; whether it answers."""
        async with asyncio.timeout(TIMEOUT_SECONDS), httpx2.AsyncClient(base_url=self.url) as client:
            while self.alive:
                try:
                    if (await client.get("/healthz")).is_success:
                        return True
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.01)
        return False

    async def wait_until_dead(self, timeout: float) -> bool:  # noqa: ASYNC109 - it waits on a thread
        """Wait so long for it to die by itself; whether it did."""
        try:
            await asyncio.to_thread(self.process.wait, timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop_with(self, signum: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(TIMEOUT_SECONDS)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.alive:
            self.stop_with(signal.SIGKILL)


class Testbed:
    """A server, two accounts, the endpoints that listen for them, and what must stay secret.

    Args:
        server: to be started and killed.
        tenants: the accounts.
        receiver: who listens.
        secrets: what must stand nowhere in the clear, by what it is.
    """

    __test__ = False  # pytest takes every class for a test whose name begins so

    def __init__(
        self, server: Server, tenants: Sequence[Tenant], receiver: WebhookReceiver, secrets: Mapping[str, str]
    ) -> None:
        self.server = server
        self.tenants = tenants
        self._receiver = receiver
        self._secrets = secrets
        self._surroundings_before = self._list_surroundings()

    async def check(
        self,
        responses: Sequence[ClientResponse],
        submissions: Mapping[str, int] | None = None,
        resource_check: ResourceCheck | None = None,
    ) -> tuple[DatabaseSnapshot, list[str]]:
        """End the server politely, let it come to rest once more, and ask the checker; its rows and what is wrong.

        Args:
            responses: what the clients got.
            submissions: what paid upstreams counted.
            resource_check: what the server held before its load and after.
        """
        assert self.server.stop_with(signal.SIGTERM) == 0
        self._make_all_due()
        self._receiver.healthy = True
        self.server.start()
        await self.server.wait_until_ready()
        await self._wait_until_settled()
        everything = [*responses, *[await list_all(self.server.url, tenant) for tenant in self.tenants]]
        async with httpx2.AsyncClient(base_url=self.server.url) as http:
            metrics = (await http.get("/metrics")).raise_for_status().content
        assert self.server.stop_with(signal.SIGTERM) == 0
        data = self.server.data
        texts = [("/metrics", metrics), *self._error_bodies(responses)]
        rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
        return rows, violations(
            everything,
            rows,
            files,
            submissions=submissions,
            deliveries=self._receiver.deliveries,
            secret_scan=SecretScan(self._secrets, itertools.chain(texts, read_contents(data, self.server.log))),
            surroundings=SurroundingFiles(self._surroundings_before, self._list_surroundings()),
            staged_names=[path.name for path in (data / "files" / "staging").iterdir()],
            resource_check=resource_check,
        )

    async def _wait_until_settled(self) -> None:
        """The sweep at the start needs a moment, and so do the webhooks that nobody had got yet."""
        data, pause = self.server.data, 0.1
        until = time.monotonic() + TIMEOUT_SECONDS + _pending_deliveries(data) / MIN_DELIVERIES_PER_SECOND
        while time.monotonic() < until:
            rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
            if not violations([], rows, files, deliveries=self._receiver.deliveries):
                return
            await asyncio.sleep(pause)
            pause = min(5.0, 1.5 * pause)

    def _make_all_due(self) -> None:
        """What waits for its time is due, and what is half made is old; nobody has the folder open."""
        with closing(sqlite3.connect(self.server.data / "filmgate.sqlite")) as rows:
            rows.execute("UPDATE webhook_delivery SET next_at = 0 WHERE settled_at IS NULL")
            rows.commit()
        for path in (self.server.data / "files" / "staging").iterdir():
            os.utime(path, (0, 0))

    def _list_surroundings(self) -> dict[str, tuple[int, int]]:
        return list_files(*self.server.surrounding_folders, exclude=self.server.data)

    @staticmethod
    def _error_bodies(responses: Sequence[ClientResponse]) -> list[tuple[str, bytes]]:
        return [
            (f"the refusal of {each.operation} {each.video_id}", each.error_body)
            for each in responses
            if each.error_body is not None
        ]


MIN_DELIVERIES_PER_SECOND = 4.0
"""What one endpoint is told a second at the least, by which the patience with a backlog is reckoned."""


@asynccontextmanager
async def open_testbed(
    folder: Path,
    config: str,
    rng: random.Random,
    launch: Launcher = spawn,
    *,
    environ: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> AsyncIterator[Testbed]:
    """A world in an empty folder; its server does not run yet, and does not run any more afterwards.

    Args:
        folder: for everything.
        config: what ``filmgate.toml`` says.
        rng: decides about the endpoints' bad days.
        launch: how the server is started.
        environ: of the server.
        secrets: more that must stay secret, by what it is.
    """
    server = Server(folder, config, launch, environ)
    own = random.Random(rng.random())  # noqa: S311 - to be repeatable
    async with running_receiver(own) as receiver:
        tenants = await _tenants(server.data, receiver)
        kept = {f"the key of {tenant.account}": tenant.key for tenant in tenants}
        kept |= {f"the signing secret of {account}": text for account, text in receiver.secrets.items()}
        try:
            yield Testbed(server, tenants, receiver, {"a callback's token": CALLBACK_TOKEN, **kept, **(secrets or {})})
        finally:
            server.close()


async def _tenants(data: Path, receiver: WebhookReceiver, balance: int = 1_000_000_000) -> list[Tenant]:
    """Two accounts, each with a key and an endpoint, in the folder of a server that does not run."""
    store = Store.open(data / "filmgate.sqlite")
    vault, guard = SecretBox.from_keyfile(data / "secrets" / "vault.key"), Guard(allow_hosts=("127.0.0.1",))
    endpoints, made = WebhookService(store.webhooks, guard, vault, time.time), []
    for name in ("first", "second"):
        account = (await store.accounts.create_account(name, balance)).id
        key, secret = await store.accounts.create_key(account, name)
        wanted = EndpointParams(name=name, url=receiver.endpoint_url(account), event_types=EVENT_TYPES)
        shown = await endpoints.create(Principal(account_id=account, key_id=key.id), wanted)
        receiver.add_endpoint(account, shown.secret or "")
        made.append(Tenant(account, secret, receiver.callback_url(account)))
    await store.close()
    return made


def _pending_deliveries(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data / 'filmgate.sqlite'}?mode=ro", uri=True)) as rows:
        waiting: int = rows.execute("SELECT count(*) FROM webhook_delivery WHERE settled_at IS NULL").fetchone()[0]
    return waiting


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
