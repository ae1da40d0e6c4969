"""Every fault by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.testing.mock.faults import content, poll, submit

if TYPE_CHECKING:
    from filmgate.testing.mock.faults.base import FaultSpec

__all__ = ["FAULTS"]

FAULTS: dict[str, FaultSpec] = {fault.name: fault for fault in (*submit.FAULTS, *poll.FAULTS, *content.FAULTS)}
"""The registry: the manual, the tests and the mix ``all`` read it."""
