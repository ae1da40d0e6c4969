"""The engine for servers that speak the Videos API, against one that says what a test tells it to."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from structlog.testing import capture_logs

from filmgate.engines import EngineContext, make
from filmgate.engines.base import Engine, Job, State
from filmgate.engines.openai_videos import OpenAIVideosEngine
from filmgate.engines.testcard import encode
from filmgate.errors import BadArtifact, EngineRejected, EngineUnavailable, SettingsError, SubmissionUnknown
from filmgate.testing.engine_contract import EngineContract, some_job

KEY = "sk-upstream-1234567890"

Answer = Callable[[web.Request], web.StreamResponse]


class Vendor:
    """A server of the API, as a vendor might run it; a test replaces the answers it wants others for."""

    def __init__(self, film: bytes) -> None:
        self.film = film
        self.port = 0
        self.owner = "vendor"
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.forms: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.answers: dict[str, Answer] = {}

    @property
    def base_url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/v1"

    def posted(self) -> int:
        """How many creates came."""
        return sum(method == "POST" for method, _ in self.requests)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Everything that is asked."""
        self.requests.append((request.method, request.raw_path))
        self.headers.append(dict(request.headers))
        what = self._what(request)
        if what == "create":
            form = await request.post()
            self.forms.append({name: _held(value) for name, value in form.items()})
        if what in self.answers:
            return self.answers[what](request)
        return getattr(self, f"_{what}")(request)  # type: ignore[no-any-return]  # one of the methods below

    @staticmethod
    def _what(request: web.Request) -> str:
        path = request.path.removeprefix("/v1/")
        if path == "models":
            return "models"
        if path == "videos":
            return "create" if request.method == "POST" else "list"
        if path.endswith("/content"):
            return "content"
        return {"GET": "look", "DELETE": "delete"}.get(request.method, "other")

    def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "m", "owned_by": self.owner}]})

    def _create(self, request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key", "")
        if key and key in self.keys:
            return web.json_response(self.jobs[self.keys[key]])
        form = self.forms[-1]
        job = {
            "id": f"video_{secrets.token_hex(8)}",
            "status": "queued",
            "progress": 0,
            "created_at": 1_700_000_000 + len(self.jobs),
            "model": form["model"],
            "prompt": form["prompt"],
            "size": form["size"],
            "seconds": form["seconds"],
        }
        self.jobs[str(job["id"])] = job
        self.keys[key] = str(job["id"])
        return web.json_response(job)

    def _look(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.path.split("/")[3])
        if job is None:
            return web.json_response({"error": {"message": "no such video"}}, status=404)
        steps = {"queued": ("in_progress", 50), "in_progress": ("completed", 100)}
        if job["status"] in steps:
            job["status"], job["progress"] = steps[job["status"]]
        return web.json_response(job, headers={"openai-poll-after-ms": "20"})

    def _content(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.path.split("/")[3], {})
        if job.get("status") != "completed":
            return web.json_response({"error": {"message": "not ready"}}, status=404)
        return web.Response(body=self.film, content_type="video/mp4")

    def _delete(self, request: web.Request) -> web.Response:
        job = self.jobs.pop(request.path.split("/")[3], None)
        return web.json_response({"deleted": True}, status=200 if job else 404)

    def _list(self, _request: web.Request) -> web.Response:
        rows = sorted(self.jobs.values(), key=lambda job: -job["created_at"])
        return web.json_response({"object": "list", "data": rows, "has_more": False})

    def _other(self, _request: web.Request) -> web.Response:
        return web.json_response({}, status=405)


def _held(value: Any) -> Any:
    """A part of a form, read while its request lives."""
    if isinstance(value, web.FileField):
        return value.filename, value.content_type, value.file.read()
    return value


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A true film of what ``some_job`` asks for."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    encode(some_job(), path)
    return path.read_bytes()


@pytest.fixture
async def vendor(film: bytes) -> AsyncIterator[Vendor]:
    """A vendor, up for one test."""
    vendor = Vendor(film)
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{path:.*}", vendor.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    vendor.port = runner.addresses[0][1]
    yield vendor
    await runner.cleanup()


def engine_of(vendor: Vendor, tmp_path: Path, **options: Any) -> OpenAIVideosEngine:
    """An engine for that vendor, made as the house makes it."""
    given = {"base_url": vendor.base_url, "api_key": KEY, "look_every": 0.01, "flavour": "plain", **options}
    engine = make("openai-videos", EngineContext(name="up", options=given, cache=tmp_path, scratch=tmp_path))
    assert isinstance(engine, OpenAIVideosEngine)
    return engine


Make = Callable[..., OpenAIVideosEngine]


@pytest.fixture
async def engine(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes started engines, and stops them."""
    made: list[OpenAIVideosEngine] = []

    def engine(**options: Any) -> OpenAIVideosEngine:
        made.append(engine_of(vendor, tmp_path, **options))
        return made[-1]

    yield engine
    for each in made:
        await each.stop()


class TestContract(EngineContract):
    """It keeps the engines' contract."""

    @pytest.fixture(params=["none", "idempotency-key"])
    async def engine(self, vendor: Vendor, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
        """One that cancels."""
        engine = engine_of(vendor, tmp_path, reconcile=request.param, flavour="vllm-omni")
        await engine.start()
        yield engine
        await engine.stop()


def says(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer that is always the same; text and bytes as they are, all else as JSON."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: web.Response(body=content, status=status, headers=named)


async def test_a_job_is_sent_as_the_dialect_spells_it(vendor: Vendor, engine: Make, tmp_path: Path) -> None:
    """A form of the contract's fields and the picture under a name of ours; the key with it."""
    picture = tmp_path / "secret-name.png"
    picture.write_bytes(b"\x89PNG" * 10)
    await engine(models={"sora-2": "theirs"}).submit(replace(some_job(), reference=picture))
    [form] = vendor.forms
    assert form == {
        "model": "theirs",
        "prompt": "A paper boat on a quiet lake",
        "size": "720x1280",
        "seconds": "4",
        "input_reference": ("reference.png", "image/png", picture.read_bytes()),
    }
    assert vendor.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert "Idempotency-Key" not in vendor.headers[0]


async def test_a_profile_says_rate_and_frames(vendor: Vendor, engine: Make) -> None:
    """A model server is told how many frames, rounded up to its rule, and gets the operator's constants."""
    profile = {"fps": 16, "frame_rule": "4k+1", "extra": {"num_inference_steps": 8, "offload": True}}
    await engine(flavour="sglang", profiles={"sora-2": profile}).submit(some_job())
    assert {name: vendor.forms[0][name] for name in ("fps", "num_frames", "num_inference_steps", "offload")} == {
        "fps": "16",
        "num_frames": "65",
        "num_inference_steps": "8",
        "offload": "true",
    }


REFUSALS = [
    (400, {"error": {"message": "Bad prompt", "code": "moderation_blocked"}}, "moderation_blocked"),
    (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "upstream_unauthorized"),
    (402, "", "upstream_quota"),
    (403, {"error": "no"}, "engine_rejected"),
    (404, "<html>nothing here</html>", "engine_rejected"),
    (422, {"detail": [{"loc": ["x"], "msg": "bad size"}]}, "engine_rejected"),
    (200, {"error": {"message": "no channel", "code": "no_channel"}}, "no_channel"),
    (301, "", "upstream_misconfigured"),
]


@pytest.mark.parametrize(("status", "body", "code"), REFUSALS)
async def test_a_refusal_is_for_good(vendor: Vendor, engine: Make, status: int, body: object, code: str) -> None:
    """It has a code, and neither our key there nor the upstream's address."""
    vendor.answers["create"] = says(body, status, Location="http://elsewhere.example/")
    with pytest.raises(EngineRejected) as caught:
        await engine().submit(some_job())
    assert caught.value.code == code
    assert KEY not in caught.value.message
    assert "127.0.0.1" not in caught.value.message


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry_After": "7"}, 7.0),
        (429, {}, None),
        (429, {"Retry_After": "soon"}, None),
        (429, {"Retry_After_Ms": "1500"}, 1.5),
        (503, {"Retry_After": "Thu, 01 Jan 2026 00:00:10 GMT", "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 10.0),
        (425, {}, None),
    ],
)
async def test_what_was_turned_away_may_be_sent_again(
    vendor: Vendor, engine: Make, status: int, headers: dict[str, str], wait: float | None
) -> None:
    """After as long as it asked for, in whatever form it said so."""
    vendor.answers["create"] = says("", status, **headers)
    with pytest.raises(EngineUnavailable) as caught:
        await engine().submit(some_job())
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": {"message": "oops"}}),
        (502, "<html>Bad gateway</html>"),
        (503, ""),
        (504, ""),
        (200, ""),
        (200, "<html>hello</html>"),
        (200, b'{"id": "video_1", "sta'),
        (200, {"status": "queued"}),
        (200, {"id": None}),
        (200, {"id": 7}),
        (200, {"id": "../../etc"}),
        (200, {"id": "a/b"}),
        (200, {"id": "x" * 1000}),
        (200, {"id": "x" * 6_000_000}),
        (200, "[" * 200_000),
        (409, {"error": {"message": "in progress"}}),
        (408, ""),
    ],
)
async def test_what_may_have_been_accepted_is_unknown(vendor: Vendor, engine: Make, status: int, body: object) -> None:
    """Nothing that came after the request was read is taken for a refusal."""
    vendor.answers["create"] = says(body, status)
    with pytest.raises(SubmissionUnknown):
        await engine().submit(some_job())


async def test_a_host_that_is_not_there_got_nothing(vendor: Vendor, engine: Make, unused_tcp_port: int) -> None:
    """A connection that was never made carried no job."""
    del vendor
    with pytest.raises(EngineUnavailable):
        await engine(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1").submit(some_job())


async def test_a_reply_that_gets_lost_leaves_doubt(vendor: Vendor, engine: Make) -> None:
    """The connection broke after the job was read, or nothing came in time."""

    def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    vendor.answers["create"] = hang_up
    with pytest.raises(SubmissionUnknown):
        await engine().submit(some_job())
    assert vendor.posted() == 1


async def test_a_reply_that_never_comes_leaves_doubt(engine: Make) -> None:
    """The time-out of a submission is no refusal."""
    async with await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SubmissionUnknown):
            await engine(base_url=f"http://127.0.0.1:{port}/v1", submit_timeout=0.2).submit(some_job())
