"""Circuit breaker: an unreachable engine gets no new videos while another one can take them.

A circuit is closed while calls succeed, opens after several failures in a row, and becomes half open after a cool-down:
then a single video may try. Jobs that already run on the engine stay there and are still polled; the first answer
closes the circuit.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import structlog
from msgspec import Struct
from msgspec.structs import replace

__all__ = ["CallKind", "Circuit", "CircuitBreaker", "CircuitState", "after_failure", "state_at"]

FAILURE_THRESHOLD = 3
"""Failed calls in a row that open a circuit."""

BASE_COOL_DOWN = 15.0
"""Seconds that a circuit stays open the first time; doubled each time after that."""

MAX_COOL_DOWN = 300.0
"""Maximum number of seconds that a circuit stays open."""

PROBE_TIMEOUT = 120.0
"""Seconds after which a probe without a result is given up, and another video may try."""

log = structlog.get_logger()


class CircuitState(StrEnum):
    """State of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class CallKind(StrEnum):
    """Kind of call. An upstream may answer polls and yet accept no jobs, so each kind has a circuit of its own."""

    SUBMIT = "submit"
    QUERY = "query"  # poll, fetch


class Circuit(Struct, frozen=True):
    """Results of the latest calls of one kind to one engine."""

    failures: int = 0  # in a row
    openings: int = 0  # in a row
    opened_at: float | None = None  # None: closed
    probe: str | None = None  # the video that may try
    probed_at: float = 0.0

    @property
    def cool_down(self) -> float:
        """Seconds that this circuit stays open."""
        return min(MAX_COOL_DOWN, BASE_COOL_DOWN * 2.0 ** min(self.openings - 1, 10))


def state_at(circuit: Circuit, now: float) -> CircuitState:
    """Return the state of the circuit at Unix time ``now``."""
    if circuit.opened_at is None:
        return CircuitState.CLOSED
    return CircuitState.HALF_OPEN if now >= circuit.opened_at + circuit.cool_down else CircuitState.OPEN


def after_failure(circuit: Circuit, now: float) -> Circuit:
    """Return the circuit after one more failed call; after a success, the caller drops the circuit."""
    failures = circuit.failures + 1
    opens = state_at(circuit, now) is CircuitState.HALF_OPEN or (
        circuit.opened_at is None and failures >= FAILURE_THRESHOLD
    )
    if not opens:
        return replace(circuit, failures=failures)
    return Circuit(failures=failures, openings=circuit.openings + 1, opened_at=now)


class CircuitBreaker:
    """Circuits of this process's engines, by name and identity.

    Args:
        clock: Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._circuits: dict[tuple[str, str, CallKind], Circuit] = {}

    def record_success(self, engine: str, identity: str, call: CallKind) -> None:
        """Record a call that was answered. An accepted submission also closes the query circuit, but not vice versa."""
        if not self._circuits:
            return
        was_open = self.is_open(engine, identity)
        for kind in CallKind if call is CallKind.SUBMIT else (call,):
            self._circuits.pop((engine, identity, kind), None)
        if was_open and not self.is_open(engine, identity):
            log.info("engine.circuit_closed", engine=engine)

    def record_failure(self, engine: str, identity: str, call: CallKind) -> None:
        """Record a call that did not reach the engine, or was not answered in time."""
        key, was_open = (engine, identity, call), self.is_open(engine, identity)
        circuit = self._circuits[key] = after_failure(self._circuits.get(key, Circuit()), self._clock())
        if not was_open and self.is_open(engine, identity):
            log.warning("engine.circuit_opened", engine=engine, call=str(call), seconds=circuit.cool_down)

    def is_open(self, engine: str, identity: str) -> bool:
        """Whether any circuit of the engine is open or half open."""
        return any(circuit.opened_at is not None for circuit in self._circuits_of(engine, identity))

    def allows(self, engine: str, identity: str, video_id: str) -> bool:
        """Whether a new video may go to the engine: any while its circuits are closed, one after the cool-down."""
        now = self._clock()
        return all(_allows(circuit, now, video_id) for circuit in self._circuits_of(engine, identity))

    def reserve_probe(self, engine: str, identity: str, video_id: str) -> None:
        """Reserve the half-open circuits of the engine for this video: it is the one that tries."""
        now = self._clock()
        for call in CallKind:
            circuit = self._circuits.get((engine, identity, call))
            if circuit is not None and state_at(circuit, now) is CircuitState.HALF_OPEN:
                self._circuits[engine, identity, call] = replace(circuit, probe=video_id, probed_at=now)

    def _circuits_of(self, engine: str, identity: str) -> list[Circuit]:
        circuits = (self._circuits.get((engine, identity, call)) for call in CallKind)
        return [circuit for circuit in circuits if circuit is not None]


def _allows(circuit: Circuit, now: float, video_id: str) -> bool:
    match state_at(circuit, now):
        case CircuitState.CLOSED:
            return True
        case CircuitState.OPEN:
            return False
        case CircuitState.HALF_OPEN:
            return circuit.probe in {None, video_id} or now >= circuit.probed_at + PROBE_TIMEOUT
