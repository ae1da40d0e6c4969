"""One row to its film, taken up wherever the journal says it stands. Nothing is ever asked for twice.

The order is the promise: the intent and its Idempotency-Key are on the disk before the create is sent, the video's id
right after; the path before the first byte, the file's digest after the last. A create whose answer got lost is sent
again only under the same key, and only to a server that honours keys.
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

from filmgate.batch.journal import Accepted, Ended, Fetching, Intent, Journal, State, Verdict, Withdrawn, saved
from filmgate.batch.rate_limiter import Pace
from filmgate.batch.results import Outcome, Result, Watcher
from filmgate.batch.rows import Row
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

__all__ = ["Maker", "Place", "Purse", "Rules", "Server"]

T = TypeVar("T")

Place = Callable[[Row, AsyncVideo], Path]
"""Where a row's film goes: a path that is free, or an OutputExists."""

KEY_LIFE: Final = 23 * 3600.0
"""Seconds that a server surely remembers an Idempotency-Key; Filmgate's does so for a day."""

PATIENCE: Final = 900.0
"""Seconds that an outage may last until the batch gives up."""

PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds between tries of a look or a download: first, then doubling, at most."""

TRIES: Final = 5
"""Times that a file is fetched that is not what the server says it has."""

_TRANSIENT: Final = (ConnectionFailed, ServerError, TooManyRequests)
_DOUBTFUL: Final = (IntegrityError, VideoNotReady)


class Fate(Enum):
    """What an error says of a create."""

    REFUSED = auto()  # not accepted, and never will be
    PASSING = auto()  # not accepted; a later one may be
    HALTING = auto()  # not accepted, and no other will be
    OBSCURE = auto()  # nobody knows


def fate_of(error: FilmgateError) -> Fate:
    """What an error says of the create that it answers."""
    match error:
        case IdempotencyKeyReuse():
            return Fate.OBSCURE
        case InvalidKey() | NotAllowed():
            return Fate.HALTING
        case TooManyRequests() | ConnectionFailed() | Unavailable():
            return Fate.PASSING
        case RequestError() | NotFound():
            return Fate.REFUSED
    return Fate.OBSCURE


class Server(Struct, frozen=True):
    """Whom a batch talks to, so that it never mistakes another for it."""

    name: str  # its address, or the data folder of the engine in this process
    account: str  # a digest of the key
    honours_keys: bool  # whether the same Idempotency-Key makes the same video


class Rules(Struct, frozen=True, kw_only=True):
    """What may be done about rows that ended badly, and for how long to wait."""

    retry_failed: bool = False
    resend_unknown: bool = False
    patience: float = PATIENCE


class Purse:
    """What a batch may spend in all, over all its runs."""

    def __init__(self, budget_micros: int | None, spent_micros: int) -> None:
        self.budget = budget_micros
        self.spent = spent_micros

    def take(self, price: int | None) -> None:
        """Put a film's price aside.

        Raises:
            OverBudget: it is not there.
        """
        if self.budget is not None and self.spent + (price or 0) > self.budget:
            raise OverBudget("The next film would cost more than the budget leaves.")
        self.spent += price or 0

    def give_back(self, price: int | None) -> None:
        """A film that failed costs nothing."""
        self.spent -= price or 0


class Maker:
    """Makes rows into films.

    Args:
        videos: the API.
        server: which one that is.
        journal: what happened so far.
        pace: when creates may be sent.
        purse: what they may cost.
        price: what a row costs, None if nobody says.
        place: where films go.
        watcher: who is told.
        rules: what may be done about bad ends.
        clock: Unix seconds.
        sleep: what waits.
    """

    def __init__(
        self,
        *,
        videos: AsyncVideos,
        server: Server,
        journal: Journal,
        pace: Pace,
        purse: Purse,
        price: Callable[[Row], int | None],
        place: Place,
        watcher: Watcher,
        rules: Rules = Rules(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._videos = videos
        self._asking = copy.copy(videos)
        # Each try of a create is noted, so each is ours to make.
        self._asking.session = replace(videos.session, retries=0, observe=pace.observe)
        self._server = server
        self._journal = journal
        self._pace = pace
        self._purse = purse
        self._price = price
        self._place = place
        self._watcher = watcher
        self._rules = rules
        self._clock = clock
        self._sleep = sleep

    async def make(self, row: Row) -> Result:
        """See to it that the row's film is here, or say why it is not.

        Raises:
            OverBudget: nothing more can be paid for.
            FilmgateError, OSError: nothing more can be done at all: the key, the server, the disk.
        """
        result = await self._made(row)
        self._watcher.ended(result)
        return result

    async def _made(self, row: Row) -> Result:
        state = self._journal.state(row.key)
        if await asyncio.to_thread(self._journal.holds_film, row.key):
            return self._result(row, Outcome.KEPT)
        if state.ended and not self._once_more(state.ended):
            return self._bad_end(row)
        try:
            video = await self._accepted(row, state)
            return await self._filmed(row, video) if video else self._bad_end(row)
        except VideoFailed as error:
            return self._end(row, "failed", error)
        except (VideoExpired, VideoNotFound) as error:
            return self._end(row, "lost", error)
        except (OutputExists, *_DOUBTFUL) as error:
            return self._result(row, Outcome.UNFETCHED, error)

    def _once_more(self, ended: Ended) -> bool:
        return self._rules.resend_unknown if ended.verdict == "unknown" else self._rules.retry_failed

    # ---- asking

    async def _accepted(self, row: Row, state: State) -> AsyncVideo | None:
        """The row's video: the one that the server has, or a new one; None where there is none to be had."""
        if state.ended is None and state.video_id is not None:
            return await self._found(row, state.server, state.video_id)
        if state.ended is None and state.intent is not None:
            if not self._may_resend(state.intent):
                self._note_end(row, "unknown", None)
                return None
            return await self._asked(row, state.attempt, sure=False)
        self._purse.take(self._price(row))
        return await self._asked(row, state.attempt + 1, sure=True)

    async def _found(self, row: Row, server: str, video_id: str) -> AsyncVideo:
        if server != self._server.name:
            raise SettingsError(
                f"Row {row.number} is in the making at {server}; this is {self._server.name}. "
                "Finish it there, or begin anew with another journal."
            )
        return await self._steadily(row, lambda: self._videos.retrieve(video_id))

    def _may_resend(self, intent: Intent) -> bool:
        known = (intent.server, intent.account) == (self._server.name, self._server.account)
        return self._server.honours_keys and known and self._clock() - intent.at < KEY_LIFE

    async def _asked(self, row: Row, attempt: int, *, sure: bool) -> AsyncVideo | None:
        """Send the create until its fate is known; ``sure``: no earlier one under its key can have been accepted."""
        began = self._clock()
        while True:
            await self._pace.turn()
            self._watcher.asking(row)
            if sure:
                self._note_intent(row, attempt)
            answer = await self._answer(row, attempt)
            if isinstance(answer, AsyncVideo):
                self._journal.note(Accepted(row.key, answer.id))
                return answer
            fate = fate_of(answer)
            sure = sure and fate is not Fate.OBSCURE
            if sure:
                self._journal.note(Withdrawn(row.key))
            if self._is_over(fate, answer):
                self._note_end(row, "refused" if sure else "unknown", answer)
                return None
            if fate is Fate.HALTING or self._clock() - began > self._rules.patience:
                raise answer
            self._hold(row, answer)

    def _is_over(self, fate: Fate, error: FilmgateError) -> bool:
        """Whether it would be no use, or no good, to send the create once more."""
        if fate is Fate.OBSCURE:
            return not self._server.honours_keys or isinstance(error, IdempotencyKeyReuse)
        return fate is Fate.REFUSED

    def _hold(self, row: Row, error: FilmgateError) -> None:
        if not self._pace.left:
            self._pace.hold()
        self._watcher.held(row, self._pace.left, error.message)

    async def _answer(self, row: Row, attempt: int) -> AsyncVideo | FilmgateError:
        key = self._journal.idempotency_key(row.key, attempt)
        try:
            return await self._asking.create(**row.wanted.parameters(), idempotency_key=key)
        except FilmgateError as error:
            return error

    # ---- waiting and fetching

    async def _filmed(self, row: Row, video: AsyncVideo) -> Result:
        await self._steadily(row, lambda: self._follow(row, video))
        path = self._journal.film(row.key)
        if path is None:
            path = self._place(row, video)
            self._journal.note(Fetching(row.key, self._journal.inward(path)))
        await self._steadily(row, lambda: self._save(row, video, path))
        return self._result(row, Outcome.SAVED)

    async def _follow(self, row: Row, video: AsyncVideo) -> None:
        self._watcher.seen(row, video)
        if not video.finished:
            async with aclosing(video.events()) as changes:
                async for seen in changes:
                    self._watcher.seen(row, seen)
        await video.wait()

    async def _save(self, row: Row, video: AsyncVideo, path: Path) -> None:
        def show(done: int, total: int | None) -> None:
            self._watcher.saving(row, done, total)

        # The path was free when it was noted: what lies there is this film, saved by a run that was killed.
        await video.save(path, force=True, on_bytes=show)
        self._journal.note(await asyncio.to_thread(saved, row.key, path))

    async def _steadily(self, row: Row, act: Callable[[], Awaitable[T]]) -> T:
        """Do something that changes nothing until it succeeds, through outages as long as our patience."""
        began, tried = self._clock(), 0
        while True:
            try:
                return await act()
            except (*_TRANSIENT, *_DOUBTFUL) as error:
                tried += 1
                if self._clock() - began > self._rules.patience or (isinstance(error, _DOUBTFUL) and tried >= TRIES):
                    raise
                pause = min(PAUSE * 2.0 ** (tried - 1), LONGEST_PAUSE)
                self._watcher.held(row, pause, error.message)
            await self._sleep(pause)

    # ---- what is noted and said

    def _note_intent(self, row: Row, attempt: int) -> None:
        self._journal.note(
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

    def _note_end(self, row: Row, verdict: Verdict, error: FilmgateError | None) -> None:
        code, message = (error.code, error.message) if error else (None, "")
        self._journal.note(Ended(row=row.key, verdict=verdict, code=code, message=message))
        if verdict != "unknown":
            self._purse.give_back(self._price(row))

    def _end(self, row: Row, verdict: Verdict, error: FilmgateError) -> Result:
        self._note_end(row, verdict, error)
        return self._bad_end(row)

    def _bad_end(self, row: Row) -> Result:
        return result_of(row, self._journal)

    def _result(self, row: Row, outcome: Outcome, error: FilmgateError | None = None) -> Result:
        found = result_of(row, self._journal)
        return replace(found, outcome=outcome, **({"code": error.code, "message": error.message} if error else {}))


def result_of(row: Row, journal: Journal) -> Result:
    """How a row stands by the journal alone."""
    state = journal.state(row.key)
    ended, path = state.ended, journal.film(row.key)
    outcome = Outcome.LEFT if state.video_id is None else Outcome.UNFETCHED
    if ended is not None:
        outcome = Outcome.UNKNOWN if ended.verdict == "unknown" else Outcome.FAILED
    elif state.saved is not None:
        outcome = Outcome.KEPT
    return Result(
        row=row,
        outcome=outcome,
        video_id=state.video_id,
        path=path if state.saved else None,
        price_micros=state.price_micros,
        code=ended.code if ended else None,
        message=ended.message if ended else "",
    )


def spent(journal: Journal) -> int:
    """Micro-units that all rows cost that the journal knows of: those in the making too, failed ones not."""
    states = journal.states().values()
    return sum(state.price_micros or 0 for state in states if not state.ended or state.ended.verdict == "unknown")
