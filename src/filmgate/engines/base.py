"""The contract between the flow and whoever makes a video.

An engine is asked four things: take this job (``submit``), how does it stand (``look``), give me the file
(``fetch``), stop (``cancel``). It never loops, sleeps, bills or retries, and knows nothing of rows or requests.
What it says is typed: a :class:`Ticket`-string, a :class:`Verdict`, or one of the errors under
:class:`filmgate.errors.EngineError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from filmgate.domain import AssetKind, Operation, Recipe, Size, VideoError, VideoRecord

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
    """What an engine can do, as data: nobody finds it out by an exception."""

    paid: bool  # a submission costs money: never submitted twice
    idempotent: bool = False  # takes our token as an idempotency key: the same token is the same job
    findable: bool = False  # ``find`` tells what may have become of a submission
    cancels: bool = True
    image_input: bool = True
    audio: bool = True
    remix: bool = False
    edits: bool = False  # films of ours and uploaded ones
    extends: bool = False
    characters: bool = False
    concurrency: int | None = None  # jobs at once; None: no limit of its own
    creates_per_minute: int | None = None  # submissions a minute; None: no limit of its own
    submit_timeout: float = 30.0  # seconds within which ``submit`` surely returned or failed
    bulk_poll_min_jobs: int | None = None  # jobs from which on a survey is worth it; then it is a :class:`BulkPoller`


class CharacterFiles(Struct, frozen=True, kw_only=True):
    """Somebody or something that the film is to show where the prompt mentions its name."""

    name: str
    image: Path  # PNG of any size: how it looks
    video: Path  # MP4: how it moves


class Job(Struct, frozen=True, kw_only=True):
    """One video to make. The engine may keep ``token`` as its own reference."""

    token: str  # ours; fresh for every intent to submit
    video_id: str
    model: str
    prompt: str
    size: Size
    seconds: int  # of what is to be made: of an extension, the new segment alone
    seed: int
    reference: Path | None = None  # PNG of exactly ``size``: the first frame; of an extension, its source's last
    operation: Operation = Operation.CREATE
    source: Path | None = None  # MP4 of exactly ``size``: what is remixed, edited or extended
    base_prompts: tuple[str, ...] = ()  # of the films that the source comes from and of itself, oldest first
    characters: tuple[CharacterFiles, ...] = ()


def job_without_files(video: VideoRecord, token: str = "") -> Job:
    """The job that makes a video, as far as it can be said without its files."""
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
    )


_OPERATION_CAPABILITIES = {Operation.REMIX: "remix", Operation.EDIT: "edits", Operation.EXTEND: "extends"}


def required_capabilities(recipe: Recipe) -> frozenset[str]:
    """Which capabilities an engine must have to make it, by their fields' names."""
    wanted = {_OPERATION_CAPABILITIES[recipe.operation]} if recipe.operation in _OPERATION_CAPABILITIES else set()
    if recipe.operation is Operation.CREATE and recipe.reference is not None:
        wanted.add("image_input")
    if recipe.characters:
        wanted.add("characters")
    return frozenset(wanted)


def engine_identity(*parts: str) -> str:
    """An engine's ``identity``: tells apart what submissions go to, and gives none of it away."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class JobState(StrEnum):
    """How a job stands with its engine."""

    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"  # the file can be fetched
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # the engine does not know the ticket (it restarted)
    UNKNOWN = "unknown"  # it said something that we do not understand: look again


class JobStatus(Struct, frozen=True, kw_only=True, gc=False):
    """What an engine said when it was looked at."""

    state: JobState
    progress: float | None = None  # percent
    error: VideoError | None = None  # with FAILED
    poll_after: float = 0.2  # seconds until it is worth looking again


class Artifact(Struct, frozen=True, kw_only=True):
    """What ``fetch`` left behind beside the video file."""

    extras: dict[AssetKind, Path] = {}  # thumbnail, spritesheet, preview, where the engine made them already
    notes: dict[str, object] = {}


class Engine(Protocol):
    """One upstream, or one renderer."""

    @property
    def name(self) -> str:
        """The name that routes and rows use."""

    @property
    def identity(self) -> str:
        """What a submission goes to (address, account, dialect), as a :func:`digest`; empty for a local engine.

        A ticket is worth something only where it was given: its job is asked for under the same identity for ever,
        whatever the configuration says by then.
        """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    async def start(self) -> None:
        """Get ready; returns quickly and warms up in the background."""

    async def stop(self) -> None:
        """Give everything back. Jobs that run in this process are forgotten."""

    async def submit(self, job: Job) -> str:
        """Hand a job over and return the engine's ticket.

        Raises:
            EngineRejected: it will never be accepted.
            EngineUnavailable: it was certainly not accepted; try again later.
            SubmissionUnknown: the reply got lost; it may have been accepted.
        """

    async def poll(self, ticket: str) -> JobStatus:
        """How the job stands.

        Raises:
            EngineUnavailable: the engine could not be asked; the job may be fine.
        """

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Write the finished MP4 to ``into``, a path that does not exist yet. May be called again.

        Raises:
            EngineUnavailable: try the fetch again; never a reason to generate again.
            BadArtifact: it delivered something else.
        """

    async def cancel(self, ticket: str) -> None:
        """Ask it to stop; no error if the job is unknown or over."""

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Tickets of what may be this job, submitted at or after the Unix time ``since``; only if ``findable``.

        Empty means that its absence is certain; several, that nobody can tell which it is. An engine whose other
        side has a clock of its own allows for the difference. The job comes without its files.

        Raises:
            EngineUnavailable: the engine could not be asked.
        """

    def expected_seconds(self, job: Job) -> float:
        """How long the job will take from submission to file, by experience."""


class BulkPoller(Engine, Protocol):
    """An engine that can tell of many jobs at once."""

    async def poll_many(self, tickets: Collection[str]) -> Mapping[str, JobStatus]:
        """Which of these jobs are still waiting or being worked on, as of now.

        A job that is known but not seen to run is UNKNOWN, and one that is not known is missing: of both only a look
        can tell. The verdicts' ``look_after`` says when the next survey is due.

        Raises:
            EngineUnavailable: there is no telling; look at each.
        """
