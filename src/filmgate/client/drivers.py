"""The two drivers: they do what a machine asks for, one by blocking, the other by awaiting. All I/O is here."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar
from urllib.parse import urljoin

from filmgate.client.effects import (
    ApiResponse,
    Attach,
    Detach,
    Effect,
    Emit,
    Open,
    Procedure,
    Read,
    Request,
    RunBlocking,
    Send,
    Sleep,
    TransportFailure,
)
from filmgate.client.endpoint import ApiEndpoint
from filmgate.errors import FilmgateError

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncDriver", "Driver"]

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
WRITE_TIMEOUT = 60.0
MAX_CONNECTIONS = 100
"""Connections to the one server, opened as they are needed: each film that is waited for holds one."""

_CONTENT_STATUSES = {200, 206}
"""Statuses whose body is worth reading piecewise; that of any other is an error to be read at once."""

_EFFECT_ERRORS = (TransportFailure, OSError, FilmgateError)
"""What an action may fail with; the machine decides what that means."""


class Driver:
    """Runs machines by blocking.

    Args:
        endpoint: where requests go and with which key.
        transport: how they get there; None: over the network.
        sleep: what waits.
    """

    def __init__(
        self,
        endpoint: ApiEndpoint,
        transport: httpx2.BaseTransport | None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        import httpx2

        self._endpoint = endpoint
        self._sleep = sleep
        self._http = httpx2.Client(
            transport=transport, limits=httpx2.Limits(max_connections=MAX_CONNECTIONS), headers=_HEADERS
        )

    def run(self, procedure: Procedure[T]) -> T:
        """The machine's result."""
        steps = _ProcedureRun(procedure)
        for _ in self._run_effects(steps):
            pass
        return steps.result

    def iterate(self, procedure: Procedure[Any]) -> Generator[Any, None, None]:
        """The values that the machine emits."""
        return self._run_effects(_ProcedureRun(procedure))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _run_effects(self, steps: _ProcedureRun[T]) -> Generator[Any, None, None]:
        with contextlib.closing(steps), contextlib.closing(_ResponseBody(self._http)) as body:
            while (action := steps.effect) is not None:
                if isinstance(action, Emit):
                    yield action.value
                    steps.resume(None)
                    continue
                try:
                    result = self._perform(action, body)
                except _EFFECT_ERRORS as fault:
                    steps.throw(fault)
                else:
                    steps.resume(result)

    def _perform(self, action: Effect, body: _ResponseBody) -> object:
        match action:
            case Send(request):
                with _translate_errors(), self._http.stream(**_httpx_arguments(self._endpoint, request)) as response:
                    return _to_api_response(response, _read_all(response.iter_bytes(), request.max_body_bytes))
            case Open(request):
                with _translate_errors():
                    return body.open(_httpx_arguments(self._endpoint, request), request.max_body_bytes)
            case Read():
                with _translate_errors():
                    return next(body.chunks, b"")
            case Detach() | Attach():
                return _detach_or_attach(body, action)
            case Sleep(seconds):
                return self._sleep(seconds)
            case RunBlocking(call):
                return call()
        raise TypeError(action)


class AsyncDriver:
    """Runs machines by awaiting; blocking calls go to a thread.

    Args:
        endpoint: where requests go and with which key.
        transport: how they get there; None: over the network.
        sleep: what waits.
    """

    def __init__(
        self,
        endpoint: ApiEndpoint,
        transport: httpx2.AsyncBaseTransport | None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        import httpx2

        self._endpoint = endpoint
        self._sleep = sleep
        self._http = httpx2.AsyncClient(
            transport=transport, limits=httpx2.Limits(max_connections=MAX_CONNECTIONS), headers=_HEADERS
        )

    async def run(self, procedure: Procedure[T]) -> T:
        """The machine's result."""
        steps = _ProcedureRun(procedure)
        async for _ in self._run_effects(steps):
            pass
        return steps.result

    def iterate(self, procedure: Procedure[Any]) -> AsyncGenerator[Any, None]:
        """The values that the machine emits."""
        return self._run_effects(_ProcedureRun(procedure))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _run_effects(self, steps: _ProcedureRun[T]) -> AsyncGenerator[Any, None]:
        with contextlib.closing(steps):
            async with contextlib.aclosing(_AsyncResponseBody(self._http)) as body:
                while (action := steps.effect) is not None:
                    if isinstance(action, Emit):
                        yield action.value
                        steps.resume(None)
                        continue
                    try:
                        result = await self._perform(action, body)
                    except _EFFECT_ERRORS as fault:
                        steps.throw(fault)
                    else:
                        steps.resume(result)

    async def _perform(self, action: Effect, body: _AsyncResponseBody) -> object:
        match action:
            case Send(request):
                with _translate_errors():
                    async with self._http.stream(**_httpx_arguments(self._endpoint, request)) as response:
                        return _to_api_response(
                            response, await _aread_all(response.aiter_bytes(), request.max_body_bytes)
                        )
            case Open(request):
                with _translate_errors():
                    return await body.open(_httpx_arguments(self._endpoint, request), request.max_body_bytes)
            case Read():
                with _translate_errors():
                    return await anext(body.chunks, b"")
            case Detach() | Attach():
                return _detach_or_attach(body, action)
            case Sleep(seconds):
                return await self._sleep(seconds)
            case RunBlocking(call):
                return await asyncio.to_thread(call)
        raise TypeError(action)


class _ProcedureRun(Generic[T]):
    """A machine on its way: the action it asks for, None once it has its result."""

    result: T

    def __init__(self, procedure: Procedure[T]) -> None:
        self._procedure = procedure
        self.effect: Effect | None = None
        self._advance(lambda: next(procedure))

    def resume(self, value: object) -> None:
        """Answer the action."""
        self._advance(lambda: self._procedure.send(value))

    def throw(self, error: Exception) -> None:
        """Let the machine see that the action failed."""
        self._advance(lambda: self._procedure.throw(error))

    def close(self) -> None:
        """Let the machine put away what it holds."""
        self._procedure.close()

    def _advance(self, step: Callable[[], Effect]) -> None:
        try:
            self.effect = step()
        except StopIteration as stop:
            self.effect, self.result = None, stop.value


class _ResponseBody:
    """The body that is being read, if any; opening another closes it."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self._response: httpx2.Response | None = None
        self.chunks: Iterator[bytes] = iter(())

    def open(self, call: _HttpxArguments, limit: int) -> ApiResponse:
        self.close()
        self._response = self._http.send(self._http.build_request(**call), stream=True)
        if self._response.status_code not in _CONTENT_STATUSES:
            return _to_api_response(self._response, _read_all(self._response.iter_bytes(), limit))
        self.chunks = self._response.iter_bytes()
        return _to_api_response(self._response)

    def detach(self) -> object:
        """Let go of it, open as it is."""
        kept = (self._response, self.chunks)
        self._response, self.chunks = None, iter(())
        return kept

    def attach(self, handle: Any) -> None:
        """Read on where it was let go."""
        self.close()
        self._response, self.chunks = handle

    def close(self) -> None:
        if self._response is not None:
            self._response.close()


class _AsyncResponseBody:
    """The same for the driver that awaits."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._response: httpx2.Response | None = None
        self.chunks: AsyncIterator[bytes] = _no_chunks()

    async def open(self, call: _HttpxArguments, limit: int) -> ApiResponse:
        await self.aclose()
        self._response = await self._http.send(self._http.build_request(**call), stream=True)
        if self._response.status_code not in _CONTENT_STATUSES:
            return _to_api_response(self._response, await _aread_all(self._response.aiter_bytes(), limit))
        self.chunks = self._response.aiter_bytes()
        return _to_api_response(self._response)

    def detach(self) -> object:
        """Let go of it, open as it is."""
        kept = (self._response, self.chunks)
        self._response, self.chunks = None, _no_chunks()
        return kept

    def attach(self, handle: Any) -> None:
        """Read on where it was let go."""
        self._response, self.chunks = handle

    async def aclose(self) -> None:
        if self._response is not None:
            await self._response.aclose()


def _detach_or_attach(body: _ResponseBody | _AsyncResponseBody, action: Detach | Attach) -> object:
    """The body that is open, let go of or taken up."""
    if isinstance(action, Detach):
        return body.detach()
    body.attach(action.handle)
    return None


async def _no_chunks() -> AsyncIterator[bytes]:
    for chunk in list[bytes]():
        yield chunk


class _HttpxArguments(TypedDict):
    method: str
    url: str
    params: dict[str, str] | None
    headers: dict[str, str]
    json: object
    content: bytes | None
    data: dict[str, str | Sequence[str]] | None
    files: dict[str, tuple[str, bytes, str]] | None
    timeout: tuple[float, float, float, float]  # connect, read, write, pool


def _httpx_arguments(endpoint: ApiEndpoint, request: Request) -> _HttpxArguments:
    silence = request.read_timeout + request.hold_seconds
    url = urljoin(f"{endpoint.base_url}/", request.url) if request.url else endpoint.url(request.path)
    return _HttpxArguments(
        method=request.method,
        url=url,
        params=dict(request.params) or None,
        headers=dict(request.headers) | (endpoint.headers() if endpoint.is_same_origin(url) else {}),
        json=request.json,
        content=request.body,
        data=dict(request.form) if request.form else None,
        files={name: (part.name, part.content, part.media_type) for name, part in request.files.items()} or None,
        timeout=(CONNECT_TIMEOUT, silence, WRITE_TIMEOUT, silence),
    )


_HEADERS = {"user-agent": "filmgate", "accept": "*/*"}


def _to_api_response(response: httpx2.Response, body: bytes = b"") -> ApiResponse:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return ApiResponse(response.status_code, headers, body)


def _read_all(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        _append_chunk(body, chunk, limit)
    return bytes(body)


async def _aread_all(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        _append_chunk(body, chunk, limit)
    return bytes(body)


def _append_chunk(body: bytearray, chunk: bytes, limit: int) -> None:
    if len(body) + len(chunk) > limit:
        raise TransportFailure(f"the answer is longer than {limit} bytes", sent=True)
    body += chunk


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    """What httpx2 raises, as the one thing that a machine understands."""
    import httpx2

    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
    try:
        yield
    except before as error:
        raise TransportFailure(str(error) or type(error).__name__, sent=False) from error
    except httpx2.RequestError as error:
        raise TransportFailure(str(error) or type(error).__name__, sent=True) from error
