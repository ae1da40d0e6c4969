"""The aggregators' dialects: requests as public clients send them, and responses as those clients read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.records import COMPLETED, FAILED, IN_PROGRESS, QUEUED

from filmgate import errors
from filmgate.domain import Fit, VideoRecord
from filmgate.errors import RequestError
from filmgate.wire.aggregator import COMFLY, NEW_API, TASKS, UNIFIED, parse_create
from filmgate.wire.dialect import Dialect, RenderContext
from filmgate.wire.fields import from_form, from_json
from filmgate.wire.objects import encode
from filmgate.wire.params import CreateParams, ImageUrl, Upload

FAMILIES = (UNIFIED, NEW_API, TASKS, COMFLY)
LINK = "http://h/files/video_1/video.mp4?expires=1&signature=x"
PNG = "iVBORw0KGgo="
URL = "https://h/x.png"


def _plain(dialect: Dialect, video: VideoRecord) -> dict[str, Any]:
    context = RenderContext(video_url=LINK if video is COMPLETED else None)
    plain: dict[str, Any] = json.loads(encode(dialect.render_video(video, context)))
    return plain


def _params(**changes: Any) -> CreateParams:
    return CreateParams(prompt="a dog", model="sora-2", **changes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # a reseller's own example of POST /v1/video/create
        (
            {"orientation": "portrait", "size": "large", "duration": 15, "watermark": False, "images": [URL]},
            _params(size="1080x1920", seconds="15", input_reference=ImageUrl(URL), fit=Fit.CROP),
        ),
        (
            {"orientation": "landscape", "size": "small", "duration": "10", "watermark": "true", "images": []},
            _params(size="1280x720", seconds="10"),
        ),
        # a ComfyUI node's POST /v2/videos/generations
        (
            {"aspect_ratio": "16:9", "duration": "10", "hd": False, "private": True, "seed": 7},
            _params(size="1280x720", seconds="10", seed=7),
        ),
        ({"aspect_ratio": "9:16", "hd": True}, _params(size="1024x1792")),
        # a client of POST /v1/videos/generations
        (
            {"aspect_ratio": "1280x720", "duration": 4, "image_urls": [URL], "callback_url": "https://h/done"},
            _params(
                size="1280x720",
                seconds="4",
                input_reference=ImageUrl(URL),
                fit=Fit.CROP,
                callback_url="https://h/done",
            ),
        ),
        # new-api's TaskSubmitReq
        ({"size": "1280x720", "seconds": "8", "duration": 8}, _params(size="1280x720", seconds="8")),
        ({"size": "1280*720"}, _params(size="1280x720")),
        ({"size": "1080P"}, _params(size="1080x1920")),
        ({"resolution": "720p", "orientation": "landscape"}, _params(size="1280x720")),
        ({"input_reference": URL}, _params(input_reference=ImageUrl(URL), fit=Fit.CROP)),
        (
            {"image": PNG, "fit": "pad"},
            _params(input_reference=ImageUrl(f"data:image/png;base64,{PNG}"), fit=Fit.PAD),
        ),
        ({"size": "large", "hd": True, "orientation": "landscape"}, _params(size="1920x1080")),
        ({"size": "1792x1024", "hd": True, "aspect_ratio": "16:9"}, _params(size="1792x1024")),
        ({"notify_hook": "https://h/done"}, _params(callback_url="https://h/done")),
        ({"enhance_prompt": False, "enableFallback": True}, _params()),
        ({"orientation": "landscape", "size": "1280x720"}, _params(size="1280x720")),
    ],
)
def test_requests_of_public_clients(fields: dict[str, Any], expected: CreateParams) -> None:
    """In JSON with their own types."""
    assert parse_create(from_json(json.dumps({"prompt": "a dog", "model": "sora-2", **fields}).encode())) == expected


def test_a_form_has_texts_and_a_file() -> None:
    """As new-api's clients upload an image."""
    image = Upload(Path("staged"), 3, "00")
    fields = from_form([("prompt", "a dog"), ("duration", "10"), ("hd", "false"), ("images", image)])
    assert parse_create(fields) == CreateParams(prompt="a dog", seconds="10", input_reference=image, fit=Fit.CROP)
    listed = from_form([("prompt", "a dog"), ("images", f'["{URL}"]')])
    assert parse_create(listed).input_reference == ImageUrl(URL)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"images": [URL, URL]}, "images"),
        ({"images": [URL], "image": URL}, "images"),
        ({"duration": 8, "seconds": 4}, "duration"),
        ({"orientation": "square"}, "orientation"),
        ({"aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"aspect_ratio": "16:9", "orientation": "portrait"}, "aspect_ratio"),
        ({"size": "720x1280", "orientation": "landscape"}, "size"),
        ({"size": "1280x720", "aspect_ratio": "1920x1080"}, "size"),
        ({"size": "small", "resolution": "1080p"}, "resolution"),
        ({"size": "1280x720", "hd": True}, "hd"),
        ({"size": "small", "hd": True}, "hd"),
        ({"images": [URL], "input_reference": URL}, "input_reference"),
        ({"size": "huge"}, "size"),
        ({"enhance_prompt": True}, "enhance_prompt"),
        ({"watermark": "maybe"}, "watermark"),
        ({"images": [5]}, "images"),
        ({"character_url": URL}, "character_url"),
        ({"notify_hook": "ftp://h"}, "notify_hook"),
        ({"prompt": None}, "prompt"),
    ],
)
def test_what_is_not_done_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    """Rather than ignored."""
    with pytest.raises(RequestError) as caught:
        parse_create({"prompt": "a dog", "model": "sora-2", **fields})
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        (UNIFIED, ("pending", "processing", "completed", "failed")),
        (NEW_API, ("queued", "in_progress", "completed", "failed")),
        (TASKS, ("pending", "processing", "completed", "failed")),
        (COMFLY, ("NOT_START", "IN_PROGRESS", "SUCCESS", "FAILURE")),
    ],
)
def test_statuses_are_in_each_familys_words(dialect: Dialect, words: tuple[str, ...]) -> None:
    """And every family finds the task by either name."""
    for video, word in zip((QUEUED, IN_PROGRESS, COMPLETED, FAILED), words, strict=True):
        answer = _plain(dialect, video)
        assert (answer["status"], answer["id"], answer["task_id"]) == (word, video.id, video.id)
        assert ("video_url" in answer) is (video is COMPLETED)


def test_a_unified_task() -> None:
    """Times of a status are milliseconds; a failure says why in the two fields that clients read."""
    running = _plain(UNIFIED, IN_PROGRESS)
    assert (running["progress"], running["status_update_time"]) == (42, 1_760_000_020_500)
    assert _plain(UNIFIED, COMPLETED)["video_url"] == LINK
    failed = _plain(UNIFIED, FAILED)
    assert failed["fail_reason"] == failed["error"] == "Your request was blocked by our moderation system."


def test_a_task_of_new_api() -> None:
    """The object of a create, and the envelope of a query."""
    answer = _plain(NEW_API, IN_PROGRESS)
    assert (answer["code"], answer["data"]["status"], answer["data"]["progress"]) == ("success", "IN_PROGRESS", "42%")
    assert answer["data"]["start_time"] == 1_760_000_010
    completed = _plain(NEW_API, COMPLETED)
    assert completed["data"]["result_url"] == completed["url"] == completed["data"]["data"]["video_url"] == LINK
    assert completed["data"]["finish_time"] == 1_760_000_060
    failed = _plain(NEW_API, FAILED)
    assert failed["error"]["code"] == "moderation_blocked"
    assert failed["data"]["fail_reason"] == failed["error"]["message"]


def test_a_task_with_results() -> None:
    """A list of links."""
    assert _plain(TASKS, COMPLETED)["results"] == [LINK]
    answer = _plain(TASKS, IN_PROGRESS)
    assert answer["task_info"] == {"can_cancel": True, "video_duration": 10}
    assert (answer["object"], answer["progress"]) == ("video.generation.task", 42)


def test_a_task_of_comfly() -> None:
    """The node reads data.output, and a progress that ends in a per cent sign."""
    assert _plain(COMFLY, COMPLETED)["data"] == {"output": LINK}
    running = _plain(COMFLY, IN_PROGRESS)
    assert (running["progress"], running["data"]) == ("42%", None)
    assert _plain(COMFLY, FAILED)["fail_reason"] == "Your request was blocked by our moderation system."


@pytest.mark.parametrize("dialect", FAMILIES)
def test_an_error_is_found_by_both_conventions(dialect: Dialect) -> None:
    """The contract's envelope, and new-api's fields beside it."""
    rendered = dialect.render_error(errors.InvalidValue.unsupported("seconds", "5", ("4", "8")))
    body = json.loads(encode(rendered.body))
    assert rendered.status == 400
    assert body["message"] == body["error"]["message"] == "Invalid value: '5'. Supported values are: '4' and '8'."
    assert (body["code"], body["error"]["param"], body["data"]) == ("invalid_value", "duration", None)


def test_a_path_belongs_to_the_dialect_with_the_longest_prefix() -> None:
    """Words that only begin alike do not count."""
    assert UNIFIED.covers("/v1/video/create") > 0
    assert UNIFIED.covers("/v1/video") > 0
    assert UNIFIED.covers("/v1/videos") == 0
    assert NEW_API.covers("/v1/video/generations/x") > UNIFIED.covers("/v1/video/generations/x")
