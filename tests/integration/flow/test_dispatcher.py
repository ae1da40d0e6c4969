"""Several engines behind one model: which one a video goes to, when it moves, and when it never does."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from filmgate.config.routing import NON_RETRYABLE, Route, RouteTarget
from filmgate.domain import Status, VideoError, VideoRecord
from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import EngineRejected, EngineUnavailable, SubmissionUnknown
from filmgate.flow import circuit_breaker
from filmgate.flow.circuit_breaker import CallKind, CircuitBreaker
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.rate_limiter import FairRateLimiter
from filmgate.testing.harness import MODEL, FakeClock, FlowHarness
from filmgate.testing.scripted import DONE, ScriptedEngine

PAID = Capabilities(paid=True, submit_timeout=30)
FINDABLE = replace(PAID, findable=True)
ROUTE = Route(targets=(RouteTarget("first"), RouteTarget("second")))
DARK = EngineUnavailable()
WORKING = JobStatus(state=JobState.WORKING, progress=10.0, poll_after=1.0)
FAILED = JobStatus(state=JobState.FAILED, error=VideoError("engine_error", "It broke."))


def _first(**script: object) -> ScriptedEngine:
    return ScriptedEngine(PAID, name="first", identity="1", **script)  # type: ignore[arg-type] # its own parameters


def _second(**script: object) -> ScriptedEngine:
    return ScriptedEngine(PAID, name="second", identity="2", **script)  # type: ignore[arg-type] # its own parameters


async def _finish(
    harness: FlowHarness, first: ScriptedEngine, second: ScriptedEngine, route: Route = ROUTE
) -> VideoRecord:
    return await harness.run_to_end(first, await harness.accept(engine="first"), second, route=route)


def _why(video: VideoRecord) -> str:
    assert video.error is not None
    return video.error.code


# One of two is dark


async def test_a_video_leaves_an_engine_that_is_dark_before_it_took_it(harness: FlowHarness, film: bytes) -> None:
    """Surely not accepted: the other engine makes the film, and no failover is used up."""
    first, second = _first(submit_results=[DARK]), _second(fetch_results=[film])
    video = await _finish(harness, first, second)
    assert (video.status, video.engine, video.failovers) == (Status.COMPLETED, "second", 0)
    assert (len(first.submitted), len(second.submitted)) == (circuit_breaker.FAILURE_THRESHOLD, 1)
    assert await harness.balance() == 9_500


async def test_a_benched_engine_is_not_even_asked(harness: FlowHarness, film: bytes) -> None:
    """The next video goes to the other engine at once."""
    first, second = _first(submit_results=[DARK]), _second(submit_results=["one", "two"], fetch_results=[film])
    await _finish(harness, first, second)
    asked = len(first.submitted)
    assert (await _finish(harness, first, second)).engine == "second"
    assert len(first.submitted) == asked


async def test_a_video_with_a_ticket_stays_with_a_dark_engine(harness: FlowHarness, film: bytes) -> None:
    """What an engine took is looked at there until it answers again, and is submitted nowhere else."""
    first, second = _first(poll_results=[WORKING, *[DARK] * 8, DONE], fetch_results=[film]), _second()
    video = await _finish(harness, first, second)
    assert (video.status, video.engine) == (Status.COMPLETED, "first")
    assert (len(first.submitted), second.submitted) == (1, [])
    assert harness.clock.sleeps[-1] > 10


async def test_two_dark_engines_end_in_the_usual_failure(harness: FlowHarness) -> None:
    """A video that nobody takes for a quarter of an hour fails free of charge, whichever engines it went between."""
    video = await _finish(harness, _first(submit_results=[DARK]), _second(submit_results=[DARK]))
    assert _why(video) == "engine_unavailable"
    assert await harness.balance() == 10_000


async def test_a_hanging_engine_is_benched_though_its_videos_stay(harness: FlowHarness) -> None:
    """A reply that never comes says nothing about this video, which ends in doubt, but enough about the engine."""
    first = _first(submit_results=[SubmissionUnknown()])
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        assert _why(await _finish(harness, first, _second())) == "submission_unknown"
    assert harness.breaker.is_open("first", "1")


# Failover


async def test_a_typed_failure_goes_on_to_the_other_engine_once(harness: FlowHarness, film: bytes) -> None:
    """Same id, same hold, one charge; the history names both engines."""
    first, second = _first(poll_results=[WORKING, FAILED]), _second(fetch_results=[film])
    video = await _finish(harness, first, second)
    assert (video.status, video.engine, video.failovers) == (Status.COMPLETED, "second", 1)
    assert await harness.balance() == 9_500
    history = await harness.store.videos.history(video.id)
    assert list(dict.fromkeys(event.engine for event in history)) == ["first", "second"]
    assert Status.FAILED not in [event.status for event in history]
    assert harness.checkpoints.count("failed_over") == 1


async def test_a_rejected_submission_goes_on_too(harness: FlowHarness, film: bytes) -> None:
    """What the first engine said it will never take, the second may, where the route says so."""
    route = replace(ROUTE, failover=frozenset({"engine_rejected"}))
    video = await _finish(harness, _first(submit_results=[EngineRejected()]), _second(fetch_results=[film]), route)
    assert (video.status, video.engine) == (Status.COMPLETED, "second")


async def test_an_engine_that_refuses_everybody_is_benched(harness: FlowHarness, film: bytes) -> None:
    """Without money or a good key there, videos go elsewhere at once, and keep their failover."""
    first = _first(submit_results=[EngineRejected(code="upstream_quota")])
    second = _second(submit_results=["a", "b", "c", "d"], fetch_results=[film])
    ended = [await _finish(harness, first, second) for _ in range(circuit_breaker.FAILURE_THRESHOLD + 1)]
    assert [video.failovers for video in ended] == [1] * circuit_breaker.FAILURE_THRESHOLD + [0]
    assert {video.status for video in ended} == {Status.COMPLETED}


async def test_the_second_failure_is_the_last(harness: FlowHarness) -> None:
    """A video fails over once, though the route has a third engine."""
    third = ScriptedEngine(PAID, name="third", identity="3")
    route = Route(targets=(*ROUTE.targets, RouteTarget("third")))
    first, second = _first(poll_results=[FAILED]), _second(poll_results=[FAILED])
    video = await harness.run_to_end(first, await harness.accept(engine="first"), second, third, route=route)
    assert (_why(video), video.failovers, third.submitted) == ("engine_error", 1, [])
    assert await harness.balance() == 10_000


async def test_a_failure_that_the_route_does_not_name_is_final(harness: FlowHarness) -> None:
    """Only named codes go on."""
    second = _second()
    video = await _finish(
        harness, _first(poll_results=[FAILED]), second, replace(ROUTE, failover=frozenset({"overloaded"}))
    )
    assert (_why(video), second.submitted) == ("engine_error", [])


async def test_moderation_is_final(harness: FlowHarness) -> None:
    """No second opinion is asked for about what a prompt shows."""
    blocked = JobStatus(state=JobState.FAILED, error=VideoError("moderation_blocked", "No."))
    second = _second()
    assert _why(await _finish(harness, _first(poll_results=[blocked]), second)) == "moderation_blocked"
    assert second.submitted == []


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"submit_results": [SubmissionUnknown()]}, "submission_unknown"),
        ({"submit_results": [TimeoutError()]}, "submission_unknown"),
        ({"poll_results": [JobStatus(state=JobState.LOST)]}, "upstream_lost"),
        ({"poll_results": [JobStatus(state=JobState.WORKING, poll_after=60.0)]}, "engine_timeout"),
        ({"fetch_results": [DARK]}, "download_failed"),
        ({"fetch_results": [b"no film"]}, "invalid_output"),
    ],
)
async def test_what_is_ambiguous_never_goes_on(harness: FlowHarness, script: dict[str, object], code: str) -> None:
    """Where the first engine may have made the film, or was paid for it, no second one is asked."""
    second = _second()
    assert _why(await _finish(harness, _first(**script), second)) == code
    assert second.submitted == []
    assert code in NON_RETRYABLE
    assert await harness.balance() == 10_000


async def test_a_death_between_two_engines_loses_nothing(harness: FlowHarness, film: bytes) -> None:
    """Killed right after the failover: the row alone brings the video to its second engine, under a raised epoch."""
    first, second = _first(poll_results=[FAILED]), _second(fetch_results=[film])
    video = await harness.accept(engine="first")
    await harness.build_executor(first, second, route=ROUTE)(video.id)
    harness.woken_ids.clear()
    after = await harness.reload(video)
    assert (after.stage, after.engine, after.epoch, after.ticket) == ("accepted", "second", video.epoch + 1, None)
    ended = await harness.run_to_end(first, video, second, route=ROUTE)
    assert (ended.status, len(first.submitted), len(second.submitted)) == (Status.COMPLETED, 1, 1)


async def test_a_video_that_failed_over_never_goes_back(harness: FlowHarness) -> None:
    """Its second engine goes dark before it takes it: the first, which had its submission, is not asked again."""
    first, second = _first(poll_results=[FAILED]), _second(submit_results=[DARK])
    video = await _finish(harness, first, second)
    assert (_why(video), video.engine) == ("engine_unavailable", "second")
    assert len(first.submitted) == 1
    assert await harness.balance() == 10_000


async def test_a_failover_needs_an_engine_in_order(harness: FlowHarness) -> None:
    """Where the other one is dark, the failure stands."""
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        harness.breaker.record_failure("second", "2", CallKind.SUBMIT)
    assert _why(await _finish(harness, _first(poll_results=[FAILED]), _second())) == "engine_error"


# Tickets


async def test_the_id_of_another_videos_job_is_never_taken(harness: FlowHarness, film: bytes) -> None:
    """An upstream that answers two submissions with one id: the second video ends in doubt, and stops no job."""
    engine = _first(submit_results=["same"], fetch_results=[film])
    assert (await _finish(harness, engine, _second())).status is Status.COMPLETED
    assert _why(await _finish(harness, engine, _second())) == "submission_unknown"
    assert engine.cancelled == []
    assert await harness.balance() == 9_500


async def test_a_twin_that_is_being_submitted_is_waited_for(harness: FlowHarness, film: bytes) -> None:
    """A job like ours may be that of another video, as long as its own submission may still be under way."""
    engine = ScriptedEngine(FINDABLE, name="first", identity="1", find_results=[["one"]], fetch_results=[film])
    video, twin = await harness.accept(engine="first"), await harness.accept(engine="first")
    await harness.store.videos.record_intent(video.id, "ours", harness.clock(), identity="1")
    harness.clock.now += 20
    await harness.store.videos.record_intent(twin.id, "theirs", harness.clock(), identity="1")

    async def twin_hears() -> None:
        harness.clock.on_next_sleep = lambda: harness.store.videos.record_ticket(
            twin.id, "theirs", "one", harness.clock()
        )

    harness.clock.on_next_sleep = twin_hears
    ended = await harness.run_to_end(engine, video)
    assert len(engine.submitted) == 1, "its absence was certain in the end"
    assert ended.ticket != "one"


# A minute's creates


async def test_an_upstream_gets_no_more_a_minute_than_it_takes(harness: FlowHarness, film: bytes) -> None:
    """The third of two a minute waits for its turn, whoever drives it, and fails for nothing."""
    engine = ScriptedEngine(
        replace(PAID, creates_per_minute=2),
        name="first",
        identity="1",
        submit_results=["a", "b", "c"],
        fetch_results=[film],
    )
    began = harness.clock()
    for _ in range(3):
        assert (await harness.run_to_end(engine, await harness.accept(engine="first"))).status is Status.COMPLETED
    assert 60 < harness.clock() - began < 75


async def test_a_video_that_has_to_wait_for_its_turn_goes_where_there_is_one(harness: FlowHarness, film: bytes) -> None:
    """The third of two a minute goes on to the route's next engine, at once and without using up its failover."""
    first, second = (
        ScriptedEngine(
            replace(PAID, creates_per_minute=most), name=name, identity=name, submit_results="abc", fetch_results=[film]
        )
        for name, most in (("first", 2), ("second", 1))
    )
    videos = [await _finish(harness, first, second) for _ in range(3)]
    assert [video.engine for video in videos] == ["first", "first", "second"]
    assert (harness.clock.sleeps, videos[-1].failovers) == ([], 0)
    last = await _finish(harness, first, second)
    assert (last.status, len(harness.clock.sleeps)) == (Status.COMPLETED, 1)


async def test_no_more_videos_go_on_than_there_are_turns(harness: FlowHarness, film: bytes) -> None:
    """Of two that wait, one takes the other engine's only turn, though nothing was submitted there yet."""
    limited = replace(PAID, creates_per_minute=1)
    first = ScriptedEngine(limited, name="first", identity="1", submit_results="abc", fetch_results=[film])
    second = ScriptedEngine(limited, name="second", identity="2", fetch_results=[film])
    await _finish(harness, first, second)
    drive = harness.build_executor(first, second, route=ROUTE)
    goes, stays = [await harness.accept(engine="first") for _ in range(2)]
    await drive(goes.id)
    await drive(stays.id)
    assert [(await harness.reload(video)).engine for video in (goes, stays)] == ["second", "first"]
    assert (harness.woken_ids, len(harness.clock.sleeps)) == ([goes.id], 1)


async def test_turns_go_by_the_order_of_acceptance(harness: FlowHarness) -> None:
    """Who was accepted earlier and waits is counted before who asks; an engine without a limit lets all in."""
    limited = ScriptedEngine(replace(PAID, creates_per_minute=1), name="first", identity="1")
    turns = FairRateLimiter(harness.store.videos, harness.clock)
    early, late = [await harness.accept(engine="first") for _ in range(2)]
    turns.enqueue(limited, early, 5)
    assert (await turns.seconds_until_turn(limited, late) > 0, await turns.seconds_until_turn(_second(), late)) == (
        True,
        0,
    )
    turns.enqueue(limited, late, 5)
    assert await turns.seconds_until_turn(limited, early) == 0
    turns.enqueue(limited, early, 5)
    harness.clock.now += 6
    assert await turns.seconds_until_turn(limited, late) == 0


# Choosing


def _dispatcher(route: Route, *engines: ScriptedEngine, rolls: list[float] | None = None) -> Dispatcher:
    known = {engine.name: engine for engine in engines}
    left = iter(rolls or [])
    return Dispatcher({MODEL: route}, known, CircuitBreaker(FakeClock()), lambda: next(left, 0.5))


def test_shares_are_kept_to() -> None:
    """Of a thousand videos, weights of 3 and 1 make 750 and 250."""
    route = Route(targets=(RouteTarget("first", 3), RouteTarget("second", 1)), policy="weighted")
    dispatcher = _dispatcher(route, _first(), _second(), rolls=[number / 1000 for number in range(1000)])
    assert Counter(dispatcher.choose(MODEL, (), "v") for _ in range(1000)) == {"first": 750, "second": 250}


def test_only_an_engine_that_can_is_chosen() -> None:
    """What is asked for decides before order and weight; nobody is chosen where nobody can."""
    able = ScriptedEngine(replace(PAID, remix=True), name="second")
    dispatcher = _dispatcher(ROUTE, _first(), able)
    assert dispatcher.choose(MODEL, ["remix"], "v") == "second"
    assert dispatcher.choose(MODEL, ["edits"], "v") is None
    assert dispatcher.choose("no-such-model", (), "v") is None


def test_a_benched_engine_gets_a_single_new_video_when_it_cooled_down() -> None:
    """The first engine of the route is passed over, then tried by one."""
    time = FakeClock()
    dispatcher = Dispatcher({MODEL: ROUTE}, {"first": _first(), "second": _second()}, CircuitBreaker(time), lambda: 0.5)
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        dispatcher.breaker.record_failure("first", "1", CallKind.SUBMIT)
    assert dispatcher.choose(MODEL, (), "a") == "second"
    time.now += circuit_breaker.BASE_COOL_DOWN
    assert [dispatcher.choose(MODEL, (), name) for name in "abb"] == ["first", "second", "second"]


def test_where_all_are_benched_the_route_decides() -> None:
    """A video is accepted all the same: engines come back."""
    dispatcher = _dispatcher(ROUTE, _first(), _second())
    for name, identity in (("first", "1"), ("second", "2")):
        for _ in range(circuit_breaker.FAILURE_THRESHOLD):
            dispatcher.breaker.record_failure(name, identity, CallKind.SUBMIT)
    assert dispatcher.choose(MODEL, (), "v") == "first"


async def test_a_video_of_a_removed_engine_goes_to_one_that_is_there(harness: FlowHarness, film: bytes) -> None:
    """What was accepted for an engine that left the configuration, and never submitted, moves on."""
    second = _second(fetch_results=[film])
    video = await harness.accept(engine="gone")
    ended = await harness.run_to_end(second, video, route=ROUTE)
    assert (ended.status, ended.engine) == (Status.COMPLETED, "second")
