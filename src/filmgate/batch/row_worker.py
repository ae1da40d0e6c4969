"""Drives one row to its video, continuing from the state in the journal. No row is submitted twice.

The order guarantees it: the intent and its Idempotency-Key are on the disk before the create is sent, the video's id
right after; the path before the first byte, the file's digest after the last. A create whose response was lost is
sent again only under the same key, and only to a server that honours keys.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from enum import Enum, auto
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from filmgate.batch.journal import (
    Accepted,
    DownloadStarted,
    EndReason,
    Intent,
    Journal,
    NotAccepted,
    RowEnded,
    RowState,
    saved_entry,
)
from filmgate.batch.rate_limiter import RateLimiter
from filmgate.batch.results import ProgressListener, RowOutcome, RowResult
from filmgate.batch.rows import BatchRow
from filmgate.client import AsyncVideo, AsyncVideos
from filmgate.errors import (
    ConnectionFailed,
    FilmgateError,
    IdempotencyKeyReuse,
    IntegrityError,
    InvalidKey,
    NotAllowed,
    NotFound,
    OutputExists,
    OverBudget,
    RequestError,
    ServerError,
    SettingsError,
    TooManyRequests,
    Unavailable,
    VideoExpired,
    VideoFailed,
    VideoNotFound,
    VideoNotReady,
)

__all__ = ["Budget", "OutputPathChooser", "RetryRules", "RowWorker", "ServerIdentity"]

T = TypeVar("T")

OutputPathChooser = Callable[[BatchRow, AsyncVideo], Path]
"""Chooses where to save a row's video: a path without a file, or raises OutputExists."""

KEY_LIFETIME: Final = 23 * 3600.0
"""Seconds for which a server certainly remembers an Idempotency-Key; Filmgate keeps keys for a day."""

MAX_OUTAGE: Final = 900.0
"""Seconds of an outage after which the batch gives up."""

FIRST_PAUSE: Final = 1.0
MAX_PAUSE: Final = 30.0
"""Seconds between attempts of a poll or a download: first, doubling up to the maximum."""

MAX_DOWNLOAD_TRIES: Final = 5
"""Attempts to download a file whose bytes differ from what the server declares."""

_TRANSIENT: Final = (ConnectionFailed, ServerError, TooManyRequests)
_RETRYABLE_CONTENT: Final = (IntegrityError, VideoNotReady)


class CreateOutcome(Enum):
    """What an error shows about a create."""

    REFUSED = auto()  # not accepted, and never will be
    TRANSIENT = auto()  # not accepted; a later attempt may be
    FATAL = auto()  # not accepted, and no other row will be
    UNKNOWN = auto()  # may have been accepted


def classify_error(error: FilmgateError) -> CreateOutcome:
    """Return what an error shows about the create that it answers."""
    match error:
        case IdempotencyKeyReuse():
            return CreateOutcome.UNKNOWN
        case InvalidKey() | NotAllowed():
            return CreateOutcome.FATAL
        case TooManyRequests() | ConnectionFailed() | Unavailable():
            return CreateOutcome.TRANSIENT
        case RequestError() | NotFound():
            return CreateOutcome.REFUSED
    return CreateOutcome.UNKNOWN


class ServerIdentity(Struct, frozen=True):
    """The server of a batch; its journal is not continued on another one."""

    name: str  # base URL, or the data folder of the embedded engine
    account: str  # digest of the API key
    honours_keys: bool  # whether repeated creates under one Idempotency-Key make one video


class RetryRules(Struct, frozen=True, kw_only=True):
    """Which ended rows may be submitted again, and how long outages may last."""

    retry_failed: bool = False
    resend_unknown: bool = False
    max_outage: float = MAX_OUTAGE


class Budget:
    """The budget of a batch, over all its runs."""

    def __init__(self, budget_micros: int | None, spent_micros: int) -> None:
        self.limit_micros = budget_micros
        self.spent_micros = spent_micros

    def reserve(self, price: int | None) -> None:
        """Reserve a video's price.

        Raises:
            OverBudget: the budget does not cover it.
        """
        if self.limit_micros is not None and self.spent_micros + (price or 0) > self.limit_micros:
            raise OverBudget("The next video would exceed the budget.")
        self.spent_micros += price or 0

    def refund(self, price: int | None) -> None:
        """Return the price of a failed video to the budget."""
        self.spent_micros -= price or 0


class RowWorker:
    """Makes rows into videos.

    Args:
        videos: the API.
        server: its identity.
        journal: the batch's journal.
        rate_limiter: spaces out creates.
        budget: limits their price.
        price: returns a row's price in micro-units, None if the server does not list it.
        choose_path: returns where a video is saved.
        listener: receives progress.
        rules: which ended rows are submitted again.
        clock: Unix seconds.
        sleep: waits for the given seconds.
    """

    def __init__(
        self,
        *,
        videos: AsyncVideos,
        server: ServerIdentity,
        journal: Journal,
        rate_limiter: RateLimiter,
        budget: Budget,
        price: Callable[[BatchRow], int | None],
        choose_path: OutputPathChooser,
        listener: ProgressListener,
        rules: RetryRules = RetryRules(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._videos = videos
        self._single_try_videos = copy.copy(videos)
        # The journal records each attempt of a create, so this class makes them all itself.
        self._single_try_videos.client_state = replace(
            videos.client_state, max_retries=0, on_response=rate_limiter.on_response
        )
        self._server = server
        self._journal = journal
        self._rate_limiter = rate_limiter
        self._budget = budget
        self._price = price
        self._choose_path = choose_path
        self._listener = listener
        self._rules = rules
        self._clock = clock
        self._sleep = sleep

    async def process(self, row: BatchRow) -> RowResult:
        """Make and save the row's video, or return why there is none.

        Raises:
            OverBudget: the budget is exhausted.
            FilmgateError, OSError: no row can continue: the key, the server or the disk fails.
        """
        result = await self._process(row)
        self._listener.on_finished(result)
        return result

    async def _process(self, row: BatchRow) -> RowResult:
        state = self._journal.state(row.key)
        if await asyncio.to_thread(self._journal.is_saved_intact, row.key):
            return self._result(row, RowOutcome.ALREADY_SAVED)
        if state.ended and not self._may_retry(state.ended):
            return self._current_result(row)
        try:
            video = await self._ensure_accepted(row, state)
            return await self._finish(row, video) if video else self._current_result(row)
        except VideoFailed as error:
            return self._fail(row, "failed", error)
        except (VideoExpired, VideoNotFound) as error:
            return self._fail(row, "lost", error)
        except (OutputExists, *_RETRYABLE_CONTENT) as error:
            return self._result(row, RowOutcome.DOWNLOAD_FAILED, error)

    def _may_retry(self, ended: RowEnded) -> bool:
        return self._rules.resend_unknown if ended.verdict == "unknown" else self._rules.retry_failed

    # ---- submission

    async def _ensure_accepted(self, row: BatchRow, state: RowState) -> AsyncVideo | None:
        """Return the row's video, an accepted one or a new one; None if the row ends without one."""
        if state.ended is None and state.video_id is not None:
            return await self._retrieve_accepted(row, state.server, state.video_id)
        if state.ended is None and state.intent is not None:
            if not self._may_resend(state.intent):
                self._record_end(row, "unknown", None)
                return None
            return await self._submit(row, state.attempt, known_unsent=False)
        self._budget.reserve(self._price(row))
        return await self._submit(row, state.attempt + 1, known_unsent=True)

    async def _retrieve_accepted(self, row: BatchRow, server: str, video_id: str) -> AsyncVideo:
        if server != self._server.name:
            raise SettingsError(
                f"Row {row.number} is running at {server}; this is {self._server.name}. "
                "Finish it there, or start again with another journal."
            )
        return await self._retry_transient(row, lambda: self._videos.retrieve(video_id))

    def _may_resend(self, intent: Intent) -> bool:
        same_identity = (intent.server, intent.account) == (self._server.name, self._server.account)
        return self._server.honours_keys and same_identity and self._clock() - intent.at < KEY_LIFETIME

    async def _submit(self, row: BatchRow, attempt: int, *, known_unsent: bool) -> AsyncVideo | None:
        """Send the create until its outcome is known; ``known_unsent``: no earlier attempt of its key was accepted."""
        started_at = self._clock()
        while True:
            await self._rate_limiter.acquire()
            self._listener.on_submitting(row)
            if known_unsent:
                self._record_intent(row, attempt)
            result = await self._send_create(row, attempt)
            if isinstance(result, AsyncVideo):
                self._journal.append(Accepted(row.key, result.id))
                return result
            outcome = classify_error(result)
            known_unsent = known_unsent and outcome is not CreateOutcome.UNKNOWN
            if known_unsent:
                self._journal.append(NotAccepted(row.key))
            if self._is_final(outcome, result):
                self._record_end(row, "refused" if known_unsent else "unknown", result)
                return None
            if outcome is CreateOutcome.FATAL or self._clock() - started_at > self._rules.max_outage:
                raise result
            self._delay(row, result)

    def _is_final(self, outcome: CreateOutcome, error: FilmgateError) -> bool:
        """Whether another create would be useless or could be charged twice."""
        if outcome is CreateOutcome.UNKNOWN:
            return not self._server.honours_keys or isinstance(error, IdempotencyKeyReuse)
        return outcome is CreateOutcome.REFUSED

    def _delay(self, row: BatchRow, error: FilmgateError) -> None:
        if not self._rate_limiter.seconds_until_next:
            self._rate_limiter.pause()
        self._listener.on_delayed(row, self._rate_limiter.seconds_until_next, error.message)

    async def _send_create(self, row: BatchRow, attempt: int) -> AsyncVideo | FilmgateError:
        key = self._journal.idempotency_key(row.key, attempt)
        try:
            return await self._single_try_videos.create(**row.params.create_arguments(), idempotency_key=key)
        except FilmgateError as error:
            return error

    # ---- polls and download

    async def _finish(self, row: BatchRow, video: AsyncVideo) -> RowResult:
        await self._retry_transient(row, lambda: self._follow(row, video))
        path = self._journal.output_path(row.key)
        if path is None:
            path = self._choose_path(row, video)
            self._journal.append(DownloadStarted(row.key, self._journal.relative_path(path)))
        await self._retry_transient(row, lambda: self._save(row, video, path))
        return self._result(row, RowOutcome.SAVED)

    async def _follow(self, row: BatchRow, video: AsyncVideo) -> None:
        self._listener.on_update(row, video)
        if not video.finished:
            async with aclosing(video.events()) as changes:
                async for changed in changes:
                    self._listener.on_update(row, changed)
        await video.wait()

    async def _save(self, row: BatchRow, video: AsyncVideo, path: Path) -> None:
        def on_bytes(done: int, total: int | None) -> None:
            self._listener.on_download(row, done, total)

        # The path had no file when it was recorded: a file there is this video, saved by a run that was killed.
        await video.save(path, force=True, on_bytes=on_bytes)
        self._journal.append(await asyncio.to_thread(saved_entry, row.key, path))

    async def _retry_transient(self, row: BatchRow, action: Callable[[], Awaitable[T]]) -> T:
        """Repeat an action without effects on the server until it succeeds, through outages of up to ``max_outage``."""
        started_at, attempts = self._clock(), 0
        while True:
            try:
                return await action()
            except (*_TRANSIENT, *_RETRYABLE_CONTENT) as error:
                attempts += 1
                if self._clock() - started_at > self._rules.max_outage or (
                    isinstance(error, _RETRYABLE_CONTENT) and attempts >= MAX_DOWNLOAD_TRIES
                ):
                    raise
                pause = min(FIRST_PAUSE * 2.0 ** (attempts - 1), MAX_PAUSE)
                self._listener.on_delayed(row, pause, error.message)
            await self._sleep(pause)

    # ---- journal entries and results

    def _record_intent(self, row: BatchRow, attempt: int) -> None:
        self._journal.append(
            Intent(
                row=row.key,
                attempt=attempt,
                idempotency_key=self._journal.idempotency_key(row.key, attempt),
                at=self._clock(),
                server=self._server.name,
                account=self._server.account,
                price_micros=self._price(row),
            )
        )

    def _record_end(self, row: BatchRow, reason: EndReason, error: FilmgateError | None) -> None:
        code, message = (error.code, error.message) if error else (None, "")
        self._journal.append(RowEnded(row=row.key, verdict=reason, code=code, message=message))
        if reason != "unknown":
            self._budget.refund(self._price(row))

    def _fail(self, row: BatchRow, reason: EndReason, error: FilmgateError) -> RowResult:
        self._record_end(row, reason, error)
        return self._current_result(row)

    def _current_result(self, row: BatchRow) -> RowResult:
        return result_from_journal(row, self._journal)

    def _result(self, row: BatchRow, outcome: RowOutcome, error: FilmgateError | None = None) -> RowResult:
        result = result_from_journal(row, self._journal)
        return replace(result, outcome=outcome, **({"code": error.code, "message": error.message} if error else {}))


def result_from_journal(row: BatchRow, journal: Journal) -> RowResult:
    """Return the result of a row from the journal alone."""
    state = journal.state(row.key)
    ended, path = state.ended, journal.output_path(row.key)
    outcome = RowOutcome.SKIPPED if state.video_id is None else RowOutcome.DOWNLOAD_FAILED
    if ended is not None:
        outcome = RowOutcome.UNKNOWN if ended.verdict == "unknown" else RowOutcome.FAILED
    elif state.saved is not None:
        outcome = RowOutcome.ALREADY_SAVED
    return RowResult(
        row=row,
        outcome=outcome,
        video_id=state.video_id,
        path=path if state.saved else None,
        price_micros=state.price_micros,
        code=ended.code if ended else None,
        message=ended.message if ended else "",
    )


def total_spent_micros(journal: Journal) -> int:
    """Return the micro-units of all rows in the journal, running ones included, failed ones not."""
    states = journal.states().values()
    return sum(state.price_micros or 0 for state in states if not state.ended or state.ended.verdict == "unknown")
