"""An engine that does what its script says, and keeps a log of what it was asked: the upstream's side of a story."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from filmgate.engines.base import Artifact, Capabilities, Job, JobState, JobStatus

__all__ = ["DONE", "ScriptedEngine"]

DONE = JobStatus(state=JobState.DONE, progress=100.0)

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
        submit_results: Sequence[str | Exception] = ("ticket",),
        poll_results: Sequence[JobStatus | Exception] = (DONE,),
        fetch_results: Sequence[bytes | Exception] = (b"",),
        find_results: Sequence[Sequence[str] | Exception] = ((),),
        name: str = "scripted",
        identity: str = "",
        job_seconds: float = 1.0,
    ) -> None:
        self.name = name
        self.identity = identity
        self.capabilities = capabilities
        self.submitted: list[Job] = []
        self.polled: list[str] = []
        self.fetched: list[str] = []
        self.searched: list[str] = []
        self.cancelled: list[str] = []
        self._submit_results = submit_results
        self._poll_results = poll_results
        self._fetch_results = fetch_results
        self._find_results = find_results
        self._job_seconds = job_seconds

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def submit(self, job: Job) -> str:
        """The next ticket."""
        self.submitted.append(job)
        return _next_result(self._submit_results, len(self.submitted))

    async def poll(self, ticket: str) -> JobStatus:
        """The next verdict."""
        self.polled.append(ticket)
        return _next_result(self._poll_results, len(self.polled))

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Write the next file."""
        self.fetched.append(ticket)
        await asyncio.to_thread(into.write_bytes, _next_result(self._fetch_results, len(self.fetched)))
        return Artifact(notes={"fetched": len(self.fetched)})

    async def cancel(self, ticket: str) -> None:
        """Note it."""
        self.cancelled.append(ticket)

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """The next answer."""
        del since
        self.searched.append(job.token)
        return _next_result(self._find_results, len(self.searched))

    def expected_seconds(self, _job: Job) -> float:
        """As it was told."""
        return self._job_seconds


def _next_result(results: Sequence[T | Exception], call: int) -> T:
    line = results[min(call, len(results)) - 1]
    if isinstance(line, Exception):
        raise line
    return line
