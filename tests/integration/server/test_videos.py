"""The routes of /v1/videos and /v1/models, as a client sees them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs
from tests.support.polling import until_async

from filmgate.domain import Status

if TYPE_CHECKING:
    import httpx2
    from tests.integration.server.conftest import ApiServer

KEYS = [
    "id",
    "object",
    "model",
    "status",
    "progress",
    "created_at",
    "completed_at",
    "expires_at",
    "prompt",
    "size",
    "seconds",
    "remixed_from_video_id",
    "error",
]


async def _create(api: httpx2.AsyncClient, **fields: object) -> str:
    answer = await api.post("/v1/videos", json={"prompt": "a paper boat", **fields})
    assert answer.status_code == 200, answer.text
    video_id: str = answer.json()["id"]
    return video_id


def _error(answer: httpx2.Response) -> tuple[int, str, str | None, str | None]:
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-request-id"].startswith("req_")
    return answer.status_code, error["message"], error["param"], error["code"]


async def test_create_returns_the_whole_video(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A create responds with 200 and all 13 keys, compact, wakes the flow and stores the row."""
    answer = await api.post("/v1/videos", json={"prompt": "a paper boat", "seconds": 8, "size": "1280x720"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert ": " not in answer.text
    video = answer.json()
    assert list(video) == KEYS
    assert (video["status"], video["progress"], video["seconds"], video["size"]) == ("queued", 0, "8", "1280x720")
    assert api_server.fake_flow.woken == [video["id"]]
    assert await api_server.store.videos.get(video["id"]) is not None


async def test_an_unfinished_video_suggests_the_next_poll(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """``openai-poll-after-ms`` is on create and on GET until the video is finished."""
    answer = await api.post("/v1/videos", json={"prompt": "a paper boat"})
    path = f"/v1/videos/{answer.json()['id']}"
    assert 500 <= int(answer.headers["openai-poll-after-ms"]) <= 5000
    assert "openai-poll-after-ms" in (await api.get(path)).headers
    await api_server.fake_flow.complete(answer.json()["id"], video=b"video")
    done = await api.get(path)
    assert "openai-poll-after-ms" not in done.headers
    assert (done.json()["status"], done.json()["progress"]) == ("completed", 100)


async def test_a_failed_video_has_its_reason(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """The response is a 200 with an error that is never null."""
    video_id = await _create(api)
    await api_server.fake_flow.fail(video_id)
    video = (await api.get(f"/v1/videos/{video_id}")).json()
    assert video["status"] == "failed"
    assert video["error"] == {"code": "engine_error", "message": "The engine gave up."}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter")),
        (
            {"prompt": "x", "size": "1920x1080"},
            (
                "Invalid value: '1920x1080'. Supported values are: '720x1280' and '1280x720'.",
                "size",
                "invalid_value",
            ),
        ),
        (
            {"prompt": "x", "duration": 4},
            ("Unknown parameter: 'duration'. Use 'seconds' instead.", "duration", "unknown_parameter"),
        ),
        (
            {"prompt": "x", "input_reference": "hello"},
            (
                "Invalid type for 'input_reference': expected an object, but got a string instead.",
                "input_reference",
                "invalid_type",
            ),
        ),
    ],
)
async def test_invalid_parameters_are_bad_requests(
    api_server: ApiServer, api: httpx2.AsyncClient, fields: dict[str, object], expected: tuple[str, str, str]
) -> None:
    """The errors are the contract's sentences, and nothing is accepted."""
    assert _error(await api.post("/v1/videos", json=fields)) == (400, *expected)
    assert api_server.fake_flow.woken == []


async def test_an_unknown_model_lists_the_known_ones(api: httpx2.AsyncClient) -> None:
    """A client that mistypes a model sees which ones exist."""
    status, message, param, code = _error(await api.post("/v1/videos", json={"prompt": "x", "model": "sora-9"}))
    assert (status, param, code) == (400, "model", "model_not_found")
    assert "sora-2-pro" in message


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=abc", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=2.5", "limit"),
        ("limit=٣", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("order=up", "order"),
    ],
)
async def test_invalid_list_parameters_are_rejected(api: httpx2.AsyncClient, query: str, param: str) -> None:
    """Values outside the contract are a 400 that names the parameter."""
    status, _, error_param, code = _error(await api.get(f"/v1/videos?{query}"))
    assert (status, error_param, code) == (400, param, "invalid_value")


@pytest.mark.parametrize("query", ["limit=&order=&after=", "limit=20.0", "limit=%2020", "limit=20&limit=", ""])
async def test_an_empty_query_parameter_is_not_given(api: httpx2.AsyncClient, query: str) -> None:
    """Clients build URLs with empty values; a whole number has its spellings here too."""
    created = (await api.post("/v1/videos", json={"prompt": "x"})).json()["id"]
    listed = await api.get(f"/v1/videos?{query}")
    assert [video["id"] for video in listed.json()["data"]] == [created]
    assert (await api.get(f"/v1/videos/{created}?wait=")).json()["id"] == created
    assert (await api.get(f"/v1/videos/{created}/content?variant=")).status_code == 404


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "1.5", "nan"])
async def test_an_invalid_wait_is_rejected(api: httpx2.AsyncClient, wait: str) -> None:
    """A long poll is at most a minute long, in whole seconds."""
    video_id = await _create(api)
    assert _error(await api.get(f"/v1/videos/{video_id}?wait={wait}"))[::3] == (400, "invalid_value")


async def test_the_list_pages_in_both_directions(api: httpx2.AsyncClient) -> None:
    """Newest first by default; ``after`` is exclusive; all five keys always; no duplicates, no gaps."""
    video_ids = [await _create(api) for _ in range(5)]
    listed: list[str] = []
    page = (await api.get("/v1/videos?limit=2")).json()
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    while True:
        listed += [video["id"] for video in page["data"]]
        assert (page["object"], page["first_id"]) == ("list", page["data"][0]["id"])
        if not page["has_more"]:
            break
        page = (await api.get(f"/v1/videos?limit=2&after={page['last_id']}")).json()
    assert listed == video_ids[::-1]
    ascending = (await api.get("/v1/videos", params={"order": "asc", "limit": 100})).json()
    assert [video["id"] for video in ascending["data"]] == video_ids


async def test_an_empty_page_has_all_keys(api: httpx2.AsyncClient) -> None:
    """Limit 0 and an unknown ``after`` return 200 with an empty page."""
    await _create(api)
    for query in ("limit=0", "after=video_unknown", "after=%00%ff"):
        page = (await api.get(f"/v1/videos?{query}")).json()
        assert (page["object"], page["data"], page["first_id"], page["last_id"]) == ("list", [], None, None)


async def test_delete_takes_only_finished_videos(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """The files go too; a running video stays; an empty body that is declared as JSON is accepted."""
    video_id = await _create(api)
    assert _error(await api.delete(f"/v1/videos/{video_id}"))[::3] == (400, "invalid_status")
    await api_server.fake_flow.complete(video_id, video=b"video")
    answer = await api.delete(f"/v1/videos/{video_id}", headers={"content-type": "application/json"})
    assert answer.json() == {"id": video_id, "object": "video.deleted", "deleted": True}
    assert [key async for key in api_server.storage.keys("videos/")] == []
    for path in (f"/v1/videos/{video_id}", f"/v1/videos/{video_id}/content"):
        assert _error(await api.get(path))[::3] == (404, "video_not_found")
    assert _error(await api.delete(f"/v1/videos/{video_id}"))[::3] == (404, "video_not_found")


async def test_cancel_takes_only_unfinished_videos(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A running video records the request and is returned as it is; a finished one can't be cancelled."""
    video_id = await _create(api)
    assert (await api.post(f"/v1/videos/{video_id}/cancel")).json()["id"] == video_id
    assert await api_server.store.videos.list_cancel_requests() == {video_id}
    await api_server.fake_flow.fail(video_id)
    assert _error(await api.post(f"/v1/videos/{video_id}/cancel"))[::3] == (400, "invalid_status")


async def test_a_long_poll_returns_on_a_change(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """``?wait=`` returns the new progress, long before its timeout."""
    video_id = await _create(api)
    await api_server.fake_flow.begin(video_id)
    poll = asyncio.create_task(api.get(f"/v1/videos/{video_id}?wait=60"))
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 1)
    await api_server.fake_flow.advance(video_id, 42)
    answer = await poll
    assert (answer.json()["status"], answer.json()["progress"]) == ("in_progress", 42)


async def test_a_long_poll_ends_by_timeout_or_drain(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Without a change it returns after its seconds; a draining server returns at once."""
    video_id = await _create(api)
    assert (await api.get(f"/v1/videos/{video_id}?wait=1")).json()["status"] == "queued"
    polls = [asyncio.create_task(api.get(f"/v1/videos/{video_id}?wait=60")) for _ in range(3)]
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 3)
    api_server.app.drain()
    for poll in polls:
        assert (await poll).json()["status"] == "queued"
    assert (await api.get(f"/v1/videos/{video_id}?wait=60")).status_code == 200
    assert (await api.get("/healthz")).status_code == 503


async def test_a_repeated_create_returns_the_same_video(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """By its idempotency key, which rejects other fields, and by an official SDK's retry count."""
    send: dict[str, Any] = {"url": "/v1/videos", "headers": {"idempotency-key": "k1"}}
    first = (await api.post(json={"prompt": "x"}, **send)).json()["id"]
    assert (await api.post(json={"prompt": "x"}, **send)).json()["id"] == first
    assert _error(await api.post(json={"prompt": "y"}, **send))[::3] == (400, "idempotency_key_reuse")
    plain = await _create(api)
    resent = await api.post(
        "/v1/videos", files={"prompt": (None, "a paper boat")}, headers={"x-stainless-retry-count": "1"}
    )
    assert resent.json()["id"] == plain
    assert api_server.fake_flow.woken == [first, plain]
    again = await api.post("/v1/videos", json={"prompt": "x"}, headers={"idempotency-key": "k" * 256})
    assert _error(again)[::3] == (400, "invalid_value")


async def test_models_are_listed_and_retrieved(api: httpx2.AsyncClient) -> None:
    """The list and a single model have the standard keys and our limits; an unknown model is 404."""
    models = (await api.get("/v1/models")).json()
    assert models["object"] == "list"
    model = (await api.get("/v1/models/sora-2")).json()
    assert model in models["data"]
    assert (model["object"], model["sizes"]) == ("model", ["720x1280", "1280x720"])
    assert _error(await api.get("/v1/models/sora-9"))[::3] == (404, "model_not_found")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/videos/", "/v1/videos/a/b/c", "/v1/videos/%E2%98%83/x"]
)
async def test_an_unknown_path_is_not_found(api: httpx2.AsyncClient, path: str) -> None:
    """404 in the API's JSON shape, with or without a key."""
    del api.headers["authorization"]
    status, message, _, _ = _error(await api.get(path))
    assert status == 404
    assert message.startswith("Invalid URL (GET /")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/videos", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/v1/videos/video_1", "DELETE, GET, HEAD, OPTIONS"),
        ("POST", "/v1/videos/video_1/content", "GET, HEAD, OPTIONS"),
        ("GET", "/v1/videos/video_1/cancel", "OPTIONS, POST"),
        ("POST", "/v1/models", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_rejected(api: httpx2.AsyncClient, method: str, path: str, allow: str) -> None:
    """405 in the API's JSON shape, with the allowed methods."""
    answer = await api.request(method, path)
    assert _error(answer)[::3] == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


async def test_health_needs_no_key(api: httpx2.AsyncClient) -> None:
    """Load balancers have none."""
    del api.headers["authorization"]
    answer = await api.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_every_response_has_an_id_and_a_time(api: httpx2.AsyncClient) -> None:
    """A fresh ``x-request-id`` and ``openai-processing-ms`` on success, errors, unknown paths and HEAD."""
    request_ids = set()
    for method, path in [("GET", "/v1/videos"), ("HEAD", "/v1/videos"), ("GET", "/v1/videos/x"), ("GET", "/nope")]:
        answer = await api.request(method, path, headers={"x-request-id": "req_theirs"})
        request_ids.add(answer.headers["x-request-id"])
        assert answer.headers["openai-processing-ms"].isdigit()
    assert len(request_ids) == 4
    assert "req_theirs" not in request_ids


async def test_a_storage_fault_is_retryable(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A fault of the disk is a 503 that may be tried again; the log names the request, never the key."""
    await api_server.close()
    with capture_logs() as logs:
        answer = await api.get("/v1/videos")
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (503, "server_error", "storage_fault")
    assert answer.headers["x-should-retry"] == "true"
    (entry,) = logs
    assert (entry["event"], entry["request_id"]) == ("request_failed", answer.headers["x-request-id"])
    assert api_server.key not in repr(logs)


async def test_there_are_four_statuses() -> None:
    """They are the contract's, and no others."""
    assert set(Status) == {"queued", "in_progress", "completed", "failed"}
