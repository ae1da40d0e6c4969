"""What the engine and its worker processes say to each other: a JSON object a line, either way."""

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
    """Make this film."""

    job: Job
    out: Path


class Cancel(Struct, frozen=True, tag="cancel"):
    """Give up the job with this token, if it is still being made."""

    token: str


class Ready(Struct, frozen=True, tag="ready"):
    """Warmed up: from now on orders begin at once."""


class Progress(Struct, frozen=True, tag="progress"):
    """So many frames of all of them are written."""

    token: str
    done: int
    total: int


class Done(Struct, frozen=True, tag="done"):
    """The film lies where it was ordered."""

    token: str
    extras: dict[AssetKind, Path]
    notes: dict[str, Any]  # of plain JSON


class Failed(Struct, frozen=True, tag="failed"):
    """The film can't be made; the worker goes on."""

    token: str
    message: str


class JobCancelled(Struct, frozen=True, tag="cancelled"):
    """Given up; no file is left."""

    token: str


EngineMessage = Render | Cancel
WorkerMessage = Ready | Progress | Done | Failed | JobCancelled

_encoder = Encoder(enc_hook=str)
_engine_messages: Decoder[EngineMessage] = Decoder(EngineMessage, dec_hook=lambda _, text: Path(text))
_worker_messages: Decoder[WorkerMessage] = Decoder(WorkerMessage, dec_hook=lambda _, text: Path(text))


def write(message: EngineMessage | WorkerMessage) -> bytes:
    """The message's line, with its newline."""
    return _encoder.encode(message) + b"\n"


def read_engine_message(line: bytes) -> EngineMessage:
    """What the engine said."""
    return _engine_messages.decode(line)


def read_worker_message(line: bytes) -> WorkerMessage:
    """What a worker said.

    Raises:
        msgspec.DecodeError: nothing that a worker says.
    """
    return _worker_messages.decode(line)
