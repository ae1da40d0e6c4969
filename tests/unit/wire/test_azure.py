"""Azure's dialects: the keys, the objects of the older jobs, and the errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.records import CANCELLED, COMPLETED, DIGITS, FAILED, IN_PROGRESS, QUEUED

from filmgate import errors
from filmgate.domain import Fit, VideoRecord
from filmgate.errors import RequestError
from filmgate.wire.azure import AZURE
from filmgate.wire.azure_jobs import AZURE_GENERATIONS, AZURE_JOBS
from filmgate.wire.dialect import RenderContext
from filmgate.wire.fields import from_form, from_json
from filmgate.wire.objects import encode
from filmgate.wire.params import CreateParams, Upload

DAY = 24 * 3600
IMAGE = Upload(Path("staged"), 3, "00")


def _plain(rendered: object) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(encode(rendered))
    return plain


def _job(video: VideoRecord) -> dict[str, Any]:
    return _plain(AZURE_JOBS.render_video(video, RenderContext()))


def test_videos_are_those_of_the_contract_and_expire_after_a_day() -> None:
    """A server that keeps files for less says so."""
    video = _plain(AZURE.render_video(COMPLETED, RenderContext()))
    assert len(video) == 13
    assert video["expires_at"] == video["completed_at"] + DAY
    assert _plain(AZURE.render_video(QUEUED, RenderContext()))["expires_at"] is None


def test_an_error_of_the_request_has_azures_type() -> None:
    """Others keep theirs."""
    for error, kind in (
        (errors.InvalidValue("no", param="size"), "video_generation_user_error"),
        (errors.TooManyRunning(), "video_generation_user_error"),
        (errors.VideoNotFound("video_1"), "invalid_request_error"),
        (errors.ServerError(), "server_error"),
    ):
        assert _plain(AZURE.render_error(error).body)["error"]["type"] == kind
    assert _plain(AZURE.render_error(errors.TooManyRunning()).body)["error"]["message"] == "Too many running tasks"


def test_a_job_has_every_key_in_every_status() -> None:
    """Its generation is listed when its content is there."""
    assert _job(QUEUED) == {
        "object": "video.generation.job",
        "id": f"task_{DIGITS}",
        "status": "queued",
        "created_at": 1_760_000_000,
        "finished_at": None,
        "expires_at": None,
        "generations": [],
        "prompt": "a dog",
        "model": "sora-2",
        "n_variants": 1,
        "n_seconds": 10,
        "height": 720,
        "width": 1280,
        "failure_reason": None,
    }
    completed = _job(COMPLETED)
    assert completed["generations"] == [
        {
            "object": "video.generation",
            "id": f"gen_{DIGITS}",
            "job_id": f"task_{DIGITS}",
            "created_at": 1_760_000_060,
            "width": 1280,
            "height": 720,
            "n_seconds": 10,
            "prompt": "a dog",
        }
    ]
    assert (completed["finished_at"], completed["expires_at"]) == (1_760_000_060, 1_760_000_060 + DAY)
    assert all(_job(video).keys() == completed.keys() for video in (QUEUED, IN_PROGRESS, FAILED, CANCELLED))


@pytest.mark.parametrize(
    ("video", "status", "reason"),
    [
        (QUEUED, "queued", None),
        (IN_PROGRESS, "processing", None),
        (COMPLETED, "succeeded", None),
        (FAILED, "failed", "output_moderation"),
        (CANCELLED, "cancelled", None),
    ],
)
def test_statuses_and_reasons_of_jobs(video: VideoRecord, status: str, reason: str | None) -> None:
    """In Azure's words."""
    job = _job(video)
    assert (job["status"], job["failure_reason"]) == (status, reason)


def test_the_three_ids_of_a_video_share_their_digits() -> None:
    """A page of jobs continues from a job's id."""
    for path_id in (f"task_{DIGITS}", f"gen_{DIGITS}", f"video_{DIGITS}"):
        assert AZURE_JOBS.to_video_id(path_id) == f"video_{DIGITS}"
    assert AZURE_JOBS.to_video_id("other") == "other"
    page = _plain(AZURE_JOBS.render_list([QUEUED], True, RenderContext()))  # noqa: FBT003 - as the handler calls it
    assert (page["first_id"], page["last_id"], page["has_more"]) == (f"task_{DIGITS}", f"task_{DIGITS}", True)
    generation = _plain(AZURE_GENERATIONS.render_video(COMPLETED, RenderContext()))
    assert (generation["id"], generation["job_id"]) == (f"gen_{DIGITS}", f"task_{DIGITS}")


def test_jobs_are_read_with_numbers_or_their_texts() -> None:
    """As clients in Python and in forms send them."""
    expected = CreateParams(prompt="a dog", model="sora", seconds="5", size="480x854")
    body = b'{"prompt":"a dog","model":"sora","width":480,"height":"854","n_seconds":5,"n_variants":"1"}'
    assert AZURE_JOBS.parse_create(from_json(body)) == expected
    assert AZURE_JOBS.parse_create({"prompt": "a dog", "model": "sora"}) == CreateParams(prompt="a dog", model="sora")


def test_an_image_comes_as_a_file_with_an_item() -> None:
    """As the quickstart sends it: the whole image is the first frame."""
    item = '[{"frame_index":0,"type":"image","file_name":"a.jpg","crop_bounds":{"left_fraction":0.0,"top_fraction":0,"right_fraction":1.0,"bottom_fraction":1}}]'  # noqa: E501
    fields = from_form([("prompt", "a dog"), ("model", "sora"), ("files", IMAGE), ("inpaint_items", item)])
    params = AZURE_JOBS.parse_create(fields)
    assert (params.input_reference, params.fit) == (IMAGE, Fit.CROP)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n_variants": 2}, "n_variants"),
        ({"width": 480}, "height"),
        ({"height": 480}, "width"),
        ({"width": 0, "height": 480}, "width"),
        ({"seconds": 5}, "seconds"),
        ({"inpaint_items": []}, None),
        ({"inpaint_items": [{}]}, "files"),
        ({"inpaint_items": [{}, {}], "files": IMAGE}, "inpaint_items"),
        ({"inpaint_items": [{"frame_index": 8}], "files": IMAGE}, "inpaint_items"),
        ({"inpaint_items": [{"crop_bounds": {"left_fraction": 0.5}}], "files": IMAGE}, "inpaint_items"),
        ({"inpaint_items": [{"type": "video"}], "files": IMAGE}, "inpaint_items"),
        ({"files": {"image_url": "https://h/x.png"}}, "files"),
    ],
)
def test_a_job_that_is_not_made_as_asked_is_refused(fields: dict[str, Any], param: str | None) -> None:
    """And the parameter is named."""
    request = {"prompt": "a dog", "model": "sora", **fields}
    if param is None:
        assert AZURE_JOBS.parse_create(request).input_reference is None
        return
    with pytest.raises(RequestError) as caught:
        AZURE_JOBS.parse_create(request)
    assert caught.value.param == param


def test_errors_of_jobs_name_the_jobs_own_parameters() -> None:
    """What the catalogue says about seconds is about n_seconds."""
    body = _plain(AZURE_JOBS.render_error(errors.InvalidValue.unsupported("seconds", "5", ("4", "8"))).body)
    assert (body["error"]["param"], body["error"]["type"]) == ("n_seconds", "video_generation_user_error")
