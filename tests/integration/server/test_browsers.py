"""What a page in a browser needs: preflights, readable responses; and hints for a base URL that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.integration.server.conftest import set_up

from filmgate.config.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.server.conftest import ApiServer

PAGE = {"origin": "https://page.example"}
PREFLIGHT = PAGE | {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, content-type, x-stainless-os",
    "authorization": "",
}


@pytest.mark.parametrize(
    "path", ["/v1/videos", "/apiyi/v1/videos/video_1/content", "/files/video_1/video.mp4", "/nowhere"]
)
async def test_a_preflight_needs_no_key(api: httpx2.AsyncClient, path: str) -> None:
    """204, with the headers that were asked for."""
    response = await api.options(path, headers=PREFLIGHT)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-headers"] == "authorization, content-type, x-stainless-os"
    assert "DELETE" in response.headers["access-control-allow-methods"]


async def test_options_names_the_methods(api: httpx2.AsyncClient) -> None:
    """Without a page's question OPTIONS tells what the path takes."""
    response = await api.options("/v1/videos", headers={"authorization": ""})
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/videos", {}, 200),
        ("GET", "/v1/videos", {"authorization": ""}, 401),
        ("GET", "/v1/videos/unknown", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("PUT", "/v1/videos", {}, 405),
        ("POST", "/dmxapi/v1/videos", {}, 400),
        ("GET", "/files/video_1/video.mp4", {}, 403),
        ("GET", "/openapi.json", {}, 200),
    ],
)
async def test_every_response_can_be_read(
    api: httpx2.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Errors too, with the headers that programs read."""
    response = await api.request(method, path, headers=PAGE | headers)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, "*")
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert {"x-request-id", "retry-after", "openai-poll-after-ms", "content-disposition", "content-range", "etag"} <= {
        *exposed
    }


async def test_the_operators_paths_are_no_pages_business(api: httpx2.AsyncClient) -> None:
    """Health and metrics carry no header for pages."""
    for path in ("/healthz", "/readyz", "/metrics"):
        assert "access-control-allow-origin" not in (await api.get(path, headers=PAGE)).headers


async def _headers(folder: Path, origins: tuple[str, ...], origin: str) -> httpx2.Headers:
    server: ApiServer = await set_up(folder, Settings(data=folder, allow_origins=origins))
    transport = httpx2.ASGITransport(app=server.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        response = await client.get("/v1/videos", headers={"origin": origin})
    await server.store.close()
    return response.headers


async def test_origins_can_be_listed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A listed page may read; for another, the header is missing, and caches keep the two apart."""
    listed = await _headers(tmp_path_factory.mktemp("a"), ("https://page.example", "http://b"), "https://page.example")
    assert (listed["access-control-allow-origin"], listed["vary"]) == ("https://page.example", "Origin")
    other = await _headers(tmp_path_factory.mktemp("b"), ("https://page.example",), "https://evil.example")
    assert ("access-control-allow-origin" in other, other["vary"]) == (False, "Origin")
    assert "access-control-allow-origin" not in await _headers(tmp_path_factory.mktemp("c"), (), "https://page.example")


@pytest.mark.parametrize(
    ("path", "meant", "base"),
    [
        ("/videos", "/v1/videos", "/v1"),
        ("/v1/videos/", "/v1/videos", "/v1"),
        ("//v1/videos", "/v1/videos", "/v1"),
        ("/v1/v1/videos", "/v1/videos", "/v1"),
        ("/api/v1/videos/video_1/content", "/v1/videos/video_1/content", "/v1"),
        ("/v1//videos", "/v1/videos", "/v1"),
        ("/v1/models/", "/v1/models", "/v1"),
        ("/apiyi/v1/v1/videos", "/apiyi/v1/videos", "/apiyi/v1"),
        ("/dmxapi/videos/video_1", "/dmxapi/v1/videos/video_1", "/dmxapi/v1"),
        ("/apiyi/v1/videos/", "/apiyi/v1/videos", "/apiyi/v1"),
        ("/chat/completions", "/v1/chat/completions", "/v1"),
    ],
)
async def test_a_wrong_base_url_is_named(api: httpx2.AsyncClient, path: str, meant: str, base: str) -> None:
    """The error says which path was meant, and the base URL as the client reaches this server."""
    request = httpx2.Request("GET", f"http://server{path}", headers={"x-forwarded-proto": "https"})
    error = (await api.send(request)).json()["error"]
    assert error["code"] == "unknown_url"
    hint = f"(HINT: The address of this call is https://server{meant}. Set the base URL to https://server{base}"
    assert error["message"].startswith(f"Invalid URL (GET {path}) {hint}")
    assert ("a slash at its end" in error["message"]) is ("//" in path or path.endswith("/"))
    assert ("adds /v1" in error["message"]) is (path.rstrip("/") != meant and path.rstrip("/").endswith(meant))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/v1/nowhere", "/v1/" * 300, "/" * 5000])
async def test_a_path_like_none_has_no_hint(api: httpx2.AsyncClient, path: str) -> None:
    """Nothing is guessed."""
    error = (await api.send(httpx2.Request("GET", f"http://server{path}"))).json()["error"]
    assert (error["code"], "HINT" in error["message"]) == ("unknown_url", False)


async def test_the_openapi_document_has_the_address(api: httpx2.AsyncClient) -> None:
    """Programs that are generated from it call the right server, under a path prefix too."""
    headers = {"x-forwarded-proto": "https", "x-forwarded-prefix": "/sora"}
    document = (await api.get("/openapi.json", headers=headers)).json()
    assert document["servers"] == [{"url": "https://server/sora"}]


async def test_links_have_the_public_url(tmp_path: Path) -> None:
    """With its path; whatever address the request came by."""
    server = await set_up(tmp_path, Settings(data=tmp_path, public_url="https://videos.example/sora"))
    transport = httpx2.ASGITransport(app=server.app)
    headers = {"authorization": f"Bearer {server.key}", "x-forwarded-host": "evil.example"}
    fields = {"prompt": "x", "model": "sora-2", "size": "1280x720", "seconds": "10"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
        video_id = (await client.post("/apiyi-async/v1/videos", json=fields)).json()["id"]
        await server.fake_flow.complete(video_id, video=b"mp4", preview=b"webp")
        video = (await client.get(f"/apiyi-async/v1/videos/{video_id}")).json()
        signed = (await client.get(f"/v1/video/query?id={video_id}")).text
    assert video["url"] == f"https://videos.example/sora/apiyi-async/v1/videos/{video_id}/content"
    assert f'"https://videos.example/sora/files/{video_id}/video.mp4?' in signed
    await server.store.close()


async def test_every_listed_model_can_be_retrieved(tmp_path: Path) -> None:
    """Also one whose name has a slash, as model servers' have, and percent-encoded as SDKs send it."""
    models = tmp_path / "models.toml"
    models.write_text('[models."Wan-AI/Wan2.2-T2V-A14B"]\nlike = "sora-2"\n')
    server = await set_up(tmp_path, Settings(data=tmp_path, models=models))
    transport = httpx2.ASGITransport(app=server.app)
    headers = {"authorization": f"Bearer {server.key}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
        names = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
        assert "Wan-AI/Wan2.2-T2V-A14B" in names
        for name in names:
            for spelling in (name, name.replace("/", "%2F")):
                assert (await client.get(f"/v1/models/{spelling}")).json()["id"] == name
        for name in ("Wan-AI/Wan2.2-T2V-A14B", "Wan-AI%2FWan2.2-T2V-A14B"):  # as a deployment of Azure's SDK
            created = await client.post(f"/openai/deployments/{name}/videos", json={"prompt": "x"})
            assert created.status_code == 200, created.text
            assert created.json()["model"] == "Wan-AI/Wan2.2-T2V-A14B"
    await server.store.close()
