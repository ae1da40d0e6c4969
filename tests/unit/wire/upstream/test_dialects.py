"""The dialects and flavours: what is sent, and how responses are read."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from filmgate.domain import Size, Status
from filmgate.wire.upstream import (
    DIALECTS,
    FLAVOURS,
    UPSTREAMS,
    JobRequest,
    ListedJob,
    ReferenceImage,
    ReplyKind,
    Upstream,
    detect_flavour,
)
from filmgate.wire.upstream.base import HttpCall

REQUEST = JobRequest(model="sora-2", prompt="一只狗 ran\r\nhome", size=Size(1280, 720), seconds=8, seed=2**40 + 7)
IMAGE = ReferenceImage(b"\x89PNG\r\n\x1a\n--filmgate--\r\n\r\n", "image/png")
RICH = {"fps": 16, "frames": 129, "extra": {"num_inference_steps": "8"}}


def job_request(**changes: Any) -> JobRequest:
    """Return the request with changes."""
    fields = {name: getattr(REQUEST, name) for name in REQUEST.__struct_fields__}
    return JobRequest(**(fields | changes))


def parts(call: HttpCall) -> dict[str, Message]:
    """Return a form's parts by name, read by a parser that is not ours."""
    message = message_from_bytes(b"Content-Type: " + call.headers["Content-Type"].encode() + b"\r\n\r\n" + call.body)
    assert message.is_multipart()
    by_name: dict[str, Message] = {}
    for part in message.get_payload():
        assert isinstance(part, Message)
        by_name[str(part.get_param("name", header="content-disposition"))] = part
    return by_name


def texts(call: HttpCall) -> dict[str, str]:
    """Return a form's fields."""
    fields = {}
    for name, part in parts(call).items():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        fields[name] = payload.decode()
    return fields


PLAIN = {"model": "sora-2", "prompt": "一只狗 ran\r\nhome", "size": "1280x720", "seconds": "8"}
SEED = str((2**40 + 7) % 2**31)

SENT = {
    "openai": PLAIN,
    "dmxapi": PLAIN,
    "apiyi-async": PLAIN,
    "sglang": PLAIN | {"fps": "16", "num_frames": "129", "seed": SEED},
    "vllm-omni": PLAIN | {"fps": "16", "num_frames": "129", "seed": SEED},
    "fastvideo": PLAIN | {"fps": "16", "num_frames": "129", "seed": SEED},
    "tensorrt-llm": PLAIN | {"fps": "16", "seconds": "8.0625", "seed": SEED, "output_format": "mp4"},
    "new-api": PLAIN,
    "filmgate": PLAIN | {"seed": str(2**40 + 7)},
}


@pytest.mark.parametrize("name", SENT)
def test_only_the_known_fields_are_sent(name: str) -> None:
    """The parts of the form have no filename; the operator's constants are included."""
    call = UPSTREAMS[name].create(job_request(**RICH))
    assert (call.method, call.path) == ("POST", "videos")
    assert texts(call) == SENT[name] | {"num_inference_steps": "8"}
    assert all(part.get_filename() is None for part in parts(call).values())


def test_apiyi_takes_text_as_json_and_images_as_a_form() -> None:
    """Lengths are text in both."""
    call = DIALECTS["apiyi"].create(REQUEST)
    assert call.headers["Content-Type"] == "application/json"
    assert json.loads(call.body) == PLAIN
    form = parts(DIALECTS["apiyi"].create(job_request(reference=IMAGE)))
    assert form["seconds"].get_payload(decode=True) == b"8"


def test_every_upstream_is_tested_here() -> None:
    """A new upstream needs a line in SENT."""
    assert {*SENT, "apiyi"} == set(UPSTREAMS)
    assert set(DIALECTS) | set(FLAVOURS) == set(UPSTREAMS)


@pytest.mark.parametrize("name", sorted(UPSTREAMS))
@pytest.mark.parametrize(("media_type", "filename"), [("image/png", "reference.png"), ("image/jpeg", "reference.jpg")])
def test_an_image_is_sent_under_our_own_filename(name: str, media_type: str, filename: str) -> None:
    """Its bytes are unchanged, although they contain what looks like a boundary."""
    part = parts(UPSTREAMS[name].create(job_request(reference=ReferenceImage(IMAGE.content, media_type))))[
        "input_reference"
    ]
    assert (part.get_filename(), part.get_content_type()) == (filename, media_type)
    assert part.get_payload(decode=True) == IMAGE.content


def test_a_form_is_deterministic() -> None:
    """The same request gives the same bytes, another one another boundary."""
    first, same, other = (DIALECTS["openai"].create(each) for each in (REQUEST, REQUEST, job_request(prompt="x")))
    assert first == same
    assert first.headers["Content-Type"] != other.headers["Content-Type"]


def test_unencodable_text_is_sent_escaped() -> None:
    """Half of a surrogate pair has no UTF-8 encoding."""
    assert texts(DIALECTS["openai"].create(job_request(prompt="a\ud800b")))["prompt"] == "a\\ud800b"
    assert b"\\\\ud800" in DIALECTS["apiyi"].create(job_request(prompt="a\ud800b")).body


@pytest.mark.parametrize(
    ("name", "header"),
    [("openai", "Bearer sk-1"), ("dmxapi", "sk-1"), ("apiyi", "Bearer sk-1"), ("apiyi-async", "sk-1")],
)
def test_the_key_is_sent_as_the_vendor_expects(name: str, header: str) -> None:
    """With its scheme, or bare; without a key there is no header."""
    assert DIALECTS[name].auth_headers("sk-1") == {"Authorization": header}
    assert DIALECTS[name].auth_headers(None) == DIALECTS[name].auth_headers("") == {}


def test_an_idempotency_key_is_sent_only_if_given() -> None:
    """Servers that don't support it never see it."""
    assert DIALECTS["openai"].create(job_request(idempotency_key="t-1")).headers["Idempotency-Key"] == "t-1"
    assert "Idempotency-Key" not in DIALECTS["openai"].create(REQUEST).headers


def test_a_ticket_is_quoted_in_a_path() -> None:
    """Whatever an opaque id contains, it stays one segment of the path."""
    upstream = UPSTREAMS["filmgate"]
    assert upstream.poll("a?b#c%2e:é").path == "videos/a%3Fb%23c%252e%3A%C3%A9"
    assert upstream.content("x").path == "videos/x/content"
    assert upstream.cancel("x") == HttpCall(method="POST", path="videos/x/cancel")


def test_only_a_real_stop_is_a_cancel() -> None:
    """A DELETE that forgets the job while the GPU continues is none."""
    stops = {name for name, upstream in UPSTREAMS.items() if upstream.cancel("x")}
    assert stops == {"vllm-omni", "filmgate"}
    assert UPSTREAMS["vllm-omni"].cancel("x") == HttpCall(method="DELETE", path="videos/x")


STATUSES: dict[str, dict[str, Status | None]] = {
    "openai": {
        "queued": Status.QUEUED,
        "IN_PROGRESS": Status.IN_PROGRESS,
        "In Progress": Status.IN_PROGRESS,
        "processing": Status.IN_PROGRESS,
        "Completed": Status.COMPLETED,
        "succeeded": Status.COMPLETED,
        "failed": Status.FAILED,
        "cancelled": Status.FAILED,
        "canceled": Status.FAILED,
        "expired": Status.FAILED,
        "deleted": Status.FAILED,
        "unknown": None,
        "frobnicating": None,
        "": None,
    },
    "apiyi-async": {"submitted": Status.QUEUED, "in_progress": Status.IN_PROGRESS, "completed": Status.COMPLETED},
    "new-api": {
        "NOT_START": Status.QUEUED,
        "SUBMITTED": Status.QUEUED,
        "IN_PROGRESS": Status.IN_PROGRESS,
        "SUCCESS": Status.COMPLETED,
        "FAILURE": Status.FAILED,
        "UNKNOWN": None,
    },
}


@pytest.mark.parametrize(
    ("name", "word", "status"), [(name, *row) for name, table in STATUSES.items() for row in table.items()]
)
def test_statuses_are_read_by_the_dialect_s_table(name: str, word: str, status: Status | None) -> None:
    """A word that is not in the table means: poll again."""
    report = UPSTREAMS[name].read_poll("x", 200, {}, json.dumps({"id": "x", "status": word}).encode())
    assert (report.kind, report.status) == (ReplyKind.JOB, status)
    assert (report.error is not None) == (status is Status.FAILED)


@pytest.mark.parametrize("status", [None, 2, 2.5, True, [], {}, ["completed"]])
def test_a_status_that_is_no_text_means_poll_again(status: object) -> None:
    """Nothing is guessed from numbers."""
    report = poll("openai", {"id": "x", "status": status})
    assert (report.kind, report.status) == (ReplyKind.JOB, None)


def poll(name: str, body: object, status: int = 200, **headers: str) -> Any:
    """Return a dialect's report of a poll of ``x``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return UPSTREAMS[name].read_poll("x", status, {k.replace("_", "-"): v for k, v in headers.items()}, content)


def test_a_report_holds_all_that_the_response_has() -> None:
    """Progress, the time of the next poll, and the video file's URL if the dialect has one."""
    body = {"id": "x", "status": "in_progress", "progress": "45%", "url": "https://cdn.example/x.mp4?sig=1%2F2"}
    report = poll("apiyi-async", body, OpenAI_Poll_After_Ms="2500")
    assert (report.status, report.progress, report.poll_after) == (Status.IN_PROGRESS, 45.0, 2.5)
    assert report.content_url == "https://cdn.example/x.mp4?sig=1%2F2"
    call = UPSTREAMS["apiyi-async"].content("x", report)
    assert (call.url, call.path) == ("https://cdn.example/x.mp4?sig=1%2F2", "")
    assert poll("openai", body).content_url is None


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
def test_a_failed_job_counts_with_any_http_status(status: int) -> None:
    """vLLM-Omni responds like this; its code may be a number."""
    report = poll("vllm-omni", {"id": "x", "status": "failed", "error": {"code": 500, "message": "OOM"}}, status)
    assert (report.kind, report.status) == (ReplyKind.JOB, Status.FAILED)
    assert (report.error.code, report.error.message) == ("engine_error", "OOM")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "y", "status": "failed"},
        {"status": "failed"},
        {"status": "error", "message": "upstream"},
        {"id": "x", "status": "completed"},
        {"id": "x", "status": "queued"},
    ],
)
def test_an_error_that_is_not_our_failed_job_decides_nothing(body: object) -> None:
    """A gateway's ``status: error`` is about itself, and a video is not completed by a 502."""
    assert poll("vllm-omni", body, 502).kind is ReplyKind.TRANSIENT


def test_an_unreadable_poll_is_repeated() -> None:
    """HTML, cut off, empty, or an object without a status."""
    for body in (b"", b"<html>", b'{"id": "x", "status": "comp'):
        assert poll("openai", body).kind is ReplyKind.TRANSIENT
    assert poll("openai", {"error": {"message": "hm"}}).kind is ReplyKind.UNKNOWN
    assert poll("openai", b"<html>", 404).not_found


@pytest.mark.parametrize("error", [None, "", "OOM", ["OOM"], {"message": "OOM"}, {"error": "OOM"}, "<html>", 5, True])
def test_a_failure_always_has_a_code_and_a_message(error: object) -> None:
    """Whatever the shape of its reason, if it has one."""
    report = poll("openai", {"id": "x", "status": "failed", "error": error})
    assert report.error.code == "engine_error"
    assert report.error.message in {"OOM", "The engine could not make the video."}


def test_a_failure_does_not_repeat_its_id() -> None:
    """Clients do not see the upstream's id of the job."""
    report = UPSTREAMS["openai"].read_poll(
        "task-7", 200, {}, b'{"id": "task-7", "status": "failed", "error": "task-7 was killed"}'
    )
    assert report.error is not None
    assert report.error.message == "… was killed"


def test_new_api_wraps_and_renames() -> None:
    """The job may be under ``data``, its id under ``task_id``, its reason under ``fail_reason``."""
    body = {"code": "success", "data": {"task_id": "x", "status": "FAILURE", "fail_reason": "no", "progress": "100%"}}
    report = poll("new-api", body)
    assert (report.status, report.error.message, report.progress) == (Status.FAILED, "no", 100.0)
    created = UPSTREAMS["new-api"].read_create(200, {}, b'{"task_id": "x", "status": "queued"}')
    assert (created.kind, created.id) == (ReplyKind.JOB, "x")
    done = {"id": "x", "status": "completed", "metadata": {"url": "https://cdn.example/x.mp4"}}
    assert poll("new-api", done).content_url == "https://cdn.example/x.mp4"


def read_create(body: object, status: int = 200, upstream: Upstream = UPSTREAMS["openai"]) -> Any:
    """Return the report of a response to a create."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return upstream.read_create(status, {}, content)


def test_an_accepted_job_has_its_id() -> None:
    """With 200, 201 or 202, whatever its status word, and failed at once too."""
    for status in (200, 201, 202):
        assert read_create({"id": "v", "status": "whatever"}, status).id == "v"
    assert read_create({"id": "v", "status": "failed", "error": "no"}).status is Status.FAILED
    assert read_create({"id": "v", "status": "failed"}, 500).id == "v"


def test_an_error_with_its_own_id_is_no_job() -> None:
    """A request's id is not a video's."""
    assert read_create({"id": "req_1", "error": {"message": "no"}}, 400).kind is ReplyKind.TERMINAL
    assert read_create({"id": "req_1", "error": {"message": "no"}}, 500).kind is ReplyKind.AMBIGUOUS


def test_an_error_without_an_id_was_not_accepted_even_with_200() -> None:
    """The upstream itself says so; an unusable id says nothing."""
    report = read_create({"error": {"code": "no_channel", "message": "no channel"}})
    assert (report.kind, report.error.code) == (ReplyKind.TERMINAL, "no_channel")
    assert read_create({"id": None, "error": "no"}).kind is ReplyKind.TERMINAL
    assert read_create({"id": "../x", "error": "no"}).kind is ReplyKind.AMBIGUOUS
    assert read_create({"id": "", "error": "no"}).kind is ReplyKind.AMBIGUOUS
    assert read_create({"message": "ok"}).kind is ReplyKind.AMBIGUOUS


def test_sglang_names_the_file_s_url_in_a_rejection() -> None:
    """No other upstream does, nor does an error of another kind."""
    body = b'{"detail": "Uploaded to cloud storage, use https://s3.example/b/x.mp4?X-Sig=a%2Fb."}'
    assert FLAVOURS["sglang"].read_content_error(400, body) == "https://s3.example/b/x.mp4?X-Sig=a%2Fb"
    assert FLAVOURS["sglang"].read_content_error(502, body) is None
    assert FLAVOURS["sglang"].read_content_error(400, b"no") is None
    assert DIALECTS["openai"].read_content_error(400, body) is None


def test_a_list_is_read_completely_or_not_at_all() -> None:
    """An unreadable row may be the job that is looked for."""
    upstream = DIALECTS["openai"]
    row = {"id": "v", "created_at": 1_700_000_000, "prompt": "p", "size": "1280x720", "seconds": 4, "model": "m"}
    listed = ListedJob(id="v", created_at=1.7e9, prompt="p", size="1280x720", seconds="4")
    assert upstream.read_list(json.dumps({"data": [row], "has_more": True}).encode()) == ([listed], True)
    assert upstream.read_list(b'{"data": []}') == ([], False)
    assert upstream.read_list(json.dumps({"data": [row] * 100}).encode()) == ([listed] * 100, True)
    for bad in (b"[]", b"{}", b'{"data": [{"id": "../x"}]}', b'{"data": [7]}', b"<html>"):
        assert upstream.read_list(bad) is None


@pytest.mark.parametrize(
    ("listed", "matches"),
    [
        (ListedJob(id="v"), True),
        (ListedJob(id="v", created_at=99.0), False),
        (ListedJob(id="v", created_at=100.0), True),
        (ListedJob(id="v", prompt="一只狗 ran home"), True),
        (ListedJob(id="v", prompt="一只狗 ra…"), True),
        (ListedJob(id="v", prompt="一只猫"), False),
        (ListedJob(id="v", size="1280x720"), True),
        (ListedJob(id="v", size="1280X720"), True),
        (ListedJob(id="v", size="720x1280"), False),
        (ListedJob(id="v", size="auto"), True),
        (ListedJob(id="v", seconds="8"), True),
        (ListedJob(id="v", seconds="8.06"), True),
        (ListedJob(id="v", seconds="4"), False),
        (ListedJob(id="v", seconds="long"), True),
    ],
)
def test_a_listed_job_may_be_ours_unless_something_contradicts(listed: ListedJob, *, matches: bool) -> None:
    """A false match is better than a miss: an overlooked job is paid for twice."""
    assert listed.could_match(REQUEST, 100.0) is matches


@pytest.mark.parametrize(
    ("headers", "models", "flavour"),
    [
        ({}, [{"id": "m", "owned_by": "sglang"}], "sglang"),
        ({}, [{"id": "m", "owned_by": "vllm"}], "vllm-omni"),
        ({}, [{"id": "m", "owned_by": "filmgate"}], "filmgate"),
        ({"X-Oneapi-Request-Id": "1"}, [{"id": "m", "owned_by": "openai"}], "new-api"),
        ({}, [{"id": "m", "owned_by": "openai"}], None),
        ({}, [], None),
        ({}, ["x", {"owned_by": 7}], None),
        ({}, {"x": 1}, None),
    ],
)
def test_a_server_is_recognised_by_its_models_list(
    headers: dict[str, str], models: object, flavour: str | None
) -> None:
    """None if it gives no sign."""
    assert detect_flavour(headers, json.dumps({"data": models}).encode()) == flavour
