"""Fixtures of the SDK's tests: a driver with scripted responses, and a server's responses with a complete MP4."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from filmgate.client.effects import ApiResponse, Effect, Emit, Procedure, RunBlocking, Sleep, TransportFailure

Reply = Callable[[Effect], object]


class ProcedureRun(Struct):
    """The result of a procedure and the effects it requested."""

    result: Any
    emitted: list[Any]
    slept: list[float]
    effects: list[Effect]


class Driver:
    """Runs procedures with scripted responses; its clock advances only by sleeps and by the script."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        """The current time of this driver."""
        return self.now

    def __call__(self, procedure: Procedure[Any], reply: Reply) -> ProcedureRun:
        """Run the procedure to its end."""
        run = ProcedureRun(None, [], [], [])
        result: object = None
        failure: Exception | None = None
        try:
            while True:
                effect = procedure.send(result) if failure is None else procedure.throw(failure)
                result, failure = self._perform(effect, reply, run), None
                if isinstance(result, TransportFailure):
                    result, failure = None, result
        except StopIteration as stop:
            run.result = stop.value
        return run

    def _perform(self, effect: Effect, reply: Reply, run: ProcedureRun) -> object:
        match effect:
            case Sleep(seconds):
                self.now += seconds
                run.slept.append(seconds)
                return None
            case Emit(value):
                run.emitted.append(value)
                return None
            case RunBlocking(call):
                return call()
        run.effects.append(effect)
        return reply(effect)


@pytest.fixture
def drive() -> Driver:
    """A driver at time 0."""
    return Driver()


def _box(name: bytes, payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + name + payload


class HttpStub:
    """Builds a server's responses; its video file is a complete MP4."""

    mp4 = _box(b"ftyp", b"isom") + _box(b"moov", b"m" * 300) + _box(b"mdat", bytes(range(256)) * 40)
    etag = hashlib.sha256(mp4).hexdigest()

    @staticmethod
    def response(body: object, status: int = 200, **headers: str) -> ApiResponse:
        """Build a JSON response."""
        extra_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return ApiResponse(status, {"content-type": "application/json", **extra_headers}, msgspec.json.encode(body))

    @staticmethod
    def video(status: str = "queued", progress: int = 0, **extra: object) -> dict[str, object]:
        """Build a video's JSON."""
        fields = {"id": "video_1", "object": "video", "model": "sora-2", "status": status, "progress": progress}
        return fields | extra

    @staticmethod
    def error(code: str, message: str = "No.", param: str | None = None) -> dict[str, object]:
        """Build an error's JSON."""
        return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


@pytest.fixture
def http_stub() -> HttpStub:
    """The response builder."""
    return HttpStub()
