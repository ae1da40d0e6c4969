"""Two accounts cannot see, touch or time each other's objects: every route, every kind of principal, every object.

The routes come from the application's own table, so a new one can't be forgotten: it is tested as soon as it exists.
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

OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/files/{id}/{name}"}
"""Routes that need no key: those that tell nothing of anybody, this machine's own figures (tests/server), and one whose
links are signed."""

PUBLIC = {"/models/{id}"}
"""Routes whose ids are nobody's."""

BODIES: dict[str, object] = {
    "test": {"event_type": "video.failed"},
    "rotate_secret": {},
    "webhook_endpoints": {"name": "n", "url": "http://127.0.0.1/", "event_types": []},
    "{id}": {},
    "cancel": {},
}
"""What a POST carries, by the last part of its path; every other wants a prompt."""

FLEETING = {"x-request-id", "openai-processing-ms", "date"}


class Tenants(Struct):
    """A Filmgate, the owner of things in it, and everybody else."""

    gate: Application
    client: httpx2.AsyncClient
    owner: Account
    keys: dict[str, str | None]  # secrets by the principal's kind
    objects: dict[str, str]  # ids by the object's kind, all of them the owner's

    async def ask(self, kind: str, method: str, path: str) -> httpx2.Response:
        """A request of a principal."""
        secret = self.keys[kind]
        headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
        body = BODIES.get(path.rpartition("/")[2], {"prompt": "p"}) if method == "POST" else None
        return await self.client.request(method, path, headers=headers, json=body)

    async def traced(self, kind: str, method: str, path: str) -> tuple[httpx2.Response, list[str]]:
        """A request, and the statements that the database saw for it."""
        database, seen = self.gate.store._database, list[str]()
        drivers: list[Any] = [each._raw_connection.driver_connection for each in (database.reader, database.writer)]
        for driver in drivers:
            driver.set_trace_callback(seen.append)
        answer = await self.ask(kind, method, path)
        for driver in drivers:
            driver.set_trace_callback(None)
        return answer, [statement[:40] for statement in seen if "api_key" not in statement]


def _routes(app_routes: Sequence[Route]) -> list[tuple[str, str]]:
    """Method and path of all that wants a key."""
    return [
        (method, route.path)
        for route in app_routes
        if isinstance(route.app, HttpEndpoint)
        for method in route.app._handlers
    ]


def _owned(tenants: Tenants) -> list[tuple[str, str]]:
    """Those among them that name somebody's object."""
    found = _routes(tenants.gate.app.routes)
    return [
        (method, path) for method, path in found if "{id}" in path and not any(path.endswith(end) for end in PUBLIC)
    ]


async def _video(gate: Application, owner: Account) -> str:
    recipe = Recipe(prompt="nobody else's business", size=Size(720, 1280), seconds=4, seed=1)
    new = NewVideo(id=new_id(), account_id=owner.id, model="sora-2", engine="testcard", recipe=recipe, price_micros=0)
    return (await gate.store.videos.create(new, time.time()))[0].id


async def _completed(gate: Application, owner: Account) -> str:
    video_id, rows, now = await _video(gate, owner), gate.store.videos, time.time()
    staged = gate.storage.staging_path(".mp4")
    staged.write_bytes(b"film")
    stored = await gate.storage.commit(staged, f"videos/{video_id}.mp4")
    asset = Asset(
        kind=AssetKind.VIDEO,
        key=stored.key,
        media_type="video/mp4",
        bytes=stored.bytes,
        sha256=stored.sha256,
        width=720,
        height=1280,
    )
    assert await rows.record_intent(video_id, "t", now)
    assert await rows.record_ticket(video_id, "t", "ticket", now)
    assert await rows.start_fetching(video_id, now)
    assert await rows.complete(video_id, [asset], {}, now, None)
    return video_id


def _asset(key: str) -> Asset:
    return Asset(kind=AssetKind.REFERENCE, key=key, media_type="x/y", bytes=1, sha256="ab", width=64, height=64)


async def _objects(gate: Application, owner: Account, client: httpx2.AsyncClient, secret: str) -> dict[str, str]:
    failed, deleted = await _video(gate, owner), await _video(gate, owner)
    for video_id in (failed, deleted):
        assert await gate.store.videos.fail(video_id, VideoError("x", "x"), time.time())
    await gate.store.videos.delete(deleted, owner.id, time.time())
    endpoint = await client.post(
        "/v1/webhook_endpoints",
        headers={"authorization": secret},
        json={"name": "n", "url": "http://127.0.0.1/secret", "event_types": ["video.failed"]},
    )
    character = NewCharacter(
        id=new_id("char"), account_id=owner.id, name="Mossy", picture=_asset("p.png"), film=_asset("f.mp4")
    )
    await gate.store.characters.create(character, time.time())
    return {
        "character": character.id,
        "queued video": await _video(gate, owner),
        "completed video": await _completed(gate, owner),
        "failed video": failed,
        "deleted video": deleted,
        "webhook endpoint": endpoint.json()["id"],
    }


async def _keys(gate: Application, owner: Account) -> dict[str, str | None]:
    rows = gate.store.accounts
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
    """An owner with an object of every kind, and everybody else; nothing is being made."""
    gate = build_application(Settings(data=tmp_path, allow_hosts=("127.0.0.1",), log_level="error"))
    owner = await gate.store.accounts.create_account("owner", None)
    keys = await _keys(gate, owner)
    transport = httpx2.ASGITransport(app=gate.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gate") as client:
        objects = await _objects(gate, owner, client, keys["owner"] or "")
        yield Tenants(gate, client, owner, keys, objects)
    await gate.store.close()
    gate.lock.release()


def _told(answer: httpx2.Response, object_id: str) -> tuple[int, str, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name not in FLEETING}
    return answer.status_code, answer.text.replace(object_id, "ID"), headers


async def test_every_route_is_known(tenants: Tenants) -> None:
    """What needs no key is named here, one by one."""
    paths = {route.path for route in tenants.gate.app.routes if not isinstance(route.app, HttpEndpoint)}
    assert paths == OPEN
    assert len(_owned(tenants)) > 20


@pytest.mark.parametrize("kind", ["no key", "wrong key", "revoked key", "expired key"])
async def test_nobody_gets_in_without_a_valid_key(tenants: Tenants, kind: str) -> None:
    """Every route answers 401 whatever it is asked about, before it looks at anything."""
    for method, path in _routes(tenants.gate.app.routes):
        answers = [
            await tenants.traced(kind, method, path.replace("{id}", object_id))
            for object_id in [*tenants.objects.values(), "unknown"]
        ]
        assert {answer.status_code for answer, _ in answers} == {401}, (method, path)
        assert all(not statements for _, statements in answers), (method, path)


async def test_another_account_sees_what_an_unknown_id_shows(tenants: Tenants) -> None:
    """Status, body and headers are those of an id that never was, and so is the work that the database does."""
    for method, path in _owned(tenants):
        for kind, object_id in tenants.objects.items():
            nobody = f"{object_id[:-8]}00000000"
            foreign, worked = await tenants.traced("other account", method, path.replace("{id}", object_id))
            unknown, as_much = await tenants.traced("other account", method, path.replace("{id}", nobody))
            assert foreign.status_code in {400, 404}, (method, path, kind)
            assert _told(foreign, object_id) == _told(unknown, nobody), (method, path, kind)
            assert worked == as_much, (method, path, kind)
            assert worked or method == "POST", (method, path, kind)


async def test_another_account_cannot_build_on_what_it_cannot_see(tenants: Tenants) -> None:
    """Named in a body, somebody's video or character answers as one that never was."""
    headers = {"authorization": f"Bearer {tenants.keys['other account']}"}
    for path, body in (
        ("/v1/videos/edits", {"prompt": "p", "video": {"id": "ID"}}),
        ("/v1/videos/extensions", {"prompt": "p", "seconds": "4", "video": {"id": "ID"}}),
        ("/v1/videos", {"prompt": "p", "characters": [{"id": "ID"}]}),
    ):
        for object_id in tenants.objects.values():
            told = []
            for each in (object_id, f"{object_id[:-8]}00000000"):
                content = msgspec.json.encode(body).replace(b"ID", each.encode())
                more = headers | {"content-type": "application/json"}
                told.append(_told(await tenants.client.post(path, headers=more, content=content), each))
            assert told[0] == told[1]
            assert told[0][0] in {400, 404}, (path, told[0])


async def test_another_account_touches_nothing(tenants: Tenants) -> None:
    """After all it tried, every row of the owner's is as it was, and its lists show nothing."""
    before = await _state(tenants)
    for method, path in _owned(tenants):
        for object_id in tenants.objects.values():
            await tenants.ask("other account", method, path.replace("{id}", object_id))
    assert await _state(tenants) == before
    for method, path in _routes(tenants.gate.app.routes):
        if method == "GET" and "{id}" not in path:
            text = (await tenants.ask("other account", method, path)).text
            assert not [kind for kind, object_id in tenants.objects.items() if object_id in text], path
            assert "secret" not in text, path


@pytest.mark.parametrize("kind", ["owner", "other key of the account"])
async def test_every_key_of_the_account_sees_its_objects(tenants: Tenants, kind: str) -> None:
    """So that the refusals above are the tenants', not the routes'."""
    video_id, endpoint_id = tenants.objects["completed video"], tenants.objects["webhook endpoint"]
    by_path = {"webhook_endpoints": endpoint_id, "characters": tenants.objects["character"]}
    for method, path in _owned(tenants):
        if method == "GET":
            object_id = next((own for part, own in by_path.items() if part in path), video_id)
            answer = await tenants.ask(kind, method, path.replace("{id}", object_id))
            assert answer.status_code == 200, (path, answer.text)
    for path in ("/v1/videos", "/v1/webhook_endpoints"):
        text = (await tenants.ask(kind, "GET", path)).text
        assert endpoint_id in text if "webhook" in path else video_id in text


async def _state(tenants: Tenants) -> object:
    store = tenants.gate.store
    videos = await store.videos.page(tenants.owner.id, after=None, limit=100, ascending=True)
    return videos, await store.webhooks.list_for(tenants.owner.id), await store.ledger.usage(tenants.owner.id, 0)
