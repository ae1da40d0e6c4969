"""The engine for servers with the Videos API, against a scripted server."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from structlog.testing import capture_logs

from filmgate.domain import PARAMETER_RANGES, EngineParameters, ParameterRange
from filmgate.engines import EngineContext, create_engine
from filmgate.engines.base import Engine, JobState
from filmgate.engines.openai_videos import OpenAIVideosEngine, read_options
from filmgate.engines.testcard import encode
from filmgate.errors import BadArtifact, EngineRejected, EngineUnavailable, SettingsError, SubmissionUnknown
from filmgate.testing.engine_contract import EngineContract, sample_job

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-upstream-1234567890"

Answer = Callable[[web.Request], web.StreamResponse]


class Vendor:
    """A server of the API as a vendor might run it; a test replaces single responses."""

    def __init__(self, video: bytes) -> None:
        self.video = video
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
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def create_count(self) -> int:
        """The number of create requests."""
        return sum(method == "POST" for method, _ in self.requests)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Handle every request."""
        self.requests.append((request.method, request.raw_path))
        self.headers.append(dict(request.headers))
        what = self._what(request)
        if what == "create":
            form = await request.post()
            self.forms.append({name: _read_part(value) for name, value in form.items()})
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
        return {"GET": "poll", "DELETE": "delete"}.get(request.method, "other")

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

    def _poll(self, request: web.Request) -> web.Response:
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
        return web.Response(body=self.video, content_type="video/mp4")

    def _delete(self, request: web.Request) -> web.Response:
        job = self.jobs.pop(request.path.split("/")[3], None)
        return web.json_response({"deleted": True}, status=200 if job else 404)

    def _list(self, _request: web.Request) -> web.Response:
        rows = sorted(self.jobs.values(), key=lambda job: -job["created_at"])
        return web.json_response({"object": "list", "data": rows, "has_more": False})

    def _other(self, _request: web.Request) -> web.Response:
        return web.json_response({}, status=405)


def _read_part(value: Any) -> Any:
    """Read a part of a form while its request is open."""
    if isinstance(value, web.FileField):
        return value.filename, value.content_type, value.file.read()
    return value


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A valid video for ``sample_job``."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    encode(sample_job(), path)
    return path.read_bytes()


@pytest.fixture
async def vendor(video: bytes) -> AsyncIterator[Vendor]:
    """A vendor, started for one test."""
    vendor = Vendor(video)
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{path:.*}", vendor.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    vendor.port = runner.addresses[0][1]
    yield vendor
    await runner.cleanup()


def engine_of(vendor: Vendor, tmp_path: Path, **options: Any) -> OpenAIVideosEngine:
    """An engine for that vendor, created as the server creates it."""
    arguments = {"base_url": vendor.base_url, "api_key": KEY, "min_poll_interval": 0.01, "flavour": "plain", **options}
    engine = create_engine(
        "openai-videos", EngineContext(name="up", options=arguments, cache=tmp_path, scratch=tmp_path)
    )
    assert isinstance(engine, OpenAIVideosEngine)
    return engine


Make = Callable[..., OpenAIVideosEngine]


@pytest.fixture
async def engine(vendor: Vendor, tmp_path: Path) -> AsyncIterator[Make]:
    """Create engines and stop them at the end."""
    engines: list[OpenAIVideosEngine] = []

    def engine(**options: Any) -> OpenAIVideosEngine:
        engines.append(engine_of(vendor, tmp_path, **options))
        return engines[-1]

    yield engine
    for created in engines:
        await created.stop()


class TestContract(EngineContract):
    """The engine satisfies the engine contract."""

    @pytest.fixture(params=["none", "idempotency-key"])
    async def engine(self, vendor: Vendor, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
        """An engine whose upstream supports cancellation."""
        engine = engine_of(vendor, tmp_path, reconcile=request.param, flavour="vllm-omni")
        await engine.start()
        yield engine
        await engine.stop()


def reply(body: object, status: int = 200, **headers: str) -> Answer:
    """Build a constant response; text and bytes unchanged, all else as JSON."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: web.Response(body=content, status=status, headers=named)


async def test_a_job_is_sent_as_the_dialect_requires(vendor: Vendor, engine: Make, tmp_path: Path) -> None:
    """A form with the contract's fields, the image under a neutral file name, and the key in the header."""
    image = tmp_path / "secret-name.png"
    image.write_bytes(b"\x89PNG" * 10)
    await engine(models={"sora-2": "upstream-model"}).submit(replace(sample_job(), reference=image))
    [form] = vendor.forms
    assert form == {
        "model": "upstream-model",
        "prompt": "A paper boat on a quiet lake",
        "size": "720x1280",
        "seconds": "4",
        "input_reference": ("reference.png", "image/png", image.read_bytes()),
    }
    assert vendor.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert "Idempotency-Key" not in vendor.headers[0]


async def test_a_profile_sets_rate_and_frames(vendor: Vendor, engine: Make) -> None:
    """A model server gets the number of frames, rounded up to its rule, and the operator's constants."""
    profile = {"fps": 16, "frame_rule": "4k+1", "extra": {"num_inference_steps": 8, "offload": True}}
    await engine(flavour="sglang", profiles={"sora-2": profile}).submit(sample_job())
    assert {name: vendor.forms[0][name] for name in ("fps", "num_frames", "num_inference_steps", "offload")} == {
        "fps": "16",
        "num_frames": "65",
        "num_inference_steps": "8",
        "offload": "true",
    }


GIVEN = EngineParameters(fps=8, num_inference_steps=30, guidance_scale=7.5, negative_prompt="rain", user="u-1")


@pytest.mark.parametrize("flavour", ["sglang", "fastvideo", "vllm-omni", "tensorrt-llm"])
async def test_parameters_reach_a_model_server(vendor: Vendor, engine: Make, flavour: str) -> None:
    """Under its names; the rate replaces the profile's, and the user's id goes only where it is known."""
    up = engine(flavour=flavour, profiles={"*": {"fps": 16, "frame_rule": "4k+1"}})
    await up.submit(replace(sample_job(), parameters=GIVEN))
    [form] = vendor.forms
    assert {name: form[name] for name in ("num_inference_steps", "guidance_scale", "negative_prompt", "fps")} == {
        "num_inference_steps": "30",
        "guidance_scale": "7.5",
        "negative_prompt": "rain",
        "fps": "8",
    }
    assert form.get("num_frames") == (None if flavour == "tensorrt-llm" else "33")
    assert form.get("user") == ("u-1" if flavour == "vllm-omni" else None)


async def test_a_number_of_frames_is_sent_as_it_is(vendor: Vendor, engine: Make) -> None:
    """The model's rule is for lengths only."""
    parameters = EngineParameters(fps=24, num_frames=100)
    profiles = {"*": {"fps": 16, "frame_rule": "4k+1"}}
    await engine(flavour="sglang", profiles=profiles).submit(replace(sample_job(), parameters=parameters))
    assert (vendor.forms[0]["fps"], vendor.forms[0]["num_frames"]) == ("24", "100")


async def test_an_operator_declares_what_a_plain_server_takes(vendor: Vendor, engine: Make) -> None:
    """In the range that is configured, and instead of a flavour's own."""
    options = {"guidance_scale": {"minimum": 1, "maximum": 5.5}, "negative_prompt": {}, "user": {}}
    up = engine(parameters=options)
    assert up.capabilities.parameters == {
        "guidance_scale": ParameterRange("number", 1, 5.5),
        "negative_prompt": PARAMETER_RANGES["negative_prompt"],
        "user": PARAMETER_RANGES["user"],
    }
    parameters = EngineParameters(guidance_scale=2, negative_prompt="rain", user="u-1")
    await up.submit(replace(sample_job(), parameters=parameters))
    form = vendor.forms[0]
    assert (form["guidance_scale"], form["negative_prompt"], form["user"]) == ("2", "rain", "u-1")
    assert engine().capabilities.parameters == {}
    assert engine(flavour="sglang", parameters={}).capabilities.parameters == {}


async def test_a_constant_of_the_operator_is_not_offered(vendor: Vendor, engine: Make) -> None:
    """Unless it is declared as a parameter too: then it is the default."""
    profiles = {"*": {"extra": {"num_inference_steps": 8}}}
    assert "num_inference_steps" not in engine(flavour="sglang", profiles=profiles).capabilities.parameters
    up = engine(flavour="sglang", profiles=profiles, parameters={"num_inference_steps": {"maximum": 50}})
    await up.submit(sample_job())
    await up.submit(replace(sample_job(), parameters=EngineParameters(num_inference_steps=20)))
    assert [form["num_inference_steps"] for form in vendor.forms] == ["8", "20"]


async def test_a_parameter_is_refused_once_the_flavour_is_known(vendor: Vendor, engine: Make) -> None:
    """Before that it is taken: a start must not refuse what a moment later is right. Nothing is submitted."""
    vendor.owner = "filmgate"
    up = engine(flavour="auto")
    assert up.capabilities.parameters == PARAMETER_RANGES
    with pytest.raises(EngineRejected, match="does not take 'num_inference_steps'") as caught:
        await up.submit(replace(sample_job(), parameters=EngineParameters(num_inference_steps=20)))
    assert caught.value.code == "unknown_parameter"
    assert up.capabilities.parameters == {"user": PARAMETER_RANGES["user"]}
    assert vendor.forms == []


REJECTIONS = [
    (400, {"error": {"message": "Bad prompt", "code": "moderation_blocked"}}, "moderation_blocked"),
    (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "upstream_unauthorized"),
    (402, "", "upstream_quota"),
    (403, {"error": "no"}, "engine_rejected"),
    (404, "<html>nothing here</html>", "engine_rejected"),
    (422, {"detail": [{"loc": ["x"], "msg": "bad size"}]}, "engine_rejected"),
    (200, {"error": {"message": "no channel", "code": "no_channel"}}, "no_channel"),
    (301, "", "upstream_misconfigured"),
]


@pytest.mark.parametrize(("status", "body", "code"), REJECTIONS)
async def test_a_rejection_is_permanent(vendor: Vendor, engine: Make, status: int, body: object, code: str) -> None:
    """It has a code; its message contains neither our key nor the upstream's address."""
    vendor.answers["create"] = reply(body, status, Location="http://elsewhere.example/")
    with pytest.raises(EngineRejected) as caught:
        await engine().submit(sample_job())
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
async def test_a_temporary_refusal_may_be_retried(
    vendor: Vendor, engine: Make, status: int, headers: dict[str, str], wait: float | None
) -> None:
    """The wait is the requested one, in every form of the header."""
    vendor.answers["create"] = reply("", status, **headers)
    with pytest.raises(EngineUnavailable) as caught:
        await engine().submit(sample_job())
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
async def test_an_unclear_response_is_an_unknown_outcome(
    vendor: Vendor, engine: Make, status: int, body: object
) -> None:
    """No error after the request was read counts as a rejection."""
    vendor.answers["create"] = reply(body, status)
    with pytest.raises(SubmissionUnknown):
        await engine().submit(sample_job())


async def test_a_refused_connection_counts_as_not_submitted(vendor: Vendor, engine: Make, unused_tcp_port: int) -> None:
    """Without a connection no job was sent."""
    del vendor
    with pytest.raises(EngineUnavailable):
        await engine(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1").submit(sample_job())


async def test_a_lost_reply_is_an_unknown_outcome(vendor: Vendor, engine: Make) -> None:
    """The connection broke after the job was read."""

    def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    vendor.answers["create"] = hang_up
    with pytest.raises(SubmissionUnknown):
        await engine().submit(sample_job())
    assert vendor.create_count() == 1


async def test_a_submission_timeout_is_an_unknown_outcome(engine: Make) -> None:
    """A timeout is no rejection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SubmissionUnknown):
            await engine(base_url=f"http://127.0.0.1:{port}/v1", submit_timeout=1.0).submit(sample_job())


async def poll_reply(
    vendor: Vendor, engine: OpenAIVideosEngine, body: object, status: int = 200, **headers: str
) -> Any:
    """The engine's status for that response to a poll."""
    vendor.answers["poll"] = reply(body, status, **headers)
    return await engine.poll("x")


POLLS = [
    ({"status": "queued"}, JobState.QUEUED, None),
    ({"status": "IN_PROGRESS", "progress": "45%"}, JobState.WORKING, 45.0),
    ({"status": "in_progress", "progress": 250}, JobState.WORKING, 100.0),
    ({"status": "in_progress", "progress": -5}, JobState.WORKING, 0.0),
    ({"status": "in_progress", "progress": None}, JobState.WORKING, None),
    (b'{"status": "in_progress", "progress": NaN}', JobState.WORKING, None),
    ({"status": "completed", "progress": True}, JobState.DONE, None),
    ({"status": "succeeded"}, JobState.DONE, None),
    ({"status": "CANCELLED"}, JobState.CANCELLED, None),
    ({"status": "expired"}, JobState.FAILED, None),
    ({"status": "frobnicating"}, JobState.UNKNOWN, None),
    ({"status": 3}, JobState.UNKNOWN, None),
    ({"progress": 5}, JobState.UNKNOWN, None),
]


@pytest.mark.parametrize(("body", "state", "progress"), POLLS)
async def test_a_poll_returns_state_and_progress(
    vendor: Vendor, engine: Make, body: object, state: JobState, progress: float | None
) -> None:
    """Every status word and every form of the progress is understood."""
    status = await poll_reply(vendor, engine(), body)
    assert (status.state, status.progress) == (state, progress)


async def test_an_unknown_status_is_logged_once(vendor: Vendor, engine: Make) -> None:
    """The job is polled again, without limit."""
    adapter = engine()
    with capture_logs() as logs:
        for word in ("odd", "odd", "odder", None):
            await poll_reply(vendor, adapter, {"status": word})
    assert [entry["word"] for entry in logs if entry["event"] == "upstream.unknown_status"] == ["odd", "odder", None]


async def test_an_unknown_job_is_lost(vendor: Vendor, engine: Make) -> None:
    """This holds for each single poll; the flow decides how many are enough."""
    assert (await poll_reply(vendor, engine(), "<html>", 404)).state is JobState.LOST


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 500), ("", 502), ("", 408), ("", 429), ("", 401), ("", 403), ("", 302), ("<html>", 200), ('{"id"', 200)],
)
async def test_a_failed_poll_has_no_status(vendor: Vendor, engine: Make, body: str, status: int) -> None:
    """The job may be fine, and a key may be corrected."""
    with pytest.raises(EngineUnavailable) as caught:
        await poll_reply(vendor, engine(), body, status, Retry_After="4")
    assert caught.value.retry_after == 4.0


async def test_a_failure_message_contains_no_private_names(vendor: Vendor, engine: Make) -> None:
    """The upstream's host, its id and our key are removed."""
    error = {"code": "oom", "message": f"127.0.0.1 could not make x with {KEY} at https://gpu.example/x"}
    status = await poll_reply(vendor, engine(), {"status": "failed", "error": error})
    assert status.state is JobState.FAILED
    assert status.error.code == "oom"
    assert not {"127.0.0.1", KEY, "gpu.example"} & set(status.error.message.split())


async def test_the_upstream_sets_the_poll_interval(vendor: Vendor, engine: Make) -> None:
    """The operator's minimum still applies."""
    body = {"status": "in_progress"}
    assert (await poll_reply(vendor, engine(), body, OpenAI_Poll_After_Ms="2500")).poll_after == 2.5
    assert (
        await poll_reply(vendor, engine(min_poll_interval=7.0), body, OpenAI_Poll_After_Ms="2500")
    ).poll_after == 7.0
    assert (await poll_reply(vendor, engine(min_poll_interval=7.0), body)).poll_after >= 7.0


CONTENT = [
    (b"<!DOCTYPE html><html>", "HTML"),
    (b'{"error": "not yet"}', "JSON"),
    (b"\x89PNG\r\n\x1a\n" + b"x" * 1000, "no MP4"),
    (b"", "empty"),
]


@pytest.mark.parametrize(("content", "words"), CONTENT)
async def test_a_file_that_is_no_video_is_a_bad_artifact(
    vendor: Vendor, engine: Make, tmp_path: Path, content: bytes, words: str
) -> None:
    """Its content type is ignored; no file remains."""
    vendor.answers["content"] = reply(content, Content_Type="video/mp4")
    with pytest.raises(BadArtifact, match=words):
        await engine().fetch("x", tmp_path / "video.mp4")
    assert not (tmp_path / "video.mp4").exists()


async def test_a_video_over_the_size_limit_is_refused(vendor: Vendor, engine: Make, tmp_path: Path) -> None:
    """An endless one does not fill the disk."""
    vendor.answers["content"] = reply(vendor.video)
    with pytest.raises(BadArtifact, match="more than 5000 bytes"):
        await engine(download_limit=5000).fetch("x", tmp_path / "video.mp4")


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_a_failed_download_may_be_retried(vendor: Vendor, engine: Make, tmp_path: Path, status: int) -> None:
    """It is never a reason to generate the video again."""
    vendor.answers["content"] = reply("", status, Retry_After="3")
    with pytest.raises(EngineUnavailable) as caught:
        await engine().fetch("x", tmp_path / "video.mp4")
    assert caught.value.retry_after == 3.0


async def test_a_video_at_another_url_is_fetched_there(vendor: Vendor, engine: Make, tmp_path: Path) -> None:
    """With our key on the upstream's own origin, without it elsewhere, and not at all in our network."""
    urls = {
        "same": (f"http://127.0.0.1:{vendor.port}/v1/videos/x/content?sig=1", []),
        "other": (f"http://localhost:{vendor.port}/v1/videos/x/content?sig=1", ["localhost"]),
        "inner": (f"http://localhost:{vendor.port}/v1/videos/x/content?sig=1", []),
    }
    vendor.answers["content"] = reply(vendor.video)
    for name, (url, allowed) in urls.items():
        vendor.answers["poll"] = reply({"id": "x", "status": "completed", "url": url})
        adapter = engine(dialect="apiyi-async", flavour="auto", allow_hosts=allowed)
        before = len(vendor.headers)
        if name == "inner":
            with pytest.raises(EngineUnavailable):
                await adapter.fetch("x", tmp_path / name)
        else:
            await adapter.fetch("x", tmp_path / name)
            assert (tmp_path / name).read_bytes() == vendor.video
        keys = [headers.get("Authorization") for headers in vendor.headers[before + 1 :]]
        assert keys == {"same": [KEY], "other": [None], "inner": []}[name]


async def test_the_url_in_the_error_of_sglang_is_used(vendor: Vendor, engine: Make, tmp_path: Path) -> None:
    """Its 400 names the storage bucket; an error of the bucket is retried later."""
    target = f"http://localhost:{vendor.port}/v1/bucket"
    vendor.answers["poll"] = reply({"id": "x", "status": "completed"})
    vendor.answers["content"] = reply({"detail": f"Uploaded to cloud storage: {target}/videos/x/content"}, 400)
    adapter = engine(flavour="sglang", allow_hosts=["localhost"])
    with pytest.raises(EngineUnavailable):
        await adapter.fetch("x", tmp_path / "video")
    assert vendor.requests[-1] == ("GET", "/v1/bucket/videos/x/content")


async def test_only_an_effective_cancel_is_used(vendor: Vendor, engine: Make) -> None:
    """A flavour whose cancel stops nothing declares that and gets no request."""
    for flavour, cancels in (("plain", False), ("sglang", False), ("new-api", False), ("vllm-omni", True)):
        adapter = engine(flavour=flavour)
        assert adapter.capabilities.cancels is cancels
        await adapter.cancel("x")
    assert vendor.requests == [("DELETE", "/v1/videos/x")]
    vendor.answers["delete"] = reply("", 503)
    with pytest.raises(EngineUnavailable):
        await engine(flavour="vllm-omni").cancel("x")


def name_of(time: float) -> str:
    """The id of the job of that time."""
    return f"v{time * 1000:.0f}"


class TestFinding:
    """Finding the job of a submission whose reply was lost."""

    JOB = sample_job()

    @pytest.fixture
    def adapter(self, engine: Make, vendor: Vendor) -> OpenAIVideosEngine:
        """An engine that reads the list, ten seconds before noon."""
        del vendor
        return engine(reconcile="list")

    @staticmethod
    def rows(*times: float, **changes: object) -> list[dict[str, object]]:
        """Jobs of those times, as the list shows them."""
        job = TestFinding.JOB
        row = {"prompt": job.prompt, "size": str(job.size), "seconds": "4", "model": "renamed", **changes}
        return [{"id": name_of(time), "created_at": time, **row} for time in times]

    @staticmethod
    def lists(vendor: Vendor, rows: list[dict[str, object]], *, more: bool = False, date: float = 0.0) -> None:
        """Let the vendor list those rows; its clock is right by default."""
        vendor.answers["list"] = reply(
            {"data": rows, "has_more": more}, Date=formatdate(date or time.time(), usegmt=True)
        )

    async def test_a_matching_job_is_found(self, vendor: Vendor, adapter: OpenAIVideosEngine) -> None:
        """It matches by time, prompt, size and length, whatever its model is called there."""
        now = time.time()
        self.lists(vendor, [*self.rows(now + 3), *self.rows(now + 2, prompt="another"), *self.rows(now - 500)])
        assert await adapter.find(self.JOB, now) == [name_of(now + 3)]

    async def test_a_list_that_reaches_back_far_enough_proves_absence(
        self, vendor: Vendor, adapter: OpenAIVideosEngine
    ) -> None:
        """No further page is requested then."""
        now = time.time()
        self.lists(vendor, self.rows(now - 100, now - 200, prompt="x"), more=True)
        assert await adapter.find(self.JOB, now) == []
        assert len(vendor.requests) == 1

    async def test_a_clock_difference_is_compensated(self, vendor: Vendor, adapter: OpenAIVideosEngine) -> None:
        """Job times are compared with the response's own date."""
        now = time.time()
        self.lists(vendor, self.rows(now - 7200), date=now - 7200)
        assert await adapter.find(self.JOB, now) == [name_of(now - 7200)]
        self.lists(vendor, self.rows(now), date=now + 7200)
        assert await adapter.find(self.JOB, now) == []

    @pytest.mark.parametrize("body", ["<html>", "[]", {"data": [{"id": "../x"}]}, {"data": None}])
    async def test_an_unreadable_list_proves_nothing(
        self, vendor: Vendor, adapter: OpenAIVideosEngine, body: object
    ) -> None:
        """Nor does one of an unreachable server."""
        vendor.answers["list"] = reply(body)
        with pytest.raises(EngineUnavailable):
            await adapter.find(self.JOB, 0.0)

    async def test_an_endless_list_proves_nothing(self, vendor: Vendor, adapter: OpenAIVideosEngine) -> None:
        """Old jobs come first: a new one may be on any later page."""
        now = time.time()
        pages = iter(range(1000))

        def next_page(request: web.Request) -> web.StreamResponse:
            rows = self.rows(*(now - 9000 + 10 * next(pages) + n for n in (1, 2)))
            return reply({"data": rows, "has_more": True})(request)

        vendor.answers["list"] = next_page
        with pytest.raises(EngineUnavailable, match="too long"):
            await adapter.find(self.JOB, now)

    @pytest.mark.parametrize("times", [(), (3, 4), (-900, -800)])
    async def test_a_list_without_paging_proves_nothing(
        self, vendor: Vendor, adapter: OpenAIVideosEngine, times: tuple[float, ...]
    ) -> None:
        """A server that announces more and repeats the same page, perhaps its oldest jobs, may hide adapter."""
        now = time.time()
        self.lists(vendor, self.rows(*(now + each for each in times)), more=True)
        with pytest.raises(EngineUnavailable, match="paged"):
            await adapter.find(self.JOB, now)

    async def test_an_error_status_is_no_list(self, vendor: Vendor, adapter: OpenAIVideosEngine) -> None:
        """This holds even for one with a list in its body."""
        vendor.answers["list"] = reply({"data": []}, 404)
        with pytest.raises(EngineUnavailable):
            await adapter.find(self.JOB, 0.0)


async def test_the_token_is_sent_as_idempotency_key(vendor: Vendor, engine: Make) -> None:
    """A submission with an unknown outcome can be sent again and remains one job."""
    adapter, job = engine(reconcile="idempotency-key"), sample_job()
    assert await adapter.submit(job) == await adapter.submit(job)
    assert [headers["Idempotency-Key"] for headers in vendor.headers] == [job.token] * 2
    assert adapter.capabilities.idempotent
    assert not adapter.capabilities.findable


class TestFlavour:
    """Detection of the server's flavour from its list of models."""

    async def test_it_is_detected_before_a_submission(self, vendor: Vendor, engine: Make) -> None:
        """Otherwise a model server would make the wrong number of frames."""
        vendor.owner = "sglang"
        adapter = engine(flavour="auto", profiles={"*": {"fps": 16, "frame_rule": "4k+1"}})
        await adapter.submit(sample_job())
        await adapter.submit(sample_job())
        assert [path for _, path in vendor.requests] == ["/v1/models", "/v1/videos", "/v1/videos"]
        assert vendor.forms[0]["num_frames"] == "65"
        assert adapter.upstream.name == "sglang"

    async def test_it_is_detected_in_the_background(self, vendor: Vendor, engine: Make) -> None:
        """The start does not wait for it; the capabilities are known soon after."""
        vendor.owner = "vllm"
        adapter = engine(flavour="auto")
        await adapter.start()
        assert adapter._detection_task is not None
        await adapter._detection_task
        assert adapter.capabilities.cancels

    @pytest.mark.parametrize("status", [401, 404, 405])
    async def test_a_server_without_a_models_list_is_plain(self, vendor: Vendor, engine: Make, status: int) -> None:
        """The plain dialect is used."""
        vendor.answers["models"] = reply("", status)
        adapter = engine(flavour="auto")
        await adapter.submit(sample_job())
        assert adapter.upstream.name == "openai"

    async def test_a_server_that_is_down_gets_no_submission(self, vendor: Vendor, engine: Make) -> None:
        """Detection is repeated with the next submission; the start does not fail."""
        vendor.answers["models"] = reply("", 503, Retry_After="2")
        adapter = engine(flavour="auto")
        await adapter.start()
        with pytest.raises(EngineUnavailable):
            await adapter.submit(sample_job())
        del vendor.answers["models"]
        await adapter.submit(sample_job())
        assert vendor.create_count() == 1


BAD_OPTIONS = [
    ({"base_ulr": "x"}, "no option 'base_ulr'; known ones: allow_hosts, api_key, audio, base_url"),
    ({"base_url": "ftp://x"}, "'base_url' can't be used"),
    ({"base_url": "http://x/v1?key=1"}, "'base_url' must not have a query"),
    ({"base_url": "http://me:pw@x/v1"}, "'base_url' can't be used"),
    ({"base_url": 7}, "Expected 'str', got 'int', at 'base_url'"),
    ({"dialect": "klingon"}, "'dialect' is 'klingon'; known ones: openai, dmxapi, apiyi, apiyi-async"),
    ({"flavour": "vanilla"}, "'flavour' is 'vanilla'; known ones: auto, plain, sglang"),
    ({"dialect": "dmxapi", "flavour": "sglang"}, "'flavour' is for the dialect openai"),
    ({"api_key": "sk-1\n"}, "'api_key' contains characters"),
    ({"api_key": ""}, "'api_key' contains characters"),
    ({"running": 0}, "'running' must be a number above 0"),
    ({"running": "5"}, "at 'running'"),
    ({"submit_timeout": -1.0}, "'submit_timeout' must be a number above 0"),
    ({"submit_timeout": float("inf")}, "'submit_timeout' must be a number above 0"),
    ({"reconcile": "prayer"}, "'reconcile' is 'prayer'"),
    ({"reconcile": "list", "flavour": "new-api"}, "'reconcile' is 'list', which new-api does not have"),
    ({"reconcile": "list", "dialect": "klingon"}, "'dialect' is 'klingon'"),
    ({"profiles": {"m": {"fsp": 16}}}, "fsp"),
    ({"profiles": {"m": {"frame_rule": "4k-1"}}}, "'profiles' has the frame_rule '4k-1'"),
    ({"profiles": {"m": {"fps": 0}}}, "'profiles' must be a number above 0"),
    ({"parameters": {"cfg": {}}}, "'parameters' names 'cfg'; known ones: fps, num_frames"),
    ({"parameters": {"fps": {"maximum": 500}}}, "'parameters' gives 'fps' the range 1 to 500; it lies within 1 to 120"),
    ({"parameters": {"fps": {"minimum": 9, "maximum": 8}}}, "'parameters' gives 'fps' the range 9 to 8"),
    ({"ca_file": "/nowhere"}, "'ca_file' is not a readable file of certificates"),
]


@pytest.mark.parametrize(("options", "words"), BAD_OPTIONS)
def test_an_invalid_option_is_named(tmp_path: Path, options: dict[str, object], words: str) -> None:
    """The error names the engine and the valid values, never the key."""
    arguments = {"base_url": "http://upstream.example/v1", "api_key": KEY, **options}
    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        create_engine("openai-videos", EngineContext(name="up", options=arguments, cache=tmp_path, scratch=tmp_path))
    assert caught.value.message.startswith("Engine 'up': ")
    assert KEY not in caught.value.message


def test_only_the_base_url_is_required(tmp_path: Path) -> None:
    """All other options have defaults."""
    with pytest.raises(SettingsError, match="base_url"):
        create_engine("openai-videos", EngineContext(name="up", options={}, cache=tmp_path, scratch=tmp_path))


@pytest.mark.parametrize("base", ["http://127.0.0.1:{port}", "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/v1/"])
async def test_the_base_url_is_normalised(vendor: Vendor, engine: Make, base: str) -> None:
    """It may have its version and a slash or not."""
    adapter = engine(base_url=base.format(port=vendor.port))
    await adapter.submit(sample_job())
    assert vendor.requests == [("POST", "/v1/videos")]
    assert adapter.identity == engine().identity


async def test_limits_are_the_operators_or_the_vendors(engine: Make) -> None:
    """They are declared as capabilities, which the flow enforces."""
    adapter = engine(running=3, creates_per_minute=30, submit_timeout=20, paid=False).capabilities
    assert (adapter.concurrency, adapter.creates_per_minute, adapter.paid) == (3, 30, False)
    assert adapter.submit_timeout >= 20
    vendors = engine(dialect="apiyi-async", flavour="auto").capabilities
    assert (vendors.concurrency, vendors.creates_per_minute, vendors.paid) == (5, 10, True)
    assert engine().capabilities.concurrency is None


async def test_the_identity_depends_on_address_dialect_and_key(engine: Make) -> None:
    """It does not depend on models or timeouts, and never contains the key."""
    plain = engine().identity
    assert plain == engine(models={"a": "b"}, running=3, flavour="sglang").identity
    others = [engine(api_key="sk-other"), engine(dialect="dmxapi"), engine(base_url="http://other.example/v1")]
    assert len({plain, *(each.identity for each in others)}) == 4
    assert KEY not in plain


async def test_no_secret_is_logged(vendor: Vendor, engine: Make, tmp_path: Path, unused_tcp_port: int) -> None:
    """Neither the key nor a signed URL appears in the log, whatever fails."""
    vendor.answers |= {what: reply({"error": KEY}, 500) for what in ("create", "content", "poll")}
    signed = f"http://127.0.0.1:{unused_tcp_port}/x?sig=signed-away"
    with capture_logs() as logs:
        for adapter in (engine(), engine(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")):
            with pytest.raises((SubmissionUnknown, EngineUnavailable)):
                await adapter.submit(sample_job())
            with pytest.raises(EngineUnavailable):
                await adapter.fetch("x", tmp_path / "video")
        vendor.answers["poll"] = reply({"id": "x", "status": "completed", "url": signed})
        with pytest.raises(EngineUnavailable):
            await engine(dialect="apiyi-async", flavour="auto").fetch("x", tmp_path / "video")
    assert len(logs) >= 5
    assert KEY not in str(logs)
    assert "signed-away" not in str(logs)


async def test_expected_durations_are_learnt(vendor: Vendor, tmp_path: Path) -> None:
    """They are measured from submission to the poll that finds the job done, per second of video."""
    now = [0.0]
    options = read_options(
        EngineContext(
            name="up", options={"base_url": vendor.base_url, "flavour": "plain"}, cache=tmp_path, scratch=tmp_path
        )
    )
    adapter = OpenAIVideosEngine("up", options, monotonic=lambda: now[0])
    job = sample_job(seconds=4)
    assert adapter.expected_seconds(job) == 60.0
    ticket = await adapter.submit(job)
    now[0] = 20.0
    assert (await adapter.poll(ticket)).state is JobState.WORKING
    now[0] = 40.0
    assert (await adapter.poll(ticket)).state is JobState.DONE
    assert adapter.expected_seconds(job) == 40.0
    assert adapter.expected_seconds(sample_job(seconds=8)) == 80.0
    await adapter.stop()
