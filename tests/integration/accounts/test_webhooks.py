"""Webhooks end to end: the official SDK sets them up, a real server posts, a real receiver verifies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from openai import APIStatusError, AsyncOpenAI, BadRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

Live = Any  # the fixtures' own class

CREATE = {"prompt": "a paper boat", "model": "sora-2"}


class Receiver:
    """Takes what is posted to it on loopback."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.seen: asyncio.Queue[tuple[bytes, dict[str, str]]] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        """One try."""
        self.seen.put_nowait((await request.read(), dict(request.headers)))
        return web.Response(status=self.status, headers={"location": f"{self.url}/elsewhere"})

    async def next(self) -> tuple[bytes, dict[str, str]]:
        """The next that comes."""
        async with asyncio.timeout(60):
            return await self.seen.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that answers 200."""
    made, app = Receiver(), web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def _listen(sdk: AsyncOpenAI, receiver: Receiver) -> Any:
    return await sdk.webhooks.create(
        name="mine", url=f"{receiver.url}/hook", event_types=["video.completed", "video.failed"]
    )


async def test_a_completed_video_is_told(live: Live, receiver: Receiver) -> None:
    """The event reaches the endpoint, and ``unwrap`` of the official SDK takes it."""
    _, secret = await live.key()
    async with live.sdk(secret) as sdk:
        endpoint = await _listen(sdk, receiver)
        assert endpoint.signing_secret.startswith("whsec_")
        video = await sdk.videos.create(**CREATE)
        body, headers = await receiver.next()
        event = sdk.webhooks.unwrap(body, headers, secret=endpoint.signing_secret).to_dict()
        assert (event["type"], event["data"]) == ("video.completed", {"id": video.id})
        assert (await sdk.videos.retrieve(video.id)).status == "completed"


async def test_a_callback_url(live: Live, receiver: Receiver) -> None:
    """A create's own URL is told, signed by the account's endpoint."""
    _, secret = await live.key()
    async with live.sdk(secret) as sdk:
        endpoint = await sdk.webhooks.create(name="signs callbacks", url=f"{receiver.url}/none", event_types=[])
        video = await sdk.videos.create(**CREATE, extra_body={"callback_url": f"{receiver.url}/hook"})
        body, headers = await receiver.next()
        event = sdk.webhooks.unwrap(body, headers, secret=endpoint.signing_secret).to_dict()
        assert event["data"] == {"id": video.id}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://user:pass@127.0.0.1/",
        "http://169.254.169.254/",
    ],
)
async def test_urls_that_are_not_asked(idle: Live, url: str) -> None:
    """Neither as an endpoint nor as a callback may a URL lead into our own network."""
    _, secret = await idle.key()
    async with idle.sdk(secret) as sdk:
        with pytest.raises(BadRequestError) as caught:
            await sdk.webhooks.create(name="n", url=url, event_types=["video.failed"])
        assert caught.value.param == "url"
        with pytest.raises(BadRequestError) as caught:
            await sdk.videos.create(**CREATE, extra_body={"callback_url": url})
        assert caught.value.param == "callback_url"


async def test_the_admin_api_as_the_official_sdk_asks_for_it(idle: Live, receiver: Receiver) -> None:
    """Create, retrieve, list, update, rotate, test and delete; the secret is shown twice, at creation and rotation."""
    _, secret = await idle.key()
    async with idle.sdk(secret) as sdk:
        made = [await _listen(sdk, receiver) for _ in range(3)]
        listed = [each async for each in sdk.webhooks.list(limit=2)]
        assert [each.id for each in listed] == [each.id for each in reversed(made)]
        got = await sdk.webhooks.retrieve(made[0].id)
        assert (got.name, got.url) == ("mine", f"{receiver.url}/hook")
        assert "signing_secret" not in got.to_dict()
        assert made[0].signing_secret not in str(got)
        renamed = await sdk.webhooks.update(made[0].id, name="yours")
        assert (renamed.name, renamed.event_types) == ("yours", ["video.completed", "video.failed"])
        rotated = await sdk.webhooks.rotate_secret(made[0].id, keep_old_secret_active_for_24_hours=True)
        assert rotated.signing_secret != made[0].signing_secret
        assert (await sdk.webhooks.delete(made[1].id)).deleted
        with pytest.raises(NotFoundError):
            await sdk.webhooks.retrieve(made[1].id)
        assert (await sdk.webhooks.event_types.list()).data == ["video.completed", "video.failed"]


@pytest.mark.parametrize("status", [200, 302, 410, 500])
async def test_a_test_delivery(idle: Live, receiver: Receiver, status: int) -> None:
    """It is signed like any other, and the answer's status is told as it is; redirects are not followed."""
    _, secret = await idle.key()
    receiver.status = status
    async with idle.sdk(secret) as sdk:
        endpoint = await _listen(sdk, receiver)
        tested = await sdk.webhooks.test(endpoint.id, event_type="video.failed")
        assert (tested.success, tested.status_code, tested.event_type) == (True, status, "video.failed")
        body, headers = await receiver.next()
        assert sdk.webhooks.unwrap(body, headers, secret=endpoint.signing_secret).to_dict()["type"] == "video.failed"
    assert receiver.seen.empty()


async def test_a_test_of_an_endpoint_that_does_not_answer(idle: Live) -> None:
    """It is the caller's to mend, so no 5xx, which the SDK would send again."""
    _, secret = await idle.key()
    async with idle.sdk(secret) as sdk:
        endpoint = await sdk.webhooks.create(name="n", url="http://127.0.0.1:1/", event_types=[])
        with pytest.raises(APIStatusError) as caught:
            await sdk.webhooks.test(endpoint.id, event_type="video.failed")
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": "n", "url": "http://127.0.0.1/"}, "event_types"),
        ({"name": "n", "event_types": []}, "url"),
        ({"name": "", "url": "http://127.0.0.1/", "event_types": []}, "name"),
        ({"name": 7, "url": "http://127.0.0.1/", "event_types": []}, "name"),
        ({"name": "n", "url": "http://127.0.0.1/", "event_types": "video.failed"}, "event_types"),
        ({"name": "n", "url": "http://127.0.0.1/", "event_types": ["batch.failed"]}, "event_types[0]"),
        ({"name": "n", "url": "http://127.0.0.1/", "event_types": [], "colour": "red"}, "colour"),
    ],
)
async def test_what_an_endpoint_needs(idle: Live, body: dict[str, object], param: str) -> None:
    """Every refusal names its field, in the wire's shape."""
    _, secret = await idle.key()
    async with idle.client(secret) as client:
        answer = await client.post("/v1/webhook_endpoints", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_an_account_keeps_fifty(idle: Live) -> None:
    """Every event goes to each of them."""
    _, secret = await idle.key()
    body = {"name": "n", "url": "http://127.0.0.1/", "event_types": []}
    async with idle.client(secret) as client:
        answers = [await client.post("/v1/webhook_endpoints", json=body) for _ in range(51)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [400]
