"""Remix, edits, extensions and characters over the whole house, in every dialect."""

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


class WholeApp(Struct):
    """A whole Filmgate, and two accounts' clients."""

    gate: Application
    api: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    account_id: str
    clip: bytes

    async def done(self, video_id: str) -> dict[str, Any]:
        """The video once it has ended, as the contract has it."""
        video: dict[str, Any] = {"status": "queued"}
        while video["status"] in {"queued", "in_progress"}:
            video = (await self.api.get(f"/v1/videos/{video_id}?wait=20")).json()
        assert video["status"] == "completed", video
        return video

    async def make(self, **fields: Any) -> str:
        """The id of a finished video."""
        video = (await self.api.post("/v1/videos", json={"prompt": "A kite", **fields})).json()
        await self.done(video["id"])
        return str(video["id"])

    async def balance(self) -> int | None:
        """What is left."""
        account = await self.gate.store.accounts.get_account(self.account_id)
        return account.balance_micros if account else None


@pytest.fixture
async def whole_app(tmp_path: Path) -> AsyncIterator[WholeApp]:
    """It makes test cards of a few pixels; a second costs ten."""
    (tmp_path / "models.toml").write_text(MODELS, encoding="utf-8")
    encode(
        Job(token="", video_id="", model="", prompt="x", size=Size(128, 64), seconds=2, seed=0), tmp_path / "clip.mp4"
    )
    settings = Settings(data=tmp_path / "data", models=tmp_path / "models.toml", log_level="warning")
    async with build_application(settings) as gate:
        mine = await gate.store.accounts.create_account("mine", 1000)
        yours = await gate.store.accounts.create_account("yours", None)
        clients = []
        for account in (mine, yours):
            _, secret = await gate.store.accounts.create_key(account.id, "key", time.time())
            headers = {"authorization": f"Bearer {secret}"}
            transport = httpx2.ASGITransport(app=gate.app)
            clients.append(httpx2.AsyncClient(transport=transport, base_url="http://house", headers=headers))
        async with clients[0], clients[1]:
            yield WholeApp(gate, clients[0], clients[1], mine.id, (tmp_path / "clip.mp4").read_bytes())


@pytest.mark.parametrize("base", BASES)
async def test_every_dialect_has_the_operations(whole_app: WholeApp, base: str) -> None:
    """The paths answer under every base, each in its dialect's spelling."""
    source = await whole_app.make()
    remix = await whole_app.api.post(f"{base}/videos/{source}/remix", json={"prompt": "At night"})
    edit = await whole_app.api.post(f"{base}/videos/edits", data={"prompt": "Rain", "video[id]": source})
    longer = {"prompt": "On", "seconds": "4", "video": {"id": source}}
    extension = await whole_app.api.post(f"{base}/videos/extensions", json=longer)
    assert [answer.status_code for answer in (remix, edit, extension)] == [200, 200, 200]
    assert extension.json()["seconds"] == "5"
    assert remix.json()["status"] in {"queued", "submitted"}
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": (None, whole_app.clip)}
    character = await whole_app.api.post(f"{base}/videos/characters", files=files)
    assert character.json()["name"] == "Mossy"
    again = await whole_app.api.get(f"{base}/videos/characters/{character.json()['id']}")
    assert again.json() == character.json()
    for answer in (remix, edit, extension):
        await whole_app.done(answer.json()["id"])


async def test_what_is_not_yours_does_not_exist(whole_app: WholeApp) -> None:
    """Another account's films and characters are as unknown as those that never were."""
    source = await whole_app.make()
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": ("upload", whole_app.clip)}
    character = (await whole_app.api.post("/v1/videos/characters", files=files)).json()["id"]
    said = []
    for video_id in (source, "video_none"):
        for path, body in (
            (f"/v1/videos/{video_id}/remix", {"prompt": "x"}),
            ("/v1/videos/edits", {"prompt": "x", "video": {"id": video_id}}),
            ("/v1/videos/extensions", {"prompt": "x", "seconds": "4", "video": {"id": video_id}}),
        ):
            answer = await whole_app.stranger.post(path, json=body)
            said.append((answer.status_code, answer.text.replace(video_id, "ID")))
    assert len(set(said)) == 1
    assert said[0][0] == 404
    assert (await whole_app.stranger.get(f"/v1/videos/characters/{character}")).status_code == 404
    used = {"prompt": "x", "characters": [{"id": character}]}
    assert (await whole_app.stranger.post("/v1/videos", json=used)).status_code == 400
    assert (await whole_app.api.post("/v1/videos", json=used)).status_code == 200


async def test_an_extension_costs_its_segment(whole_app: WholeApp) -> None:
    """One second at ten, four more at ten each; a remix costs its whole length; a refused one nothing."""
    source = await whole_app.make()
    assert await whole_app.balance() == 990
    body = {"prompt": "On", "seconds": 4, "video": {"id": source}}
    await whole_app.done((await whole_app.api.post("/v1/videos/extensions", json=body)).json()["id"])
    assert await whole_app.balance() == 950
    refused = await whole_app.api.post("/v1/videos/extensions", json={**body, "seconds": 5})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "seconds")
    assert await whole_app.balance() == 950
    await whole_app.done((await whole_app.api.post(f"/v1/videos/{source}/remix", json={"prompt": "x"})).json()["id"])
    assert await whole_app.balance() == 940


async def test_an_upload_is_extended_as_it_is(whole_app: WholeApp) -> None:
    """A part without a file name is a film by its field's name; size and length are its own."""
    files: dict[str, Any] = {
        "prompt": (None, "On"),
        "seconds": (None, "4"),
        "video": (None, whole_app.clip),
        "model": (None, "other"),
    }
    answer = await whole_app.api.post("/v1/videos/extensions", files=files)
    assert (answer.json()["model"], answer.json()["size"], answer.json()["seconds"]) == ("other", "128x64", "6")
    video = await whole_app.done(answer.json()["id"])
    stored = (await whole_app.gate.store.videos.assets(video["id"]))[AssetKind.VIDEO]
    async with whole_app.gate.storage.local_path(stored.key) as film:
        found = probe(film)
    assert (found.size, found.seconds, found.frames) == (Size(128, 64), 6.0, 72)


async def test_sources_that_can_not_be_used_are_bad_requests(whole_app: WholeApp) -> None:
    """Unfinished films, films of no size that the model takes, pictures, and a model that is not the film's."""
    source = await whole_app.make()
    png = b"\x89PNG\r\n\x1a\n" + bytes(100)
    tries: list[tuple[dict[str, Any], str, str]] = [
        ({"prompt": (None, "x"), "video": ("a", png)}, "video", "invalid_video"),
        ({"prompt": (None, "x"), "video": ("a", whole_app.clip[:5000])}, "video", "invalid_video"),
        ({"prompt": (None, "x"), "video": (None, "a kite")}, "video", "invalid_type"),
        ({"prompt": (None, "x"), "video[id]": (None, source), "model": (None, "other")}, "model", "invalid_value"),
        ({"prompt": (None, "x"), "video": ("a", whole_app.clip), "model": (None, "none")}, "model", "model_not_found"),
    ]
    for files, param, code in tries:
        answer = await whole_app.api.post("/v1/videos/edits", files=files)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"], error["code"]) == (400, param, code), error


async def test_no_file_is_left_behind(whole_app: WholeApp) -> None:
    """Refused requests leave nothing staged or stored, and a finished video's source is dropped by the next sweep."""
    source = await whole_app.make()
    staged = whole_app.gate.settings.data / "files" / "staging"
    await whole_app.api.post("/v1/videos/edits", files={"prompt": (None, "x"), "video": ("a", b"nothing" * 9)})
    await whole_app.api.post("/v1/videos/characters", files={"name": (None, "x" * 81), "video": ("a", whole_app.clip)})
    assert not list(staged.iterdir())
    remix = (await whole_app.api.post(f"/v1/videos/{source}/remix", json={"prompt": "x"})).json()["id"]
    await whole_app.done(remix)
    assert AssetKind.SOURCE in await whole_app.gate.store.videos.assets(remix)
    dropped = await whole_app.gate.store.videos.drop_expired(time.time())
    assert [key.split("/")[0] for key in dropped] == ["sources"]
    assert AssetKind.SOURCE not in await whole_app.gate.store.videos.assets(remix)


async def test_a_repeated_character_is_one(whole_app: WholeApp) -> None:
    """An Idempotency-Key, and an SDK's own resend, give the character that was made; its files are there once."""
    files: dict[str, Any] = {"name": (None, "Mossy"), "video": ("a", whole_app.clip)}
    once = {"idempotency-key": "k"}
    first = await whole_app.api.post("/v1/videos/characters", files=files, headers=once)
    second = await whole_app.api.post("/v1/videos/characters", files=files, headers=once)
    resent = await whole_app.api.post("/v1/videos/characters", files=files, headers={"x-stainless-retry-count": "1"})
    assert first.json() == second.json() == resent.json()
    other = await whole_app.api.post("/v1/videos/characters", files={**files, "name": (None, "Fern")}, headers=once)
    assert other.json()["error"]["code"] == "idempotency_key_reuse"
    kept = [key async for key in whole_app.gate.storage.keys("characters/")]
    assert len(kept) == 2
    assert await whole_app.gate.store.videos.referenced_keys(kept) == set(kept)
