"""The dialects that declare their own paths, through the whole application: keys, ids, links, errors, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.integration.server.conftest import ApiServer

JOBS = "/openai/v1/video/generations/jobs"
CREATES = {
    "/v1/video/create": "/v1/video/query?id={id}",
    "/v1/video/generations": "/v1/video/generations/{id}",
    "/v1/videos/generations": "/v1/videos/generations/{id}",
    "/v2/videos/generations": "/v2/videos/generations/{id}",
}
"""Where an aggregator's task is created, and where it is looked up."""


async def _ok(response: httpx2.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize("base", ["/openai/v1", "/openai", "/openai/deployments/sora-2"])
async def test_azures_three_base_paths_serve_the_same_videos(
    api: httpx2.AsyncClient, api_server: ApiServer, base: str
) -> None:
    """Whatever the version of the API is called."""
    version = "?api-version=2025-04-01-preview"
    video = await _ok(await api.post(f"{base}/videos{version}", json={"prompt": "a dog"}))
    assert video["model"] == "sora-2"
    await api_server.fake_flow.complete(video["id"], video=b"mp4", thumbnail=b"webp")
    done = await _ok(await api.get(f"{base}/videos/{video['id']}{version}"))
    assert done["expires_at"] == done["completed_at"] + 86400
    assert (await api.get(f"{base}/videos/{video['id']}/content{version}")).content == b"mp4"
    assert video["id"] in [each["id"] for each in (await _ok(await api.get(f"{base}/videos")))["data"]]
    assert (await _ok(await api.delete(f"{base}/videos/{video['id']}")))["deleted"] is True


async def test_the_deployment_in_a_path_is_the_model_that_a_body_leaves_out(api: httpx2.AsyncClient) -> None:
    """A body's own model wins; an unknown deployment is an error of the request."""
    path = "/openai/deployments/sora-2-pro/videos"
    assert (await _ok(await api.post(path, json={"prompt": "x"})))["model"] == "sora-2-pro"
    assert (await _ok(await api.post(path, json={"prompt": "x", "model": "sora-2"})))["model"] == "sora-2"
    unknown = await _ok(await api.post("/openai/deployments/mine/videos", json={"prompt": "x"}), 400)
    assert (unknown["error"]["type"], unknown["error"]["param"]) == ("video_generation_user_error", "model")


@pytest.mark.parametrize("path", ["/openai/v1/videos", "/openai/videos", JOBS])
async def test_azure_reads_the_key_from_its_own_header(
    api: httpx2.AsyncClient, api_server: ApiServer, path: str
) -> None:
    """Or as a bearer token; other dialects do not read that header."""
    for headers in ({"api-key": api_server.key}, {"api-key": "", "authorization": f"Bearer {api_server.key}"}):
        assert (await api.get(path, headers={"authorization": "", **headers})).status_code == 200
    wrong = await api.get(
        path, headers={"api-key": "sk-wrong-wrong-wrong", "authorization": f"Bearer {api_server.key}"}
    )
    assert wrong.status_code == 401
    assert (await api.get("/v1/videos", headers={"api-key": api_server.key, "authorization": ""})).status_code == 401


async def test_a_job_of_azure_from_its_creation_to_its_content(api: httpx2.AsyncClient, api_server: ApiServer) -> None:
    """As the quickstart drives it."""
    request = {"model": "sora-2", "prompt": "a dog", "width": 1280, "height": 720, "n_seconds": 4, "n_variants": 1}
    job = await _ok(await api.post(f"{JOBS}?api-version=preview", json=request))
    assert (job["status"], job["generations"]) == ("queued", [])
    video_id = job["id"].replace("task_", "video_")
    await api_server.fake_flow.complete(video_id, video=b"mp4", thumbnail=b"webp")
    done = await _ok(await api.get(f"{JOBS}/{job['id']}?api-version=preview"))
    assert done["status"] == "succeeded"
    generation = done["generations"][0]["id"]
    base = f"/openai/v1/video/generations/{generation}"
    assert (await _ok(await api.get(base)))["job_id"] == job["id"]
    assert (await api.get(f"{base}/content/video?api-version=preview")).content == b"mp4"
    assert (await api.head(f"{base}/content/video")).headers["content-length"] == "3"
    thumbnail = await api.get(f"{base}/content/thumbnail")
    assert (thumbnail.content, thumbnail.headers["content-type"]) == (b"webp", "image/webp")
    assert (await _ok(await api.get(f"{JOBS}?limit=1")))["data"][0]["id"] == job["id"]
    assert (await _ok(await api.get(f"{JOBS}?after={job['id']}")))["data"] == []
    deleted = await api.delete(f"{JOBS}/{job['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(f"{JOBS}/{job['id']}")).status_code == 404


async def test_deleting_a_running_job_cancels_it_and_releases_its_money(
    api: httpx2.AsyncClient, api_server: ApiServer
) -> None:
    """Once; the contract's own DELETE stays an error, and a second one finds nothing."""
    job = await _ok(await api.post(JOBS, json={"model": "sora-2", "prompt": "a dog"}))
    video_id = job["id"].replace("task_", "video_")
    await api_server.fake_flow.begin(video_id)
    assert (await api.delete(f"/v1/videos/{video_id}")).status_code == 400
    assert (await api.delete(f"/openai/v1/videos/{video_id}")).status_code == 400
    assert (await api.delete(f"{JOBS}/{job['id']}")).status_code == 204
    assert api_server.fake_flow.woken[-1] == video_id
    for path in (f"{JOBS}/{job['id']}", f"/v1/videos/{video_id}"):
        assert (await api.get(path)).status_code == 404
    assert (await api.delete(f"{JOBS}/{job['id']}")).status_code == 404
    assert await api_server.store.ledger.audit() == []


async def test_a_model_servers_delete_works_in_every_state(api: httpx2.AsyncClient, api_server: ApiServer) -> None:
    """Waiting, running and completed videos alike, with the contract's answer."""
    for state in ("queued", "in_progress", "completed"):
        video = await _ok(await api.post("/model-server/v1/videos", json={"prompt": "a dog"}))
        if state == "in_progress":
            await api_server.fake_flow.begin(video["id"])
        if state == "completed":
            await api_server.fake_flow.complete(video["id"], video=b"mp4")
        deleted = await _ok(await api.delete(f"/model-server/v1/videos/{video['id']}"))
        assert deleted == {"id": video["id"], "object": "video.deleted", "deleted": True}
        assert (await api.get(f"/v1/videos/{video['id']}")).status_code == 404


async def test_a_job_of_another_account_is_not_deleted(api: httpx2.AsyncClient, api_server: ApiServer) -> None:
    """It is not found."""
    job = await _ok(await api.post(JOBS, json={"model": "sora-2", "prompt": "a dog"}))
    other = {"authorization": f"Bearer {api_server.other_key}"}
    assert (await api.delete(f"{JOBS}/{job['id']}", headers=other)).status_code == 404
    assert (await api.get(f"{JOBS}/{job['id']}")).status_code == 200


@pytest.mark.parametrize(("create", "query"), CREATES.items())
async def test_a_task_of_an_aggregator_ends_in_a_link_without_a_key(
    api: httpx2.AsyncClient, api_server: ApiServer, create: str, query: str
) -> None:
    """The contract's paths see the same video."""
    request = {"model": "sora-2", "prompt": "a dog", "duration": 10, "aspect_ratio": "16:9"}
    task = await _ok(await api.post(create, json=request))
    path = query.format(id=task["task_id"])
    assert "video_url" not in await _ok(await api.get(path))
    await api_server.fake_flow.complete(task["id"], video=b"mp4", thumbnail=b"webp")
    done = await _ok(await api.get(path))
    opened = await api.get(done["video_url"], headers={"authorization": ""})
    assert (opened.status_code, opened.content) == (200, b"mp4")
    video = await _ok(await api.get(f"/v1/videos/{task['id']}"))
    assert (video["seconds"], video["size"]) == ("10", "1280x720")


async def test_a_query_without_an_id_says_so(api: httpx2.AsyncClient) -> None:
    """In the query's own dialect."""
    answer = await _ok(await api.get("/v1/video/query"), 400)
    assert (answer["message"], answer["error"]["param"]) == ("Missing required parameter: 'id'.", "id")
    assert (await api.get("/v1/video/query?id=video_1")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "keyless", "flat"),
    [
        ("GET", "/v1/video/nothing", False, True),
        ("PUT", "/v1/video/create", False, True),
        ("GET", "/v1/video/query?id=video_1", True, True),
        ("GET", "/v2/videos/nothing/here", False, True),
        ("GET", "/v1/nothing", False, False),
        ("GET", "/openai/v1/video/generations/nothing/here", False, False),
    ],
)
async def test_every_error_under_a_dialects_paths_has_its_shape(
    api: httpx2.AsyncClient, method: str, path: str, *, keyless: bool, flat: bool
) -> None:
    """Unknown paths, wrong methods and missing keys too."""
    headers = {"authorization": ""} if keyless else {}
    answer = await api.request(method, path, headers=headers)
    assert answer.status_code in {401, 404, 405}
    assert ("message" in answer.json()) is flat
    assert answer.json()["error"]["message"]
