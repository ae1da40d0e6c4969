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

__all__ = ["Breaker", "Call", "Circuit", "Standing", "failed", "standing"]

THRESHOLD = 3
"""Calls in a row that must fail before a circuit opens."""

COOL_DOWN = 15.0
"""Seconds that a circuit is open the first time; each time after doubles them."""

LONGEST = 300.0
"""Seconds that a circuit is open at most."""

PROBE = 120.0
"""Seconds after which a probe that nobody heard of counts as gone, and another video may try."""

log = structlog.get_logger()


class Standing(StrEnum):
    """How a circuit is."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Call(StrEnum):
    """What an engine was asked. An upstream may answer questions and yet take no work: each has its circuit."""

    SUBMIT = "submit"
    ASK = "ask"  # look, fetch


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
        return min(LONGEST, COOL_DOWN * 2.0 ** min(self.openings - 1, 10))


def standing(circuit: Circuit, now: float) -> Standing:
    """How the circuit is at a time."""
    if circuit.opened_at is None:
        return Standing.CLOSED
    return Standing.HALF_OPEN if now >= circuit.opened_at + circuit.cool_down else Standing.OPEN


def failed(circuit: Circuit, now: float) -> Circuit:
    """The circuit after one more call that did not get through; success makes a new one."""
    failures = circuit.failures + 1
    opens = standing(circuit, now) is Standing.HALF_OPEN or (circuit.opened_at is None and failures >= THRESHOLD)
    if not opens:
        return replace(circuit, failures=failures)
    return Circuit(failures=failures, openings=circuit.openings + 1, opened_at=now)


class Breaker:
    """The circuits of this process's engines, by name and identity.

    Args:
        clock: Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._circuits: dict[tuple[str, str, Call], Circuit] = {}

    def succeeded(self, engine: str, identity: str, call: Call) -> None:
        """The engine answered. Work that it took says that it can be asked, too, but not the other way round."""
        if not self._circuits:
            return
        was_benched = self.benched(engine, identity)
        for each in Call if call is Call.SUBMIT else (call,):
            self._circuits.pop((engine, identity, each), None)
        if was_benched and not self.benched(engine, identity):
            log.info("engine.back", engine=engine)

    def failed(self, engine: str, identity: str, call: Call) -> None:
        """It could not be reached, or did not answer in time."""
        key, was_benched = (engine, identity, call), self.benched(engine, identity)
        circuit = self._circuits[key] = failed(self._circuits.get(key, Circuit()), self._clock())
        if not was_benched and self.benched(engine, identity):
            log.warning("engine.benched", engine=engine, call=str(call), seconds=circuit.cool_down)

    def benched(self, engine: str, identity: str) -> bool:
        """Whether some circuit of it is not closed."""
        return any(circuit.opened_at is not None for circuit in self._of(engine, identity))

    def admits(self, engine: str, identity: str, video_id: str) -> bool:
        """Whether a new video may go to it: any while it is in order, a single one once it has cooled down."""
        now = self._clock()
        return all(_admits(circuit, now, video_id) for circuit in self._of(engine, identity))

    def take(self, engine: str, identity: str, video_id: str) -> None:
        """Note that a video that was admitted goes to it: on a half-open circuit it is the one that tries."""
        now = self._clock()
        for call in Call:
            circuit = self._circuits.get((engine, identity, call))
            if circuit is not None and standing(circuit, now) is Standing.HALF_OPEN:
                self._circuits[engine, identity, call] = replace(circuit, probe=video_id, probed_at=now)

    def _of(self, engine: str, identity: str) -> list[Circuit]:
        found = (self._circuits.get((engine, identity, call)) for call in Call)
        return [circuit for circuit in found if circuit is not None]


def _admits(circuit: Circuit, now: float, video_id: str) -> bool:
    match standing(circuit, now):
        case Standing.CLOSED:
            return True
        case Standing.OPEN:
            return False
        case Standing.HALF_OPEN:
            return circuit.probe in {None, video_id} or now >= circuit.probed_at + PROBE
