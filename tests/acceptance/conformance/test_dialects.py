"""Every cell of the dialect table that clients can see, over a real socket."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from PIL import Image
from tests.support.polling import until
from tests.support.served import Served, new_key, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

DIALECTS = ("", "/dmxapi", "/apiyi", "/apiyi-async")
SECONDS = {"": "4", "/dmxapi": "4", "/apiyi": "4", "/apiyi-async": "10"}
TIMEOUT = 60.0


@pytest.fixture
def http(served: Served) -> Iterator[httpx2.Client]:
    """A client with its own key, sent without a scheme as much existing code does.

    Afterwards it cancels its unfinished videos, so that later tests do not wait until they are rendered.
    """
    key = asyncio.run(new_key(Path(served.folder)))
    with httpx2.Client(base_url=served.url, headers={"Authorization": key}, timeout=TIMEOUT) as client:
        yield client
        for video in client.get("/v1/videos?limit=100").json()["data"]:
            if video["status"] in {"queued", "in_progress"}:
                client.post(f"/v1/videos/{video['id']}/cancel")


@pytest.fixture(scope="module")
def slowly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose videos take two seconds."""
    models = '[models.sora-2]\nengine = "testcard"\n[models.sora-2-pro]\nengine = "testcard"\n'
    with serving(tmp_path_factory.mktemp("slow"), models, FILMGATE_TESTCARD_DELAY="2") as running:
        yield running


@pytest.fixture
def slow(slowly: Served) -> Iterator[httpx2.Client]:
    """A client of the slow server, with its own key."""
    key = asyncio.run(new_key(Path(slowly.folder)))
    with httpx2.Client(base_url=slowly.url, headers={"Authorization": key}, timeout=TIMEOUT) as client:
        yield client


def _fields(dialect: str, **changes: object) -> dict[str, Any]:
    fields = {"prompt": "a dog", "model": "sora-2", "seconds": SECONDS[dialect], "size": "1280x720"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def _create(http: httpx2.Client, dialect: str, **changes: object) -> httpx2.Response:
    return http.post(f"{dialect}/v1/videos", json=_fields(dialect, **changes))


def _finish(http: httpx2.Client, dialect: str, video_id: str) -> dict[str, Any]:
    def poll() -> dict[str, Any] | None:
        video: dict[str, Any] = http.get(f"{dialect}/v1/videos/{video_id}?wait=20").json()
        return video if video["status"] in {"completed", "failed"} else None

    return until(poll)


def _image(kind: str, size: tuple[int, int] = (1280, 720)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (180, 90, 40)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_keys_are_accepted_with_and_without_bearer(served: Served, dialect: str, scheme: str) -> None:
    """At every base URL; an invalid key gets a 401."""
    url = f"{served.url}{dialect}/v1/videos"
    assert httpx2.get(url, headers={"Authorization": scheme + served.key}).status_code == 200
    wrong = httpx2.get(url, headers={"Authorization": f"{scheme}sk-wrong-key"})
    code = "authentication_error" if dialect == "/apiyi-async" else "invalid_api_key"
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, code)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_creates_are_accepted_as_json_and_forms(http: httpx2.Client, dialect: str) -> None:
    """A form's fields may be parts without a file name."""
    fields, url = _fields(dialect), f"{dialect}/v1/videos"
    parts = {name: (None, value) for name, value in fields.items()}
    for response in (http.post(url, json=fields), http.post(url, data=fields), http.post(url, files=parts)):
        assert response.status_code == 200, response.text
        assert (response.json()["model"], response.json()["size"]) == ("sora-2", "1280x720")


REQUIRED = {
    "": ("prompt",),
    "/dmxapi": ("prompt", "model"),
    "/apiyi": ("prompt", "model"),
    "/apiyi-async": ("prompt", "model", "size", "seconds"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_required_fields_are_those_of_the_vendor(http: httpx2.Client, dialect: str) -> None:
    """And no others."""
    for name in ("prompt", "model", "size", "seconds"):
        response = _create(http, dialect, **{name: None})
        expected = 400 if name in REQUIRED[dialect] else 200
        assert response.status_code == expected, (name, response.text)
        if expected == 400:
            assert response.json()["error"]["message"] == f"Missing required parameter: '{name}'."


LENGTHS: dict[str, tuple[tuple[object, ...], tuple[object, ...]]] = {
    "": (("4", "8", "10", "12", "15", "16", "20", 4, 12), ("5", 7, "4s", 4.5)),
    "/dmxapi": (("4", "8", "12"), ("10", "15", "16", "20", "5")),
    "/apiyi": (("4", "8", "12"), (4, 8, "10", "15", "20")),
    "/apiyi-async": (("10", "15"), ("4", "8", "12", "5")),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_lengths_are_those_of_the_vendor(http: httpx2.Client, dialect: str) -> None:
    """Responses have strings; an error lists the vendor's own lengths."""
    accepted, rejected = LENGTHS[dialect]
    for value in accepted:
        response = _create(http, dialect, seconds=value)
        assert (response.status_code, response.json().get("seconds")) == (200, str(value)), value
    for value in rejected:
        response = _create(http, dialect, seconds=value)
        assert response.status_code == 400, value
        if isinstance(value, str):
            listed = re.findall(r"'(\w+)'", response.json()["error"]["message"])[1:]
            assert listed == [length for length in accepted if isinstance(length, str)]


SIZES = {
    "": ({"720x1280", "1280x720"}, {"720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"}),
    "/dmxapi": ({"720x1280", "1280x720"}, {"720x1280", "1280x720", "1024x1792", "1792x1024"}),
    "/apiyi": ({"720x1280", "1280x720"}, {"720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"}),
    "/apiyi-async": ({"720x1280", "1280x720"}, {"720x1280", "1280x720"}),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sizes_are_those_of_the_vendor(http: httpx2.Client, dialect: str) -> None:
    """For each model; an error lists exactly these."""
    for model, supported in zip(("sora-2", "sora-2-pro"), SIZES[dialect], strict=True):
        for size in SIZES[""][1]:
            response = _create(http, dialect, model=model, size=size)
            assert response.status_code == (200 if size in supported else 400), (model, size)
        message = _create(http, dialect, model=model, size="640x480").json()["error"]["message"]
        assert set(re.findall(r"'(\w+)'", message)[1:]) == supported


@pytest.mark.parametrize("dialect", DIALECTS)
def test_prompt_length_is_limited(http: httpx2.Client, dialect: str) -> None:
    """To 32,000 characters, or to 999 at apiyi-async."""
    most = 999 if dialect == "/apiyi-async" else 32_000
    assert _create(http, dialect, prompt="狗" * most).status_code == 200
    assert _create(http, dialect, prompt="狗" * (most + 1)).status_code == 400


@pytest.mark.parametrize("dialect", DIALECTS)
def test_reference_images_are_checked(http: httpx2.Client, dialect: str) -> None:
    """Another size than the video's is rejected; WebP is accepted everywhere but at apiyi-async."""
    url, fields = f"{dialect}/v1/videos", _fields(dialect)
    for kind in ("PNG", "JPEG", "WEBP"):
        files = {"input_reference": ("upload", _image(kind), "application/octet-stream")}
        response = http.post(url, data=fields, files=files)
        expected = 400 if (dialect, kind) == ("/apiyi-async", "WEBP") else 200
        assert response.status_code == expected, (kind, response.text)
    small = {"input_reference": ("upload", _image("PNG", (64, 64)), "image/png")}
    assert "Inpaint image must match" in http.post(url, data=fields, files=small).json()["error"]["message"]


KEYS = {
    "": "id object model status progress created_at completed_at expires_at prompt size seconds "
    "remixed_from_video_id error",
    "/dmxapi": "id object model status progress created_at completed_at expires_at size seconds "
    "remixed_from_video_id error",
    "/apiyi": "id object model status progress created_at size seconds quality",
    "/apiyi-async": "id status progress prompt model size seconds created_at url completed_at",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_video_has_the_vendors_keys(served: Served, http: httpx2.Client, dialect: str) -> None:
    """In the vendor's order, compact, ``id`` and ``status`` once; also when completed."""
    created = _create(http, dialect)
    assert list(created.json()) == KEYS[dialect].split()
    assert created.json()["status"] == ("submitted" if dialect == "/apiyi-async" else "queued")
    assert b'": ' not in created.content
    assert (created.content.count(b'"id":"'), created.content.count(b'"status":"')) == (1, 1)
    video = _finish(http, dialect, created.json()["id"])
    assert (video["status"], video["progress"]) == ("completed", 100)
    assert isinstance(video["completed_at"], int)
    if dialect == "/apiyi":
        assert (video["quality"], None in video.values()) == ("standard", False)
        assert _create(http, dialect, model="sora-2-pro").json()["quality"] == "high"
    if dialect == "/apiyi-async":
        assert video["url"] == f"{served.url}/apiyi-async/v1/videos/{video['id']}/content"
        assert http.get(video["url"]).status_code == 200
    if dialect == "/dmxapi":
        assert video["expires_at"] == video["completed_at"] + 7200


@pytest.mark.parametrize("dialect", DIALECTS)
def test_content_is_the_whole_file(http: httpx2.Client, dialect: str) -> None:
    """With its length and the vendor's file name."""
    video_id = _create(http, dialect).json()["id"]
    _finish(http, dialect, video_id)
    response = http.get(f"{dialect}/v1/videos/{video_id}/content")
    assert (response.status_code, response.headers["content-type"]) == (200, "video/mp4")
    assert int(response.headers["content-length"]) == len(response.content)
    name = f"{video_id}_video.mp4" if dialect == "/dmxapi" else f"{video_id}.mp4"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("dialect", DIALECTS)
def test_errors_have_the_vendors_format(http: httpx2.Client, dialect: str) -> None:
    """And the vendor's codes."""
    error = _create(http, dialect, model="sora-3").json()["error"]
    missing = http.get(f"{dialect}/v1/videos/video_x")
    assert missing.status_code == 404
    if dialect == "/apiyi-async":
        assert (set(error), error["code"]) == ({"code", "message", "type"}, "invalid_request")
    else:
        assert (set(error), error["code"]) == ({"message", "type", "param", "code"}, "model_not_found")
        assert missing.json()["error"]["code"] == "video_not_found"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_lists_have_the_vendors_objects(http: httpx2.Client, dialect: str) -> None:
    """One page."""
    _create(http, dialect)
    page = http.get(f"{dialect}/v1/videos?limit=1").json()
    assert (page["object"], len(page["data"]), page["last_id"]) == ("list", 1, page["data"][0]["id"])
    assert (
        list(page["data"][0])[: 3 if dialect == "/apiyi-async" else 4]
        == KEYS[dialect].split()[: 3 if dialect == "/apiyi-async" else 4]
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_content_before_completion(slow: httpx2.Client, dialect: str) -> None:
    """DMXAPI holds its response until the file exists; the others respond 404 at once."""
    video_id = _create(slow, dialect).json()["id"]
    response = slow.get(f"{dialect}/v1/videos/{video_id}/content")
    assert response.status_code == (200 if dialect == "/dmxapi" else 404), dialect
    if dialect == "/dmxapi":
        assert response.content[4:8] == b"ftyp"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_failed_video_has_its_reason(slow: httpx2.Client, dialect: str) -> None:
    """An object, or a string at apiyi-async."""
    http = slow
    video_id = _create(http, dialect).json()["id"]
    assert http.post(f"{dialect}/v1/videos/{video_id}/cancel").status_code == 200
    video = _finish(http, dialect, video_id)
    message = video["error"] if dialect == "/apiyi-async" else video["error"]["message"]
    assert (video["status"], message) == ("failed", "The video was cancelled.")


def test_apiyi_async_limits_creates_per_minute(slow: httpx2.Client) -> None:
    """Ten for each key, whatever other dialects' limits are. Each is cancelled, so that ten fit into the minute."""
    http, responses = slow, []
    for _ in range(10):
        responses.append(_create(http, "/apiyi-async"))
        assert http.post(f"/apiyi-async/v1/videos/{responses[-1].json()['id']}/cancel").status_code == 200
        _finish(http, "/apiyi-async", responses[-1].json()["id"])
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in responses] == [str(9 - n) for n in range(10)]
    rejected = _create(http, "/apiyi-async")
    assert (rejected.status_code, rejected.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(rejected.headers["retry-after"]) <= 60
    assert _create(http, "").status_code == 200


def test_apiyi_async_limits_running_videos(slow: httpx2.Client) -> None:
    """The sixth video is rejected until one of five has ended."""
    responses = [_create(slow, "/apiyi-async") for _ in range(6)]
    running = [answer.json()["id"] for answer in responses if answer.status_code == 200]
    assert (len(running), responses[-1].status_code) == (5, 429)
    assert responses[-1].json()["error"]["message"] == "Too many running tasks."
    for video_id in running:
        _finish(slow, "/apiyi-async", video_id)
