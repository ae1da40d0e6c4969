"""The contract between the flow and an engine.

An engine has four operations: submit a job (``submit``), return its status (``poll``), deliver the file (``fetch``),
stop it (``cancel``). It never loops, sleeps, bills or retries, and is independent of rows and requests. Its results
are typed: a ticket, a :class:`JobStatus`, or one of the errors under :class:`filmgate.errors.EngineError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from filmgate.domain import (
    AssetKind,
    EngineParameters,
    Operation,
    ParameterRange,
    Recipe,
    Size,
    VideoError,
    VideoRecord,
)

__all__ = [
    "Artifact",
    "BulkPoller",
    "Capabilities",
    "CharacterFiles",
    "Engine",
    "Job",
    "JobState",
    "JobStatus",
    "engine_identity",
    "job_without_files",
    "required_capabilities",
]


class Capabilities(Struct, frozen=True, kw_only=True):
    """What an engine supports, declared as data: callers need not try and catch an exception."""

    paid: bool  # a submission costs money: never submitted twice
    idempotent: bool = False  # uses our token as an idempotency key: the same token is the same job
    findable: bool = False  # ``find`` can look up the job of a submission
    cancels: bool = True
    image_input: bool = True
    audio: bool = True
    remix: bool = False
    edits: bool = False  # both generated and uploaded videos
    extends: bool = False
    characters: bool = False
    concurrency: int | None = None  # jobs at once; None: no engine limit
    creates_per_minute: int | None = None  # submissions a minute; None: no engine limit
    submit_timeout: float = 30.0  # seconds within which ``submit`` always returns or fails
    bulk_poll_min_jobs: int | None = None  # jobs from which ``poll_many`` is used; None: not a :class:`BulkPoller`
    parameters: Mapping[str, ParameterRange] = {}  # of ``PARAMETER_RANGES``, those it takes, and their ranges

    def fulfil(self, required: Collection[str], parameters: EngineParameters) -> bool:
        """Whether the engine has the required capabilities and takes the parameters as given."""
        return all(getattr(self, name) for name in required) and all(
            name in self.parameters and self.parameters[name].allows(value)
            for name, value in parameters.demanded.items()
        )


class CharacterFiles(Struct, frozen=True, kw_only=True):
    """A character that the video shows where the prompt mentions its name."""

    name: str
    image: Path  # PNG of any size: its looks
    video: Path  # MP4: its motion


class Job(Struct, frozen=True, kw_only=True):
    """One video to generate. The engine may keep ``token`` as its own reference."""

    token: str  # ours; new for every intent to submit
    video_id: str
    model: str
    prompt: str
    size: Size
    seconds: int  # to generate: for an extension, the new segment alone
    seed: int
    reference: Path | None = None  # PNG of exactly ``size``: the first frame; for an extension, its source's last
    operation: Operation = Operation.CREATE
    source: Path | None = None  # MP4 of exactly ``size``: the video to remix, edit or extend
    base_prompts: tuple[str, ...] = ()  # of the source and its ancestors, oldest first
    characters: tuple[CharacterFiles, ...] = ()
    parameters: EngineParameters = EngineParameters()


def job_without_files(video: VideoRecord, token: str = "") -> Job:
    """Return the job of a video without its files."""
    recipe = video.recipe
    return Job(
        token=token,
        video_id=video.id,
        model=video.model,
        prompt=recipe.prompt,
        size=recipe.size,
        seconds=recipe.render_seconds,
        seed=recipe.seed,
        operation=recipe.operation,
        base_prompts=recipe.base_prompts,
        parameters=recipe.parameters,
    )


_OPERATION_CAPABILITIES = {Operation.REMIX: "remix", Operation.EDIT: "edits", Operation.EXTEND: "extends"}


def required_capabilities(recipe: Recipe) -> frozenset[str]:
    """Return the capabilities that an engine needs for a recipe, by field name."""
    capabilities = {_OPERATION_CAPABILITIES[recipe.operation]} if recipe.operation in _OPERATION_CAPABILITIES else set()
    if recipe.operation is Operation.CREATE and recipe.reference is not None:
        capabilities.add("image_input")
    if recipe.characters:
        capabilities.add("characters")
    return frozenset(capabilities)


def engine_identity(*parts: str) -> str:
    """Hash an engine's ``identity``: it distinguishes upstream accounts without revealing address or key."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class JobState(StrEnum):
    """State of a job at its engine."""

    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"  # the file can be fetched
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # the engine does not know the ticket (it restarted)
    UNKNOWN = "unknown"  # the reply is not understood: poll again


class JobStatus(Struct, frozen=True, kw_only=True, gc=False):
    """An engine's reply to a poll."""

    state: JobState
    progress: float | None = None  # percent
    error: VideoError | None = None  # only with FAILED
    poll_after: float = 0.2  # seconds until the next poll is useful


class Artifact(Struct, frozen=True, kw_only=True):
    """Files and notes that ``fetch`` returns in addition to the video file."""

    extras: dict[AssetKind, Path] = {}  # thumbnail, spritesheet, preview, if the engine has made them
    notes: dict[str, object] = {}


class Engine(Protocol):
    """One upstream, or one renderer."""

    @property
    def name(self) -> str:
        """The name that routes and rows use."""

    @property
    def identity(self) -> str:
        """Where submissions go (address, account, dialect), as an :func:`engine_identity`; empty for a local engine.

        A ticket is valid only for the identity that issued it: its job is always polled under the same identity,
        whatever the configuration changes to.
        """

    @property
    def capabilities(self) -> Capabilities:
        """What the engine supports."""

    async def start(self) -> None:
        """Start; returns quickly and warms up in the background."""

    async def stop(self) -> None:
        """Release all resources. Jobs that run in this process are lost."""

    async def submit(self, job: Job) -> str:
        """Submit a job and return the engine's ticket.

        Raises:
            EngineRejected: it will never be accepted.
            EngineUnavailable: it was certainly not accepted; try again later.
            SubmissionUnknown: the reply was lost; it may have been accepted.
        """

    async def poll(self, ticket: str) -> JobStatus:
        """Return the status of a job.

        Raises:
            EngineUnavailable: the poll failed; the job may be fine.
        """

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Write the finished MP4 to ``into``, a path that does not exist yet. May be called again.

        Raises:
            EngineUnavailable: try the fetch again; never a reason to generate again.
            BadArtifact: it delivered something else.
        """

    async def cancel(self, ticket: str) -> None:
        """Request the job's cancellation; no error if the job is unknown or finished."""

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Return tickets of jobs that may be this one, submitted at or after Unix time ``since``; only if ``findable``.

        If the result is empty, the job certainly does not exist; several tickets can't be distinguished. An
        engine whose upstream has its own clock allows for the difference. The job comes without its files.

        Raises:
            EngineUnavailable: the lookup failed.
        """

    def expected_seconds(self, job: Job) -> float:
        """Return the expected seconds from submission to file, by experience."""


class BulkPoller(Engine, Protocol):
    """An engine that can poll many jobs in one call."""

    async def poll_many(self, tickets: Collection[str]) -> Mapping[str, JobStatus]:
        """Return those of the jobs that are still queued or in progress now.

        A known job that is neither is UNKNOWN, and an unknown job is missing: both need a single ``poll``. The
        statuses' ``poll_after`` gives the time until the next call.

        Raises:
            EngineUnavailable: the call failed; poll each job.
        """
