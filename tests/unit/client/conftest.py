"""What the SDK's tests share: playing a machine by a script, and a film that is a whole MP4."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from filmgate.client.effects import ApiResponse, Effect, Emit, Procedure, RunBlocking, Sleep, TransportFailure

Reply = Callable[[Effect], object]


class Played(Struct):
    """What came of a machine."""

    result: Any
    emitted: list[Any]
    slept: list[float]
    asked: list[Effect]


class Driver:
    """Drives machines by a script; time passes only when a machine sleeps or an answer says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        """The time in this play."""
        return self.now

    def __call__(self, machine: Procedure[Any], reply: Reply) -> Played:
        """Run the machine to its end."""
        played = Played(None, [], [], [])
        result: object = None
        fault: Exception | None = None
        try:
            while True:
                action = machine.send(result) if fault is None else machine.throw(fault)
                result, fault = self._do(action, reply, played), None
                if isinstance(result, TransportFailure):
                    result, fault = None, result
        except StopIteration as stop:
            played.result = stop.value
        return played

    def _do(self, action: Effect, reply: Reply, played: Played) -> object:
        match action:
            case Sleep(seconds):
                self.now += seconds
                played.slept.append(seconds)
                return None
            case Emit(value):
                played.emitted.append(value)
                return None
            case RunBlocking(call):
                return call()
        played.asked.append(action)
        return reply(action)


@pytest.fixture
def drive() -> Driver:
    """A player at time 0."""
    return Driver()


def _box(name: bytes, payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + name + payload


class HttpStub:
    """What a server says, and a film of it that is a whole MP4."""

    film = _box(b"ftyp", b"isom") + _box(b"moov", b"m" * 300) + _box(b"mdat", bytes(range(256)) * 40)
    etag = hashlib.sha256(film).hexdigest()

    @staticmethod
    def answer(body: object, status: int = 200, **headers: str) -> ApiResponse:
        """A JSON answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return ApiResponse(status, {"content-type": "application/json", **given}, msgspec.json.encode(body))

    @staticmethod
    def video(status: str = "queued", progress: int = 0, **more: object) -> dict[str, object]:
        """A video on the wire."""
        shown = {"id": "video_1", "object": "video", "model": "sora-2", "status": status, "progress": progress}
        return shown | more

    @staticmethod
    def error(code: str, message: str = "No.", param: str | None = None) -> dict[str, object]:
        """An error on the wire."""
        return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


@pytest.fixture
def http_stub() -> HttpStub:
    """The server's words."""
    return HttpStub()
