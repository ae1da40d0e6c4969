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


async def _made(api: httpx2.AsyncClient, **fields: object) -> str:
    answer = await api.post("/v1/videos", json={"prompt": "a paper boat", **fields})
    assert answer.status_code == 200, answer.text
    made: str = answer.json()["id"]
    return made


def _error(answer: httpx2.Response) -> tuple[int, str, str | None, str | None]:
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["x-request-id"].startswith("req_")
    return answer.status_code, error["message"], error["param"], error["code"]


async def test_create_answers_the_whole_video(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A create answers 200 with all 13 keys, compact, and wakes the flow; the row is there."""
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


async def test_an_unfinished_video_says_when_to_look_again(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """``openai-poll-after-ms`` is on create and on GET until the video is finished."""
    answer = await api.post("/v1/videos", json={"prompt": "a paper boat"})
    path = f"/v1/videos/{answer.json()['id']}"
    assert 500 <= int(answer.headers["openai-poll-after-ms"]) <= 5000
    assert "openai-poll-after-ms" in (await api.get(path)).headers
    await api_server.fake_flow.complete(answer.json()["id"], video=b"film")
    done = await api.get(path)
    assert "openai-poll-after-ms" not in done.headers
    assert (done.json()["status"], done.json()["progress"]) == ("completed", 100)


async def test_a_failed_video_says_why(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A failure is answered 200, with an error that is never null."""
    made = await _made(api)
    await api_server.fake_flow.fail(made)
    video = (await api.get(f"/v1/videos/{made}")).json()
    assert video["status"] == "failed"
    assert video["error"] == {"code": "engine_error", "message": "The engine gave up."}


@pytest.mark.parametrize(
    ("fields", "wanted"),
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
        ({"prompt": "x", "duration": 4}, ("Unknown parameter: 'duration'.", "duration", "unknown_parameter")),
        (
            {"prompt": "x", "input_reference": "hello"},
            (
                "Invalid type for 'input_reference': expected a file, but got a string instead.",
                "input_reference",
                "invalid_type",
            ),
        ),
    ],
)
async def test_a_caller_s_mistake_is_a_400(
    api_server: ApiServer, api: httpx2.AsyncClient, fields: dict[str, object], wanted: tuple[str, str, str]
) -> None:
    """The wire's own words, and nothing is accepted."""
    assert _error(await api.post("/v1/videos", json=fields)) == (400, *wanted)
    assert api_server.fake_flow.woken == []


async def test_an_unknown_model_lists_the_known_ones(api: httpx2.AsyncClient) -> None:
    """Whoever mistypes a model learns what there is."""
    status, message, param, code = _error(await api.post("/v1/videos", json={"prompt": "x", "model": "sora-9"}))
    assert (status, param, code) == (400, "model", "model_not_found")
    assert "sora-2-pro" in message


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=abc", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=٣", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("order=up", "order"),
        ("order=", "order"),
    ],
)
async def test_a_bad_query_of_the_list(api: httpx2.AsyncClient, query: str, param: str) -> None:
    """Values outside the contract are 400, named."""
    status, _, named, code = _error(await api.get(f"/v1/videos?{query}"))
    assert (status, named, code) == (400, param, "invalid_value")


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "1.5", "nan", ""])
async def test_a_bad_wait(api: httpx2.AsyncClient, wait: str) -> None:
    """A long poll is at most a minute long, in whole seconds."""
    made = await _made(api)
    assert _error(await api.get(f"/v1/videos/{made}?wait={wait}"))[::3] == (400, "invalid_value")


async def test_the_list_pages_both_ways(api: httpx2.AsyncClient) -> None:
    """Newest first by default; ``after`` is exclusive; all five keys always; nothing twice, nothing missed."""
    made = [await _made(api) for _ in range(5)]
    seen: list[str] = []
    page = (await api.get("/v1/videos?limit=2")).json()
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    while True:
        seen += [video["id"] for video in page["data"]]
        assert (page["object"], page["first_id"]) == ("list", page["data"][0]["id"])
        if not page["has_more"]:
            break
        page = (await api.get(f"/v1/videos?limit=2&after={page['last_id']}")).json()
    assert seen == made[::-1]
    ascending = (await api.get("/v1/videos", params={"order": "asc", "limit": 100})).json()
    assert [video["id"] for video in ascending["data"]] == made


async def test_an_empty_page_has_all_keys(api: httpx2.AsyncClient) -> None:
    """Limit 0 and an unknown ``after`` answer 200 with an empty page."""
    await _made(api)
    for query in ("limit=0", "after=video_unknown", "after=%00%ff"):
        page = (await api.get(f"/v1/videos?{query}")).json()
        assert (page["object"], page["data"], page["first_id"], page["last_id"]) == ("list", [], None, None)


async def test_delete(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A finished video goes with its files; a running one stays; a body that says JSON and holds nothing is fine."""
    made = await _made(api)
    assert _error(await api.delete(f"/v1/videos/{made}"))[::3] == (400, "invalid_status")
    await api_server.fake_flow.complete(made, video=b"film")
    answer = await api.delete(f"/v1/videos/{made}", headers={"content-type": "application/json"})
    assert answer.json() == {"id": made, "object": "video.deleted", "deleted": True}
    assert [kept async for kept in api_server.storage.keys("videos/")] == []
    for path in (f"/v1/videos/{made}", f"/v1/videos/{made}/content"):
        assert _error(await api.get(path))[::3] == (404, "video_not_found")
    assert _error(await api.delete(f"/v1/videos/{made}"))[::3] == (404, "video_not_found")


async def test_cancel(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A running video takes the wish and answers as it stands; a finished one can't be cancelled."""
    made = await _made(api)
    assert (await api.post(f"/v1/videos/{made}/cancel")).json()["id"] == made
    assert await api_server.store.videos.list_cancel_requests() == {made}
    await api_server.fake_flow.fail(made)
    assert _error(await api.post(f"/v1/videos/{made}/cancel"))[::3] == (400, "invalid_status")


async def test_a_long_poll_answers_when_something_changes(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """``?wait=`` comes back with the new progress, long before its time."""
    made = await _made(api)
    await api_server.fake_flow.begin(made)
    poll = asyncio.create_task(api.get(f"/v1/videos/{made}?wait=60"))
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 1)
    await api_server.fake_flow.advance(made, 42)
    answer = await poll
    assert (answer.json()["status"], answer.json()["progress"]) == ("in_progress", 42)


async def test_a_long_poll_ends(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """When nothing happens it answers after its seconds; a finished video and a draining server answer at once."""
    made = await _made(api)
    assert (await api.get(f"/v1/videos/{made}?wait=1")).json()["status"] == "queued"
    polls = [asyncio.create_task(api.get(f"/v1/videos/{made}?wait=60")) for _ in range(3)]
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 3)
    api_server.app.drain()
    for poll in polls:
        assert (await poll).json()["status"] == "queued"
    assert (await api.get(f"/v1/videos/{made}?wait=60")).status_code == 200
    assert (await api.get("/healthz")).status_code == 503


async def test_idempotency(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """The same key answers with the same video; with other fields it is refused; an official SDK's resend is known."""
    send: dict[str, Any] = {"url": "/v1/videos", "headers": {"idempotency-key": "k1"}}
    first = (await api.post(json={"prompt": "x"}, **send)).json()["id"]
    assert (await api.post(json={"prompt": "x"}, **send)).json()["id"] == first
    assert _error(await api.post(json={"prompt": "y"}, **send))[::3] == (400, "idempotency_key_reuse")
    plain = await _made(api)
    resent = await api.post(
        "/v1/videos", files={"prompt": (None, "a paper boat")}, headers={"x-stainless-retry-count": "1"}
    )
    assert resent.json()["id"] == plain
    assert api_server.fake_flow.woken == [first, plain]
    again = await api.post("/v1/videos", json={"prompt": "x"}, headers={"idempotency-key": "k" * 256})
    assert _error(again)[::3] == (400, "invalid_value")


async def test_models(api: httpx2.AsyncClient) -> None:
    """The list and one of it carry the standard keys and our limits; an unknown one is 404."""
    models = (await api.get("/v1/models")).json()
    assert models["object"] == "list"
    one = (await api.get("/v1/models/sora-2")).json()
    assert one in models["data"]
    assert (one["object"], one["sizes"]) == ("model", ["720x1280", "1280x720"])
    assert _error(await api.get("/v1/models/sora-9"))[::3] == (404, "model_not_found")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/videos/", "/v1/videos/a/b/c", "/v1/videos/%E2%98%83/x"]
)
async def test_an_unknown_path(api: httpx2.AsyncClient, path: str) -> None:
    """404 in the wire's shape, key or no key."""
    del api.headers["authorization"]
    status, message, _, _ = _error(await api.get(path))
    assert status == 404
    assert message.startswith("Invalid URL (GET /")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/videos", "GET, HEAD, POST"),
        ("PATCH", "/v1/videos/video_1", "DELETE, GET, HEAD"),
        ("POST", "/v1/videos/video_1/content", "GET, HEAD"),
        ("GET", "/v1/videos/video_1/cancel", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("OPTIONS", "/v1/videos", "GET, HEAD, POST"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
async def test_a_wrong_method(api: httpx2.AsyncClient, method: str, path: str, allow: str) -> None:
    """405 in the wire's shape, with what is allowed."""
    answer = await api.request(method, path)
    assert _error(answer)[::3] == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


async def test_health_needs_no_key(api: httpx2.AsyncClient) -> None:
    """Load balancers hold none."""
    del api.headers["authorization"]
    answer = await api.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_every_answer_is_stamped(api: httpx2.AsyncClient) -> None:
    """A fresh ``x-request-id`` and ``openai-processing-ms`` on success, errors, unknown paths and HEAD."""
    seen = set()
    for method, path in [("GET", "/v1/videos"), ("HEAD", "/v1/videos"), ("GET", "/v1/videos/x"), ("GET", "/nope")]:
        answer = await api.request(method, path, headers={"x-request-id": "req_theirs"})
        seen.add(answer.headers["x-request-id"])
        assert answer.headers["openai-processing-ms"].isdigit()
    assert len(seen) == 4
    assert "req_theirs" not in seen


async def test_a_storage_that_refuses(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A fault of the disk is a 500 that may be tried again; the log names the request, never the key."""
    await api_server.close()
    with capture_logs() as logs:
        answer = await api.get("/v1/videos")
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (503, "server_error", "storage_fault")
    assert answer.headers["x-should-retry"] == "true"
    (entry,) = logs
    assert (entry["event"], entry["request_id"]) == ("request_failed", answer.headers["x-request-id"])
    assert api_server.key not in repr(logs)


async def test_all_statuses_are_the_wire_s() -> None:
    """There are four, and no others."""
    assert set(Status) == {"queued", "in_progress", "completed", "failed"}
