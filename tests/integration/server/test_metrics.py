"""The Prometheus metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from filmgate.config.settings import Settings
from filmgate.security.secret_box import SecretBox
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.app import build_app
from filmgate.server.metrics import SAMPLE_INTERVAL, EventLoopLag
from filmgate.services.webhooks import WebhookService

if TYPE_CHECKING:
    from tests.integration.server.conftest import ApiServer, Launch, LiveServer

Samples = dict[tuple[str, tuple[str, ...]], float]


def _read(text: str) -> Samples:
    return {
        (sample.name, tuple(value for _name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def _samples(api: httpx2.AsyncClient) -> Samples:
    answer = await api.get("http://localhost/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return _read(answer.text)


async def test_videos_are_counted_from_their_rows(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Accepted videos, their outcomes and their durations."""
    ids = [(await api.post("/v1/videos", json={"prompt": "a boat"})).json()["id"] for _ in range(4)]
    before = await _samples(api)
    assert before["filmgate_videos_queued", ("scene",)] == 4
    await api_server.fake_flow.complete(ids[0], video=b"video")
    await api_server.fake_flow.fail(ids[1])
    await api_server.fake_flow.begin(ids[2])
    samples = await _samples(api)
    assert samples["filmgate_videos_accepted_total", ("scene", "sora-2")] == 4
    assert samples["filmgate_videos_finished_total", ("scene", "sora-2", "completed")] == 1
    assert samples["filmgate_videos_finished_total", ("scene", "sora-2", "engine_error")] == 1
    assert samples["filmgate_submissions_total", ("scene",)] == 2
    assert samples["filmgate_videos_unfinished", ("scene", "accepted")] == 1
    assert samples["filmgate_videos_unfinished", ("scene", "watching")] == 1
    assert samples["filmgate_video_duration_seconds_count", ("scene", "sora-2")] == 1
    assert samples["filmgate_video_duration_seconds_bucket", ("scene", "60.0", "sora-2")] == 1
    assert samples["filmgate_webhook_deliveries_pending", ()] == 2
    assert samples["process_resident_memory_bytes", ()] > 1e7


async def test_open_metrics_are_readable_from_anywhere(api_server: ApiServer) -> None:
    """From other machines and through proxies."""
    settings = Settings(data=api_server.folder, metrics="open")
    signer = UrlSigner(b"k" * 32, lambda: 0.0)
    webhooks = WebhookService(
        api_server.store.webhooks,
        api_server.videos._guard,
        SecretBox.from_keyfile(api_server.folder / "vault.key"),
        lambda: 0.0,
    )
    app = build_app(
        api_server.videos,
        api_server.store,
        api_server.storage,
        settings,
        lambda: True,
        signer=signer,
        webhooks=webhooks,
        files=api_server.files,
        version=lambda: "1.2.3",
    )
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        assert (await client.get("/metrics", headers={"Via": "a proxy"})).status_code == 200


async def test_labels_are_bounded(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Paths, methods and error codes that clients and engines make up become `other`."""
    video_id = (await api.post("/v1/videos", json={"prompt": "a boat"})).json()["id"]
    for number in range(20):
        await api.get(f"/v1/videos/video_{number}")
        await api.get(f"/nothing/{number}")
        await api.request(f"BREW{number}", "/v1/models")
    await api_server.fake_flow.fail(video_id, code="quota_of_vendor_17")
    samples = await _samples(api)
    assert samples["filmgate_http_request_duration_seconds_count", ("GET", "/v1/videos/{id}", "4xx")] == 20
    assert samples["filmgate_http_request_duration_seconds_count", ("GET", "other", "4xx")] == 20
    assert samples["filmgate_http_request_duration_seconds_count", ("other", "/v1/models", "4xx")] == 20
    assert samples["filmgate_videos_finished_total", ("scene", "sora-2", "other")] == 1


async def test_local_metrics_are_readable_on_loopback_only(api_server: ApiServer) -> None:
    """Not through a proxy on this machine either: for all others the path does not exist."""

    async def status_for(client: str, host: str = "localhost:8000", **headers: str) -> int:
        transport = httpx2.ASGITransport(app=api_server.app, client=(client, 1))
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
            return (await http.get("/metrics", headers=headers)).status_code

    assert [await status_for(host) for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1")] == [200] * 3
    assert [await status_for(host) for host in ("192.0.2.1", "10.0.0.1", "::ffff:10.0.0.1", "unknown")] == [404] * 4
    assert [await status_for("127.0.0.1", host) for host in ("127.0.0.1", "[::1]:8000", "LOCALHOST")] == [200] * 3
    assert [await status_for("127.0.0.1", host) for host in ("attacker.example", "localhost.example")] == [404] * 2
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto", "CF-Connecting-IP"):
        assert await status_for("127.0.0.1", **{header: "192.0.2.1"}) == 404


async def test_metrics_can_be_turned_off(launch: Launch) -> None:
    """Then loopback has no access either."""
    with launch(metrics="off").client() as client:
        assert client.get("/metrics").status_code == 404


async def test_metrics_support_only_get_and_head(api: httpx2.AsyncClient) -> None:
    """Other methods are rejected."""
    assert (await api.head("http://localhost/metrics")).content == b""
    assert (await api.post("http://localhost/metrics")).status_code == 405


def test_bytes_sent_by_sendfile_are_counted(live: LiveServer) -> None:
    """A video that the kernel sends counts with its size, and a range of it with its length."""
    with live.client() as client:
        video_id = client.post("/v1/videos", json={"prompt": "a boat"}).json()["id"]
        live.do(live.api_server.fake_flow.complete(video_id, video=b"f" * 300_000))
        assert len(client.get(f"/v1/videos/{video_id}/content").content) == 300_000
        client.get(f"/v1/videos/{video_id}/content", headers={"range": "bytes=0-999"})
        client.head(f"/v1/videos/{video_id}/content")
        samples = _read(client.get("/metrics").text)
    assert samples["filmgate_http_response_bytes_total", ("/v1/videos/{id}/content",)] == 301_000


def test_a_blocked_loop_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest delay of the loop's timers since the last call."""
    loop = asyncio.new_event_loop()
    now, lag = 1000.0, EventLoopLag()
    monkeypatch.setattr(loop, "time", lambda: now)

    async def max_lag() -> float:
        return lag.max_lag()

    assert loop.run_until_complete(max_lag()) == 0.0
    now += SAMPLE_INTERVAL + 0.4  # the loop is blocked for that long
    loop.run_until_complete(asyncio.sleep(0))
    assert loop.run_until_complete(max_lag()) == pytest.approx(0.4)
    assert loop.run_until_complete(max_lag()) == 0.0
    loop.close()
