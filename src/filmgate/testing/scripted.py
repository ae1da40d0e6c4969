"""An engine that follows a script and logs its calls."""

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
    """Answers each call with the next entry of its script, the last entry forever; an exception is raised.

    Args:
        capabilities: its capabilities.
        submit_results: tickets, or errors. After an error other than EngineUnavailable or EngineRejected
        a submission may exist.
        poll_results: statuses, or errors.
        fetch_results: files, or errors.
        find_results: tickets that may be the job's, or errors.
        identity: the identity of its submissions.
        job_seconds: seconds that a job is expected to take.
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
        """Return the next ticket."""
        self.submitted.append(job)
        return _next_result(self._submit_results, len(self.submitted))

    async def poll(self, ticket: str) -> JobStatus:
        """Return the next status."""
        self.polled.append(ticket)
        return _next_result(self._poll_results, len(self.polled))

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Write the next file."""
        self.fetched.append(ticket)
        await asyncio.to_thread(into.write_bytes, _next_result(self._fetch_results, len(self.fetched)))
        return Artifact(notes={"fetched": len(self.fetched)})

    async def cancel(self, ticket: str) -> None:
        """Log the cancel."""
        self.cancelled.append(ticket)

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Return the next result."""
        del since
        self.searched.append(job.token)
        return _next_result(self._find_results, len(self.searched))

    def expected_seconds(self, _job: Job) -> float:
        """The configured value."""
        return self._job_seconds


def _next_result(results: Sequence[T | Exception], call: int) -> T:
    line = results[min(call, len(results)) - 1]
    if isinstance(line, Exception):
        raise line
    return line
