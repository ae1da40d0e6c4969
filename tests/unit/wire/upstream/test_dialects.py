"""The dialects and flavours: what is sent, and what is understood."""

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

ORDER = JobRequest(model="sora-2", prompt="一只狗 ran\r\nhome", size=Size(1280, 720), seconds=8, seed=2**40 + 7)
PICTURE = ReferenceImage(b"\x89PNG\r\n\x1a\n--filmgate--\r\n\r\n", "image/png")
RICH = {"fps": 16, "frames": 129, "extra": {"num_inference_steps": "8"}}


def order(**changes: Any) -> JobRequest:
    """The order, changed."""
    given = {name: getattr(ORDER, name) for name in ORDER.__struct_fields__}
    return JobRequest(**(given | changes))


def parts(call: HttpCall) -> dict[str, Message]:
    """A form's parts by name, read by a parser that is not ours."""
    whole = message_from_bytes(b"Content-Type: " + call.headers["Content-Type"].encode() + b"\r\n\r\n" + call.body)
    assert whole.is_multipart()
    found: dict[str, Message] = {}
    for part in whole.get_payload():
        assert isinstance(part, Message)
        found[str(part.get_param("name", header="content-disposition"))] = part
    return found


def texts(call: HttpCall) -> dict[str, str]:
    """A form's fields."""
    found = {}
    for name, part in parts(call).items():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found[name] = payload.decode()
    return found


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
    """A form whose parts have no filename; the operator's constants go along."""
    call = UPSTREAMS[name].create(order(**RICH))
    assert (call.method, call.path) == ("POST", "videos")
    assert texts(call) == SENT[name] | {"num_inference_steps": "8"}
    assert all(part.get_filename() is None for part in parts(call).values())


def test_apiyi_takes_text_as_json_and_pictures_as_a_form() -> None:
    """Its lengths are text in both."""
    call = DIALECTS["apiyi"].create(ORDER)
    assert call.headers["Content-Type"] == "application/json"
    assert json.loads(call.body) == PLAIN
    form = parts(DIALECTS["apiyi"].create(order(reference=PICTURE)))
    assert form["seconds"].get_payload(decode=True) == b"8"


def test_every_upstream_is_tried_here() -> None:
    """Whoever adds one adds its line."""
    assert {*SENT, "apiyi"} == set(UPSTREAMS)
    assert set(DIALECTS) | set(FLAVOURS) == set(UPSTREAMS)


@pytest.mark.parametrize("name", sorted(UPSTREAMS))
@pytest.mark.parametrize(("media_type", "filename"), [("image/png", "reference.png"), ("image/jpeg", "reference.jpg")])
def test_a_picture_travels_under_a_name_of_ours(name: str, media_type: str, filename: str) -> None:
    """Byte for byte, though it holds what looks like a boundary."""
    part = parts(UPSTREAMS[name].create(order(reference=ReferenceImage(PICTURE.content, media_type))))[
        "input_reference"
    ]
    assert (part.get_filename(), part.get_content_type()) == (filename, media_type)
    assert part.get_payload(decode=True) == PICTURE.content


def test_a_form_has_no_chance_in_it() -> None:
    """The same order gives the same bytes, another gives another boundary."""
    one, same, other = (DIALECTS["openai"].create(each) for each in (ORDER, ORDER, order(prompt="x")))
    assert one == same
    assert one.headers["Content-Type"] != other.headers["Content-Type"]


def test_text_without_an_encoding_is_sent_escaped() -> None:
    """Half of a surrogate pair can't stand in UTF-8."""
    assert texts(DIALECTS["openai"].create(order(prompt="a\ud800b")))["prompt"] == "a\\ud800b"
    assert b"\\\\ud800" in DIALECTS["apiyi"].create(order(prompt="a\ud800b")).body


@pytest.mark.parametrize(
    ("name", "header"),
    [("openai", "Bearer sk-1"), ("dmxapi", "sk-1"), ("apiyi", "Bearer sk-1"), ("apiyi-async", "sk-1")],
)
def test_the_key_stands_as_the_vendor_wants_it(name: str, header: str) -> None:
    """With its scheme, or bare; without a key there is no header."""
    assert DIALECTS[name].auth_headers("sk-1") == {"Authorization": header}
    assert DIALECTS[name].auth_headers(None) == DIALECTS[name].auth_headers("") == {}


def test_an_idempotency_key_goes_along_only_if_asked_for() -> None:
    """Servers that don't know it never see it."""
    assert DIALECTS["openai"].create(order(idempotency_key="t-1")).headers["Idempotency-Key"] == "t-1"
    assert "Idempotency-Key" not in DIALECTS["openai"].create(ORDER).headers


def test_a_ticket_is_quoted_in_a_path() -> None:
    """Whatever an opaque id holds, it stays one step of the path."""
    upstream = UPSTREAMS["filmgate"]
    assert upstream.poll("a?b#c%2e:é").path == "videos/a%3Fb%23c%252e%3A%C3%A9"
    assert upstream.content("x").path == "videos/x/content"
    assert upstream.cancel("x") == HttpCall(method="POST", path="videos/x/cancel")


def test_only_what_really_stops_is_a_cancel() -> None:
    """A DELETE that forgets the job while the GPU goes on is none."""
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
def test_statuses_are_read_by_the_dialects_own_table(name: str, word: str, status: Status | None) -> None:
    """A word that the table does not hold means: look again."""
    said = UPSTREAMS[name].read_poll("x", 200, {}, json.dumps({"id": "x", "status": word}).encode())
    assert (said.kind, said.status) == (ReplyKind.JOB, status)
    assert (said.error is not None) == (status is Status.FAILED)


@pytest.mark.parametrize("status", [None, 2, 2.5, True, [], {}, ["completed"]])
def test_a_status_that_is_no_word_means_look_again(status: object) -> None:
    """Nothing is guessed from numbers."""
    said = look("openai", {"id": "x", "status": status})
    assert (said.meaning, said.status) == (ReplyKind.JOB, None)


def look(name: str, body: object, status: int = 200, **headers: str) -> Any:
    """What a dialect understands of the answer to a look at ``x``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return UPSTREAMS[name].read_poll("x", status, {k.replace("_", "-"): v for k, v in headers.items()}, content)


def test_an_answer_says_all_that_it_holds() -> None:
    """Progress, when to look again, and where the film lies if the dialect says so."""
    body = {"id": "x", "status": "in_progress", "progress": "45%", "url": "https://cdn.example/x.mp4?sig=1%2F2"}
    said = look("apiyi-async", body, OpenAI_Poll_After_Ms="2500")
    assert (said.status, said.progress, said.look_after) == (Status.IN_PROGRESS, 45.0, 2.5)
    assert said.content_url == "https://cdn.example/x.mp4?sig=1%2F2"
    call = UPSTREAMS["apiyi-async"].content("x", said)
    assert (call.url, call.path) == ("https://cdn.example/x.mp4?sig=1%2F2", "")
    assert look("openai", body).content_url is None


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
def test_a_failed_job_counts_whatever_status_it_came_with(status: int) -> None:
    """As vLLM-Omni answers; its code may be a number."""
    said = look("vllm-omni", {"id": "x", "status": "failed", "error": {"code": 500, "message": "OOM"}}, status)
    assert (said.meaning, said.status) == (ReplyKind.JOB, Status.FAILED)
    assert (said.error.code, said.error.message) == ("engine_error", "OOM")


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
    """A gateway's ``status: error`` is about itself, and a film is not ready on a 502."""
    assert look("vllm-omni", body, 502).meaning is ReplyKind.TRANSIENT


def test_an_unreadable_look_is_asked_again() -> None:
    """HTML, cut off, empty, or an object that says nothing."""
    for body in (b"", b"<html>", b'{"id": "x", "status": "comp'):
        assert look("openai", body).meaning is ReplyKind.TRANSIENT
    assert look("openai", {"error": {"message": "hm"}}).meaning is ReplyKind.UNKNOWN
    assert look("openai", b"<html>", 404).gone


@pytest.mark.parametrize("error", [None, "", "OOM", ["OOM"], {"message": "OOM"}, {"error": "OOM"}, "<html>", 5, True])
def test_a_failure_always_has_a_code_and_a_message(error: object) -> None:
    """Whatever shape its reason has, or none."""
    said = look("openai", {"id": "x", "status": "failed", "error": error})
    assert said.error.code == "engine_error"
    assert said.error.message in {"OOM", "The engine could not make the video."}


def test_a_failure_does_not_repeat_its_id() -> None:
    """The upstream's name for the job is nobody's affair."""
    said = UPSTREAMS["openai"].read_poll(
        "task-7", 200, {}, b'{"id": "task-7", "status": "failed", "error": "task-7 was killed"}'
    )
    assert said.error is not None
    assert said.error.message == "… was killed"


def test_new_api_wraps_and_renames() -> None:
    """The job may lie under ``data``, its id under ``task_id``, its reason under ``fail_reason``."""
    body = {"code": "success", "data": {"task_id": "x", "status": "FAILURE", "fail_reason": "no", "progress": "100%"}}
    said = look("new-api", body)
    assert (said.status, said.error.message, said.progress) == (Status.FAILED, "no", 100.0)
    created = UPSTREAMS["new-api"].read_create(200, {}, b'{"task_id": "x", "status": "queued"}')
    assert (created.kind, created.id) == (ReplyKind.JOB, "x")
    done = {"id": "x", "status": "completed", "metadata": {"url": "https://cdn.example/x.mp4"}}
    assert look("new-api", done).content_url == "https://cdn.example/x.mp4"


def created(body: object, status: int = 200, upstream: Upstream = UPSTREAMS["openai"]) -> Any:
    """What is understood of the answer to a create."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return upstream.read_create(status, {}, content)


def test_an_accepted_job_has_its_id() -> None:
    """With 200, 201 or 202, whatever its status is called, and failed at once too."""
    for status in (200, 201, 202):
        assert created({"id": "v", "status": "whatever"}, status).id == "v"
    assert created({"id": "v", "status": "failed", "error": "no"}).status is Status.FAILED
    assert created({"id": "v", "status": "failed"}, 500).id == "v"


def test_an_error_with_an_id_of_its_own_is_no_job() -> None:
    """A request's id is not a video's."""
    assert created({"id": "req_1", "error": {"message": "no"}}, 400).meaning is ReplyKind.TERMINAL
    assert created({"id": "req_1", "error": {"message": "no"}}, 500).meaning is ReplyKind.AMBIGUOUS


def test_an_error_without_an_id_was_not_accepted_though_it_came_with_200() -> None:
    """It says so itself; an id that can't be used says nothing."""
    said = created({"error": {"code": "no_channel", "message": "no channel"}})
    assert (said.meaning, said.error.code) == (ReplyKind.TERMINAL, "no_channel")
    assert created({"id": None, "error": "no"}).meaning is ReplyKind.TERMINAL
    assert created({"id": "../x", "error": "no"}).meaning is ReplyKind.AMBIGUOUS
    assert created({"id": "", "error": "no"}).meaning is ReplyKind.AMBIGUOUS
    assert created({"message": "ok"}).meaning is ReplyKind.AMBIGUOUS


def test_sglang_names_the_films_address_in_a_refusal() -> None:
    """And no other does, nor does an error of another kind."""
    body = b'{"detail": "Uploaded to cloud storage, use https://s3.example/b/x.mp4?X-Sig=a%2Fb."}'
    assert FLAVOURS["sglang"].read_content_error(400, body) == "https://s3.example/b/x.mp4?X-Sig=a%2Fb"
    assert FLAVOURS["sglang"].read_content_error(502, body) is None
    assert FLAVOURS["sglang"].read_content_error(400, b"no") is None
    assert DIALECTS["openai"].read_content_error(400, body) is None


def test_a_list_is_read_whole_or_not_at_all() -> None:
    """A row that can't be read may be the one that is looked for."""
    upstream = DIALECTS["openai"]
    row = {"id": "v", "created_at": 1_700_000_000, "prompt": "p", "size": "1280x720", "seconds": 4, "model": "m"}
    listed = ListedJob(id="v", created_at=1.7e9, prompt="p", size="1280x720", seconds="4")
    assert upstream.read_list(json.dumps({"data": [row], "has_more": True}).encode()) == ([listed], True)
    assert upstream.read_list(b'{"data": []}') == ([], False)
    assert upstream.read_list(json.dumps({"data": [row] * 100}).encode()) == ([listed] * 100, True)
    for bad in (b"[]", b"{}", b'{"data": [{"id": "../x"}]}', b'{"data": [7]}', b"<html>"):
        assert upstream.read_list(bad) is None


@pytest.mark.parametrize(
    ("listed", "may_be"),
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
def test_a_listed_job_may_be_ours_unless_something_speaks_against_it(listed: ListedJob, *, may_be: bool) -> None:
    """Rather once too often: one that is overlooked is paid for twice."""
    assert listed.could_match(ORDER, 100.0) is may_be


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
def test_a_server_is_known_by_its_models_list(headers: dict[str, str], models: object, flavour: str | None) -> None:
    """Or it gives no sign, and is taken at its word."""
    assert detect_flavour(headers, json.dumps({"data": models}).encode()) == flavour
