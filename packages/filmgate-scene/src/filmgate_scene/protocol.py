"""Messages between the engine and its worker processes: one JSON object a line, in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from filmgate.domain import AssetKind
from filmgate.engines.base import Job

__all__ = [
    "Cancel",
    "Done",
    "EngineMessage",
    "Failed",
    "JobCancelled",
    "Progress",
    "Ready",
    "Render",
    "WorkerMessage",
    "read_engine_message",
    "read_worker_message",
    "write",
]


class Render(Struct, frozen=True, tag="render"):
    """Render a video."""

    job: Job
    out: Path


class Cancel(Struct, frozen=True, tag="cancel"):
    """Cancel the job with this token, if it is still being rendered."""

    token: str


class Ready(Struct, frozen=True, tag="ready"):
    """The worker is warmed up: from here on orders start at once."""


class Progress(Struct, frozen=True, tag="progress"):
    """The number of frames written, and the total."""

    token: str
    done: int
    total: int


class Done(Struct, frozen=True, tag="done"):
    """The video file is at the ordered path."""

    token: str
    extras: dict[AssetKind, Path]
    notes: dict[str, Any]  # plain JSON values


class Failed(Struct, frozen=True, tag="failed"):
    """The video cannot be rendered; the worker continues."""

    token: str
    message: str


class JobCancelled(Struct, frozen=True, tag="cancelled"):
    """The job is cancelled and its files are removed."""

    token: str


EngineMessage = Render | Cancel
WorkerMessage = Ready | Progress | Done | Failed | JobCancelled

_encoder = Encoder(enc_hook=str)
_engine_messages: Decoder[EngineMessage] = Decoder(EngineMessage, dec_hook=lambda _, text: Path(text))
_worker_messages: Decoder[WorkerMessage] = Decoder(WorkerMessage, dec_hook=lambda _, text: Path(text))


def write(message: EngineMessage | WorkerMessage) -> bytes:
    """Encode a message as a line, with its newline."""
    return _encoder.encode(message) + b"\n"


def read_engine_message(line: bytes) -> EngineMessage:
    """Decode a message from the engine."""
    return _engine_messages.decode(line)


def read_worker_message(line: bytes) -> WorkerMessage:
    """Decode a message from a worker.

    Raises:
        msgspec.DecodeError: not a valid worker message.
    """
    return _worker_messages.decode(line)
