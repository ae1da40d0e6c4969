"""An engine that does what its script says, and keeps a log of what it was asked: the upstream's side of a story."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from filmgate.engines.base import Artifact, Capabilities, Job, State, Verdict

__all__ = ["DONE", "ScriptedEngine"]

DONE = Verdict(state=State.DONE, progress=100.0)

T = TypeVar("T")


class ScriptedEngine:
    """Answers each call with the next line of its script, the last line for ever; an exception is raised.

    Args:
        capabilities: what it says it can.
        submits: tickets, or errors. An error that is no EngineUnavailable or EngineRejected may leave a submission.
        looks: verdicts, or errors.
        fetches: files, or errors.
        finds: tickets that may be the job's, or errors.
        identity: what it says its submissions go to.
        expected: seconds that a job takes by its experience.
    """

    def __init__(
        self,
        capabilities: Capabilities,
        *,
        submits: Sequence[str | Exception] = ("ticket",),
        looks: Sequence[Verdict | Exception] = (DONE,),
        fetches: Sequence[bytes | Exception] = (b"",),
        finds: Sequence[Sequence[str] | Exception] = ((),),
        name: str = "scripted",
        identity: str = "",
        expected: float = 1.0,
    ) -> None:
        self.name = name
        self.identity = identity
        self.capabilities = capabilities
        self.submitted: list[Job] = []
        self.looked: list[str] = []
        self.fetched: list[str] = []
        self.found: list[str] = []
        self.cancelled: list[str] = []
        self._submits = submits
        self._looks = looks
        self._fetches = fetches
        self._finds = finds
        self._expected = expected

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def submit(self, job: Job) -> str:
        """The next ticket."""
        self.submitted.append(job)
        return _line(self._submits, len(self.submitted))

    async def look(self, ticket: str) -> Verdict:
        """The next verdict."""
        self.looked.append(ticket)
        return _line(self._looks, len(self.looked))

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Write the next file."""
        self.fetched.append(ticket)
        await asyncio.to_thread(into.write_bytes, _line(self._fetches, len(self.fetched)))
        return Artifact(notes={"fetched": len(self.fetched)})

    async def cancel(self, ticket: str) -> None:
        """Note it."""
        self.cancelled.append(ticket)

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """The next answer."""
        del since
        self.found.append(job.token)
        return _line(self._finds, len(self.found))

    def expected_seconds(self, _job: Job) -> float:
        """As it was told."""
        return self._expected


def _line(script: Sequence[T | Exception], call: int) -> T:
    line = script[min(call, len(script)) - 1]
    if isinstance(line, Exception):
        raise line
    return line
