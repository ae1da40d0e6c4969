"""Which engines are out of order: a circuit breaker, so that a dark upstream gets no new videos while another can.

A circuit is closed while calls get through, open after some in a row did not, and half open once it has been open
for a while: then a single video may try. What runs on a benched engine stays there and goes on being looked at; the
first answer brings the engine back.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import structlog
from msgspec import Struct
from msgspec.structs import replace

__all__ = ["CallKind", "Circuit", "CircuitBreaker", "CircuitState", "after_failure", "state_at"]

FAILURE_THRESHOLD = 3
"""Calls in a row that must fail before a circuit opens."""

BASE_COOL_DOWN = 15.0
"""Seconds that a circuit is open the first time; each time after doubles them."""

MAX_COOL_DOWN = 300.0
"""Seconds that a circuit is open at most."""

PROBE_TIMEOUT = 120.0
"""Seconds after which a probe that nobody heard of counts as gone, and another video may try."""

log = structlog.get_logger()


class CircuitState(StrEnum):
    """How a circuit is."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class CallKind(StrEnum):
    """What an engine was asked. An upstream may answer questions and yet take no work: each has its circuit."""

    SUBMIT = "submit"
    QUERY = "ask"  # look, fetch


class Circuit(Struct, frozen=True):
    """What the last calls of a kind to an engine came to."""

    failures: int = 0  # in a row
    openings: int = 0  # in a row
    opened_at: float | None = None  # None: closed
    probe: str | None = None  # the video that may try
    probed_at: float = 0.0

    @property
    def cool_down(self) -> float:
        """Seconds that it stays open."""
        return min(MAX_COOL_DOWN, BASE_COOL_DOWN * 2.0 ** min(self.openings - 1, 10))


def state_at(circuit: Circuit, now: float) -> CircuitState:
    """How the circuit is at a time."""
    if circuit.opened_at is None:
        return CircuitState.CLOSED
    return CircuitState.HALF_OPEN if now >= circuit.opened_at + circuit.cool_down else CircuitState.OPEN


def after_failure(circuit: Circuit, now: float) -> Circuit:
    """The circuit after one more call that did not get through; success makes a new one."""
    failures = circuit.failures + 1
    opens = state_at(circuit, now) is CircuitState.HALF_OPEN or (
        circuit.opened_at is None and failures >= FAILURE_THRESHOLD
    )
    if not opens:
        return replace(circuit, failures=failures)
    return Circuit(failures=failures, openings=circuit.openings + 1, opened_at=now)


class CircuitBreaker:
    """The circuits of this process's engines, by name and identity.

    Args:
        clock: Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._circuits: dict[tuple[str, str, CallKind], Circuit] = {}

    def record_success(self, engine: str, identity: str, call: CallKind) -> None:
        """The engine answered. Work that it took says that it can be asked, too, but not the other way round."""
        if not self._circuits:
            return
        was_benched = self.is_open(engine, identity)
        for each in CallKind if call is CallKind.SUBMIT else (call,):
            self._circuits.pop((engine, identity, each), None)
        if was_benched and not self.is_open(engine, identity):
            log.info("engine.circuit_closed", engine=engine)

    def record_failure(self, engine: str, identity: str, call: CallKind) -> None:
        """It could not be reached, or did not answer in time."""
        key, was_benched = (engine, identity, call), self.is_open(engine, identity)
        circuit = self._circuits[key] = after_failure(self._circuits.get(key, Circuit()), self._clock())
        if not was_benched and self.is_open(engine, identity):
            log.warning("engine.circuit_opened", engine=engine, call=str(call), seconds=circuit.cool_down)

    def is_open(self, engine: str, identity: str) -> bool:
        """Whether some circuit of it is not closed."""
        return any(circuit.opened_at is not None for circuit in self._circuits_of(engine, identity))

    def allows(self, engine: str, identity: str, video_id: str) -> bool:
        """Whether a new video may go to it: any while it is in order, a single one once it has cooled down."""
        now = self._clock()
        return all(_allows(circuit, now, video_id) for circuit in self._circuits_of(engine, identity))

    def reserve_probe(self, engine: str, identity: str, video_id: str) -> None:
        """Note that a video that was admitted goes to it: on a half-open circuit it is the one that tries."""
        now = self._clock()
        for call in CallKind:
            circuit = self._circuits.get((engine, identity, call))
            if circuit is not None and state_at(circuit, now) is CircuitState.HALF_OPEN:
                self._circuits[engine, identity, call] = replace(circuit, probe=video_id, probed_at=now)

    def _circuits_of(self, engine: str, identity: str) -> list[Circuit]:
        found = (self._circuits.get((engine, identity, call)) for call in CallKind)
        return [circuit for circuit in found if circuit is not None]


def _allows(circuit: Circuit, now: float, video_id: str) -> bool:
    match state_at(circuit, now):
        case CircuitState.CLOSED:
            return True
        case CircuitState.OPEN:
            return False
        case CircuitState.HALF_OPEN:
            return circuit.probe in {None, video_id} or now >= circuit.probed_at + PROBE_TIMEOUT
