"""The ``openai`` dialect's responses, byte for byte."""

from __future__ import annotations

import inspect
import json
from functools import partial
from pathlib import Path

import msgspec
import pytest
from openai.types import Model as SdkModel
from openai.types import Video as SdkVideo
from tests.support.records import changed

from filmgate import errors
from filmgate.config.catalog import Catalog
from filmgate.domain import AssetKind, Recipe, Size, Stage, Status, VideoError
from filmgate.errors import FilmgateError
from filmgate.wire.objects import ErrorAnswer, VideoObject, encode
from filmgate.wire.openai import (
    OPENAI,
    content_headers,
    render_deleted,
    render_error,
    render_list,
    render_model,
    render_models,
    render_video,
)

GOLDEN = Path(__file__).with_name("golden")
ID = "video_0123456789abcdef0123456789abcdef"
RECIPE = Recipe(prompt="a dog", size=Size(720, 1280), seconds=4, seed=7)
_video = partial(
    changed,
    recipe=RECIPE,
    metadata={"id": "mine", "status": "odd"},
    notes={"id": "note"},
    ticket="ticket_of_an_engine",
)

VIDEOS = {
    "queued": _video(),
    "in_progress": _video(status=Status.IN_PROGRESS, stage=Stage.WATCHING, progress=42),
    "completed": _video(
        status=Status.COMPLETED,
        stage=Stage.DONE,
        progress=100,
        completed_at=1_760_000_060.2,
        expires_at=1_760_604_860.2,
        prompt='she said "id":"x" — 狗 🐶\n',
        remixed_from_video_id="video_fedcba9876543210fedcba9876543210",
    ),
    "failed": _video(
        status=Status.FAILED,
        stage=Stage.DONE,
        progress=30,
        prompt=None,
        error=VideoError("moderation_blocked", "Your request was blocked by our moderation system."),
    ),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_is_exactly_these_bytes(name: str) -> None:
    """13 keys in their order, compact."""
    assert encode(render_video(VIDEOS[name])) == (GOLDEN / f"video_{name}.json").read_bytes().rstrip(b"\n")


@pytest.mark.parametrize("name", VIDEOS)
def test_id_and_status_appear_once(name: str) -> None:
    """Shell clients search for them, so the prompt, the metadata and the notes must not add a second one."""
    body = encode(render_video(VIDEOS[name]))
    assert body.count(b'"id":"') == 1
    assert body.count(b'"status":"') == 1
    assert len(json.loads(body)) == 13


@pytest.mark.parametrize("name", VIDEOS)
def test_the_official_sdk_reads_a_video(name: str) -> None:
    """The SDK's own model accepts it and loses nothing."""
    body = encode(render_video(VIDEOS[name]))
    assert SdkVideo.model_validate_json(body).to_dict(exclude_unset=True) == json.loads(body)


def test_a_video_is_decoded_as_rendered() -> None:
    """The client decodes what the server renders to the same value."""
    shown = render_video(VIDEOS["failed"])
    assert msgspec.json.decode(encode(shown), type=VideoObject) == shown


def test_an_expired_video_is_still_rendered() -> None:
    """A video whose content is gone is rendered as before."""
    shown = render_video(msgspec.structs.replace(VIDEOS["completed"], expires_at=1.0))
    assert (shown.status, shown.progress, shown.expires_at) == ("completed", 100, 1)


def test_a_page_has_all_five_keys() -> None:
    """Filled or empty."""
    other = msgspec.structs.replace(VIDEOS["queued"], id="video_2")
    page = json.loads(encode(render_list([VIDEOS["queued"], other], has_more=True)))
    assert [page[key] for key in ("object", "first_id", "last_id", "has_more")] == ["list", ID, "video_2", True]
    assert page["data"][0] == json.loads(encode(render_video(VIDEOS["queued"])))
    empty = b'{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}'
    assert encode(render_list([], has_more=False)) == empty


def test_a_deletion_is_exactly_these_bytes() -> None:
    """Three keys, compact."""
    assert encode(render_deleted("video_1")) == b'{"id":"video_1","object":"video.deleted","deleted":true}'


def test_models_have_limits_and_prices() -> None:
    """A model has the SDK's keys and its machine-readable limits."""
    catalog = Catalog.load()
    body = json.loads(encode(render_models(catalog.models())))
    assert [model["id"] for model in body["data"]] == catalog.names()
    model = catalog.get("sora-2")
    assert model is not None
    shown = encode(render_model(model))
    assert SdkModel.model_validate_json(shown).id == "sora-2"
    assert json.loads(shown)["sizes"] == ["720x1280", "1280x720"]
    assert json.loads(shown)["default_seconds"] == "4"
    assert "procedural animatic" in json.loads(shown)["description"]


def test_an_error_has_all_four_keys() -> None:
    """Null or not."""
    answer = render_error(errors.MissingParameter("prompt"))
    assert answer.status == 400
    assert answer.headers == {"x-should-retry": "false"}
    assert encode(answer.body) == (
        b'{"error":{"message":"Missing required parameter: \'prompt\'.","type":"invalid_request_error",'
        b'"param":"prompt","code":"missing_required_parameter"}}'
    )


def _kinds(kind: type[FilmgateError]) -> list[type[FilmgateError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _kinds(child))]


@pytest.mark.parametrize("kind", _kinds(FilmgateError))
def test_every_error_is_rendered(kind: type[FilmgateError]) -> None:
    """Every class of the tree has the API's JSON shape, and none that the caller caused is a 409 or a 5xx."""
    required = [each for each in inspect.signature(kind).parameters.values() if each.default is each.empty]
    answer = render_error(kind(*["x"] * len(required)))
    detail = msgspec.json.decode(encode(answer.body), type=ErrorAnswer).error
    assert detail.message
    assert detail.type
    assert answer.headers["x-should-retry"] in {"true", "false"}
    if issubclass(kind, errors.RequestError | errors.InvalidKey | errors.NotAllowed | errors.NotFound):
        assert 400 <= answer.status < 500
        assert answer.status not in {408, 409, 422, 429}
        assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(("seconds", "header"), [(0.0, "1"), (1.2, "2"), (90.0, "90"), (1e9, "120")])
def test_retry_after_is_rounded_and_bounded(seconds: float, header: str) -> None:
    """``retry-after`` is a whole number of seconds that the SDKs obey."""
    answer = render_error(errors.TooManyRunning(retry_after=seconds))
    assert (answer.status, answer.headers["retry-after"], answer.headers["x-should-retry"]) == (429, header, "true")


def test_unencodable_text_in_an_error_is_escaped() -> None:
    """A message that repeats half of a surrogate pair can still be sent."""
    assert b"\\\\ud800" in encode(render_error(errors.UnknownParameter("\ud800")).body)


def test_content_headers_name_the_file() -> None:
    """A download is named after its video, is private, and is not sniffed."""
    assert content_headers("video_1", AssetKind.VIDEO) == {
        "content-disposition": 'attachment; filename="video_1.mp4"',
        "cache-control": "private",
        "x-content-type-options": "nosniff",
    }
    assert all(content_headers("video_1", kind) for kind in AssetKind)


def test_the_dialect_narrows_nothing() -> None:
    """It is served at /v1."""
    assert (OPENAI.name, OPENAI.base_path, OPENAI.content_wait) == ("openai", "/v1", 0)
