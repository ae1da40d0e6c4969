"""The engine ``chat-sse``: films from a vendor that makes them in a chat, one call a film.

The vendor charges for every call, and what the call streams is the only word there ever is of the film. So a job's
submission is one call whose stream is read to its end in the background; the ticket is handed out as soon as the
stream names the film. What it ended with, the film's address above all, is written down beside, so that a restart
after the end loses nothing. A process that dies before the end leaves a film that nobody can ask about: its ticket is
LOST then, and it is never asked for again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from filmgate.atomic_files import atomic_write
from filmgate.domain import TERMINAL, Status, VideoError
from filmgate.engines.base import Artifact, Capabilities, Job, JobState, JobStatus, engine_identity
from filmgate.engines.options import EngineContext
from filmgate.errors import BadArtifact, EngineRejected, EngineUnavailable, SettingsError, SubmissionUnknown
from filmgate.net.addresses import BadUrl, Resolver, parse_url
from filmgate.net.client import TransportError, UpstreamClient
from filmgate.net.download import HttpStatusError, UnexpectedContent, download
from filmgate.wire.upstream import HttpCall, JobReport, JobRequest, ReferenceImage, ReplyKind
from filmgate.wire.upstream.base import DEFAULT_FAILURE
from filmgate.wire.upstream.chat import ChatReader, create, read_error_response
from filmgate.wire.upstream.error_text import redact
from filmgate.wire.upstream.parsing import retry_after

__all__ = ["KIND", "ChatSseEngine", "ChatSseOptions", "build", "read_options"]

KIND = "chat-sse"

SUBMIT_GRACE = 5.0
"""Seconds for what goes on around a request."""

RESULT_RETENTION = 7 * 86_400.0
"""Seconds for which the end of a story is kept; its links are void long before."""

POLL_AFTER = 0.5
"""Seconds between two looks, which ask nobody."""

REFUSAL_LIMIT = 64 * 1024
"""Bytes of a refusal that are read."""

_STATES = {
    Status.QUEUED: JobState.QUEUED,
    Status.IN_PROGRESS: JobState.WORKING,
    Status.COMPLETED: JobState.DONE,
    Status.FAILED: JobState.FAILED,
}

log = structlog.get_logger()


class ChatSseOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``[engines.NAME]`` may say."""

    base_url: str
    api_key: str | None = None
    models: dict[str, str] = {}  # public name -> the vendor's
    paid: bool = True
    running: int | None = None  # films at once
    creates_per_minute: int | None = None
    audio: bool = True
    image_input: bool = True
    allow_hosts: list[str] = []  # private hosts that films may be fetched from, beside its own
    connect_timeout: float = 10.0
    submit_timeout: float = 60.0  # until the stream has begun
    silence: float = 600.0  # seconds that a stream may say nothing
    story_timeout: float = 3600.0  # seconds that a stream may last
    download_timeout: float = 1800.0
    download_limit: int = 4 * 1024**3  # bytes of a film
    expected: float = 180.0  # seconds that a film is expected to take

    @property
    def address(self) -> str:
        """The base URL in its one spelling; a bare host gets the ``/v1`` that is always there."""
        url = parse_url(self.base_url.rstrip("/"))
        return str(url / "v1" if url.path == "/" else url)


def read_options(context: EngineContext) -> ChatSseOptions:
    """The options of an engine.

    Raises:
        SettingsError: one of them is unknown or can't be used; names it.
    """
    try:
        options = msgspec.convert(dict(context.options), ChatSseOptions, strict=True)
        address = parse_url(options.base_url)
    except (msgspec.ValidationError, BadUrl) as error:
        raise SettingsError(f"Engine '{context.name}': {error}.") from error
    if address.query_string:
        raise SettingsError(f"Engine '{context.name}': 'base_url' has a query, which an address of an API has not.")
    for name in ChatSseOptions.__struct_fields__:
        value = getattr(options, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value < float("inf"):
            raise SettingsError(f"Engine '{context.name}': '{name}' is a number above 0, not {value!r}.")
    key = options.api_key
    if key is not None and not (key.isascii() and key.isprintable() and key == key.strip() and key):
        raise SettingsError(f"Engine '{context.name}': 'api_key' holds characters that no key has.")
    return options


def build(context: EngineContext) -> ChatSseEngine:
    """The engine's factory.

    Raises:
        SettingsError: an option is unknown or can't be used; names it.
    """
    return ChatSseEngine(context.name, read_options(context), context.cache)


class _StreamResult(Struct, frozen=True):
    """How a story ended, as it is written down."""

    status: Status
    url: str | None = None
    error: VideoError | None = None


class _JobStream:
    """A film whose stream is being read."""

    def __init__(self) -> None:
        self.reader = ChatReader()
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # it has a name, or has ended
        self.accepted = False  # the vendor has begun to answer
        self.finished = False
        self.task: asyncio.Task[None] | None = None

    def resolve_start(self, error: Exception | None = None) -> None:
        """Let the submission return, or fail."""
        if self.started.done():
            return
        if error is None:
            self.started.set_result(None)
        else:
            self.started.set_exception(error)


class ChatSseEngine:
    """Has films made in a vendor's chat.

    Args:
        name: under which rows know it.
        options: where the vendor is.
        folder: where the ends of stories are kept; may not exist yet.
        resolver: the system's, or a test's.
        clock: Unix time.
    """

    def __init__(
        self,
        name: str,
        options: ChatSseOptions,
        folder: Path,
        *,
        resolver: Resolver | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.identity = engine_identity(KIND, options.address, options.api_key or "")
        self._options = options
        self._folder = folder
        self._clock = clock
        self._streams: dict[str, _JobStream] = {}
        self._reader_tasks: set[asyncio.Task[None]] = set()
        self._client = UpstreamClient(
            options.address,
            headers={"Authorization": f"Bearer {options.api_key}"} if options.api_key else {},
            allow_hosts=options.allow_hosts,
            resolver=resolver,
            connect_timeout=options.connect_timeout,
            idle_timeout=options.silence,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        options = self._options
        return Capabilities(
            paid=options.paid,
            cancels=False,
            image_input=options.image_input,
            audio=options.audio,
            concurrency=options.running,
            creates_per_minute=options.creates_per_minute,
            submit_timeout=options.submit_timeout + SUBMIT_GRACE,
        )

    async def start(self) -> None:
        """Put away ends that nobody will ask for any more."""
        await asyncio.to_thread(self._delete_expired)

    async def stop(self) -> None:
        """Close every stream; the films whose streams were not at their end are lost."""
        telling = list(self._reader_tasks)
        for task in telling:
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)
        await self._client.close()

    async def submit(self, job: Job) -> str:
        """Ask for the film. The ticket is the vendor's name of it, or ours where its stream has begun without one.

        Raises:
            EngineRejected: it was refused for good.
            EngineUnavailable: it was certainly not accepted.
            SubmissionUnknown: no stream came; it may have been accepted.
        """
        call = create(await self._build_request(job))
        story = _JobStream()
        story.task = asyncio.create_task(self._read_stream(story, call, job))
        self._reader_tasks.add(story.task)
        story.task.add_done_callback(self._reader_tasks.discard)
        try:
            async with asyncio.timeout(self._options.submit_timeout):
                await asyncio.shield(story.started)
        except TimeoutError:
            if not story.accepted:
                story.started.cancel()
                story.task.cancel()
                raise SubmissionUnknown from None
        return await self._register(story, job)

    async def poll(self, ticket: str) -> JobStatus:
        """How the film stands, by what was read so far."""
        story = self._streams.get(ticket)
        if story is None:
            return _status_of(await asyncio.to_thread(self._load_result, ticket))
        said = story.reader.report
        if said.status in TERMINAL:
            return _status_of(_result_of(said, self._private_words))
        if story.finished:
            return JobStatus(state=JobState.LOST, poll_after=POLL_AFTER)
        state = _STATES[said.status] if said.status else JobState.UNKNOWN
        return JobStatus(state=state, progress=said.progress, poll_after=POLL_AFTER)

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Download the film from the address that its story ended with.

        Raises:
            EngineUnavailable: it did not arrive; try again.
            BadArtifact: what arrived is no film.
        """
        story = self._streams.get(ticket)
        end = (
            _result_of(story.reader.report, self._private_words)
            if story
            else await asyncio.to_thread(self._load_result, ticket)
        )
        if end is None or end.url is None:
            raise EngineUnavailable("The film's address is not known.")
        limit, within = self._options.download_limit, self._options.download_timeout
        try:
            await download(self._client, end.url, into, limit=limit, within=within, content_error=_content_error)
        except HttpStatusError as refused:
            log.warning("upstream.fetch", engine=self.name, status=refused.status)
            raise EngineUnavailable(retry_after=retry_after(refused.headers)) from refused
        except TransportError as fault:
            log.warning("upstream.fetch", engine=self.name, reason=str(fault))
            raise EngineUnavailable from fault
        except UnexpectedContent as error:
            raise BadArtifact(str(error)) from error
        return Artifact(notes={"made_by": KIND})

    async def cancel(self, ticket: str) -> None:
        """Nothing: the call is charged, and nothing stops it."""

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Nothing can be found."""
        del job, since
        raise EngineUnavailable("The engine can't be asked what it was asked for.")

    def expected_seconds(self, job: Job) -> float:
        """As long as the options say."""
        del job
        return self._options.expected

    # ---- reading

    async def _read_stream(self, stream: _JobStream, call: HttpCall, job: Job) -> None:
        """Read the stream to its end; the submission waits for its beginning."""
        try:
            async with asyncio.timeout(self._options.story_timeout):
                await self._consume(stream, call)
        except (TransportError, TimeoutError) as error:
            sent = not isinstance(error, TransportError) or error.sent
            log.warning("upstream.stream", engine=self.name, video=job.video_id, sent=sent, reason=str(error))
            stream.reader.finish()
            stream.resolve_start(
                None if stream.reader.report.id else SubmissionUnknown() if sent else EngineUnavailable()
            )
        finally:
            stream.finished = True
            stream.resolve_start(_missing_id_error(stream.reader))

    async def _consume(self, stream: _JobStream, call: HttpCall) -> None:
        async with self._client.stream(
            call.method, self._client.url(call.path), headers=call.headers, body=call.body, new_connection=True
        ) as response:
            if response.status != 200:  # noqa: PLR2004 - the wire's success
                headers = {name.lower(): value for name, value in response.headers.items()}
                stream.resolve_start(
                    self._submit_error(response.status, headers, await response.content.read(REFUSAL_LIMIT))
                )
                return
            async for chunk in response.content.iter_any():
                said = stream.reader.feed(chunk)
                stream.accepted = stream.accepted or bool(stream.reader.text)
                if said.id or said.status in TERMINAL:
                    stream.resolve_start(_missing_id_error(stream.reader))
            stream.reader.finish()

    def _submit_error(self, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        said = read_error_response(status, headers, body)
        if said.kind is ReplyKind.TERMINAL and said.error is not None:
            error = _public_error(said.error, self._private_words)
            return EngineRejected(error.message, code=error.code)
        if said.kind is ReplyKind.TRANSIENT:
            return EngineUnavailable(retry_after=said.retry_after)
        return SubmissionUnknown()

    async def _build_request(self, job: Job) -> JobRequest:
        picture = None
        if job.reference is not None:
            picture = ReferenceImage(await asyncio.to_thread(job.reference.read_bytes), "image/png")
        model = self._options.models.get(job.model, job.model)
        return JobRequest(model=model, prompt=job.prompt, size=job.size, seconds=job.seconds, reference=picture)

    @property
    def _private_words(self) -> tuple[str, str]:
        return self._options.api_key or "", self._client.base.raw_host or ""

    # ---- writing down

    async def _register(self, stream: _JobStream, job: Job) -> str:
        """Keep the story under its name; one that another film has already is no name."""
        named = stream.reader.report.id
        taken = named is None or named in self._streams or await asyncio.to_thread(self._load_result, named) is not None
        ticket = job.token if taken or named is None else named
        self._streams[ticket] = stream
        if stream.task is not None:
            stream.task.add_done_callback(lambda _task: self._store_result(ticket, stream))
        return ticket

    def _store_result(self, ticket: str, stream: _JobStream) -> None:
        """Write down how it ended, and forget the rest of it."""
        end = _result_of(stream.reader.report, self._private_words)
        if end is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic_write(self._result_path(ticket), msgspec.json.encode(end))
        self._streams.pop(ticket, None)

    def _load_result(self, ticket: str) -> _StreamResult | None:
        try:
            return msgspec.json.decode(self._result_path(ticket).read_bytes(), type=_StreamResult)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _result_path(self, ticket: str) -> Path:
        return self._folder / f"{engine_identity(self.identity, ticket)}.json"

    def _delete_expired(self) -> None:
        for file in self._folder.glob("*.*"):
            if file.stat().st_mtime < self._clock() - RESULT_RETENTION:
                file.unlink(missing_ok=True)


def _missing_id_error(reader: ChatReader) -> Exception | None:
    """Why a stream that has ended, or speaks of a film, gives no ticket; None where it does."""
    said = reader.report
    if said.id or said.status is Status.COMPLETED or (reader.text and reader.ended):
        return None
    if reader.ended and said.error is not None:
        return EngineRejected(said.error.message, code=said.error.code)
    return SubmissionUnknown()


def _result_of(report: JobReport, private_words: tuple[str, str]) -> _StreamResult | None:
    if report.status is Status.COMPLETED:
        return _StreamResult(Status.COMPLETED, url=report.content_url)
    if report.status is Status.FAILED:
        return _StreamResult(Status.FAILED, error=_public_error(report.error or DEFAULT_FAILURE, private_words))
    return None


def _status_of(result: _StreamResult | None) -> JobStatus:
    if result is None:
        return JobStatus(state=JobState.LOST, poll_after=POLL_AFTER)
    return JobStatus(state=_STATES[result.status], error=result.error)


def _public_error(error: VideoError, private_words: tuple[str, str]) -> VideoError:
    """An error without the vendor's name and our key there."""
    return VideoError(error.code, redact(error.message, private_words) or DEFAULT_FAILURE.message)


def _content_error(head: bytes) -> str | None:
    return None if head[4:8] == b"ftyp" else "The file is no MP4."
