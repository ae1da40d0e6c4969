"""The checker's input: facts, each from an independent source."""

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
    """One response that a client received."""

    operation: str  # create, retrieve, list, everything (all pages of the list, at the end), content, cancel, delete
    video_id: str  # the requested or created video; "": none
    http_status: int
    status: str | None = None
    progress: int | None = None
    sha256: str | None = None  # of the content's bytes
    account: str = ""  # the caller; "": not known
    listed_ids: Sequence[str] = ()  # ids of videos in the response, in order, other than the requested one
    error_body: bytes | None = None  # the body of an error


class VideoRow(Struct, frozen=True):
    """The columns of a video that the checker needs."""

    id: str
    account_id: str
    status: str
    progress: int
    price_micros: int
    attempts: int
    deleted: bool


class HistoryRow(Struct, frozen=True):
    """An entry of a video's history."""

    video_id: str
    status: str
    progress: int


class AssetRow(Struct, frozen=True):
    """A file that a row names."""

    video_id: str  # or the id of an uploaded file or a character
    kind: str
    key: str
    bytes: int
    sha256: str


class LedgerRow(Struct, frozen=True):
    """A ledger entry; ``amount_micros`` is its effect on the balance."""

    account_id: str
    video_id: str | None
    kind: str
    amount_micros: int


class OutboxEventRow(Struct, frozen=True):
    """An outbox row; its id is the ``webhook-id`` of every delivery."""

    id: str
    type: str
    video_id: str
    account_id: str


class DatabaseSnapshot(Struct, frozen=True):
    """The rows of a database."""

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
    """One request received by a webhook endpoint, or by the callback URL of a video."""

    webhook_id: str
    type: str
    video_id: str
    signed: bool  # whether the signature matches the endpoint's own secret
    http_status: int  # the HTTP status it answered; 0: none
    callback: bool = False  # whether it arrived at the video's own callback URL


class SecretScan(Struct, frozen=True):
    """Secrets, and places that must not contain them."""

    canaries: Mapping[str, str]  # by kind, the only thing that is ever reported about them
    texts: Iterable[tuple[str, bytes]]  # places and their content; read once, in order


class SurroundingFiles(Struct, frozen=True):
    """The files around a data folder, by path: size in bytes and modification time."""

    before: Mapping[str, tuple[int, int]]
    after: Mapping[str, tuple[int, int]]


class ProcessResources(Struct, frozen=True, kw_only=True):
    """The resources that a process at rest holds."""

    descriptors: int
    threads: int
    rss_bytes: int
    tasks: int | None = None  # of its event loop; None: not known


class ResourceTolerance(Struct, frozen=True, kw_only=True):
    """How much more of each resource a process may hold than before and still count as recovered."""

    descriptors: int = 4
    threads: int = 4
    tasks: int = 0
    rss_bytes: int = 32 * 1024 * 1024


class ResourceCheck(Struct, frozen=True):
    """A process at rest, before and after its load."""

    before: ProcessResources
    after: ProcessResources
    tolerance: ResourceTolerance = ResourceTolerance()
