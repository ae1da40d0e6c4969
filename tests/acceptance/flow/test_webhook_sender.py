"""Webhook events survive the death of their process."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from filmgate.domain import NewVideo, Recipe, VideoError, VideoRecord, new_id
from filmgate.flow.webhook_sender import CLAIM_LEASE, WebhookSender
from filmgate.net.guard import Guard
from filmgate.security.secret_box import SecretBox
from filmgate.services.webhooks import EndpointView, WebhookService
from filmgate.store import Principal, Store
from filmgate.testing.harness import SMALL, FakeClock
from filmgate.wire.webhook import EVENT_TYPES, EndpointParams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

URL = "http://203.0.113.7/hook"


HANGING = """
import asyncio, sys
from pathlib import Path
from filmgate.flow.webhook_sender import WebhookSender
from filmgate.store import Store
from filmgate.security.secret_box import SecretBox

async def post(url, body, *, headers, within, owner):
    print(headers["webhook-id"], flush=True)
    await asyncio.Event().wait()

async def main():
    folder = Path(sys.argv[1])
    secret_box = SecretBox.from_keyfile(folder / "vault.key")
    sender = WebhookSender(Store.open(folder / "rows.sqlite"), secret_box, post, lambda: 1e6)
    await sender.send_due()
    await sender.wait_idle()

asyncio.run(main())
"""


class ReceivedRequest(Struct, frozen=True):
    """One request that a receiver got."""

    url: str
    body: bytes
    headers: dict[str, str]


class Receiver:
    """A receiver with scripted answers; an exception is a broken connection."""

    def __init__(self) -> None:
        self.request: list[ReceivedRequest] = []
        self.answers: list[int | Exception] = []

    async def __call__(
        self, url: str, body: bytes, *, headers: Mapping[str, str], within: float, owner: str | None = None
    ) -> int:
        """Behave like :meth:`Guard.post`."""
        assert (within, bool(owner)) == (15.0, True)
        self.request.append(ReceivedRequest(url, body, dict(headers)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


class WebhookEnv(Struct):
    """A store, its endpoints, and the sender."""

    store: Store
    secret_box: SecretBox
    time: FakeClock
    receiver: Receiver
    sender: WebhookSender
    webhooks: WebhookService
    principal: Principal
    path: Path

    async def listen(self, *types: str) -> EndpointView:
        """Create an endpoint."""
        params = EndpointParams(name="n", url=URL, event_types=types or EVENT_TYPES)
        return await self.webhooks.create(self.principal, params)

    async def fail_one(self, callback_url: str | None = None) -> VideoRecord:
        """Accept a video and fail it."""
        new = NewVideo(
            id=new_id(),
            account_id=self.principal.account_id,
            model="sora-2",
            engine="scene",
            recipe=Recipe(prompt="p", size=SMALL, seconds=1, seed=1),
            price_micros=0,
            callback_url=callback_url and self.secret_box.encrypt(callback_url),
        )
        video, _ = await self.store.videos.create(new, self.time())
        assert await self.store.videos.fail(video.id, VideoError("x", "x"), self.time())
        return video

    async def pass_time(self, seconds: float = 0.0) -> list[ReceivedRequest]:
        """Advance the clock and return the requests sent after that."""
        self.time.now += seconds
        before = len(self.receiver.request)
        await self.sender.send_due()
        await self.sender.wait_idle()
        return self.receiver.request[before:]

    def another(self) -> WebhookSender:
        """Return the sender of another process."""
        return WebhookSender(self.store, self.secret_box, self.receiver, self.time, lambda: 0.5)


@pytest.fixture
async def webhook_env(tmp_path: Path) -> AsyncIterator[WebhookEnv]:
    """A store with one account."""
    time, receiver, secret_box = FakeClock(), Receiver(), SecretBox.from_keyfile(tmp_path / "vault.key")
    store = Store.open(tmp_path / "rows.sqlite", clock=time)
    account = await store.accounts.create_account("a", None)
    principal = Principal(account_id=account.id, key_id="key")
    webhooks = WebhookService(store.webhooks, Guard(["203.0.113.7", "203.0.113.8"]), secret_box, time)
    sender = WebhookSender(store, secret_box, receiver, time, lambda: 0.5)
    yield WebhookEnv(store, secret_box, time, receiver, sender, webhooks, principal, tmp_path / "rows.sqlite")
    await sender.stop()
    await store.close()


async def test_an_event_survives_a_killed_process(webhook_env: WebhookEnv) -> None:
    """A process killed while a receiver hangs leaves the event to the next one, which delivers it under its id."""
    await webhook_env.listen()
    await webhook_env.fail_one()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANGING, str(webhook_env.path.parent), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        event_id = (await process.stdout.readline()).decode().strip()
    process.kill()
    await process.wait()
    assert event_id.startswith("evt_")
    assert await webhook_env.pass_time() == []
    [request] = await webhook_env.pass_time(CLAIM_LEASE)
    assert request.headers["webhook-id"] == event_id
