"""Every vendor answers as its table says: dialects of resellers, flavours of model servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filmgate.testing import mock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.raw_client import RawClient, Seen, Starting

ORDER = {"prompt": "A paper boat", "model": "sora-2", "seconds": "4", "size": "720x1280"}
ASYNC = {**ORDER, "seconds": "10"}
SMALL = {**ORDER, "seconds": "1", "size": "64x64"}

OPENAI = [
    *("id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at"),
    *("prompt", "size", "seconds", "remixed_from_video_id", "error"),
]
SGLANG = {
    *("id", "object", "model", "status", "progress", "created_at", "size", "seconds", "quality", "url"),
    *("remixed_from_video_id", "completed_at", "expires_at", "error"),
    *("file_path", "peak_memory_mb", "inference_time_s"),
}
KEYS: dict[str, set[str]] = {
    "openai": set(OPENAI),
    "dmxapi": set(OPENAI) - {"prompt"},
    "apiyi": {"id", "object", "model", "status", "progress", "created_at", "size", "seconds", "quality"},
    "apiyi-async": {
        *("id", "status", "progress", "prompt", "model", "size", "seconds", "created_at", "url", "completed_at")
    },
    "sglang": SGLANG,
    "fastvideo": SGLANG,
    "vllm-omni": {
        *("id", "object", "model", "status", "progress", "created_at", "prompt", "size", "seconds", "quality"),
        *("completed_at", "remixed_from_video_id", "error", "media_type", "expires_at", "file_name"),
        *("inference_time_s", "stage_durations", "peak_memory_mb"),
    },
    "tensorrt-llm": {
        *("id", "object", "model", "status", "progress", "created_at", "prompt", "completed_at", "expires_at"),
        *("duration", "fps", "size", "error"),
    },
    "new-api": {"id", "task_id", "object", "model", "status", "progress", "created_at", "seconds", "size"},
}
"""The keys of a video that has not ended."""

QUEUED = {"apiyi-async": "submitted", "new-api": "NOT_START"}
FAILURES: dict[str, object] = {
    "openai": {"code": "generation_failed", "message": "The generation failed."},
    "dmxapi": {"code": "generation_failed", "message": "The generation failed."},
    "apiyi": "absent",
    "apiyi-async": "The generation failed.",
    "sglang": {"message": "The generation failed."},
    "fastvideo": {"message": "The generation failed."},
    "vllm-omni": {"code": 500, "message": "The generation failed."},
    "tensorrt-llm": "The generation failed.",
    "new-api": {"message": "The generation failed.", "code": "task_failed"},
}
ALL = pytest.mark.parametrize("vendor", mock.VENDORS)


async def create(raw: RawClient, vendor: str, prompt: str = "A paper boat", **fields: str) -> Seen:
    """Order in the way that each vendor takes."""
    order = {**(ASYNC if vendor == "apiyi-async" else ORDER), "prompt": prompt, **fields}
    return await raw.post_form(f"/{vendor}/v1/videos", order)


async def job(raw: RawClient, vendor: str, prompt: str = "A paper boat", **fields: str) -> str:
    """An accepted job's path."""
    seen = await create(raw, vendor, prompt, **fields)
    assert seen.status == (202 if vendor == "tensorrt-llm" else 200), seen
    return f"/{vendor}/v1/videos/{seen.json['id']}"


def test_every_vendor_is_in_the_tables() -> None:
    """No vendor is left out here."""
    assert KEYS.keys() == FAILURES.keys() == mock.VENDORS.keys()


@ALL
async def test_a_video_has_its_vendors_keys(vendor: str, start: Starting) -> None:
    """Those and no others, from the first answer to the last; seconds is a string wherever it is there."""
    _, raw = await start()
    seen = await create(raw, vendor)
    video = seen.json
    assert seen.status == (202 if vendor == "tensorrt-llm" else 200)
    assert video.keys() == KEYS[vendor]
    assert video["status"] == QUEUED.get(vendor, "queued")
    assert video["progress"] == 0
    done = (await raw.get(f"/{vendor}/v1/videos/{video['id']}")).json
    assert done["status"] == "completed"
    assert done["progress"] == 100
    assert done["completed_at"] >= done["created_at"]
    assert done.keys() >= KEYS[vendor]
    assert isinstance(done.get("seconds", ""), str)


async def test_keys_come_in_the_order_of_the_contract(start: Starting) -> None:
    """Shell clients read them as they come."""
    _, raw = await start()
    assert list((await create(raw, "openai")).json) == OPENAI


@ALL
async def test_a_job_fails_in_its_vendors_way(vendor: str, start: Starting) -> None:
    """An object, a string, an int for a code, or nothing; one vendor answers it with a 5xx."""
    _, raw = await start()
    path = await job(raw, vendor, "A boat [mock:failed]")
    seen = await raw.get(path)
    assert seen.status == (500 if vendor == "vllm-omni" else 200)
    assert seen.json["status"] == "failed"
    assert seen.json.get("error", "absent") == FAILURES[vendor]
    assert (await raw.get(f"{path}/content")).status == (422 if vendor == "vllm-omni" else 404)


@ALL
async def test_a_film_is_served(vendor: str, start: Starting) -> None:
    """Whole, with its length, its ETag and a name; ranges too."""
    _, raw = await start(any_size=True)
    path = await job(raw, vendor, seconds="1", size="64x64")
    seen = await raw.get(f"{path}/content")
    assert seen.whole
    assert seen.headers["content-type"] == "video/mp4"
    assert mock.read_job_id(seen.body) == path.rpartition("/")[2]
    suffix = "_video.mp4" if vendor == "dmxapi" else ".mp4"
    assert seen.headers["content-disposition"].endswith(f'{path.rpartition("/")[2]}{suffix}"')
    part = await raw.get(f"{path}/content", Range="bytes=100-", **{"If-Range": seen.headers["etag"]})
    assert (part.status, part.body) == (206, seen.body[100:])
    tail = await raw.get(f"{path}/content", Range="bytes=-10")
    assert tail.headers["content-range"] == f"bytes {len(seen.body) - 10}-{len(seen.body) - 1}/{len(seen.body)}"
    assert (await raw.get(f"{path}/content", Range="bytes=999999-")).status == 416
    assert (await raw.get(f"{path}/content", Range="bytes=100-", **{"If-Range": '"other"'})).status == 200
    variant = await raw.get(f"{path}/content?variant=video")
    assert variant.status == (404 if vendor == "sglang" else 200)


@pytest.mark.parametrize(
    ("vendor", "status"),
    [
        *((vendor, 404) for vendor in ("openai", "apiyi", "apiyi-async", "sglang", "vllm-omni", "new-api")),
        ("tensorrt-llm", 400),
        ("fastvideo", 200),
    ],
)
async def test_content_before_the_end(vendor: str, status: int, start: Starting) -> None:
    """Refused in each vendor's way; one serves what it has written so far."""
    _, raw = await start(seconds_per_job=(60, 60), any_size=True)
    path = await job(raw, vendor, seconds="1", size="64x64")
    seen = await raw.get(f"{path}/content")
    assert seen.status == status
    if vendor == "fastvideo":
        assert seen.whole
        assert mock.read_job_id(seen.body) == ""


async def test_content_that_is_held(start: Starting) -> None:
    """One reseller lets a download wait until the film is there."""
    _, raw = await start(seconds_per_job=(0.2, 0.2), any_size=True)
    path = await job(raw, "dmxapi", seconds="1", size="64x64")
    seen = await raw("GET", f"{path}/content")
    assert seen.status == 200
    assert seen.took >= 0.2


@pytest.mark.parametrize(
    ("vendor", "running", "over", "answer"),
    [
        ("openai", 400, 200, {"object": "video.deleted", "deleted": True}),
        ("apiyi", 400, 200, {"object": "video.deleted", "deleted": True}),
        ("sglang", 200, 200, {"status": "deleted"}),
        ("fastvideo", 200, 200, {"status": "deleted"}),
        ("vllm-omni", 200, 200, {"deleted": True}),
        ("tensorrt-llm", 200, 200, {"deleted": True}),
        ("new-api", 404, 404, {}),
    ],
)
async def test_deleting(vendor: str, running: int, over: int, answer: dict[str, object], start: Starting) -> None:
    """Only what has ended, or whatever is there, or nothing at all."""
    _, slow = await start(seconds_per_job=(60, 60))
    assert (await slow("DELETE", await job(slow, vendor))).status == running
    upstream, raw = await start()
    path = await job(raw, vendor)
    seen = await raw("DELETE", path)
    assert seen.status == over
    if over == 200:
        assert answer.items() <= seen.json.items()
        assert (await raw.get(path)).status == 404
        assert upstream.lines[-2].event is mock.LogEvent.DELETE


@pytest.mark.parametrize(("vendor", "free"), [("vllm-omni", True), ("sglang", False)])
async def test_a_cancelled_job_may_keep_its_slot(vendor: str, free: bool, start: Starting) -> None:  # noqa: FBT001 - a table's column
    """One server really stops the work, the other only forgets it."""
    upstream, raw = await start(seconds_per_job=(60, 60), max_running=1)
    assert (await raw("DELETE", await job(raw, vendor))).status == 200
    assert upstream.lines[-1].event is mock.LogEvent.CANCEL
    assert (await create(raw, vendor)).status == (200 if free else 429)


@pytest.mark.parametrize(
    ("vendor", "fields", "status"),
    [
        ("openai", {"size": "800x600"}, 400),
        ("openai", {"size": "1792x1024"}, 400),
        ("openai", {"size": "1792x1024", "model": "sora-2-pro"}, 200),
        ("openai", {"seconds": "5"}, 400),
        ("openai", {"seconds": 4}, 200),
        ("openai", {"prompt": "x" * 32_001}, 400),
        ("dmxapi", {"seconds": "10"}, 400),
        ("dmxapi", {"model": ""}, 400),
        ("apiyi", {"seconds": 4}, 400),
        ("apiyi", {"seconds": "10"}, 400),
        ("apiyi-async", {"seconds": "4"}, 400),
        ("apiyi-async", {"seconds": "15"}, 200),
        ("apiyi-async", {"seconds": "15", "size": ""}, 400),
        ("apiyi-async", {"seconds": "15", "prompt": "x" * 1000}, 400),
        ("vllm-omni", {}, 422),
        ("sglang", {"size": "832x480", "seconds": 5}, 200),
        ("sglang", {"size": "nonsense"}, 400),
    ],
)
async def test_what_a_vendor_refuses(vendor: str, fields: dict[str, object], status: int, start: Starting) -> None:
    """Sizes, lengths and fields are each vendor's own; JSON too, where only forms are taken."""
    _, raw = await start()
    seen = await raw.post(f"/{vendor}/v1/videos", {**ORDER, **fields})
    assert seen.status == status, seen


async def test_a_model_that_is_not_served(start: Starting) -> None:
    """One server insists on the name that it serves."""
    _, raw = await start(models=("Wan-AI/Wan2.2-T2V-A14B-Diffusers",))
    assert (await create(raw, "vllm-omni")).status == 400
    assert (await create(raw, "vllm-omni", model="Wan-AI/Wan2.2-T2V-A14B-Diffusers")).status == 200
    assert (await create(raw, "sglang")).status == 200


async def test_frames_decide_the_length(start: Starting) -> None:
    """Model servers count frames: 24 a second unless said otherwise."""
    upstream, raw = await start()
    for fields in ({"fps": "16", "num_frames": "65"}, {"fps": "16"}, {"num_frames": "96"}):
        await create(raw, "sglang", "A boat", size="64x64", **fields)
    assert [(line.frames, line.fps) for line in upstream.lines[1:]] == [(65, 16), (64, 16), (96, 24)]


@ALL
async def test_errors_have_their_vendors_shape(vendor: str, start: Starting) -> None:
    """An unknown job, a wrong key."""
    _, raw = await start(key="sk-mock")
    key = {"Authorization": "sk-mock"}
    gone = (await raw.get(f"/{vendor}/v1/videos/video_nobody", **key)).json
    stranger = await raw.get(f"/{vendor}/v1/videos/video_nobody", Authorization="Bearer sk-other")
    assert stranger.status == 401
    shapes: dict[str, Sequence[str]] = {
        "apiyi-async": ["code", "message", "type"],
        "sglang": ["detail"],
        "fastvideo": ["detail"],
        "vllm-omni": ["detail"],
        "tensorrt-llm": ["object", "message", "type", "param", "code"],
        "new-api": ["code", "message", "data"],
    }
    for body in (gone, stranger.json):
        flat: dict[str, Any] = body["error"] if vendor in {"openai", "dmxapi", "apiyi", "apiyi-async"} else body
        assert list(flat) == list(shapes.get(vendor, ["message", "type", "param", "code"]))


async def test_keys_are_taken_bare_and_as_bearer(start: Starting) -> None:
    """Half of all clients send the one, half the other."""
    _, raw = await start(key="sk-mock")
    for value, status in (("sk-mock", 200), ("Bearer sk-mock", 200), ("Bearer sk", 401)):
        assert (await raw.get("/v1/models", Authorization=value)).status == status
    assert (await raw.get("/v1/models")).status == 401


@pytest.mark.parametrize(("vendor", "owner"), [("openai", "openai"), ("sglang", "sglang"), ("vllm-omni", "vllm")])
async def test_models_tell_servers_apart(vendor: str, owner: str, start: Starting) -> None:
    """By whom they are owned; whoever is the default answers at /v1."""
    _, raw = await start(vendor=vendor)
    assert {model["owned_by"] for model in (await raw.get("/v1/models")).json["data"]} == {owner}
    assert "x-oneapi-request-id" in (await raw.get("/new-api/v1/models")).headers


@ALL
async def test_the_list(vendor: str, start: Starting) -> None:
    """Newest first, in pages where the vendor has pages; not everywhere is there a list."""
    _, raw = await start(creates_per_minute=0)
    paths = [await job(raw, vendor, f"Boat {number}") for number in range(3)]
    ids = [path.rpartition("/")[2] for path in paths]
    seen = await raw.get(f"/{vendor}/v1/videos?limit=2")
    if vendor == "new-api":
        assert seen.status == 404
        return
    assert [video["id"] for video in seen.json["data"]] == ids[:0:-1]
    if "has_more" in seen.json:
        assert (seen.json["first_id"], seen.json["last_id"], seen.json["has_more"]) == (ids[2], ids[1], True)
    rest = await raw.get(f"/{vendor}/v1/videos?after={ids[1]}")
    assert [video["id"] for video in rest.json["data"]] == ids[:1]
    ascending = await raw.get(f"/{vendor}/v1/videos?order=asc")
    assert [video["id"] for video in ascending.json["data"]] == ids


async def test_a_list_may_be_switched_off(start: Starting) -> None:
    """For clients that must do without."""
    _, raw = await start(supports_list=False)
    assert (await raw.get("/v1/videos")).status == 404


async def test_a_reference_is_taken(start: Starting) -> None:
    """A file part, whatever it is called."""
    upstream, raw = await start()
    assert (await raw.post_form("/v1/videos", ORDER, {"input_reference": b"\x89PNG"})).status == 200
    assert upstream.lines[-1].fields == ("input_reference", "model", "prompt", "seconds", "size")


async def test_unknown_paths_are_said_to_be_so(start: Starting) -> None:
    """In the envelope, never a framework's own page."""
    _, raw = await start()
    for method, path in (("GET", "/v1/nothing"), ("PUT", "/v1/videos")):
        seen = await raw(method, path)
        assert seen.status in {404, 405}
        assert seen.json["error"]["message"] == f"Invalid URL ({method} {path})"
    assert (await raw("POST", "/v1/videos", b"{")).json["error"]["code"] == "invalid_body"
