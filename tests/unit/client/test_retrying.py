"""What is sent again, and what never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.client import requests
from filmgate.client.effects import Effect, Send, TransportFailure
from filmgate.client.retrying import ClientState, send_with_retries
from filmgate.errors import ConnectionFailed, SubmissionUnknown

if TYPE_CHECKING:
    from tests.unit.client.conftest import Driver, HttpStub

FIXED_JITTER = ClientState(jitter=lambda: 0.5)
CREATE = requests.create({"prompt": "a dog"}, None, "key-1")
POLL = requests.retrieve("video_1")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_poll_is_retried(drive: Driver, http_stub: HttpStub, status: int) -> None:
    """A GET has no effects, so transient failures are retried."""
    outcomes = iter(
        [http_stub.response({}, status), TransportFailure("reset", sent=True), http_stub.response({"ok": 1})]
    )
    run = drive(send_with_retries(FIXED_JITTER, POLL), lambda _: next(outcomes))
    assert run.result.status == 200
    assert run.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refused_create_is_sent_again_with_the_same_key(drive: Driver, http_stub: HttpStub, status: int) -> None:
    """Nothing was done, and the key identifies the repetition."""
    outcomes = iter([http_stub.response({}, status, retry_after="3"), http_stub.response({})])
    run = drive(send_with_retries(FIXED_JITTER, CREATE), lambda _: next(outcomes))
    keys = [effect.request.headers["idempotency-key"] for effect in run.effects if isinstance(effect, Send)]
    assert keys == ["key-1", "key-1"]
    assert run.slept == [3.125]


def test_a_create_that_was_never_sent_is_sent_again(drive: Driver, http_stub: HttpStub) -> None:
    """A refused connection cannot have submitted anything."""
    outcomes = iter([TransportFailure("refused", sent=False), http_stub.response({})])
    assert drive(send_with_retries(FIXED_JITTER, CREATE), lambda _: next(outcomes)).result.status == 200


def test_a_create_whose_response_was_lost_is_never_sent_again(drive: Driver) -> None:
    """It may have been accepted: the error has its Idempotency-Key."""
    effects: list[Effect] = []

    def reply(effect: Effect) -> TransportFailure:
        effects.append(effect)
        return TransportFailure("reset", sent=True)

    with pytest.raises(SubmissionUnknown, match="key-1"):
        drive(send_with_retries(FIXED_JITTER, CREATE), reply)
    assert len(effects) == 1


@pytest.mark.parametrize("status", [400, 408, 500, 502])
def test_a_create_with_any_other_error_is_never_sent_again(drive: Driver, http_stub: HttpStub, status: int) -> None:
    """After a server error the create may have been accepted."""
    run = drive(send_with_retries(FIXED_JITTER, CREATE), lambda _: http_stub.response({}, status))
    assert run.result.status == status
    assert len(run.effects) == 1


def test_the_server_may_forbid_a_retry(drive: Driver, http_stub: HttpStub) -> None:
    """By ``x-should-retry: false``."""
    run = drive(send_with_retries(FIXED_JITTER, POLL), lambda _: http_stub.response({}, 503, x_should_retry="false"))
    assert run.result.status == 503
    assert run.slept == []


def test_retries_are_limited(drive: Driver) -> None:
    """Then the error has the network's message."""
    with pytest.raises(ConnectionFailed, match="refused"):
        drive(send_with_retries(FIXED_JITTER, POLL), lambda _: TransportFailure("refused", sent=False))
    assert drive.now == 1.5
