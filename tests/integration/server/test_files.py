"""``/v1/files`` over the whole application: upload, list, download, delete, and requests that refer to a file."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from msgspec import Struct
from tests.support.cli import PNG

from filmgate.bootstrap.application import Application, build_application
from filmgate.config.settings import Settings
from filmgate.domain import Size
from filmgate.engines.base import Job
from filmgate.engines.testcard import encode

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
[models.sora-2]
engine = "testcard"
sizes = ["64x64", "128x64"]
seconds = ["1", "4"]
default_size = "64x64"
default_seconds = "1"
"""
QUOTA, COUNT = 2_000_000, 5


class FileApi(Struct):
    """A whole application, and clients of two accounts."""

    application: Application
    api: httpx2.AsyncClient
    other_api: httpx2.AsyncClient
    clip: bytes
    data: Path

    async def upload(self, content: bytes = PNG, filename: str = "shot.png", **fields: str) -> httpx2.Response:
        """Upload a file."""
        form: dict[str, Any] = {"purpose": "vision", **fields}
        return await self.api.post("/v1/files", data=form, files={"file": (filename, content)})

    async def uploaded(self, content: bytes = PNG, filename: str = "shot.png", **fields: str) -> str:
        """Return the id of an uploaded file."""
        answer = await self.upload(content, filename, **fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def completed(self, answer: httpx2.Response) -> dict[str, Any]:
        """Return the video once it is completed."""
        assert answer.status_code == 200, answer.text
        video: dict[str, Any] = answer.json()
        while video["status"] in {"queued", "in_progress"}:
            video = (await self.api.get(f"/v1/videos/{video['id']}?wait=20")).json()
        assert video["status"] == "completed", video
        return video

    @property
    def kept(self) -> list[str]:
        """The names of stored uploads."""
        return sorted(path.name for path in (self.data / "files" / "kept" / "uploads").rglob("file-*"))

    @property
    def staged(self) -> list[Path]:
        """What was left where files are received."""
        return list((self.data / "files" / "staging").iterdir())


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[FileApi]:
    """An application whose accounts may keep five small files."""
    (tmp_path / "models.toml").write_text(MODELS, encoding="utf-8")
    clip = Job(token="", video_id="", model="", prompt="x", size=Size(128, 64), seconds=2, seed=0)
    encode(clip, tmp_path / "clip.mp4")
    settings = Settings(
        data=tmp_path / "data",
        models=tmp_path / "models.toml",
        log_level="error",
        file_quota=QUOTA,
        file_count=COUNT,
    )
    async with build_application(settings) as application:
        clients = []
        for name in ("mine", "yours"):
            account = await application.store.accounts.create_account(name, None)
            _, secret = await application.store.accounts.create_key(account.id, "key", time.time())
            headers = {"authorization": f"Bearer {secret}"}
            transport = httpx2.ASGITransport(app=application.app)
            clients.append(httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers))
        async with clients[0], clients[1]:
            yield FileApi(application, clients[0], clients[1], (tmp_path / "clip.mp4").read_bytes(), tmp_path / "data")


async def test_a_file_is_returned_as_it_was_uploaded(files: FileApi) -> None:
    """Its object has the contract's keys, its content the same bytes under the same name."""
    created = (await files.upload(filename="C:\\shots\\海 1.png", purpose="user_data")).json()
    assert created.pop("id").startswith("file-")
    assert created.pop("created_at") > 0
    assert created == {
        "object": "file",
        "bytes": len(PNG),
        "expires_at": None,
        "filename": "海 1.png",
        "purpose": "user_data",
        "status": "processed",
        "status_details": None,
    }
    listed = (await files.api.get("/v1/files")).json()["data"]
    file_id = listed[0]["id"]
    assert (await files.api.get(f"/v1/files/{file_id}")).json() == listed[0]
    content = await files.api.get(f"/v1/files/{file_id}/content")
    assert (content.content, content.headers["content-type"]) == (PNG, "image/png")
    disposition = "attachment; filename=\"_ 1.png\"; filename*=UTF-8''%E6%B5%B7%201.png"
    assert content.headers["content-disposition"] == disposition
    part = await files.api.get(f"/v1/files/{file_id}/content", headers={"range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, PNG[:8])


async def test_a_deleted_file_is_gone(files: FileApi) -> None:
    """Its object, its content and its bytes."""
    file_id = await files.uploaded()
    assert files.kept == [f"{file_id}.png"]
    deleted = await files.api.delete(f"/v1/files/{file_id}")
    assert deleted.json() == {"id": file_id, "object": "file", "deleted": True}
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        answer = await files.api.request(method, f"/v1/files/{file_id}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_not_found")
    assert (files.kept, files.staged) == ([], [])


async def test_another_account_s_file_looks_unknown(files: FileApi) -> None:
    """Everywhere: the response is the same as for an id that does not exist."""
    file_id = await files.uploaded()
    clip_id = await files.uploaded(files.clip, "clip.mp4")
    seen = []
    for image, video in ((file_id, clip_id), ("file-none", "file-none")):
        for method, path, body in (
            ("GET", f"/v1/files/{image}", None),
            ("GET", f"/v1/files/{image}/content", None),
            ("DELETE", f"/v1/files/{image}", None),
            ("POST", "/v1/videos", {"prompt": "x", "input_reference": {"file_id": image}}),
            ("POST", "/v1/videos/edits", {"prompt": "x", "video": {"file_id": video}}),
            ("POST", "/v1/videos/characters", {"name": "x", "video": {"file_id": video}}),
        ):
            answer = await files.other_api.request(method, path, json=body)
            seen.append((answer.status_code, answer.text.replace(image, "ID").replace(video, "ID")))
    assert seen[:6] == seen[6:]
    assert [status for status, _ in seen[:6]] == [404, 404, 404, 400, 400, 400]
    assert (await files.other_api.get("/v1/files")).json()["data"] == []
    assert len((await files.api.get("/v1/files")).json()["data"]) == 2


async def test_videos_use_files(files: FileApi) -> None:
    """An image as the first frame, a video as a source and as a character; the file may be deleted right after."""
    image, clip = await files.uploaded(), await files.uploaded(files.clip, "clip.mp4", purpose="user_data")
    create = {"prompt": "x", "fit": "crop", "input_reference": {"file_id": image}}
    answers = [
        await files.api.post("/v1/videos", json=create),
        await files.api.post(
            "/v1/videos", data={"prompt": "x", "fit": "crop", "input_reference[file_id]": image, "size": "128x64"}
        ),
        await files.api.post("/v1/videos/edits", json={"prompt": "Rain", "video": {"file_id": clip}}),
        await files.api.post("/v1/videos/extensions", data={"prompt": "On", "seconds": "4", "video[file_id]": clip}),
    ]
    character = await files.api.post("/v1/videos/characters", json={"name": "Mossy", "video": {"file_id": clip}})
    for file_id in (image, clip):
        assert (await files.api.delete(f"/v1/files/{file_id}")).status_code == 200
    assert [(await files.completed(answer))["seconds"] for answer in answers] == ["1", "1", "2", "6"]
    shown = {"prompt": "Mossy waves", "characters": [{"id": character.json()["id"]}]}
    await files.completed(await files.api.post("/v1/videos", json=shown))
    assert files.staged == []


async def test_a_file_of_another_kind_is_named(files: FileApi) -> None:
    """A video is no first frame, an image no source."""
    image, clip = await files.uploaded(), await files.uploaded(files.clip, "clip.mp4")
    first = await files.api.post("/v1/videos", json={"prompt": "x", "input_reference": {"file_id": clip}})
    assert first.json()["error"]["message"] == f"The file '{clip}' is no image: its type is video/mp4."
    source = await files.api.post("/v1/videos/edits", json={"prompt": "x", "video": {"file_id": image}})
    assert source.json()["error"]["message"] == f"The file '{image}' is no video: its type is image/png."
    assert source.json()["error"]["param"] == "video"


@pytest.mark.parametrize(
    ("fields", "content", "param", "code"),
    [
        ({"purpose": "holiday"}, PNG, "purpose", "invalid_value"),
        ({"purpose": ""}, PNG, "purpose", "missing_required_parameter"),
        ({"colour": "red"}, PNG, "colour", "unknown_parameter"),
        ({}, b"%PDF-1.7 no image", "file", "invalid_value"),
        ({}, b"", "file", "invalid_value"),
        ({}, b"\0\0\0\x1cftypheic\0\0\0\0", "file", "invalid_value"),
        ({"expires_after[anchor]": "now", "expires_after[seconds]": "3600"}, PNG, "expires_after.anchor", None),
        ({"expires_after[anchor]": "created_at", "expires_after[seconds]": "9"}, PNG, "expires_after.seconds", None),
        ({"expires_after[anchor]": "created_at"}, PNG, "expires_after.seconds", "missing_required_parameter"),
    ],
)
async def test_a_wrong_upload_is_refused(
    files: FileApi, fields: dict[str, str], content: bytes, param: str, code: str | None
) -> None:
    """With the name of its field; nothing is kept."""
    answer = await files.upload(content, **fields)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert code in {None, answer.json()["error"]["code"]}
    assert files.staged == []
    assert (await files.api.get("/v1/files")).json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


async def test_the_quota_refuses_before_the_body(files: FileApi) -> None:
    """By bytes from the declared length alone, and by number; deleting makes room again."""
    head = {"content-type": "multipart/form-data; boundary=x", "content-length": str(QUOTA + 100_000)}

    reads = []

    async def body() -> AsyncIterator[bytes]:
        reads.append(1)
        yield b""

    refused = await files.api.post("/v1/files", headers=head, content=body())
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "file_quota_exceeded")
    ids = [await files.uploaded(filename=f"{number}.png") for number in range(COUNT)]
    refused = await files.api.post("/v1/files", headers=head | {"content-length": "100"}, content=body())
    assert refused.json()["error"]["message"] == f"An account may store at most {COUNT} files; delete one first."
    assert refused.headers["x-should-retry"] == "false"
    assert reads == []
    await files.api.delete(f"/v1/files/{ids[0]}")
    assert (await files.upload()).status_code == 200


async def test_the_quota_counts_undeclared_bytes(files: FileApi) -> None:
    """A body in chunks has no length; what it holds is counted before it is kept."""
    boundary = b"--x\r\nContent-Disposition: form-data; name="
    body = boundary + b'"purpose"\r\n\r\nvision\r\n' + boundary + b'"file"; filename="a.png"\r\n\r\n'

    async def chunks() -> AsyncIterator[bytes]:
        yield body + PNG + bytes(QUOTA)
        yield b"\r\n--x--\r\n"

    answer = await files.api.post(
        "/v1/files", headers={"content-type": "multipart/form-data; boundary=x"}, content=chunks()
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "file_quota_exceeded")
    assert (files.kept, files.staged) == ([], [])


async def test_a_list_is_paged_and_filtered(files: FileApi) -> None:
    """As the contract says; a limit of ten thousand is accepted, and an unknown ``after`` is followed by nothing."""
    ids = [await files.uploaded(filename=f"{number}.png", purpose="user_data") for number in range(3)]
    other = await files.uploaded()
    page = (await files.api.get("/v1/files", params={"limit": 2, "order": "asc", "purpose": "user_data"})).json()
    assert [file["id"] for file in page["data"]] == ids[:2]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[0], ids[1], True)
    rest = (await files.api.get("/v1/files", params={"limit": 10_000, "order": "asc", "after": ids[1]})).json()
    assert ([file["id"] for file in rest["data"]], rest["has_more"]) == ([ids[2], other], False)
    assert (await files.api.get("/v1/files", params={"after": "zzz"})).json()["data"] == []
    assert (await files.api.get("/v1/files", params={"limit": 10_001})).status_code == 400


async def test_a_resent_upload_is_one_file(files: FileApi) -> None:
    """By the SDK's retry count, or by the client's key."""
    first = await files.uploaded()
    for headers in ({"x-stainless-retry-count": "1"}, {"idempotency-key": "k"}, {"idempotency-key": "k"}):
        await files.api.post(
            "/v1/files", data={"purpose": "vision"}, files={"file": ("shot.png", PNG)}, headers=headers
        )
    listed = [file["id"] for file in (await files.api.get("/v1/files")).json()["data"]]
    assert len(listed) == 2
    assert listed[-1] == first
    assert len(files.kept) == 2
