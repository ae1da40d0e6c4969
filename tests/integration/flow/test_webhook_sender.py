"""Webhook delivery: at least once, signed, under one id, despite crashes."""

from __future__ import annotations

from datetime import UTC, datetime
from time import time as wall_clock
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec import Struct
from openai import OpenAI
from standardwebhooks import Webhook

from filmgate.domain import NewVideo, Recipe, VideoError, VideoRecord, new_id
from filmgate.errors import UrlUnreachable
from filmgate.flow.webhook_sender import CLAIM_LEASE, WebhookSender
from filmgate.net.guard import Guard
from filmgate.security.secret_box import SecretBox
from filmgate.services.webhooks import EndpointView, WebhookService
from filmgate.store import Principal, Store
from filmgate.store.webhooks import MAX_DUE_PER_ACCOUNT
from filmgate.testing.harness import SMALL, FakeClock
from filmgate.wire.webhook import EVENT_TYPES, EndpointParams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

URL = "http://203.0.113.7/hook"


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


def _signatures(request: ReceivedRequest) -> list[str]:
    return request.headers["webhook-signature"].split()


def _is_signed_by(secret: str, request: ReceivedRequest) -> bool:
    stamp = int(request.headers["webhook-timestamp"])
    signature = Webhook(secret).sign(
        request.headers["webhook-id"], datetime.fromtimestamp(stamp, UTC), request.body.decode()
    )
    return signature in _signatures(request)


async def test_an_event_is_delivered_once(webhook_env: WebhookEnv) -> None:
    """Its body follows the contract, and a 200 settles it."""
    endpoint = await webhook_env.listen()
    video = await webhook_env.fail_one()
    [request] = await webhook_env.pass_time()
    assert request.url == URL
    event = msgspec.json.decode(request.body)
    assert event == {
        "id": request.headers["webhook-id"],
        "object": "event",
        "created_at": 1_000_000,
        "type": "video.failed",
        "data": {"id": video.id},
    }
    assert event["id"].startswith("evt_")
    assert endpoint.secret is not None
    assert _is_signed_by(endpoint.secret, request)
    assert await webhook_env.pass_time(10 * 86_400) == []


async def test_the_official_sdk_and_the_standard_library_verify_it(webhook_env: WebhookEnv) -> None:
    """``client.webhooks.unwrap()`` and ``Webhook.verify()`` accept what is posted, unmodified."""
    webhook_env.time.now = wall_clock()
    endpoint = await webhook_env.listen("video.failed")
    await webhook_env.fail_one()
    [request] = await webhook_env.pass_time()
    secret = endpoint.secret or ""
    event = OpenAI(api_key="k", webhook_secret=secret).webhooks.unwrap(request.body, request.headers)
    assert event.to_dict()["type"] == "video.failed"
    assert Webhook(secret).verify(request.body, request.headers)["id"] == event.id


async def test_only_subscribed_events_are_delivered(webhook_env: WebhookEnv) -> None:
    """An endpoint for completions gets no failures; an account without endpoints costs nothing."""
    await webhook_env.fail_one()
    await webhook_env.listen("video.completed")
    await webhook_env.fail_one()
    assert await webhook_env.pass_time() == []
    assert await webhook_env.store.outbox.pending() == []


async def test_retries_follow_the_schedule(webhook_env: WebhookEnv) -> None:
    """Ten attempts, at the contract's times, each with a fresh timestamp and signature under the same id."""
    endpoint = await webhook_env.listen()
    await webhook_env.fail_one()
    webhook_env.receiver.answers = [500, UrlUnreachable(), 302, *[404] * 7]
    seen = await webhook_env.pass_time()
    for wait in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400):
        assert await webhook_env.pass_time(wait - 1) == []
        seen += await webhook_env.pass_time(1)
    assert len(seen) == 10
    assert len({request.headers["webhook-id"] for request in seen}) == 1
    assert len({request.headers["webhook-timestamp"] for request in seen}) == 10
    assert all(_is_signed_by(endpoint.secret or "", request) for request in seen)
    assert await webhook_env.pass_time(10 * 86_400) == []


async def test_a_gone_endpoint_is_disabled(webhook_env: WebhookEnv) -> None:
    """After a 410 it gets nothing more, not even pending events, until it has a new URL."""
    endpoint = await webhook_env.listen()
    await webhook_env.fail_one()
    webhook_env.receiver.answers = [500]
    await webhook_env.pass_time()
    await webhook_env.fail_one()
    webhook_env.receiver.answers = [410]
    assert len(await webhook_env.pass_time()) == 1
    await webhook_env.fail_one()
    assert await webhook_env.pass_time(86_400) == []
    assert (
        await webhook_env.webhooks.retrieve(webhook_env.principal, endpoint.endpoint.id)
    ).endpoint.disabled_at is not None
    await webhook_env.webhooks.update(
        webhook_env.principal, endpoint.endpoint.id, EndpointParams(url="http://203.0.113.8/new")
    )
    await webhook_env.fail_one()
    assert [request.url for request in await webhook_env.pass_time()] == ["http://203.0.113.8/new"]


async def test_a_deleted_endpoint_gets_nothing(webhook_env: WebhookEnv) -> None:
    """Not even earlier events."""
    endpoint = await webhook_env.listen()
    await webhook_env.fail_one()
    webhook_env.receiver.answers = [500]
    await webhook_env.pass_time()
    await webhook_env.webhooks.delete(webhook_env.principal, endpoint.endpoint.id)
    assert await webhook_env.pass_time(86_400) == []


async def test_secret_rotation(webhook_env: WebhookEnv) -> None:
    """With the old secret kept, both sign for 24 hours; without, only the new one."""
    first = await webhook_env.listen()
    second = await webhook_env.webhooks.rotate_secret(webhook_env.principal, first.endpoint.id, keep_old=True)
    await webhook_env.fail_one()
    [request] = await webhook_env.pass_time()
    assert len(_signatures(request)) == 2
    assert _is_signed_by(first.secret or "", request)
    assert _is_signed_by(second.secret or "", request)
    webhook_env.time.now += 86_400
    await webhook_env.fail_one()
    [request] = await webhook_env.pass_time()
    assert not _is_signed_by(first.secret or "", request)
    third = await webhook_env.webhooks.rotate_secret(webhook_env.principal, first.endpoint.id, keep_old=False)
    await webhook_env.fail_one()
    [request] = await webhook_env.pass_time()
    assert len(_signatures(request)) == 1
    assert _is_signed_by(third.secret or "", request)


async def test_callbacks_are_signed_by_the_accounts_endpoints(webhook_env: WebhookEnv) -> None:
    """A video's own URL gets its events, signed by the account's endpoints; without any, unsigned."""
    await webhook_env.fail_one("http://203.0.113.8/mine")
    [request] = await webhook_env.pass_time()
    assert request.url == "http://203.0.113.8/mine"
    assert "webhook-signature" not in request.headers
    endpoint = await webhook_env.listen("video.completed")
    await webhook_env.fail_one("http://203.0.113.8/mine")
    [request] = await webhook_env.pass_time()
    assert _is_signed_by(endpoint.secret or "", request)


async def test_a_crash_during_an_attempt_is_retried(webhook_env: WebhookEnv) -> None:
    """The claim expires, and another process delivers the event under the same id."""
    await webhook_env.listen()
    await webhook_env.fail_one()
    event = (await webhook_env.store.outbox.pending())[0]
    await webhook_env.store.webhooks.fan_out(event.id, webhook_env.time())
    [due] = await webhook_env.store.webhooks.list_due(webhook_env.time(), 10)
    assert await webhook_env.store.webhooks.claim(due, webhook_env.time() + CLAIM_LEASE)
    assert await webhook_env.store.webhooks.claim(due, webhook_env.time() + CLAIM_LEASE) is None
    assert await webhook_env.pass_time(CLAIM_LEASE - 1) == []
    [request] = await webhook_env.pass_time(1)
    assert request.headers["webhook-id"] == event.id


async def test_several_processes_deliver_an_event_once(webhook_env: WebhookEnv) -> None:
    """Fan-out and claims are decided by the rows."""
    await webhook_env.listen()
    for _ in range(20):
        await webhook_env.fail_one()
    processes = [webhook_env.another() for _ in range(3)]
    for _ in range(8):
        for process in processes:
            await process.send_due()
        for process in processes:
            await process.wait_idle()
    ids = [request.headers["webhook-id"] for request in webhook_env.receiver.request]
    assert len(ids) == len(set(ids)) == 20


async def test_an_account_with_many_endpoints_delays_no_other(webhook_env: WebhookEnv) -> None:
    """Deliveries go round the accounts, and each has only so many in flight."""
    for _ in range(8):
        await webhook_env.listen("video.failed")
    for _ in range(4):
        await webhook_env.fail_one()
    account = await webhook_env.store.accounts.create_account("other", None)
    other = msgspec.structs.replace(webhook_env, principal=Principal(account_id=account.id, key_id="key"))
    await other.listen("video.failed")
    await other.fail_one()
    for event in await webhook_env.store.outbox.pending():
        await webhook_env.store.webhooks.fan_out(event.id, webhook_env.time())
    due = [delivery.account_id for delivery in await webhook_env.store.webhooks.list_due(webhook_env.time(), 100)]
    assert due.index(account.id) < 2
    assert due.count(webhook_env.principal.account_id) == MAX_DUE_PER_ACCOUNT
    await webhook_env.pass_time()
    assert len(webhook_env.receiver.request) == MAX_DUE_PER_ACCOUNT + 1
    await webhook_env.pass_time()
    assert len(webhook_env.receiver.request) == 2 * MAX_DUE_PER_ACCOUNT + 1


async def test_a_slow_receiver_delays_no_other(webhook_env: WebhookEnv) -> None:
    """Only a few attempts go to one receiver at once."""
    slow = await webhook_env.listen()
    other = await webhook_env.store.accounts.create_account("b", None)
    for _ in range(100):
        await webhook_env.fail_one()
    fast = msgspec.structs.replace(webhook_env, principal=Principal(account_id=other.id, key_id="key"))
    await fast.listen()
    await fast.fail_one()
    assert len(await webhook_env.pass_time()) == 5
    assert slow.endpoint.account_id != other.id


async def test_redelivery(webhook_env: WebhookEnv) -> None:
    """An operator can deliver an event again; it keeps its id."""
    await webhook_env.listen()
    await webhook_env.fail_one()
    [request] = await webhook_env.pass_time()
    event_id = request.headers["webhook-id"]
    assert await webhook_env.store.webhooks.redeliver(event_id, webhook_env.time()) == 1
    [again] = await webhook_env.pass_time()
    assert again.headers["webhook-id"] == event_id


async def test_the_database_contains_no_plain_secrets(webhook_env: WebhookEnv) -> None:
    """Neither a signing secret nor a URL that may carry one."""
    endpoint = await webhook_env.listen()
    await webhook_env.fail_one("http://203.0.113.8/token-in-the-path")
    await webhook_env.webhooks.rotate_secret(webhook_env.principal, endpoint.endpoint.id, keep_old=True)
    await webhook_env.pass_time()
    files = [path.read_bytes() for path in webhook_env.path.parent.glob("rows.sqlite*")]
    for secret in (endpoint.secret or "", "token-in-the-path", "203.0.113.7"):
        assert not any(secret.encode() in content for content in files)
