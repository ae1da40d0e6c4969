"""When an engine is benched, and how it comes back."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from filmgate.flow import circuit_breaker
from filmgate.flow.circuit_breaker import Breaker, Call, Circuit, Standing, failed, standing
from filmgate.testing.harness import Time


def _open(now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(circuit_breaker.THRESHOLD):
        circuit = failed(circuit, now)
    return circuit


def test_a_circuit_opens_after_some_failures_in_a_row() -> None:
    """Fewer than the threshold leave it closed."""
    circuit = Circuit()
    for _ in range(circuit_breaker.THRESHOLD - 1):
        circuit = failed(circuit, 0.0)
        assert standing(circuit, 0.0) is Standing.CLOSED
    assert standing(failed(circuit, 0.0), 0.0) is Standing.OPEN


def test_it_is_half_open_once_it_cooled_down() -> None:
    """And not a moment before."""
    circuit = _open(now=100.0)
    assert standing(circuit, 100.0 + circuit_breaker.COOL_DOWN - 0.1) is Standing.OPEN
    assert standing(circuit, 100.0 + circuit_breaker.COOL_DOWN) is Standing.HALF_OPEN


def test_each_opening_lasts_longer_up_to_a_bound() -> None:
    """A probe that fails opens it again, for twice as long, five minutes at most."""
    circuit, now, waits = _open(), 0.0, []
    for _ in range(12):
        waits.append(circuit.cool_down)
        now += circuit.cool_down
        circuit = failed(circuit, now)
    assert waits[:3] == [circuit_breaker.COOL_DOWN, 2 * circuit_breaker.COOL_DOWN, 4 * circuit_breaker.COOL_DOWN]
    assert waits[-1] == circuit_breaker.LONGEST


def test_failures_of_an_open_circuit_change_nothing() -> None:
    """What was sent before it opened and fails after does not make it last longer."""
    circuit = failed(_open(now=0.0), 1.0)
    assert (circuit.opened_at, circuit.openings) == (0.0, 1)


@pytest.fixture
def time() -> Time:
    """A time that stands still."""
    return Time()


def _bench(subject: Breaker, call: Call = Call.SUBMIT) -> None:
    for _ in range(circuit_breaker.THRESHOLD):
        subject.failed("a", "", call)


def test_a_single_video_tries_a_benched_engine(time: Time) -> None:
    """Nobody while it is open, one afterwards, and everybody once that one got through."""
    subject = Breaker(time)
    _bench(subject)
    assert not subject.admits("a", "", "first")
    time.now += circuit_breaker.COOL_DOWN
    assert subject.admits("a", "", "first")
    subject.take("a", "", "first")
    assert subject.admits("a", "", "first")
    assert not subject.admits("a", "", "second")
    subject.succeeded("a", "", Call.SUBMIT)
    assert subject.admits("a", "", "second")


def test_a_probe_that_is_never_heard_of_gives_up_its_place(time: Time) -> None:
    """A video that was cancelled meanwhile does not bench the engine for ever."""
    subject = Breaker(time)
    _bench(subject)
    time.now += circuit_breaker.COOL_DOWN
    subject.take("a", "", "first")
    time.now += circuit_breaker.PROBE
    assert subject.admits("a", "", "second")


def test_answers_do_not_say_that_work_is_taken(time: Time) -> None:
    """An engine that answers questions and refuses every submission is benched, and stays so."""
    subject = Breaker(time)
    for _ in range(circuit_breaker.THRESHOLD):
        subject.failed("a", "", Call.SUBMIT)
        subject.succeeded("a", "", Call.ASK)
    assert subject.benched("a", "")


def test_an_answer_brings_back_an_engine_that_was_dark(time: Time) -> None:
    """Whatever runs there goes on being looked at, and the first answer is the end of it."""
    subject = Breaker(time)
    _bench(subject, Call.ASK)
    assert subject.benched("a", "")
    subject.succeeded("a", "", Call.ASK)
    assert not subject.benched("a", "")


def test_engines_and_their_identities_are_told_apart(time: Time) -> None:
    """Another engine, or the same with another key, is not benched by what the first one does."""
    subject = Breaker(time)
    _bench(subject)
    assert subject.admits("b", "", "v")
    assert subject.admits("a", "other key", "v")


def test_benching_and_its_end_are_logged_once(time: Time) -> None:
    """One line when it begins, one when it ends."""
    subject = Breaker(time)
    with capture_logs() as lines:
        _bench(subject)
        _bench(subject)
        subject.succeeded("a", "", Call.SUBMIT)
        subject.succeeded("a", "", Call.SUBMIT)
    assert [(line["event"], line["engine"]) for line in lines] == [("engine.benched", "a"), ("engine.back", "a")]
