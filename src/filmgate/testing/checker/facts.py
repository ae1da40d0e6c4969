"""What the checker is given: facts, each from the place where it can't be argued with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

__all__ = [
    "TERMINAL",
    "AssetRow",
    "ClientResponse",
    "DatabaseSnapshot",
    "FileDigest",
    "HistoryRow",
    "LedgerRow",
    "OutboxEventRow",
    "ProcessResources",
    "ReceivedWebhook",
    "ResourceCheck",
    "ResourceTolerance",
    "SecretScan",
    "SurroundingFiles",
    "VideoRow",
]

TERMINAL = {"completed", "failed"}


class ClientResponse(Struct, frozen=True, kw_only=True):
    """One answer that a client got."""

    operation: str  # create, retrieve, list, everything (all pages of the list, at the end), content, cancel, delete
    video_id: str  # that was asked for or made; "": none
    http_status: int
    status: str | None = None
    progress: int | None = None
    sha256: str | None = None  # of the content's bytes
    account: str = ""  # who asked; "": not known
    listed_ids: Sequence[str] = ()  # ids of videos in the answer, in their order, other than the one asked for
    error_body: bytes | None = None  # the body of a refusal


class VideoRow(Struct, frozen=True):
    """A video, as far as it matters here."""

    id: str
    account_id: str
    status: str
    progress: int
    price_micros: int
    attempts: int
    deleted: bool


class HistoryRow(Struct, frozen=True):
    """A line of a video's history."""

    video_id: str
    status: str
    progress: int


class AssetRow(Struct, frozen=True):
    """A file that a row names."""

    video_id: str
    kind: str
    key: str
    bytes: int
    sha256: str


class LedgerRow(Struct, frozen=True):
    """A line of the ledger; ``amount_micros`` is what it does to the balance."""

    account_id: str
    video_id: str | None
    kind: str
    amount_micros: int


class OutboxEventRow(Struct, frozen=True):
    """A line of the outbox; its id is the ``webhook-id`` of every delivery."""

    id: str
    type: str
    video_id: str
    account_id: str


class DatabaseSnapshot(Struct, frozen=True):
    """A database."""

    videos: Sequence[VideoRow]
    history: Sequence[HistoryRow]
    assets: Sequence[AssetRow]
    ledger: Sequence[LedgerRow]
    balances: Mapping[str, int | None]
    events: Sequence[OutboxEventRow]


class FileDigest(Struct, frozen=True):
    """A stored file."""

    bytes: int
    sha256: str


class ReceivedWebhook(Struct, frozen=True, kw_only=True):
    """One request that a webhook endpoint got, or the URL that a video named for itself."""

    webhook_id: str
    type: str
    video_id: str
    signed: bool  # whether the signature was the one of its own secret
    http_status: int  # what it answered; 0: nothing
    callback: bool = False  # whether it came to the video's own URL


class SecretScan(Struct, frozen=True):
    """Secrets, and where none of them may stand."""

    canaries: Mapping[str, str]  # by what they are, which is all that is ever told of them
    texts: Iterable[tuple[str, bytes]]  # places and what lies there; read once, one after the other


class SurroundingFiles(Struct, frozen=True):
    """What lies around a data folder, by path: size in bytes and time of the last change."""

    before: Mapping[str, tuple[int, int]]
    after: Mapping[str, tuple[int, int]]


class ProcessResources(Struct, frozen=True, kw_only=True):
    """What a process at rest holds."""

    descriptors: int
    threads: int
    rss_bytes: int
    tasks: int | None = None  # of its event loop; None: not known


class ResourceTolerance(Struct, frozen=True, kw_only=True):
    """How much more of each a process may hold than before and still count as back where it was."""

    descriptors: int = 4
    threads: int = 4
    tasks: int = 0
    rss_bytes: int = 32 * 1024 * 1024


class ResourceCheck(Struct, frozen=True):
    """A process at rest, before its load and after it."""

    before: ProcessResources
    after: ProcessResources
    tolerance: ResourceTolerance = ResourceTolerance()
