"""API keys on every route."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2
    from tests.integration.server.conftest import ApiServer


async def test_every_route_requires_a_key(api: httpx2.AsyncClient) -> None:
    """Without a key, every route of the API responds with 401 in the API's JSON shape, whatever the method."""
    del api.headers["authorization"]
    for method, path in [
        ("GET", "/v1/videos"),
        ("POST", "/v1/videos"),
        ("GET", "/v1/videos/video_1"),
        ("HEAD", "/v1/videos/video_1/content"),
        ("GET", "/v1/videos/video_1/content"),
        ("GET", "/v1/videos/video_1/events"),
        ("POST", "/v1/videos/video_1/cancel"),
        ("DELETE", "/v1/videos/video_1"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/sora-2"),
    ]:
        answer = await api.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["x-should-retry"] == "false"
        assert answer.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            error = answer.json()["error"]
            assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", None, "invalid_api_key")
            assert "didn't provide an API key" in error["message"]


async def test_a_wrong_key_is_masked_in_the_error(api: httpx2.AsyncClient) -> None:
    """The message shows enough to recognise the key by."""
    secret = "sk-abcdefghijklmnopqrstuvwxyzcd"
    answer = await api.get("/v1/videos", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "Incorrect API key provided: sk-ab…cd."
    assert secret not in answer.text


async def test_a_key_without_a_scheme_is_accepted(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Half of the existing client code sends the key without a scheme."""
    assert (await api.get("/v1/videos", headers={"authorization": api_server.key})).status_code == 200


async def test_another_account_s_video_looks_unknown(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """On every route the response is the same as for an id that does not exist."""
    video_id = (await api.post("/v1/videos", json={"prompt": "mine"})).json()["id"]
    await api_server.fake_flow.complete(video_id, video=b"video")
    for method, path in [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/content"),
        ("GET", "/events"),
        ("POST", "/cancel"),
        ("GET", "?wait=5"),
    ]:
        answers = []
        for requested_id in (video_id, "video_unknown"):
            headers = {"authorization": api_server.other_key}
            answer = await api.request(method, f"/v1/videos/{requested_id}{path}", headers=headers)
            answers.append((answer.status_code, answer.text.replace(requested_id, "ID")))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
        assert "Video with id 'ID' not found." in answers[0][1]
    assert (await api.get("/v1/videos", headers={"authorization": api_server.other_key})).json()["data"] == []
