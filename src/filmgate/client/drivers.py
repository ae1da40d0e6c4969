"""The blocking and the asynchronous driver: they perform a procedure's effects. All I/O is here."""

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
"""Connections to the one server, opened on demand: each video that is waited for holds one."""

_CONTENT_STATUSES = {200, 206}
"""Statuses whose body is read in chunks; the body of any other status is an error and is read at once."""

_EFFECT_ERRORS = (TransportFailure, OSError, FilmgateError)
"""What an effect may fail with; the procedure decides how to react."""


class Driver:
    """Runs procedures and blocks until they end.

    Args:
        endpoint: base URL and key of requests.
        transport: sends requests; None: over the network.
        sleep: blocks for the given seconds.
    """

    def __init__(
        self,
        endpoint: ApiEndpoint,
        transport: httpx2.BaseTransport | None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        import httpx2  # noqa: PLC0415 - imported with the first client: importing the SDK stays fast

        self._endpoint = endpoint
        self._sleep = sleep
        self._http = httpx2.Client(
            transport=transport, limits=httpx2.Limits(max_connections=MAX_CONNECTIONS), headers=_HEADERS
        )

    def run(self, procedure: Procedure[T]) -> T:
        """Run the procedure and return its result."""
        procedure_run = _ProcedureRun(procedure)
        for _ in self._run_effects(procedure_run):
            pass
        return procedure_run.result

    def iterate(self, procedure: Procedure[Any]) -> Generator[Any, None, None]:
        """Iterate over the values the procedure emits."""
        return self._run_effects(_ProcedureRun(procedure))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _run_effects(self, procedure_run: _ProcedureRun[T]) -> Generator[Any, None, None]:
        with contextlib.closing(procedure_run), contextlib.closing(_ResponseBody(self._http)) as body:
            while (effect := procedure_run.effect) is not None:
                if isinstance(effect, Emit):
                    yield effect.value
                    procedure_run.resume(None)
                    continue
                try:
                    result = self._perform(effect, body)
                except _EFFECT_ERRORS as error:
                    procedure_run.throw(error)
                else:
                    procedure_run.resume(result)

    def _perform(self, effect: Effect, body: _ResponseBody) -> object:
        match effect:
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
                return _detach_or_attach(body, effect)
            case Sleep(seconds):
                return self._sleep(seconds)
            case RunBlocking(call):
                return call()
        raise TypeError(effect)


class AsyncDriver:
    """Runs procedures on the event loop; blocking calls go to a thread.

    Args:
        endpoint: base URL and key of requests.
        transport: sends requests; None: over the network.
        sleep: waits for the given seconds.
    """

    def __init__(
        self,
        endpoint: ApiEndpoint,
        transport: httpx2.AsyncBaseTransport | None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        import httpx2  # noqa: PLC0415 - imported with the first client: importing the SDK stays fast

        self._endpoint = endpoint
        self._sleep = sleep
        self._http = httpx2.AsyncClient(
            transport=transport, limits=httpx2.Limits(max_connections=MAX_CONNECTIONS), headers=_HEADERS
        )

    async def run(self, procedure: Procedure[T]) -> T:
        """Run the procedure and return its result."""
        procedure_run = _ProcedureRun(procedure)
        async for _ in self._run_effects(procedure_run):
            pass
        return procedure_run.result

    def iterate(self, procedure: Procedure[Any]) -> AsyncGenerator[Any, None]:
        """Iterate over the values the procedure emits."""
        return self._run_effects(_ProcedureRun(procedure))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _run_effects(self, procedure_run: _ProcedureRun[T]) -> AsyncGenerator[Any, None]:
        with contextlib.closing(procedure_run):
            async with contextlib.aclosing(_AsyncResponseBody(self._http)) as body:
                while (effect := procedure_run.effect) is not None:
                    if isinstance(effect, Emit):
                        yield effect.value
                        procedure_run.resume(None)
                        continue
                    try:
                        result = await self._perform(effect, body)
                    except _EFFECT_ERRORS as error:
                        procedure_run.throw(error)
                    else:
                        procedure_run.resume(result)

    async def _perform(self, effect: Effect, body: _AsyncResponseBody) -> object:
        match effect:
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
                return _detach_or_attach(body, effect)
            case Sleep(seconds):
                return await self._sleep(seconds)
            case RunBlocking(call):
                return await asyncio.to_thread(call)
        raise TypeError(effect)


class _ProcedureRun(Generic[T]):
    """A running procedure: the effect it waits for, None once it has its result."""

    result: T

    def __init__(self, procedure: Procedure[T]) -> None:
        self._procedure = procedure
        self.effect: Effect | None = None
        self._advance(lambda: next(procedure))

    def resume(self, value: object) -> None:
        """Pass the effect's result to the procedure."""
        self._advance(lambda: self._procedure.send(value))

    def throw(self, error: Exception) -> None:
        """Raise the effect's error in the procedure."""
        self._advance(lambda: self._procedure.throw(error))

    def close(self) -> None:
        """Let the procedure release its resources."""
        self._procedure.close()

    def _advance(self, step: Callable[[], Effect]) -> None:
        try:
            self.effect = step()
        except StopIteration as stop:
            self.effect, self.result = None, stop.value


class _ResponseBody:
    """The response body being read, if any; opening another one closes it."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self._response: httpx2.Response | None = None
        self.chunks: Iterator[bytes] = iter(())

    def open(self, arguments: _HttpxArguments, limit: int) -> ApiResponse:
        self.close()
        self._response = self._http.send(self._http.build_request(**arguments), stream=True)
        if self._response.status_code not in _CONTENT_STATUSES:
            return _to_api_response(self._response, _read_all(self._response.iter_bytes(), limit))
        self.chunks = self._response.iter_bytes()
        return _to_api_response(self._response)

    def detach(self) -> object:
        """Give up the body without closing it, and return a handle to it."""
        handle = (self._response, self.chunks)
        self._response, self.chunks = None, iter(())
        return handle

    def attach(self, handle: Any) -> None:
        """Continue to read a detached body."""
        self.close()
        self._response, self.chunks = handle

    def close(self) -> None:
        if self._response is not None:
            self._response.close()


class _AsyncResponseBody:
    """The response body being read, if any; opening another one closes it. For the asynchronous driver."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._response: httpx2.Response | None = None
        self.chunks: AsyncIterator[bytes] = _no_chunks()

    async def open(self, arguments: _HttpxArguments, limit: int) -> ApiResponse:
        await self.aclose()
        self._response = await self._http.send(self._http.build_request(**arguments), stream=True)
        if self._response.status_code not in _CONTENT_STATUSES:
            return _to_api_response(self._response, await _aread_all(self._response.aiter_bytes(), limit))
        self.chunks = self._response.aiter_bytes()
        return _to_api_response(self._response)

    def detach(self) -> object:
        """Give up the body without closing it, and return a handle to it."""
        handle = (self._response, self.chunks)
        self._response, self.chunks = None, _no_chunks()
        return handle

    def attach(self, handle: Any) -> None:
        """Continue to read a detached body."""
        self._response, self.chunks = handle

    async def aclose(self) -> None:
        if self._response is not None:
            await self._response.aclose()


def _detach_or_attach(body: _ResponseBody | _AsyncResponseBody, effect: Detach | Attach) -> object:
    """Detach the open body, or attach a detached one."""
    if isinstance(effect, Detach):
        return body.detach()
    body.attach(effect.handle)
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
    read_timeout = request.read_timeout + request.hold_seconds
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
        timeout=(CONNECT_TIMEOUT, read_timeout, WRITE_TIMEOUT, read_timeout),
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
        raise TransportFailure(f"the response is longer than {limit} bytes", sent=True)
    body += chunk


@contextlib.contextmanager
def _translate_errors() -> Iterator[None]:
    """Translate httpx2's errors to the one error that procedures handle."""
    import httpx2  # noqa: PLC0415 - already imported by the driver

    not_sent_errors = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
    try:
        yield
    except not_sent_errors as error:
        raise TransportFailure(str(error) or type(error).__name__, sent=False) from error
    except httpx2.RequestError as error:
        raise TransportFailure(str(error) or type(error).__name__, sent=True) from error
