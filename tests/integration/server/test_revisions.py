"""Remix, edits, extensions and characters over the whole application, in every dialect."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from msgspec import Struct

from filmgate.bootstrap.application import Application, build_application
from filmgate.config.settings import Settings
from filmgate.domain import AssetKind, Size
from filmgate.engines.base import Job
from filmgate.engines.testcard import encode
from filmgate.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MODELS = """
[models.sora-2]
engine = "testcard"
sizes = ["64x64", "128x64"]
seconds = ["1", "4", "10"]
default_size = "64x64"
default_seconds = "1"
price = { default = 10 }

[models.other]
like = "sora-2"
"""
BASES = ["/v1", "/dmxapi/v1", "/apiyi/v1", "/apiyi-async/v1"]


class RunningApp(Struct):
    """A whole application, and clients of two accounts."""

    application: Application
    api: httpx2.AsyncClient
    other_api: httpx2.AsyncClient
    account_id: str
    clip: bytes

    async def completed(self, video_id: str) -> dict[str, Any]:
        """Return the video once it is completed."""
        video: dict[str, Any] = {"status": "queued"}
        while video["status"] in {"queued", "in_progress"}:
            video = (await self.api.get(f"/v1/videos/{video_id}?wait=20")).json()
        assert video["status"] == "completed", video
        return video

    async def make(self, **fields: Any) -> str:
        """Return the id of a completed video."""
        video = (await self.api.post("/v1/videos", json={"prompt": "A kite", **fields})).json()
        await self.completed(video["id"])
        return str(video["id"])

    async def balance(self) -> int | None:
        """Return the account's balance."""
        account = await self.application.store.accounts.get_account(self.account_id)
        return account.balance_micros if account else None


@pytest.fixture
async def running_app(tmp_path: Path) -> AsyncIterator[RunningApp]:
    """An application that makes test cards of a few pixels; a second costs ten."""
    (tmp_path / "models.toml").write_text(MODELS, encoding="utf-8")
    encode(
        Job(token="", video_id="", model="", prompt="x", size=Size(128, 64), seconds=2, seed=0), tmp_path / "clip.mp4"
    )
    settings = Settings(data=tmp_path / "data", models=tmp_path / "models.toml", log_level="warning")
    async with build_application(settings) as application:
        first = await application.store.accounts.create_account("mine", 1000)
        second = await application.store.accounts.create_account("yours", None)
        clients = []
        for account in (first, second):
            _, secret = await application.store.accounts.create_key(account.id, "key", time.time())
            headers = {"authorization": f"Bearer {secret}"}
            transport = httpx2.ASGITransport(app=application.app)
            clients.append(httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers))
        async with clients[0], clients[1]:
            yield RunningApp(application, clients[0], clients[1], first.id, (tmp_path / "clip.mp4").read_bytes())


@pytest.mark.parametrize("base", BASES)
async def test_every_dialect_has_the_operations(running_app: RunningApp, base: str) -> None:
    """The paths work under every base path, each in its dialect's spelling."""
    source = await running_app.make()
    remix = await running_app.api.post(f"{base}/videos/{source}/remix", json={"prompt": "At night"})
    edit = await running_app.api.post(f"{base}/videos/edits", data={"prompt": "Rain", "video[id]": source})
    extension_body = {"prompt": "On", "seconds": "4", "video": {"id": source}}
    extension = await running_app.api.post(f"{base}/videos/extensions", json=extension_body)
    assert [answer.status_code for answer in (remix, edit, extension)] == [200, 200, 200]
    assert extension.json()["seconds"] == "5"
    assert remix.json()["status"] in {"queued", "submitted"}
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": (None, running_app.clip)}
    character = await running_app.api.post(f"{base}/videos/characters", files=files)
    assert character.json()["name"] == "Mossy"
    again = await running_app.api.get(f"{base}/videos/characters/{character.json()['id']}")
    assert again.json() == character.json()
    for answer in (remix, edit, extension):
        await running_app.completed(answer.json()["id"])


async def test_another_account_s_objects_look_unknown(running_app: RunningApp) -> None:
    """The response is the same as for ids that do not exist."""
    source = await running_app.make()
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": ("upload", running_app.clip)}
    character = (await running_app.api.post("/v1/videos/characters", files=files)).json()["id"]
    responses = []
    for video_id in (source, "video_none"):
        for path, body in (
            (f"/v1/videos/{video_id}/remix", {"prompt": "x"}),
            ("/v1/videos/edits", {"prompt": "x", "video": {"id": video_id}}),
            ("/v1/videos/extensions", {"prompt": "x", "seconds": "4", "video": {"id": video_id}}),
        ):
            answer = await running_app.other_api.post(path, json=body)
            responses.append((answer.status_code, answer.text.replace(video_id, "ID")))
    assert len(set(responses)) == 1
    assert responses[0][0] == 404
    assert (await running_app.other_api.get(f"/v1/videos/characters/{character}")).status_code == 404
    create = {"prompt": "x", "characters": [{"id": character}]}
    assert (await running_app.other_api.post("/v1/videos", json=create)).status_code == 400
    assert (await running_app.api.post("/v1/videos", json=create)).status_code == 200


async def test_an_extension_costs_its_segment(running_app: RunningApp) -> None:
    """One second costs ten, four more ten each; a remix costs its whole length; a rejected one nothing."""
    source = await running_app.make()
    assert await running_app.balance() == 990
    body = {"prompt": "On", "seconds": 4, "video": {"id": source}}
    await running_app.completed((await running_app.api.post("/v1/videos/extensions", json=body)).json()["id"])
    assert await running_app.balance() == 950
    rejected = await running_app.api.post("/v1/videos/extensions", json={**body, "seconds": 5})
    assert (rejected.status_code, rejected.json()["error"]["param"]) == (400, "seconds")
    assert await running_app.balance() == 950
    await running_app.completed(
        (await running_app.api.post(f"/v1/videos/{source}/remix", json={"prompt": "x"})).json()["id"]
    )
    assert await running_app.balance() == 940


async def test_an_upload_keeps_its_size_and_length(running_app: RunningApp) -> None:
    """A part without a file name is a video by its field's name."""
    files: dict[str, Any] = {
        "prompt": (None, "On"),
        "seconds": (None, "4"),
        "video": (None, running_app.clip),
        "model": (None, "other"),
    }
    answer = await running_app.api.post("/v1/videos/extensions", files=files)
    assert (answer.json()["model"], answer.json()["size"], answer.json()["seconds"]) == ("other", "128x64", "6")
    video = await running_app.completed(answer.json()["id"])
    stored = (await running_app.application.store.videos.assets(video["id"]))[AssetKind.VIDEO]
    async with running_app.application.storage.local_path(stored.key) as path:
        result = probe(path)
    assert (result.size, result.seconds, result.frames) == (Size(128, 64), 6.0, 72)


async def test_unusable_sources_are_bad_requests(running_app: RunningApp) -> None:
    """An image, a truncated file, a text, another model than the video's, and an unknown model."""
    source = await running_app.make()
    png = b"\x89PNG\r\n\x1a\n" + bytes(100)
    tries: list[tuple[dict[str, Any], str, str]] = [
        ({"prompt": (None, "x"), "video": ("a", png)}, "video", "invalid_video"),
        ({"prompt": (None, "x"), "video": ("a", running_app.clip[:5000])}, "video", "invalid_video"),
        ({"prompt": (None, "x"), "video": (None, "a kite")}, "video", "invalid_type"),
        ({"prompt": (None, "x"), "video[id]": (None, source), "model": (None, "other")}, "model", "invalid_value"),
        (
            {"prompt": (None, "x"), "video": ("a", running_app.clip), "model": (None, "none")},
            "model",
            "model_not_found",
        ),
    ]
    for files, param, code in tries:
        answer = await running_app.api.post("/v1/videos/edits", files=files)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"], error["code"]) == (400, param, code), error


async def test_no_file_is_left_behind(running_app: RunningApp) -> None:
    """Rejected requests leave nothing staged or stored, and the next sweep drops a finished video's source."""
    source = await running_app.make()
    staged = running_app.application.settings.data / "files" / "staging"
    await running_app.api.post("/v1/videos/edits", files={"prompt": (None, "x"), "video": ("a", b"nothing" * 9)})
    await running_app.api.post(
        "/v1/videos/characters", files={"name": (None, "x" * 81), "video": ("a", running_app.clip)}
    )
    assert not list(staged.iterdir())
    remix = (await running_app.api.post(f"/v1/videos/{source}/remix", json={"prompt": "x"})).json()["id"]
    await running_app.completed(remix)
    assert AssetKind.SOURCE in await running_app.application.store.videos.assets(remix)
    dropped = await running_app.application.store.videos.drop_expired(time.time())
    assert [key.split("/")[0] for key in dropped] == ["sources"]
    assert AssetKind.SOURCE not in await running_app.application.store.videos.assets(remix)


async def test_a_repeated_character_is_created_once(running_app: RunningApp) -> None:
    """An Idempotency-Key, and an SDK's own retry, return the existing character; its files are stored once."""
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": ("a", running_app.clip)}
    headers = {"idempotency-key": "k"}
    first = await running_app.api.post("/v1/videos/characters", files=files, headers=headers)
    second = await running_app.api.post("/v1/videos/characters", files=files, headers=headers)
    resent = await running_app.api.post("/v1/videos/characters", files=files, headers={"x-stainless-retry-count": "1"})
    assert first.json() == second.json() == resent.json()
    other = await running_app.api.post(
        "/v1/videos/characters", files={**files, "name": (None, "Fern")}, headers=headers
    )
    assert other.json()["error"]["code"] == "idempotency_key_reuse"
    keys = [key async for key in running_app.application.storage.keys("characters/")]
    assert len(keys) == 2
    assert await running_app.application.store.videos.referenced_keys(keys) == set(keys)


async def test_a_deleted_character_is_gone(running_app: RunningApp) -> None:
    """With its files; a create that names it is refused."""
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": ("a", running_app.clip)}
    character = (await running_app.api.post("/v1/videos/characters", files=files)).json()["id"]
    path = f"/v1/videos/characters/{character}"
    assert (await running_app.api.delete(path)).json() == {
        "id": character,
        "object": "character.deleted",
        "deleted": True,
    }
    assert [(await running_app.api.request(method, path)).status_code for method in ("GET", "DELETE")] == [404, 404]
    assert [key async for key in running_app.application.storage.keys("characters/")] == []
    body = {"prompt": "Mossy waits", "characters": [{"id": character}]}
    assert (await running_app.api.post("/v1/videos", json=body)).status_code == 400
