"""When a circuit opens, and how it closes again."""

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


def test_a_circuit_opens_after_several_failures_in_a_row() -> None:
    """Fewer than the threshold leave it closed."""
    circuit = Circuit()
    for _ in range(circuit_breaker.FAILURE_THRESHOLD - 1):
        circuit = after_failure(circuit, 0.0)
        assert state_at(circuit, 0.0) is CircuitState.CLOSED
    assert state_at(after_failure(circuit, 0.0), 0.0) is CircuitState.OPEN


def test_a_circuit_is_half_open_after_the_cool_down() -> None:
    """And not a moment before."""
    circuit = _open(now=100.0)
    assert state_at(circuit, 100.0 + circuit_breaker.BASE_COOL_DOWN - 0.1) is CircuitState.OPEN
    assert state_at(circuit, 100.0 + circuit_breaker.BASE_COOL_DOWN) is CircuitState.HALF_OPEN


def test_each_opening_lasts_longer_up_to_a_limit() -> None:
    """A failed probe opens it again, for twice as long, five minutes at most."""
    circuit, now, cool_downs = _open(), 0.0, []
    for _ in range(12):
        cool_downs.append(circuit.cool_down)
        now += circuit.cool_down
        circuit = after_failure(circuit, now)
    assert cool_downs[:3] == [
        circuit_breaker.BASE_COOL_DOWN,
        2 * circuit_breaker.BASE_COOL_DOWN,
        4 * circuit_breaker.BASE_COOL_DOWN,
    ]
    assert cool_downs[-1] == circuit_breaker.MAX_COOL_DOWN


def test_failures_of_an_open_circuit_change_nothing() -> None:
    """A call sent before it opened that fails afterwards does not extend the opening."""
    circuit = after_failure(_open(now=0.0), 1.0)
    assert (circuit.opened_at, circuit.openings) == (0.0, 1)


@pytest.fixture
def time() -> FakeClock:
    """A settable time."""
    return FakeClock()


def _open_circuit(subject: CircuitBreaker, call: CallKind = CallKind.SUBMIT) -> None:
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        subject.record_failure("a", "", call)


def test_a_single_video_probes_an_open_circuit(time: FakeClock) -> None:
    """No video while it is open, one afterwards, and all once the probe succeeded."""
    subject = CircuitBreaker(time)
    _open_circuit(subject)
    assert not subject.allows("a", "", "first")
    time.now += circuit_breaker.BASE_COOL_DOWN
    assert subject.allows("a", "", "first")
    subject.reserve_probe("a", "", "first")
    assert subject.allows("a", "", "first")
    assert not subject.allows("a", "", "second")
    subject.record_success("a", "", CallKind.SUBMIT)
    assert subject.allows("a", "", "second")


def test_a_probe_without_a_result_is_given_up(time: FakeClock) -> None:
    """A probe that was cancelled in the meantime does not keep the circuit open forever."""
    subject = CircuitBreaker(time)
    _open_circuit(subject)
    time.now += circuit_breaker.BASE_COOL_DOWN
    subject.reserve_probe("a", "", "first")
    time.now += circuit_breaker.PROBE_TIMEOUT
    assert subject.allows("a", "", "second")


def test_answered_polls_do_not_close_the_submit_circuit(time: FakeClock) -> None:
    """An engine that answers polls and refuses every submission stays open."""
    subject = CircuitBreaker(time)
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        subject.record_failure("a", "", CallKind.SUBMIT)
        subject.record_success("a", "", CallKind.QUERY)
    assert subject.is_open("a", "")


def test_an_answer_closes_the_query_circuit(time: FakeClock) -> None:
    """Running jobs are still polled, and the first answer closes the circuit."""
    subject = CircuitBreaker(time)
    _open_circuit(subject, CallKind.QUERY)
    assert subject.is_open("a", "")
    subject.record_success("a", "", CallKind.QUERY)
    assert not subject.is_open("a", "")


def test_engines_and_identities_have_separate_circuits(time: FakeClock) -> None:
    """A failing engine does not affect another one, nor the same one with another key."""
    subject = CircuitBreaker(time)
    _open_circuit(subject)
    assert subject.allows("b", "", "v")
    assert subject.allows("a", "other key", "v")


def test_opening_and_closing_are_logged_once(time: FakeClock) -> None:
    """One line when the circuit opens, one when it closes."""
    subject = CircuitBreaker(time)
    with capture_logs() as lines:
        _open_circuit(subject)
        _open_circuit(subject)
        subject.record_success("a", "", CallKind.SUBMIT)
        subject.record_success("a", "", CallKind.SUBMIT)
    assert [(line["event"], line["engine"]) for line in lines] == [
        ("engine.circuit_opened", "a"),
        ("engine.circuit_closed", "a"),
    ]
