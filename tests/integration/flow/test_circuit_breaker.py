"""When an engine is benched, and how it comes back."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from filmgate.flow import circuit_breaker
from filmgate.flow.circuit_breaker import CallKind, Circuit, CircuitBreaker, CircuitState, after_failure, state_at
from filmgate.testing.harness import FakeClock


def _open(now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        circuit = after_failure(circuit, now)
    return circuit


def test_a_circuit_opens_after_some_failures_in_a_row() -> None:
    """Fewer than the threshold leave it closed."""
    circuit = Circuit()
    for _ in range(circuit_breaker.FAILURE_THRESHOLD - 1):
        circuit = after_failure(circuit, 0.0)
        assert state_at(circuit, 0.0) is CircuitState.CLOSED
    assert state_at(after_failure(circuit, 0.0), 0.0) is CircuitState.OPEN


def test_it_is_half_open_once_it_cooled_down() -> None:
    """And not a moment before."""
    circuit = _open(now=100.0)
    assert state_at(circuit, 100.0 + circuit_breaker.BASE_COOL_DOWN - 0.1) is CircuitState.OPEN
    assert state_at(circuit, 100.0 + circuit_breaker.BASE_COOL_DOWN) is CircuitState.HALF_OPEN


def test_each_opening_lasts_longer_up_to_a_bound() -> None:
    """A probe that fails opens it again, for twice as long, five minutes at most."""
    circuit, now, waits = _open(), 0.0, []
    for _ in range(12):
        waits.append(circuit.cool_down)
        now += circuit.cool_down
        circuit = after_failure(circuit, now)
    assert waits[:3] == [
        circuit_breaker.BASE_COOL_DOWN,
        2 * circuit_breaker.BASE_COOL_DOWN,
        4 * circuit_breaker.BASE_COOL_DOWN,
    ]
    assert waits[-1] == circuit_breaker.MAX_COOL_DOWN


def test_failures_of_an_open_circuit_change_nothing() -> None:
    """What was sent before it opened and fails after does not make it last longer."""
    circuit = after_failure(_open(now=0.0), 1.0)
    assert (circuit.opened_at, circuit.openings) == (0.0, 1)


@pytest.fixture
def time() -> FakeClock:
    """A time that stands still."""
    return FakeClock()


def _bench(subject: CircuitBreaker, call: CallKind = CallKind.SUBMIT) -> None:
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        subject.record_failure("a", "", call)


def test_a_single_video_tries_a_benched_engine(time: FakeClock) -> None:
    """Nobody while it is open, one afterwards, and everybody once that one got through."""
    subject = CircuitBreaker(time)
    _bench(subject)
    assert not subject.allows("a", "", "first")
    time.now += circuit_breaker.BASE_COOL_DOWN
    assert subject.allows("a", "", "first")
    subject.reserve_probe("a", "", "first")
    assert subject.allows("a", "", "first")
    assert not subject.allows("a", "", "second")
    subject.record_success("a", "", CallKind.SUBMIT)
    assert subject.allows("a", "", "second")


def test_a_probe_that_is_never_heard_of_gives_up_its_place(time: FakeClock) -> None:
    """A video that was cancelled meanwhile does not bench the engine for ever."""
    subject = CircuitBreaker(time)
    _bench(subject)
    time.now += circuit_breaker.BASE_COOL_DOWN
    subject.reserve_probe("a", "", "first")
    time.now += circuit_breaker.PROBE_TIMEOUT
    assert subject.allows("a", "", "second")


def test_answers_do_not_say_that_work_is_taken(time: FakeClock) -> None:
    """An engine that answers questions and refuses every submission is benched, and stays so."""
    subject = CircuitBreaker(time)
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        subject.record_failure("a", "", CallKind.SUBMIT)
        subject.record_success("a", "", CallKind.QUERY)
    assert subject.is_open("a", "")


def test_an_answer_brings_back_an_engine_that_was_dark(time: FakeClock) -> None:
    """Whatever runs there goes on being looked at, and the first answer is the end of it."""
    subject = CircuitBreaker(time)
    _bench(subject, CallKind.QUERY)
    assert subject.is_open("a", "")
    subject.record_success("a", "", CallKind.QUERY)
    assert not subject.is_open("a", "")


def test_engines_and_their_identities_are_told_apart(time: FakeClock) -> None:
    """Another engine, or the same with another key, is not benched by what the first one does."""
    subject = CircuitBreaker(time)
    _bench(subject)
    assert subject.allows("b", "", "v")
    assert subject.allows("a", "other key", "v")


def test_benching_and_its_end_are_logged_once(time: FakeClock) -> None:
    """One line when it begins, one when it ends."""
    subject = CircuitBreaker(time)
    with capture_logs() as lines:
        _bench(subject)
        _bench(subject)
        subject.record_success("a", "", CallKind.SUBMIT)
        subject.record_success("a", "", CallKind.SUBMIT)
    assert [(line["event"], line["engine"]) for line in lines] == [
        ("engine.circuit_opened", "a"),
        ("engine.circuit_closed", "a"),
    ]
