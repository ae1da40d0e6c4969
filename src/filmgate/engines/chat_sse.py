"""The engine ``chat-sse``: videos from a vendor with a chat API, one call a video.

The vendor charges for every call, and the call's stream is the only source of the video's status. So a submission is
one call whose stream is read to its end in the background; ``submit`` returns the ticket as soon as the stream
contains the video's id. The result, above all the video's URL, is stored in a file, so a restart after the end loses
nothing. If the process dies earlier, the video can't be polled any more: its ticket is LOST, and the video is not
submitted again.
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
"""Seconds added to the request's timeout for the work around it."""

RESULT_RETENTION = 7 * 86_400.0
"""Seconds for which a stream's result is kept; its links expire long before."""

POLL_AFTER = 0.5
"""Seconds between two polls; they cause no request."""

REFUSAL_LIMIT = 64 * 1024
"""Bytes of an error response that are read."""

_STATES = {
    Status.QUEUED: JobState.QUEUED,
    Status.IN_PROGRESS: JobState.WORKING,
    Status.COMPLETED: JobState.DONE,
    Status.FAILED: JobState.FAILED,
}

log = structlog.get_logger()


class ChatSseOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of ``[engines.NAME]``."""

    base_url: str
    api_key: str | None = None
    models: dict[str, str] = {}  # public name -> the vendor's
    paid: bool = True
    running: int | None = None  # videos at once
    creates_per_minute: int | None = None
    audio: bool = True
    image_input: bool = True
    allow_hosts: list[str] = []  # private hosts that videos may be fetched from, beside its own
    connect_timeout: float = 10.0
    submit_timeout: float = 60.0  # until the stream starts
    idle_timeout: float = 600.0  # seconds between two chunks of a stream
    story_timeout: float = 3600.0  # maximum duration of a stream, in seconds
    download_timeout: float = 1800.0
    download_limit: int = 4 * 1024**3  # maximum size of a video, in bytes
    expected: float = 180.0  # expected seconds of a video

    @property
    def address(self) -> str:
        """The base URL, normalised; a bare host gets the usual path ``/v1``."""
        url = parse_url(self.base_url.rstrip("/"))
        return str(url / "v1" if url.path == "/" else url)


def read_options(context: EngineContext) -> ChatSseOptions:
    """Read the options of an engine.

    Raises:
        SettingsError: an option is unknown or can't be used; the text names it.
    """
    try:
        options = msgspec.convert(dict(context.options), ChatSseOptions, strict=True)
        address = parse_url(options.base_url)
    except (msgspec.ValidationError, BadUrl) as error:
        raise SettingsError(f"Engine '{context.name}': {error}.") from error
    if address.query_string:
        raise SettingsError(f"Engine '{context.name}': 'base_url' must not have a query.")
    for name in ChatSseOptions.__struct_fields__:
        value = getattr(options, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value < float("inf"):
            raise SettingsError(f"Engine '{context.name}': '{name}' must be a number above 0, not {value!r}.")
    key = options.api_key
    if key is not None and not (key.isascii() and key.isprintable() and key == key.strip() and key):
        raise SettingsError(f"Engine '{context.name}': 'api_key' contains characters that are not valid in a key.")
    return options


def build(context: EngineContext) -> ChatSseEngine:
    """Create the engine (its factory).

    Raises:
        SettingsError: an option is unknown or can't be used; the text names it.
    """
    return ChatSseEngine(context.name, read_options(context), context.cache)


class _StreamResult(Struct, frozen=True):
    """Result of a stream, as stored."""

    status: Status
    url: str | None = None
    error: VideoError | None = None


class _JobStream:
    """A job whose stream is being read."""

    def __init__(self) -> None:
        self.reader = ChatReader()
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # done: has an id or ended
        self.accepted = False  # the vendor has started its answer
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
    """Generates videos through a vendor's chat API.

    Args:
        name: its name in rows and routes.
        options: the vendor's address and limits.
        folder: stores the results of streams; may not exist yet.
        resolver: replaces the system's resolver in tests.
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
            idle_timeout=options.idle_timeout,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the engine supports."""
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
        """Delete expired results."""
        await asyncio.to_thread(self._delete_expired)

    async def stop(self) -> None:
        """Close every stream; videos whose streams have not ended are lost."""
        tasks = list(self._reader_tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def submit(self, job: Job) -> str:
        """Request the video. The ticket is the vendor's id, or our token if the stream started without one.

        Raises:
            EngineRejected: it was rejected permanently.
            EngineUnavailable: it was certainly not accepted.
            SubmissionUnknown: no stream came; it may have been accepted.
        """
        call = create(await self._build_request(job))
        stream = _JobStream()
        stream.task = asyncio.create_task(self._read_stream(stream, call, job))
        self._reader_tasks.add(stream.task)
        stream.task.add_done_callback(self._reader_tasks.discard)
        try:
            async with asyncio.timeout(self._options.submit_timeout):
                await asyncio.shield(stream.started)
        except TimeoutError:
            if not stream.accepted:
                stream.started.cancel()
                stream.task.cancel()
                raise SubmissionUnknown from None
        return await self._register(stream, job)

    async def poll(self, ticket: str) -> JobStatus:
        """Return the job's status from what was read so far."""
        stream = self._streams.get(ticket)
        if stream is None:
            return _status_of(await asyncio.to_thread(self._load_result, ticket))
        report = stream.reader.report
        if report.status in TERMINAL:
            return _status_of(_result_of(report, self._private_words))
        if stream.finished:
            return JobStatus(state=JobState.LOST, poll_after=POLL_AFTER)
        state = _STATES[report.status] if report.status else JobState.UNKNOWN
        return JobStatus(state=state, progress=report.progress, poll_after=POLL_AFTER)

    async def fetch(self, ticket: str, into: Path) -> Artifact:
        """Download the video from the URL at the end of its stream.

        Raises:
            EngineUnavailable: the download failed; try again.
            BadArtifact: the downloaded file is no video.
        """
        stream = self._streams.get(ticket)
        result = (
            _result_of(stream.reader.report, self._private_words)
            if stream
            else await asyncio.to_thread(self._load_result, ticket)
        )
        if result is None or result.url is None:
            raise EngineUnavailable("The video's URL is not known.")
        limit, within = self._options.download_limit, self._options.download_timeout
        try:
            await download(self._client, result.url, into, limit=limit, within=within, content_error=_content_error)
        except HttpStatusError as failure:
            log.warning("upstream.fetch", engine=self.name, status=failure.status)
            raise EngineUnavailable(retry_after=retry_after(failure.headers)) from failure
        except TransportError as fault:
            log.warning("upstream.fetch", engine=self.name, reason=str(fault))
            raise EngineUnavailable from fault
        except UnexpectedContent as error:
            raise BadArtifact(str(error)) from error
        return Artifact(notes={"made_by": KIND})

    async def cancel(self, ticket: str) -> None:
        """Do nothing: the call is charged and can't be stopped."""

    async def find(self, job: Job, since: float) -> Sequence[str]:
        """Raise always: the vendor has no lookup."""
        del job, since
        raise EngineUnavailable("The engine can't look up its submissions.")

    def expected_seconds(self, job: Job) -> float:
        """Return the options' constant value."""
        del job
        return self._options.expected

    # ---- reading the stream

    async def _read_stream(self, stream: _JobStream, call: HttpCall, job: Job) -> None:
        """Read the stream to its end; the submission waits for its start."""
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
            if response.status != 200:  # noqa: PLR2004 - HTTP's success
                headers = {name.lower(): value for name, value in response.headers.items()}
                stream.resolve_start(
                    self._submit_error(response.status, headers, await response.content.read(REFUSAL_LIMIT))
                )
                return
            async for chunk in response.content.iter_any():
                report = stream.reader.feed(chunk)
                stream.accepted = stream.accepted or bool(stream.reader.text)
                if report.id or report.status in TERMINAL:
                    stream.resolve_start(_missing_id_error(stream.reader))
            stream.reader.finish()

    def _submit_error(self, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
        report = read_error_response(status, headers, body)
        if report.kind is ReplyKind.TERMINAL and report.error is not None:
            error = _public_error(report.error, self._private_words)
            return EngineRejected(error.message, code=error.code)
        if report.kind is ReplyKind.TRANSIENT:
            return EngineUnavailable(retry_after=report.retry_after)
        return SubmissionUnknown()

    async def _build_request(self, job: Job) -> JobRequest:
        image = None
        if job.reference is not None:
            image = ReferenceImage(await asyncio.to_thread(job.reference.read_bytes), "image/png")
        model = self._options.models.get(job.model, job.model)
        return JobRequest(model=model, prompt=job.prompt, size=job.size, seconds=job.seconds, reference=image)

    @property
    def _private_words(self) -> tuple[str, str]:
        return self._options.api_key or "", self._client.base.raw_host or ""

    # ---- storing results

    async def _register(self, stream: _JobStream, job: Job) -> str:
        """Register the stream under the vendor's id; an id that belongs to another job is ignored."""
        vendor_id = stream.reader.report.id
        taken = (
            vendor_id is None
            or vendor_id in self._streams
            or await asyncio.to_thread(self._load_result, vendor_id) is not None
        )
        ticket = job.token if taken or vendor_id is None else vendor_id
        self._streams[ticket] = stream
        if stream.task is not None:
            stream.task.add_done_callback(lambda _task: self._store_result(ticket, stream))
        return ticket

    def _store_result(self, ticket: str, stream: _JobStream) -> None:
        """Store its result and drop the stream."""
        result = _result_of(stream.reader.report, self._private_words)
        if result is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic_write(self._result_path(ticket), msgspec.json.encode(result))
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
    """Return why a stream that has ended, or has a status, gives no ticket; None if it gives one."""
    report = reader.report
    if report.id or report.status is Status.COMPLETED or (reader.text and reader.ended):
        return None
    if reader.ended and report.error is not None:
        return EngineRejected(report.error.message, code=report.error.code)
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
    """Return an error without the vendor's name and our key."""
    return VideoError(error.code, redact(error.message, private_words) or DEFAULT_FAILURE.message)


def _content_error(head: bytes) -> str | None:
    return None if head[4:8] == b"ftyp" else "The file is no MP4."
