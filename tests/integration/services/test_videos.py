"""Engine selection for a new video when the model's route has several engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.bootstrap.application import Application, build_application
from filmgate.config import settings
from filmgate.domain import Fit
from filmgate.errors import InvalidValue
from filmgate.flow.circuit_breaker import CallKind
from filmgate.wire.params import CreateParams, ImageUrl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from filmgate.store import Principal

FILE = """
log_level = "error"

[engines.blind]
kind = "openai-videos"
base_url = "http://127.0.0.1:1/v1"
key_env = "KEY"
image_input = false

[routes.sora-2]
engines = ["blind", "testcard"]

[routes.sora-2-pro]
engines = ["blind"]
"""
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
