"""One video from acceptance to its end, as a coroutine that its own row drives.

:class:`Drive` may be started for a video again at any moment, on any machine, even twice at once: every effect is
guarded by a compare-and-set of the store. A drive that finds another's mark on the row leaves the video to it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from filmgate.engines.base import Engine, State, Verdict, outline
from filmgate.errors import BadArtifact, EngineError, EngineUnavailable, StorageFault, SubmissionUnknown
from filmgate.flow import failures, retry
from filmgate.flow.delivery import Delivery
from filmgate.flow.materials import job_of
from filmgate.storage.base import Storage
from filmgate.store import VideoRows
from filmgate.video import Stage, Status, Video, VideoError, next_progress

__all__ = ["Drive", "Pause"]

Pause = Callable[[str, float], Awaitable[None]]
"""Wait so many seconds on behalf of a video, or less if something about it changed."""

WRITE_INTERVAL = 0.25
"""Seconds between two writes of a video's progress."""

LOOK_BETWEEN = (0.02, 60.0)
"""Bounds of an engine's ``look_after``, in seconds."""

SURELY_LOST = 3
"""Looks in a row that must not find a paid job before it counts as lost."""

DOWNLOADS = 3
"""Downloads of a paid file that must be unusable before the video fails: the first may have been cut."""

log = structlog.get_logger()


@dataclass
class _Run:
    """What one run of the drive remembers; the row knows everything that matters."""

    stack: AsyncExitStack  # holds what a submitted job still reads
    tokens: set[str] = field(default_factory=set)  # the intents that are ours
    failures: int = 0  # of the step at hand, in a row
    lost: int = 0  # looks in a row that did not find the job
    unusable: int = 0  # downloads that were not the film
    ticket: str | None = None  # of the job that we last saw on the row
    written_at: float = 0.0


class Drive:
    """Drives videos; ``await drive(video_id)`` returns when the video is finished, gone or in other hands.

    Args:
        videos: the rows.
        storage: where references lie and files are staged.
        engines: by the names that rows use.
        delivery: takes a fetched file into the storage.
        retention: seconds that files are kept; 0: for ever.
        clock: Unix time.
        pause: waits between two looks.
        checkpoint: called with each name of ``CHECKPOINTS``.
        limit: seconds after submission at which to give up, from the seconds expected.
        roll: random numbers in [0, 1).
    """

    def __init__(
        self,
        *,
        videos: VideoRows,
        storage: Storage,
        engines: Mapping[str, Engine],
        delivery: Delivery,
        retention: float,
        clock: Callable[[], float],
        pause: Pause,
        checkpoint: Callable[[str], None],
        limit: Callable[[float], float] = retry.watch_limit,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._videos = videos
        self._storage = storage
        self._engines = engines
        self._delivery = delivery
        self._retention = retention
        self._clock = clock
        self._pause = pause
        self._checkpoint = checkpoint
        self._limit = limit
        self._roll = roll
        self.looks: Counter[tuple[str, str]] = Counter()  # by engine and by what was seen, since the start
        self._handlers: dict[Stage, Callable[[_Run, Video, Engine], Awaitable[None]]] = {
            Stage.ACCEPTED: self._accepted,
            Stage.SUBMITTING: self._in_doubt,
            Stage.WATCHING: self._watching,
            Stage.FETCHING: self._fetching,
        }

    async def __call__(self, video_id: str) -> None:
        """Drive the video as far as it goes."""
        async with AsyncExitStack() as stack:
            run = _Run(stack)
            video = await self._videos.get(video_id)
            while video is not None and not video.finished:
                engine = self._engines[video.engine]
                if run.tokens and video.submit_token is not None and video.submit_token not in run.tokens:
                    await self._step_aside(run, video, engine)
                    return
                if video.submit_token is not None:
                    run.tokens.add(video.submit_token)
                run.ticket = video.ticket
                await self._handlers[video.stage](run, video, engine)
                video = await self._videos.get(video_id)

    async def _step_aside(self, run: _Run, video: Video, engine: Engine) -> None:
        log.info("flow.superseded", video=video.id)
        if run.ticket is not None and run.ticket != video.ticket:
            await _cancel_quietly(engine, run.ticket)

    async def cancel_waiting(self, video: Video) -> bool:
        """End a video as cancelled that no engine was asked for yet; False if one may have been."""
        # The intent keeps everybody else from submitting it meanwhile.
        if not await self._videos.intend(video.id, secrets.token_hex(16), self._clock()):
            return False
        await self._fail(video, failures.CANCELLED)
        return True

    async def _accepted(self, run: _Run, video: Video, engine: Engine) -> None:
        self._checkpoint("accepted")
        if video.cancel_requested:
            await self.cancel_waiting(video)
            return
        if video.attempts and retry.tries(await self._videos.history(video.id)) >= retry.MAX_TRIES:
            await self._fail(video, failures.ENGINE_ERROR)
            return
        token = secrets.token_hex(16)
        run.tokens.add(token)
        if await self._videos.intend(video.id, token, self._clock()):
            self._checkpoint("intent")
            await self._submit(run, video, engine, token)

    async def _submit(self, run: _Run, video: Video, engine: Engine, token: str) -> None:
        try:
            async with asyncio.timeout(engine.capabilities.submit_timeout):
                job = await job_of(video, token, self._storage, run.stack)
                ticket = await engine.submit(job)
        except EngineUnavailable as error:
            await self._unavailable(run, video, token, error)
            return
        except (SubmissionUnknown, TimeoutError):
            # It may have been accepted. The row holds the intent, so the next handler is the one for doubt.
            return
        except FileNotFoundError:
            await self._fail(video, failures.REFERENCE_GONE)
            return
        except EngineError as error:
            await self._fail(video, failures.of(error))
            return
        self._checkpoint("submitted")
        await self._ticketed(run, video, engine, token, ticket)

    async def _ticketed(self, run: _Run, video: Video, engine: Engine, token: str, ticket: str) -> None:
        run.failures = run.lost = 0
        if await self._videos.ticketed(video.id, token, ticket, self._clock()):
            self._checkpoint("ticketed")
            return
        now = await self._videos.get(video.id)
        if now is None or now.ticket != ticket:
            await _cancel_quietly(engine, ticket)

    async def _unavailable(self, run: _Run, video: Video, token: str, error: EngineUnavailable) -> None:
        since = retry.trying_since(await self._videos.history(video.id))
        if since is not None and self._clock() >= since + retry.SUBMIT_LIMIT:
            await self._fail(video, failures.ENGINE_UNAVAILABLE)
        elif await self._videos.withdraw(video.id, token, self._clock()):
            await self._back_off(run, video, error)

    async def _in_doubt(self, run: _Run, video: Video, engine: Engine) -> None:
        """An intent without a ticket: it may have been submitted, by us or by a process that died."""
        token, can = video.submit_token or "", engine.capabilities
        if can.paid:
            await self._wait_out(video, engine)
            fresh = await self._videos.get(video.id)
            if fresh is None or fresh.stage is not Stage.SUBMITTING or fresh.submit_token != token:
                return
            video = fresh
        if can.findable:
            await self._find(run, video, engine, token)
        elif video.cancel_requested:
            await self._fail(video, failures.CANCELLED)
        elif can.idempotent:
            await self._submit_again(run, video, engine, token)
        elif can.paid:
            await self._fail(video, failures.SUBMISSION_UNKNOWN)
        else:
            await self._videos.withdraw(video.id, token, self._clock())

    async def _wait_out(self, video: Video, engine: Engine) -> None:
        # Whoever wrote the intent may still be inside the call.
        until = (video.submit_at or video.updated_at) + engine.capabilities.submit_timeout
        while (left := until - self._clock()) > 0:
            await self._pause(video.id, left)

    async def _find(self, run: _Run, video: Video, engine: Engine, token: str) -> None:
        try:
            found = await engine.find(outline(video, token), video.submit_at or video.updated_at)
        except EngineUnavailable as error:
            await self._still_in_doubt(run, video, error)
            return
        taken = await self._videos.taken(engine.name, found, video.id)
        match [ticket for ticket in found if ticket not in taken]:
            case []:
                await self._videos.withdraw(video.id, token, self._clock())
            case [ticket]:
                await self._ticketed(run, video, engine, token, ticket)
            case several:
                log.warning("flow.found_several", video=video.id, engine=engine.name, count=len(several))
                await self._fail(video, failures.SUBMISSION_UNKNOWN)

    async def _submit_again(self, run: _Run, video: Video, engine: Engine, token: str) -> None:
        """The same token is the same job, so sending it once more submits nothing twice."""
        try:
            async with asyncio.timeout(engine.capabilities.submit_timeout):
                ticket = await engine.submit(await job_of(video, token, self._storage, run.stack))
        except (EngineUnavailable, SubmissionUnknown, TimeoutError) as error:
            await self._still_in_doubt(run, video, error)
        except EngineError as error:
            await self._fail(video, failures.of(error))
        else:
            self._checkpoint("submitted")
            await self._ticketed(run, video, engine, token, ticket)

    async def _still_in_doubt(self, run: _Run, video: Video, error: Exception) -> None:
        if self._clock() >= (video.submit_at or video.updated_at) + retry.SUBMIT_LIMIT:
            await self._fail(video, failures.SUBMISSION_UNKNOWN)
        else:
            await self._back_off(run, video, error)

    async def _watching(self, run: _Run, video: Video, engine: Engine) -> None:
        self._checkpoint("watching")
        if video.cancel_requested:
            await self._cancel(video, engine)
            return
        verdict = await self._look(run, video, engine)
        run.lost = run.lost + 1 if verdict.state is State.LOST else 0
        match verdict.state:
            case State.DONE:
                if await self._videos.fetching(video.id, self._clock()):
                    self._checkpoint("fetching")
            case State.FAILED:
                await self._fail(video, failures.publishable(verdict.error))
            case State.CANCELLED:
                await self._fail(video, failures.CANCELLED)
            case State.LOST:
                await self._lost(run, video, engine, verdict)
            case _:
                await self._go_on(run, video, engine, verdict)

    async def _look(self, run: _Run, video: Video, engine: Engine) -> Verdict:
        try:
            verdict = await engine.look(video.ticket or "")
        except EngineError as error:
            run.failures += 1
            self.looks[engine.name, "error"] += 1
            after = retry.delay(run.failures, self._roll(), said=_retry_after(error))
            return Verdict(state=State.UNKNOWN, look_after=after)
        run.failures = 0
        self.looks[engine.name, verdict.state] += 1
        return verdict

    async def _go_on(self, run: _Run, video: Video, engine: Engine, verdict: Verdict) -> None:
        now = self._clock()
        expected = engine.expected_seconds(outline(video))
        if now >= (video.submit_at or video.created_at) + self._limit(expected):
            await _cancel_quietly(engine, video.ticket or "")
            await self._fail(video, failures.ENGINE_TIMEOUT)
            return
        working = verdict.state is State.WORKING
        progress = next_progress(video.progress, verdict.progress)
        changed = progress > video.progress or (working and video.status is Status.QUEUED)
        if changed and now >= run.written_at + WRITE_INTERVAL:
            run.written_at = now
            await self._videos.advance(video.id, progress=progress, working=working, now=now)
        await self._pause_for(video, verdict)

    async def _pause_for(self, video: Video, verdict: Verdict) -> None:
        least, most = LOOK_BETWEEN
        await self._pause(video.id, min(most, max(least, verdict.look_after)) * (0.9 + 0.2 * self._roll()))

    async def _lost(self, run: _Run, video: Video, engine: Engine, verdict: Verdict) -> None:
        if engine.capabilities.paid and run.lost < SURELY_LOST:
            await self._pause_for(video, verdict)
        elif engine.capabilities.paid:
            await self._fail(video, failures.UPSTREAM_LOST)
        elif retry.losses(await self._videos.history(video.id)) >= retry.MAX_LOSSES:
            await self._fail(video, failures.ENGINE_ERROR)
        else:
            log.info("flow.begins_again", video=video.id, engine=engine.name)
            await self._videos.restart(video.id, self._clock())

    async def _cancel(self, video: Video, engine: Engine) -> None:
        await _cancel_quietly(engine, video.ticket or "")
        await self._fail(video, failures.CANCELLED)

    async def _fetching(self, run: _Run, video: Video, engine: Engine) -> None:
        if video.cancel_requested:
            await self._cancel(video, engine)
            return
        try:
            await self._deliver(video, engine)
        except EngineUnavailable as error:
            if not await self._lost_meanwhile(run, video, engine):
                await self._fetch_again(run, video, error, failures.DOWNLOAD_FAILED)
        except StorageFault as error:
            await self._fetch_again(run, video, error, failures.STORAGE_FAULT)
        except BadArtifact as error:
            await self._unusable(run, video, engine, error)
        except EngineError as error:
            await self._fetch_again(run, video, error, failures.DOWNLOAD_FAILED)

    async def _deliver(self, video: Video, engine: Engine) -> None:
        async with self._staged() as into:
            artifact = await engine.fetch(video.ticket or "", into)
            self._checkpoint("fetched")
            await self._delivery.verify(into, video)
            self._checkpoint("verified")
            assets = await self._delivery.keep(into, video, artifact)
        self._checkpoint("kept")
        now = self._clock()
        expires_at = now + self._retention if self._retention else None
        if await self._videos.complete(video.id, assets, artifact.notes, now, expires_at):
            self._checkpoint("completed")
            log.info("video.completed", video=video.id, engine=video.engine, seconds=round(now - video.created_at, 3))
        else:
            await self._delivery.discard(assets, video.id)

    async def _fetch_again(self, run: _Run, video: Video, error: Exception, end: VideoError) -> None:
        # The row does not change while it is being fetched, so its last change is when the fetch began.
        if self._clock() >= video.updated_at + retry.FETCH_LIMIT:
            await self._fail(video, end)
        else:
            await self._back_off(run, video, error)

    async def _lost_meanwhile(self, run: _Run, video: Video, engine: Engine) -> bool:
        """Whether the engine forgot the finished job; then the video has begun again, or ended."""
        verdict = await self._look(run, video, engine)
        run.lost = run.lost + 1 if verdict.state is State.LOST else 0
        if verdict.state is State.LOST:
            await self._lost(run, video, engine, verdict)
        return verdict.state is State.LOST

    async def _unusable(self, run: _Run, video: Video, engine: Engine, error: BadArtifact) -> None:
        log.warning("flow.unusable", video=video.id, engine=engine.name, reason=failures.of(error).message)
        run.unusable += 1
        if engine.capabilities.paid and run.unusable < DOWNLOADS:
            await self._back_off(run, video, error)
        elif engine.capabilities.paid or (
            retry.spoilt(await self._videos.history(video.id)) + 1 >= retry.MAX_BAD_OUTPUTS
        ):
            await self._fail(video, failures.INVALID_OUTPUT)
        else:
            await self._videos.restart(video.id, self._clock())

    async def _back_off(self, run: _Run, video: Video, error: Exception) -> None:
        run.failures += 1
        await self._pause(video.id, retry.delay(run.failures, self._roll(), said=_retry_after(error)))

    async def _fail(self, video: Video, error: VideoError) -> None:
        if await self._videos.fail(video.id, error, self._clock()):
            self._checkpoint("failed")
            log.info("video.failed", video=video.id, engine=video.engine, code=error.code)

    @asynccontextmanager
    async def _staged(self) -> AsyncIterator[Path]:
        into = self._storage.staging(".mp4")
        try:
            yield into
        finally:
            into.unlink(missing_ok=True)


def _retry_after(error: Exception) -> float | None:
    return error.retry_after if isinstance(error, EngineUnavailable) else None


async def _cancel_quietly(engine: Engine, ticket: str) -> None:
    try:
        await engine.cancel(ticket)
    except EngineError:
        log.warning("flow.cancel_unheard", engine=engine.name)
