"""Which engine a video is accepted for, where a model has several."""

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
async def gate(tmp_path: Path) -> AsyncIterator[Application]:
    """A gate that takes videos and makes none."""
    (tmp_path / "filmgate.toml").write_text(FILE, encoding="utf-8")
    loaded = settings.load(tmp_path / "filmgate.toml", {}, {"data": tmp_path / "data"})
    gate = build_application(loaded, environ={"KEY": "sk-any"})
    yield gate
    await gate.store.close()
    gate.lock.release()


@pytest.fixture
async def principal(gate: Application) -> Principal:
    """Somebody who may do everything."""
    account = await gate.store.accounts.create_account("somebody", None)
    _, secret = await gate.store.accounts.create_key(account.id, "key", 1.0)
    found = await gate.store.accounts.authenticate(secret)
    assert found is not None
    return found


async def test_the_first_engine_of_the_route_gets_it(gate: Application, principal: Principal) -> None:
    """Where all are in order and nothing special is asked for."""
    assert (await gate.videos.create(principal, CreateParams(prompt="A boat"))).engine == "blind"


async def test_a_picture_goes_to_an_engine_that_looks_at_it(gate: Application, principal: Principal) -> None:
    """What the first can't do, the second is asked for."""
    params = CreateParams(prompt="A boat", size="720x1280", input_reference=ImageUrl(PIXEL), fit=Fit.CROP)
    assert (await gate.videos.create(principal, params)).engine == "testcard"


async def test_what_no_engine_of_the_route_can_is_refused(gate: Application, principal: Principal) -> None:
    """In the words that clients know, and before the picture is fetched."""
    params = CreateParams(prompt="A boat", model="sora-2-pro", input_reference=ImageUrl("http://127.0.0.1:1/a.png"))
    with pytest.raises(InvalidValue) as caught:
        await gate.videos.create(principal, params)
    assert caught.value.message == "The model 'sora-2-pro' does not support reference images."


async def test_a_benched_engine_is_passed_over(gate: Application, principal: Principal) -> None:
    """What the flow learns of an engine counts for the videos that are accepted next."""
    dispatcher = gate.flow._executor._context.dispatcher
    engine = gate.engines["blind"]
    for _ in range(3):
        dispatcher.breaker.record_failure(engine.name, engine.identity, CallKind.SUBMIT)
    assert (await gate.videos.create(principal, CreateParams(prompt="A boat"))).engine == "testcard"
