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
    Action,
    Answer,
    Emit,
    Fault,
    Keep,
    Machine,
    Open,
    Read,
    Request,
    Resume,
    Run,
    Send,
    Sleep,
)
from filmgate.client.endpoint import Endpoint
from filmgate.errors import FilmgateError

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncDriver", "Driver"]

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
WRITE_TIMEOUT = 60.0
CONNECTIONS = 100
"""Connections to the one server, opened as they are needed: each film that is waited for holds one."""

_CONTENT = {200, 206}
"""Statuses whose body is worth reading piecewise; that of any other is an error to be read at once."""

_FAULTS = (Fault, OSError, FilmgateError)
"""What an action may fail with; the machine decides what that means."""


class Driver:
    """Runs machines by blocking.

    Args:
        endpoint: where requests go and with which key.
        transport: how they get there; None: over the network.
        sleep: what waits.
    """

    def __init__(
        self, endpoint: Endpoint, transport: httpx2.BaseTransport | None, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        import httpx2  # noqa: PLC0415 - loaded with the first client, so that importing the SDK stays cheap

        self._endpoint = endpoint
        self._sleep = sleep
        self._http = httpx2.Client(
            transport=transport, limits=httpx2.Limits(max_connections=CONNECTIONS), headers=_HEADERS
        )

    def run(self, machine: Machine[T]) -> T:
        """The machine's result."""
        steps = _Steps(machine)
        for _ in self._walk(steps):
            pass
        return steps.result

    def iterate(self, machine: Machine[Any]) -> Generator[Any, None, None]:
        """The values that the machine emits."""
        return self._walk(_Steps(machine))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _walk(self, steps: _Steps[T]) -> Generator[Any, None, None]:
        with contextlib.closing(steps), contextlib.closing(_Body(self._http)) as body:
            while (action := steps.action) is not None:
                if isinstance(action, Emit):
                    yield action.value
                    steps.give(None)
                    continue
                try:
                    result = self._do(action, body)
                except _FAULTS as fault:
                    steps.fail(fault)
                else:
                    steps.give(result)

    def _do(self, action: Action, body: _Body) -> object:
        match action:
            case Send(request):
                with _faults(), self._http.stream(**_call(self._endpoint, request)) as response:
                    return _answer(response, _whole(response.iter_bytes(), request.limit))
            case Open(request):
                with _faults():
                    return body.open(_call(self._endpoint, request), request.limit)
            case Read():
                with _faults():
                    return next(body.chunks, b"")
            case Keep() | Resume():
                return _handed(body, action)
            case Sleep(seconds):
                return self._sleep(seconds)
            case Run(call):
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
        endpoint: Endpoint,
        transport: httpx2.AsyncBaseTransport | None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        import httpx2  # noqa: PLC0415 - loaded with the first client, so that importing the SDK stays cheap

        self._endpoint = endpoint
        self._sleep = sleep
        self._http = httpx2.AsyncClient(
            transport=transport, limits=httpx2.Limits(max_connections=CONNECTIONS), headers=_HEADERS
        )

    async def run(self, machine: Machine[T]) -> T:
        """The machine's result."""
        steps = _Steps(machine)
        async for _ in self._walk(steps):
            pass
        return steps.result

    def iterate(self, machine: Machine[Any]) -> AsyncGenerator[Any, None]:
        """The values that the machine emits."""
        return self._walk(_Steps(machine))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _walk(self, steps: _Steps[T]) -> AsyncGenerator[Any, None]:
        with contextlib.closing(steps):
            async with contextlib.aclosing(_AsyncBody(self._http)) as body:
                while (action := steps.action) is not None:
                    if isinstance(action, Emit):
                        yield action.value
                        steps.give(None)
                        continue
                    try:
                        result = await self._do(action, body)
                    except _FAULTS as fault:
                        steps.fail(fault)
                    else:
                        steps.give(result)

    async def _do(self, action: Action, body: _AsyncBody) -> object:
        match action:
            case Send(request):
                with _faults():
                    async with self._http.stream(**_call(self._endpoint, request)) as response:
                        return _answer(response, await _awhole(response.aiter_bytes(), request.limit))
            case Open(request):
                with _faults():
                    return await body.open(_call(self._endpoint, request), request.limit)
            case Read():
                with _faults():
                    return await anext(body.chunks, b"")
            case Keep() | Resume():
                return _handed(body, action)
            case Sleep(seconds):
                return await self._sleep(seconds)
            case Run(call):
                return await asyncio.to_thread(call)
        raise TypeError(action)


class _Steps(Generic[T]):
    """A machine on its way: the action it asks for, None once it has its result."""

    result: T

    def __init__(self, machine: Machine[T]) -> None:
        self._machine = machine
        self.action: Action | None = None
        self._advance(lambda: next(machine))

    def give(self, value: object) -> None:
        """Answer the action."""
        self._advance(lambda: self._machine.send(value))

    def fail(self, error: Exception) -> None:
        """Let the machine see that the action failed."""
        self._advance(lambda: self._machine.throw(error))

    def close(self) -> None:
        """Let the machine put away what it holds."""
        self._machine.close()

    def _advance(self, step: Callable[[], Action]) -> None:
        try:
            self.action = step()
        except StopIteration as stop:
            self.action, self.result = None, stop.value


class _Body:
    """The body that is being read, if any; opening another closes it."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self._response: httpx2.Response | None = None
        self.chunks: Iterator[bytes] = iter(())

    def open(self, call: _Call, limit: int) -> Answer:
        self.close()
        self._response = self._http.send(self._http.build_request(**call), stream=True)
        if self._response.status_code not in _CONTENT:
            return _answer(self._response, _whole(self._response.iter_bytes(), limit))
        self.chunks = self._response.iter_bytes()
        return _answer(self._response)

    def keep(self) -> object:
        """Let go of it, open as it is."""
        kept = (self._response, self.chunks)
        self._response, self.chunks = None, iter(())
        return kept

    def take(self, kept: Any) -> None:
        """Read on where it was let go."""
        self.close()
        self._response, self.chunks = kept

    def close(self) -> None:
        if self._response is not None:
            self._response.close()


class _AsyncBody:
    """The same for the driver that awaits."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._response: httpx2.Response | None = None
        self.chunks: AsyncIterator[bytes] = _nothing()

    async def open(self, call: _Call, limit: int) -> Answer:
        await self.aclose()
        self._response = await self._http.send(self._http.build_request(**call), stream=True)
        if self._response.status_code not in _CONTENT:
            return _answer(self._response, await _awhole(self._response.aiter_bytes(), limit))
        self.chunks = self._response.aiter_bytes()
        return _answer(self._response)

    def keep(self) -> object:
        """Let go of it, open as it is."""
        kept = (self._response, self.chunks)
        self._response, self.chunks = None, _nothing()
        return kept

    def take(self, kept: Any) -> None:
        """Read on where it was let go."""
        self._response, self.chunks = kept

    async def aclose(self) -> None:
        if self._response is not None:
            await self._response.aclose()


def _handed(body: _Body | _AsyncBody, action: Keep | Resume) -> object:
    """The body that is open, let go of or taken up."""
    if isinstance(action, Keep):
        return body.keep()
    body.take(action.handle)
    return None


async def _nothing() -> AsyncIterator[bytes]:
    for chunk in list[bytes]():
        yield chunk


class _Call(TypedDict):
    method: str
    url: str
    params: dict[str, str] | None
    headers: dict[str, str]
    json: object
    content: bytes | None
    data: dict[str, str | Sequence[str]] | None
    files: dict[str, tuple[str, bytes, str]] | None
    timeout: tuple[float, float, float, float]  # connect, read, write, pool


def _call(endpoint: Endpoint, request: Request) -> _Call:
    silence = request.silence + request.patience
    url = urljoin(f"{endpoint.base_url}/", request.url) if request.url else endpoint.url(request.path)
    return _Call(
        method=request.method,
        url=url,
        params=dict(request.params) or None,
        headers=dict(request.headers) | (endpoint.headers() if endpoint.owns(url) else {}),
        json=request.json,
        content=request.body,
        data=dict(request.form) if request.form else None,
        files={name: (part.name, part.content, part.media_type) for name, part in request.files.items()} or None,
        timeout=(CONNECT_TIMEOUT, silence, WRITE_TIMEOUT, silence),
    )


_HEADERS = {"user-agent": "filmgate", "accept": "*/*"}


def _answer(response: httpx2.Response, body: bytes = b"") -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, body)


def _whole(chunks: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        _take(body, chunk, limit)
    return bytes(body)


async def _awhole(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        _take(body, chunk, limit)
    return bytes(body)


def _take(body: bytearray, chunk: bytes, limit: int) -> None:
    if len(body) + len(chunk) > limit:
        raise Fault(f"the answer is longer than {limit} bytes", sent=True)
    body += chunk


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """What httpx2 raises, as the one thing that a machine understands."""
    import httpx2  # noqa: PLC0415 - loaded by then

    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
    try:
        yield
    except before as error:
        raise Fault(str(error) or type(error).__name__, sent=False) from error
    except httpx2.RequestError as error:
        raise Fault(str(error) or type(error).__name__, sent=True) from error
