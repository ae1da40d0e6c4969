"""Two accounts cannot see, change or time each other's objects: every route, kind of key and kind of object.

The routes come from the application's route table, so a new one is tested as soon as it exists.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest
from msgspec import Struct

from filmgate.bootstrap.application import Application, build_application
from filmgate.config.settings import Settings
from filmgate.domain import Asset, AssetKind, NewVideo, Recipe, Size, VideoError, new_id
from filmgate.server.request import HttpEndpoint
from filmgate.store.characters import NewCharacter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from starlette.routing import Route

    from filmgate.store import Account

ROUTES_WITHOUT_KEY = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/files/{id}/{name}"}
"""Routes without a key: they show nothing of any account, or this machine's own metrics (tests/server), and one whose
links are signed.
"""

PUBLIC_IDS = {"/models/{id}"}
"""Routes whose ids belong to no account."""

BODIES: dict[str, object] = {
    "test": {"event_type": "video.failed"},
    "rotate_secret": {},
    "webhook_endpoints": {"name": "n", "url": "http://127.0.0.1/", "event_types": []},
    "{id}": {},
    "cancel": {},
}
"""POST bodies by the last part of the path; every other route takes a prompt."""

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
"""What an upload is recognised by."""

VARYING_HEADERS = {"x-request-id", "openai-processing-ms", "date"}


class Tenants(Struct):
    """An application, the account that owns the objects in it, and other principals."""

    application: Application
    client: httpx2.AsyncClient
    owner: Account
    keys: dict[str, str | None]  # secrets by kind of key
    objects: dict[str, str]  # ids by kind of object, all of the owner's account

    async def request(self, kind: str, method: str, path: str) -> httpx2.Response:
        """Send a request with one kind of key."""
        secret = self.keys[kind]
        headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
        body = BODIES.get(path.rpartition("/")[2], {"prompt": "p"}) if method == "POST" else None
        return await self.client.request(method, path, headers=headers, json=body)

    async def traced_request(self, kind: str, method: str, path: str) -> tuple[httpx2.Response, list[str]]:
        """Send a request; also return the SQL statements it caused."""
        database, statements = self.application.store._database, list[str]()
        drivers: list[Any] = [
            connection._raw_connection.driver_connection for connection in (database.reader, database.writer)
        ]
        for driver in drivers:
            driver.set_trace_callback(statements.append)
        response = await self.request(kind, method, path)
        for driver in drivers:
            driver.set_trace_callback(None)
        return response, [statement[:40] for statement in statements if "api_key" not in statement]


def _routes(app_routes: Sequence[Route]) -> list[tuple[str, str]]:
    """Return method and path of all routes that need a key."""
    return [
        (method, route.path)
        for route in app_routes
        if isinstance(route.app, HttpEndpoint)
        for method in route.app._handlers
    ]


def _object_routes(tenants: Tenants) -> list[tuple[str, str]]:
    """Return those routes that name an account's object."""
    routes = _routes(tenants.application.app.routes)
    return [
        (method, path)
        for method, path in routes
        if "{id}" in path and not any(path.endswith(suffix) for suffix in PUBLIC_IDS)
    ]


async def _video(application: Application, owner: Account) -> str:
    recipe = Recipe(prompt="another account must not see this", size=Size(720, 1280), seconds=4, seed=1)
    new = NewVideo(id=new_id(), account_id=owner.id, model="sora-2", engine="testcard", recipe=recipe, price_micros=0)
    return (await application.store.videos.create(new, time.time()))[0].id


async def _completed(application: Application, owner: Account) -> str:
    video_id, rows, now = await _video(application, owner), application.store.videos, time.time()
    video = await _stored(application, AssetKind.VIDEO, "video/mp4", f"videos/{video_id}.mp4")
    thumbnail = await _stored(application, AssetKind.THUMBNAIL, "image/webp", f"videos/{video_id}.webp")
    assert await rows.record_intent(video_id, "t", now)
    assert await rows.record_ticket(video_id, "t", "ticket", now)
    assert await rows.start_fetching(video_id, now)
    assert await rows.complete(video_id, [video, thumbnail], {}, now, None)
    return video_id


async def _stored(application: Application, kind: AssetKind, media_type: str, key: str) -> Asset:
    staged = application.storage.staging_path()
    staged.write_bytes(b"bytes")
    stored = await application.storage.commit(staged, key)
    return Asset(
        kind=kind,
        key=stored.key,
        media_type=media_type,
        bytes=stored.bytes,
        sha256=stored.sha256,
        width=720,
        height=1280,
    )


def _asset(key: str) -> Asset:
    return Asset(kind=AssetKind.REFERENCE, key=key, media_type="x/y", bytes=1, sha256="ab", width=64, height=64)


async def _objects(application: Application, owner: Account, client: httpx2.AsyncClient, secret: str) -> dict[str, str]:
    failed, deleted = await _video(application, owner), await _video(application, owner)
    for video_id in (failed, deleted):
        assert await application.store.videos.fail(video_id, VideoError("x", "x"), time.time())
    await application.store.videos.delete(deleted, owner.id, time.time())
    endpoint = await client.post(
        "/v1/webhook_endpoints",
        headers={"authorization": secret},
        json={"name": "n", "url": "http://127.0.0.1/secret", "event_types": ["video.failed"]},
    )
    file = await client.post(
        "/v1/files", headers={"authorization": secret}, data={"purpose": "vision"}, files={"file": ("a.png", PNG)}
    )
    character = NewCharacter(
        id=new_id("char"), account_id=owner.id, name="Mossy", picture=_asset("p.png"), film=_asset("f.mp4")
    )
    await application.store.characters.create(character, time.time())
    return {
        "character": character.id,
        "queued video": await _video(application, owner),
        "completed video": await _completed(application, owner),
        "failed video": failed,
        "deleted video": deleted,
        "webhook endpoint": endpoint.json()["id"],
        "file": file.json()["id"],
    }


async def _keys(application: Application, owner: Account) -> dict[str, str | None]:
    rows = application.store.accounts
    other = await rows.create_account("other", None)
    revoked, revoked_secret = await rows.create_key(owner.id, "revoked")
    assert await rows.revoke_key(revoked.id)
    return {
        "owner": (await rows.create_key(owner.id, "owner"))[1],
        "other key of the account": (await rows.create_key(owner.id, "sister"))[1],
        "other account": (await rows.create_key(other.id, "other"))[1],
        "no key": None,
        "wrong key": "fg-" + "x" * 43,
        "revoked key": revoked_secret,
        "expired key": (await rows.create_key(owner.id, "expired", expires_at=time.time() - 1))[1],
    }


@pytest.fixture
async def tenants(tmp_path: Path) -> AsyncIterator[Tenants]:
    """An owner with one object of every kind, and other principals; no worker runs."""
    application = build_application(Settings(data=tmp_path, allow_hosts=("127.0.0.1",), log_level="error"))
    owner = await application.store.accounts.create_account("owner", None)
    keys = await _keys(application, owner)
    transport = httpx2.ASGITransport(app=application.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://filmgate") as client:
        objects = await _objects(application, owner, client, keys["owner"] or "")
        yield Tenants(application, client, owner, keys, objects)
    await application.store.close()
    application.lock.release()


def _comparable(response: httpx2.Response, object_id: str) -> tuple[int, str, dict[str, str]]:
    headers = {name: value for name, value in response.headers.items() if name not in VARYING_HEADERS}
    return response.status_code, response.text.replace(object_id, "ID"), headers


async def test_routes_without_a_key_are_listed_here(tenants: Tenants) -> None:
    """A new one must be added to the list."""
    paths = {route.path for route in tenants.application.app.routes if not isinstance(route.app, HttpEndpoint)}
    assert paths == ROUTES_WITHOUT_KEY
    assert len(_object_routes(tenants)) > 20


@pytest.mark.parametrize("kind", ["no key", "wrong key", "revoked key", "expired key"])
async def test_every_route_needs_a_valid_key(tenants: Tenants, kind: str) -> None:
    """The response is 401 for any id, without a query for it."""
    for method, path in _routes(tenants.application.app.routes):
        responses = [
            await tenants.traced_request(kind, method, path.replace("{id}", object_id))
            for object_id in [*tenants.objects.values(), "unknown"]
        ]
        assert {response.status_code for response, _ in responses} == {401}, (method, path)
        assert all(not statements for _, statements in responses), (method, path)


async def test_another_accounts_object_is_like_an_unknown_id(tenants: Tenants) -> None:
    """Status, body, headers and SQL statements are the same."""
    for method, path in _object_routes(tenants):
        for kind, object_id in tenants.objects.items():
            unknown_id = f"{object_id[:-8]}00000000"
            foreign, foreign_statements = await tenants.traced_request(
                "other account", method, path.replace("{id}", object_id)
            )
            unknown, unknown_statements = await tenants.traced_request(
                "other account", method, path.replace("{id}", unknown_id)
            )
            assert foreign.status_code in {400, 404}, (method, path, kind)
            assert _comparable(foreign, object_id) == _comparable(unknown, unknown_id), (method, path, kind)
            assert foreign_statements == unknown_statements, (method, path, kind)
            assert foreign_statements or method == "POST", (method, path, kind)


async def test_another_accounts_object_is_unknown_in_a_body(tenants: Tenants) -> None:
    """A video or character of another account is rejected like an unknown id."""
    headers = {"authorization": f"Bearer {tenants.keys['other account']}"}
    for path, body in (
        ("/v1/videos/edits", {"prompt": "p", "video": {"id": "ID"}}),
        ("/v1/videos/extensions", {"prompt": "p", "seconds": "4", "video": {"id": "ID"}}),
        ("/v1/videos", {"prompt": "p", "characters": [{"id": "ID"}]}),
        ("/v1/videos", {"prompt": "p", "input_reference": {"file_id": "ID"}}),
    ):
        for object_id in tenants.objects.values():
            responses = []
            for body_id in (object_id, f"{object_id[:-8]}00000000"):
                content = msgspec.json.encode(body).replace(b"ID", body_id.encode())
                json_headers = headers | {"content-type": "application/json"}
                responses.append(
                    _comparable(await tenants.client.post(path, headers=json_headers, content=content), body_id)
                )
            assert responses[0] == responses[1]
            assert responses[0][0] in {400, 404}, (path, responses[0])


async def test_another_account_changes_nothing(tenants: Tenants) -> None:
    """After all its requests the owner's rows are unchanged, and its own lists show none of them."""
    before = await _state(tenants)
    for method, path in _object_routes(tenants):
        for object_id in tenants.objects.values():
            await tenants.request("other account", method, path.replace("{id}", object_id))
    assert await _state(tenants) == before
    for method, path in _routes(tenants.application.app.routes):
        if method == "GET" and "{id}" not in path:
            text = (await tenants.request("other account", method, path)).text
            assert not [kind for kind, object_id in tenants.objects.items() if object_id in text], path
            assert "secret" not in text, path


@pytest.mark.parametrize("kind", ["owner", "other key of the account"])
async def test_every_key_of_the_account_sees_its_objects(tenants: Tenants, kind: str) -> None:
    """So the rejections above depend on the account, not on the route."""
    video_id, endpoint_id = tenants.objects["completed video"], tenants.objects["webhook endpoint"]
    by_path = {
        "webhook_endpoints": endpoint_id,
        "characters": tenants.objects["character"],
        "/files/": tenants.objects["file"],
    }
    for method, path in _object_routes(tenants):
        if method == "GET":
            object_id = next((owned_id for part, owned_id in by_path.items() if part in path), video_id)
            response = await tenants.request(kind, method, path.replace("{id}", object_id))
            assert response.status_code == 200, (path, response.text)
    for path in ("/v1/videos", "/v1/webhook_endpoints"):
        text = (await tenants.request(kind, "GET", path)).text
        assert endpoint_id in text if "webhook" in path else video_id in text


async def _state(tenants: Tenants) -> object:
    store = tenants.application.store
    videos = await store.videos.page(tenants.owner.id, after=None, limit=100, ascending=True)
    return videos, await store.webhooks.list_for(tenants.owner.id), await store.ledger.usage(tenants.owner.id, 0)
