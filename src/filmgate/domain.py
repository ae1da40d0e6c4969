"""Domain values and rules: what a video is, which states it may take. Pure.

No I/O, no clock, no environment: every function gets the time it needs. Times are Unix seconds, money is integer
micro-units (1 unit = 1,000,000), lengths are whole seconds, sizes are pixels.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from enum import StrEnum
from typing import Literal

from msgspec import Struct

__all__ = [
    "CANCELLED",
    "PARAMETER_RANGES",
    "RESTORED",
    "STAGE_STATUSES",
    "TERMINAL",
    "TRANSITIONS",
    "Asset",
    "AssetKind",
    "Character",
    "EngineParameters",
    "Fit",
    "NewVideo",
    "Operation",
    "ParameterRange",
    "Recipe",
    "Size",
    "Stage",
    "Status",
    "UploadedFile",
    "VideoCharacter",
    "VideoError",
    "VideoEvent",
    "VideoRecord",
    "default_seed",
    "new_file_id",
    "new_id",
    "next_progress",
    "poll_after_ms",
]


class Status(StrEnum):
    """What a client sees: the API's four statuses and no others."""

    QUEUED = "queued"  # accepted; no engine works on it yet
    IN_PROGRESS = "in_progress"  # an engine renders it, or its file is being fetched
    COMPLETED = "completed"  # the content answers 200 until expires_at
    FAILED = "failed"  # ended without content; `error` says why; nothing is charged


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED}),
    Status.IN_PROGRESS: frozenset({Status.COMPLETED, Status.FAILED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
}
"""From each status, the statuses that may follow. The store repeats it in SQL, the docs draw it."""

TERMINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)


class Stage(StrEnum):
    """The flow's position in processing a video; internal, never shown to a client."""

    ACCEPTED = "accepted"  # the row and its hold are committed; nothing was submitted
    SUBMITTING = "submitting"  # the intent is committed; the engine may or may not have received the submission
    WATCHING = "watching"  # the engine's ticket is committed; it is polled until done
    FETCHING = "fetching"  # the engine is done; its file is being fetched, verified and stored
    DONE = "done"  # terminal: settled, and its event is in the outbox


STAGE_STATUSES: dict[Stage, frozenset[Status]] = {
    Stage.ACCEPTED: frozenset({Status.QUEUED, Status.IN_PROGRESS}),
    Stage.SUBMITTING: frozenset({Status.QUEUED, Status.IN_PROGRESS}),
    Stage.WATCHING: frozenset({Status.QUEUED, Status.IN_PROGRESS}),
    Stage.FETCHING: frozenset({Status.IN_PROGRESS}),
    Stage.DONE: TERMINAL,
}
"""Which statuses each stage may be seen with (a local engine that forgot its work goes back to ACCEPTED
while the client goes on seeing in_progress)."""


class AssetKind(StrEnum):
    """The role of a stored file of a video."""

    VIDEO = "video"  # video/mp4: H.264, AAC, faststart
    THUMBNAIL = "thumbnail"  # image/webp
    SPRITESHEET = "spritesheet"  # image/jpeg
    PREVIEW = "preview"  # image/webp, animated
    REFERENCE = "reference"  # image/png, the requested first frame
    SOURCE = "source"  # video/mp4, the source video: a private copy, kept until the video is finished


class Fit(StrEnum):
    """How a reference image is adapted to a video of another size."""

    ERROR = "error"
    CROP = "crop"
    PAD = "pad"


class Operation(StrEnum):
    """How a video is made."""

    CREATE = "create"  # from a prompt
    REMIX = "remix"  # one of our videos again, with the prompt changed
    EDIT = "edit"  # a video, ours or uploaded, changed as the prompt says
    EXTEND = "extend"  # a video, ours or uploaded, plus a new segment that continues from its last frame


RESTORED = "restored-"
"""Prefix of the token of a video restored from a backup: whether it was submitted after the backup is unknown."""

_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)


class Size(Struct, frozen=True, order=True):
    """Width and height in pixels; prints as the API's ``WxH``."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Size | None:
        """The size that ``text`` spells (``"1280x720"``), or None."""
        match = _SIZE.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class VideoError(Struct, frozen=True):
    """Why a video failed, in words its owner may read: no host, id or key of an upstream."""

    code: str
    message: str


CANCELLED = VideoError("cancelled", "The video was cancelled.")
"""Why a video failed that its owner cancelled."""


class Asset(Struct, frozen=True, kw_only=True):
    """One stored file of a video."""

    kind: AssetKind
    key: str  # its name in the storage
    media_type: str
    bytes: int
    sha256: str  # hex; the ETag
    width: int
    height: int


class VideoCharacter(Struct, frozen=True, kw_only=True):
    """A character that a video shows."""

    id: str
    name: str  # as prompts mention it
    picture: Asset  # PNG: the first frame of its video
    film: Asset


class Character(Struct, frozen=True, kw_only=True):
    """A character of an account, which its videos may show."""

    id: str
    account_id: str
    name: str
    created_at: float
    picture: Asset  # PNG: the first frame of its video
    film: Asset


class UploadedFile(Struct, frozen=True, kw_only=True):
    """An image or a video that an account stored, for requests to refer to."""

    id: str  # ids sort by creation
    account_id: str
    filename: str  # as uploaded; never a path
    purpose: str
    media_type: str  # by its first bytes
    bytes: int
    sha256: str  # hex; the ETag
    key: str  # its name in the storage
    created_at: float
    expires_at: float | None  # None: kept until it is deleted


class ParameterRange(Struct, frozen=True):
    """What a parameter of an engine may be: a number, or a text of so many characters."""

    kind: Literal["integer", "number", "string"]
    minimum: float
    maximum: float

    def allows(self, value: float | str) -> bool:
        """Whether a value of the right type is in the range."""
        return self.minimum <= (len(value) if isinstance(value, str) else value) <= self.maximum

    def widened(self, other: ParameterRange) -> ParameterRange:
        """The range that holds both."""
        return ParameterRange(self.kind, min(self.minimum, other.minimum), max(self.maximum, other.maximum))

    def __str__(self) -> str:
        unit = " characters" if self.kind == "string" else ""
        return f"{self.minimum:g} to {self.maximum:g}{unit}"


PARAMETER_RANGES: dict[str, ParameterRange] = {
    "fps": ParameterRange("integer", 1, 120),
    "num_frames": ParameterRange("integer", 1, 7_200),
    "num_inference_steps": ParameterRange("integer", 1, 1_000),
    "guidance_scale": ParameterRange("number", 0, 100),
    "negative_prompt": ParameterRange("string", 1, 32_000),
    "user": ParameterRange("string", 1, 512),
}
"""The parameters that only some engines take, and the widest range of each; engines declare narrower ones."""


class EngineParameters(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parameters that only some engines take; None: not given, the engine's own default applies."""

    fps: int | None = None  # frames a second
    num_frames: int | None = None  # of the whole video; only together with ``fps``
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    negative_prompt: str | None = None
    user: str | None = None  # the client's own id of its user; sent to engines that take it, ignored by others

    @property
    def given(self) -> dict[str, float | str]:
        """Those that are given, by name."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def demanded(self) -> dict[str, float | str]:
        """Those that an engine must take to make the video."""
        return {name: value for name, value in self.given.items() if name != "user"}


class Recipe(Struct, frozen=True, kw_only=True):
    """Everything an engine needs to render the video; frozen when the video is accepted."""

    prompt: str
    size: Size
    seconds: int  # of the whole video
    seed: int
    fit: Fit = Fit.ERROR
    reference: Asset | None = None  # already ingested: decoded, fitted, re-encoded
    operation: Operation = Operation.CREATE
    source: Asset | None = None  # the source video; of every operation but CREATE
    base_prompts: tuple[str, ...] = ()  # of the videos it derives from, oldest first
    segment_seconds: int | None = None  # of the new segment; EXTEND only
    extensions: int = 0  # how often the video was extended, this time included
    characters: tuple[VideoCharacter, ...] = ()
    parameters: EngineParameters = EngineParameters()

    @property
    def render_seconds(self) -> int:
        """How many seconds of the video an engine has to render."""
        return self.seconds if self.segment_seconds is None else self.segment_seconds


class NewVideo(Struct, frozen=True, kw_only=True):
    """A validated video that is about to be accepted."""

    id: str
    account_id: str
    model: str  # as requested
    engine: str  # the name of the engine it is bound to
    recipe: Recipe
    price_micros: int  # frozen here; held now, captured on delivery
    metadata: dict[str, str] = {}
    remixed_from_video_id: str | None = None
    idempotency_key: str | None = None  # the client's Idempotency-Key header
    resend_since: float | None = None  # of a resend: an equal request of the key since then created it
    key_id: str | None = None  # whose limits apply
    creates_per_minute: int | None = None  # the dialect's own limit of a key, beside the key's
    running_limit: int | None = None  # the same, for unfinished videos at once
    callback_url: str | None = None  # encrypted; notified when the video finishes
    fingerprint: str = ""  # hex digest over fields and file bytes; tells a replay from another request


class VideoRecord(Struct, frozen=True, kw_only=True):
    """A video as stored in its row."""

    seq: int  # position in the order of acceptance; paging sorts by it
    id: str
    account_id: str
    model: str
    engine: str
    recipe: Recipe
    status: Status
    stage: Stage
    progress: int  # 0 to 100, never falls, 100 only when completed
    created_at: float
    updated_at: float
    version: int = 0  # increases with every change of the row
    prompt: str | None = None  # None once deleted or redacted
    metadata: dict[str, str] = {}
    price_micros: int = 0
    remixed_from_video_id: str | None = None
    started_at: float | None = None  # when an engine started
    completed_at: float | None = None
    expires_at: float | None = None
    error: VideoError | None = None
    ticket: str | None = None  # the engine's own reference
    submit_token: str | None = None  # our reference, given to the engine with the submission
    submit_at: float | None = None
    attempts: int = 0  # number of submissions; above 1 only for engines where a resubmission is free
    epoch: int = 0  # of the flow; increased when the flow has to be restarted
    cancel_requested: bool = False
    notes: dict[str, object] = {}  # what the engine reports about its work, e.g. what it recognised in the prompt
    identity: str | None = None  # of the engine it was submitted to; None: not submitted since it was last accepted
    failovers: int = 0  # how often the video was moved to another engine after a failure

    @property
    def finished(self) -> bool:
        """Whether the status is terminal."""
        return self.status in TERMINAL


class VideoEvent(Struct, frozen=True, kw_only=True):
    """One entry of a video's append-only history."""

    seq: int
    video_id: str
    at: float
    status: Status
    stage: Stage
    progress: int
    error_code: str | None = None
    engine: str | None = None  # the engine at that time; None: recorded before this column existed


def new_id(prefix: str = "video") -> str:
    """A fresh id with 128 random bits: ``video_`` and 32 hex digits."""
    return f"{prefix}_{secrets.token_hex(16)}"


def new_file_id(now: float) -> str:
    """A fresh id of an uploaded file: the time in milliseconds and 80 random bits, so ids sort by creation.

    A page of a list then follows any id, of a file that was deleted since too.
    """
    return f"file-{int(now * 1000):012x}{secrets.token_hex(10)}"


def default_seed(prompt: str, size: Size, seconds: int) -> int:
    """The seed of a request that names none: the same request gives the same video, on every machine."""
    text = f"{seconds}\n{size}\n{prompt}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def next_progress(shown: int, reported: float | None) -> int:
    """The progress to show: the highest seen, and at most 99 until the file is stored."""
    if reported is None or not math.isfinite(reported):
        return shown
    return max(shown, min(99, max(0, int(reported))))


def poll_after_ms(expected_seconds: float) -> int:
    """Milliseconds until a client should poll again, for a video that takes ``expected_seconds`` in all.

    The SDKs keep the first value for the whole wait, so it is a share of the whole: a tenth, between half a
    second and five.
    """
    return round(1000 * min(5.0, max(0.5, expected_seconds / 10)))
