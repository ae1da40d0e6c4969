"""Engine selection for a new video when the model's route has several engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filmgate.bootstrap.application import Application, build_application
from filmgate.config import settings
from filmgate.domain import AssetKind, EngineParameters, Fit, Operation, Size
from filmgate.errors import IdempotencyKeyReuse, InvalidValue
from filmgate.flow.circuit_breaker import CallKind
from filmgate.services.idempotency import fingerprint
from filmgate.wire.params import CreateParams, ImageUrl, RevisionParams, VideoId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from filmgate.store import Principal

FILE = """
log_level = "error"

[engines.blind]
kind = "openai-videos"
base_url = "http://127.0.0.1:1/v1"
flavour = "plain"
key_env = "KEY"
image_input = false

[engines.wan]
kind = "openai-videos"
base_url = "http://127.0.0.1:1/v1"
flavour = "sglang"

[engines.wan.parameters]
num_inference_steps = { maximum = 50 }
guidance_scale = {}
fps = {}
num_frames = {}

[routes.sora-2]
engines = ["blind", "testcard"]

[models.wan]
like = "sora-2"

[routes.wan]
engines = ["blind", "wan", "testcard"]

[routes.sora-2-pro]
engines = ["blind"]
"""
EARLIER_DIGEST = "b95921604b28e3fb929523ad2f1f4a797ef4ca932ea3951a79054daeb76397de"
"""Of a request that only names its prompt, as versions without engine parameters compute it."""

PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    """An application that accepts videos and generates none."""
    (tmp_path / "filmgate.toml").write_text(FILE, encoding="utf-8")
    loaded = settings.load(tmp_path / "filmgate.toml", {}, {"data": tmp_path / "data"})
    application = build_application(loaded, environ={"KEY": "sk-any"})
    yield application
    await application.store.close()
    application.lock.release()


@pytest.fixture
async def principal(application: Application) -> Principal:
    """A principal without restrictions."""
    account = await application.store.accounts.create_account("account", None)
    _, secret = await application.store.accounts.create_key(account.id, "key", 1.0)
    principal = await application.store.accounts.authenticate(secret)
    assert principal is not None
    return principal


async def _complete(application: Application, video_id: str) -> None:
    """Store a file as the video's, as an engine would."""
    videos, storage = application.store.videos, application.storage
    staged = storage.staging_path(".mp4")
    staged.write_bytes(b"video")
    stored = await storage.commit(staged, f"videos/{video_id}.mp4")
    assert await videos.record_intent(video_id, "token", 1.0)
    assert await videos.record_ticket(video_id, "token", "ticket", 1.0)
    assert await videos.start_fetching(video_id, 1.0)
    asset = stored.asset(AssetKind.VIDEO, "video/mp4", Size(720, 1280))
    assert await videos.complete(video_id, [asset], {}, 2.0, None)


async def test_the_first_engine_of_the_route_is_used(application: Application, principal: Principal) -> None:
    """This applies when all are available and no capability is required."""
    assert (await application.videos.create(principal, CreateParams(prompt="A boat"))).engine == "blind"


async def test_a_reference_image_selects_an_engine_that_supports_it(
    application: Application, principal: Principal
) -> None:
    """The first engine lacks the capability, so the second one is used."""
    params = CreateParams(prompt="A boat", size="720x1280", input_reference=ImageUrl(PIXEL), fit=Fit.CROP)
    assert (await application.videos.create(principal, params)).engine == "testcard"


async def test_a_capability_that_no_engine_has_is_refused(application: Application, principal: Principal) -> None:
    """The error text is OpenAI's, and the image is not fetched."""
    params = CreateParams(prompt="A boat", model="sora-2-pro", input_reference=ImageUrl("http://127.0.0.1:1/a.png"))
    with pytest.raises(InvalidValue) as caught:
        await application.videos.create(principal, params)
    assert caught.value.message == "The model 'sora-2-pro' does not support reference images."


async def test_an_engine_with_an_open_circuit_is_skipped(application: Application, principal: Principal) -> None:
    """The flow's circuit breaker applies to new videos too."""
    dispatcher = application.flow._executor._context.dispatcher
    engine = application.engines["blind"]
    for _ in range(3):
        dispatcher.breaker.record_failure(engine.name, engine.identity, CallKind.SUBMIT)
    assert (await application.videos.create(principal, CreateParams(prompt="A boat"))).engine == "testcard"


async def test_parameters_select_an_engine_that_takes_them(application: Application, principal: Principal) -> None:
    """By name and value; they are frozen with the video, and none changes the choice of an ordinary one."""
    given = EngineParameters(num_inference_steps=50, guidance_scale=5)
    video = await application.videos.create(principal, CreateParams(prompt="A boat", model="wan", parameters=given))
    assert (video.engine, video.recipe.parameters) == ("wan", given)
    assert await application.videos.retrieve(principal, video.id) == video
    assert (await application.videos.create(principal, CreateParams(prompt="A boat", model="wan"))).engine == "blind"


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("sora-2", {"negative_prompt": "rain"}, "The model 'sora-2' does not take 'negative_prompt'."),
        ("wan", {"negative_prompt": "rain", "fps": 24}, "The model 'wan' does not take 'negative_prompt'."),
        ("wan", {"num_inference_steps": 51}, "Invalid 'num_inference_steps': the model 'wan' takes 1 to 50."),
        ("wan", {"num_frames": 400, "fps": 24}, "Invalid 'num_frames': a video of 16 s with 24 "),
        ("wan", {"num_frames": 97}, "Invalid 'num_frames': give 'fps' too; the two make the length."),
    ],
)
async def test_a_parameter_that_no_engine_takes_is_refused_by_name(
    application: Application, principal: Principal, model: str, given: dict[str, Any], message: str
) -> None:
    """With the model; nothing is held."""
    params = CreateParams(prompt="A boat", model=model, parameters=EngineParameters(**given))
    with pytest.raises(InvalidValue) as caught:
        await application.videos.create(principal, params)
    assert caught.value.message.startswith(message)
    assert caught.value.param in {*given, "seconds"}
    assert await application.store.videos.count_unfinished(principal.account_id) == 0


async def test_features_and_parameters_of_different_engines_are_refused(application: Application) -> None:
    """Each is supported by an engine, but both by none."""
    model = application.videos.catalog.get("wan")
    assert model is not None
    with pytest.raises(InvalidValue) as caught:
        application.videos._engine_for(model, ["characters"], "video_1", EngineParameters(fps=24))
    assert caught.value.message == "The model 'wan' does not support characters and 'fps' together."


async def test_a_revision_drops_parameters_that_its_engine_does_not_take(
    application: Application, principal: Principal
) -> None:
    """The engine of the source took them, and makes no remixes; the one that does would refuse them."""
    given = EngineParameters(num_inference_steps=50)
    source = await application.videos.create(principal, CreateParams(prompt="A boat", model="wan", parameters=given))
    await _complete(application, source.id)
    params = RevisionParams(operation=Operation.REMIX, prompt="At night", video=VideoId(source.id), user="u-1")
    remix = await application.videos.revise(principal, params)
    assert (remix.engine, remix.recipe.parameters) == ("testcard", EngineParameters(user="u-1"))


async def test_a_users_id_is_never_refused(application: Application, principal: Principal) -> None:
    """Engines that do not take it never see it."""
    params = CreateParams(prompt="A boat", parameters=EngineParameters(user="u-1"))
    video = await application.videos.create(principal, params)
    assert (video.engine, video.recipe.parameters.user) == ("blind", "u-1")


async def test_frames_give_the_length_that_is_charged(application: Application, principal: Principal) -> None:
    """The price is that of the seconds."""
    parameters = EngineParameters(fps=24, num_frames=193)
    by_frames = await application.videos.create(
        principal, CreateParams(prompt="A boat", model="wan", parameters=parameters)
    )
    by_seconds = await application.videos.create(principal, CreateParams(prompt="A boat", model="wan", seconds="8"))
    assert (by_frames.recipe.seconds, by_frames.price_micros) == (8, by_seconds.price_micros)


async def test_a_request_with_other_parameters_is_another_one(application: Application, principal: Principal) -> None:
    """A replay has the same; a digest without any is that of earlier versions."""
    params = CreateParams(prompt="A boat", model="wan", parameters=EngineParameters(fps=24))
    first = await application.videos.create(principal, params, idempotency_key="k")
    assert await application.videos.create(principal, params, idempotency_key="k") == first
    other = CreateParams(prompt="A boat", model="wan", parameters=EngineParameters(fps=25))
    with pytest.raises(IdempotencyKeyReuse):
        await application.videos.create(principal, other, idempotency_key="k")
    assert fingerprint(CreateParams(prompt="a dog")) == EARLIER_DIGEST
