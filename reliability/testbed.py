"""The testbed of a campaign: a server on one port and one folder, its accounts, and their webhook receivers."""

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
"""Seconds within which every expected event must have happened."""

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
"""Two models that the testcard engine renders in milliseconds."""


class Server:
    """``filmgate serve``, always on the same port and folder.

    Args:
        folder: for its data, its configuration and its log.
        config: the content of ``filmgate.toml``.
        launch: starts the process.
        environ: additional variables.
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
        """Start it, optionally with a failpoint at a step of the flow."""
        more = {"FILMGATE_FAILPOINT": failpoint, **(environ or {})}
        self._process = (launch or self.launch)(["serve"], self.environ | more, self.log)

    def run_command(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Process:
        """Start another command with the same folder and configuration."""
        return self.launch(arguments, self.environ | dict(environ or {}), self.log)

    def configure(self, config: str) -> None:
        """Set ``filmgate.toml`` for the following starts."""
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
            "FILMGATE_ALLOW_HOSTS": "127.0.0.1",  # webhooks are sent there
        }
        return own | self._environ

    @property
    def process(self) -> Process:
        """The process that was started last."""
        assert self._process is not None
        return self._process

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    async def wait_until_ready(self) -> bool:
        """Wait until it responds or has died; returns whether it responds."""
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
        """Wait so long for it to die by itself; returns whether it did."""
        try:
            await asyncio.to_thread(self.process.wait, timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop_with(self, signum: signal.Signals) -> int:
        """Send a signal and wait for the exit; returns the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(TIMEOUT_SECONDS)

    def close(self) -> None:
        """Stop everything."""
        if self.alive:
            self.stop_with(signal.SIGKILL)


class Testbed:
    """A server, two accounts, their webhook receivers, and the secrets that must not leak.

    Args:
        server: to be started and killed.
        tenants: the accounts.
        receiver: their webhook endpoints.
        secrets: values that must not appear in clear text, by kind.
    """

    __test__ = False  # pytest collects every class whose name begins with Test

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
        """Stop the server, let it come to rest once more, and run the checker; returns its rows and the violations.

        Args:
            responses: what the clients received.
            submissions: how often paid upstreams counted each video.
            resource_check: the server's resources before and after its load.
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
        """Wait for the cleanup at the start, and for the pending webhooks."""
        data, pause = self.server.data, 0.1
        until = time.monotonic() + TIMEOUT_SECONDS + _pending_deliveries(data) / MIN_DELIVERIES_PER_SECOND
        while time.monotonic() < until:
            rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
            if not violations([], rows, files, deliveries=self._receiver.deliveries):
                return
            await asyncio.sleep(pause)
            pause = min(5.0, 1.5 * pause)

    def _make_all_due(self) -> None:
        """Make every pending delivery due and every staged file old; no process has the folder open."""
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
"""Deliveries a second to one endpoint at the least, from which the timeout for a backlog is computed."""


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
    """A testbed in an empty folder; its server is not started yet, and is stopped at the end.

    Args:
        folder: for everything.
        config: the content of ``filmgate.toml``.
        rng: decides when receivers fail.
        launch: starts the server.
        environ: of the server.
        secrets: more values that must not leak, by kind.
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
