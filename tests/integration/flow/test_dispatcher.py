"""Several engines behind one model: which one gets a video, when it moves, and when it never does."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from filmgate.config.routing import NON_RETRYABLE, Route, RouteTarget
from filmgate.domain import EngineParameters, ParameterRange, Status, VideoError, VideoRecord
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


def _error_code(video: VideoRecord) -> str:
    assert video.error is not None
    return video.error.code


# One of two engines is unreachable


async def test_a_video_leaves_an_unreachable_engine_before_submission(harness: FlowHarness, mp4: bytes) -> None:
    """Surely not accepted: the other engine makes the video, and no failover is used up."""
    first, second = _first(submit_results=[DARK]), _second(fetch_results=[mp4])
    video = await _finish(harness, first, second)
    assert (video.status, video.engine, video.failovers) == (Status.COMPLETED, "second", 0)
    assert (len(first.submitted), len(second.submitted)) == (circuit_breaker.FAILURE_THRESHOLD, 1)
    assert await harness.balance() == 9_500


@pytest.mark.parametrize("script", [{"submit_results": [DARK]}, {"poll_results": [FAILED]}])
async def test_a_video_moves_only_to_an_engine_that_takes_its_parameters(
    harness: FlowHarness, mp4: bytes, script: dict[str, object]
) -> None:
    """Before its submission and after a failure: an engine that ignored them would make another video."""
    takes = replace(PAID, parameters={"num_inference_steps": ParameterRange("integer", 1, 50)})
    route = Route(targets=(RouteTarget("first"), RouteTarget("second"), RouteTarget("third")))
    first, second = _first(**script), _second(fetch_results=[mp4])
    first.capabilities = takes
    third = ScriptedEngine(takes, name="third", identity="3", fetch_results=[mp4])
    given = EngineParameters(num_inference_steps=30)
    accepted = await harness.accept(engine="first", parameters=given)
    video = await harness.run_to_end(first, accepted, second, third, route=route)
    assert (video.status, video.engine, video.recipe.parameters) == (Status.COMPLETED, "third", given)
    assert second.submitted == []
    assert third.submitted[0].parameters == given


async def test_an_engine_with_an_open_circuit_gets_no_video(harness: FlowHarness, mp4: bytes) -> None:
    """The next video moving to the other engine at once."""
    first, second = _first(submit_results=[DARK]), _second(submit_results=["one", "two"], fetch_results=[mp4])
    await _finish(harness, first, second)
    submissions_before = len(first.submitted)
    assert (await _finish(harness, first, second)).engine == "second"
    assert len(first.submitted) == submissions_before


async def test_a_video_with_a_ticket_stays_with_an_unreachable_engine(harness: FlowHarness, mp4: bytes) -> None:
    """An accepted job is polled there until the engine answers again, and is submitted nowhere else."""
    first, second = _first(poll_results=[WORKING, *[DARK] * 8, DONE], fetch_results=[mp4]), _second()
    video = await _finish(harness, first, second)
    assert (video.status, video.engine) == (Status.COMPLETED, "first")
    assert (len(first.submitted), second.submitted) == (1, [])
    assert harness.clock.sleeps[-1] > 10


async def test_two_unreachable_engines_end_in_the_usual_failure(harness: FlowHarness) -> None:
    """A video that no engine accepts for a quarter of an hour fails free of charge, wherever it moved."""
    video = await _finish(harness, _first(submit_results=[DARK]), _second(submit_results=[DARK]))
    assert _error_code(video) == "engine_unavailable"
    assert await harness.balance() == 10_000


async def test_a_hanging_engine_opens_its_circuit_though_its_videos_stay(harness: FlowHarness) -> None:
    """A missing reply leaves this video's outcome unknown, but counts as a failure of the engine."""
    first = _first(submit_results=[SubmissionUnknown()])
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        assert _error_code(await _finish(harness, first, _second())) == "submission_unknown"
    assert harness.breaker.is_open("first", "1")


# Failover


async def test_a_typed_failure_moves_to_the_other_engine_once(harness: FlowHarness, mp4: bytes) -> None:
    """Same id, same hold, one charge; the history names both engines."""
    first, second = _first(poll_results=[WORKING, FAILED]), _second(fetch_results=[mp4])
    video = await _finish(harness, first, second)
    assert (video.status, video.engine, video.failovers) == (Status.COMPLETED, "second", 1)
    assert await harness.balance() == 9_500
    history = await harness.store.videos.history(video.id)
    assert list(dict.fromkeys(event.engine for event in history)) == ["first", "second"]
    assert Status.FAILED not in [event.status for event in history]
    assert harness.checkpoints.count("failed_over") == 1


async def test_a_rejected_submission_fails_over_too(harness: FlowHarness, mp4: bytes) -> None:
    """What the first engine rejects, the second may accept, if the route allows it."""
    route = replace(ROUTE, failover=frozenset({"engine_rejected"}))
    video = await _finish(harness, _first(submit_results=[EngineRejected()]), _second(fetch_results=[mp4]), route)
    assert (video.status, video.engine) == (Status.COMPLETED, "second")


async def test_an_engine_that_refuses_our_account_opens_its_circuit(harness: FlowHarness, mp4: bytes) -> None:
    """Without credit or a valid key there, videos go elsewhere at once, and keep their failover."""
    first = _first(submit_results=[EngineRejected(code="upstream_quota")])
    second = _second(submit_results=["a", "b", "c", "d"], fetch_results=[mp4])
    ended = [await _finish(harness, first, second) for _ in range(circuit_breaker.FAILURE_THRESHOLD + 1)]
    assert [video.failovers for video in ended] == [1] * circuit_breaker.FAILURE_THRESHOLD + [0]
    assert {video.status for video in ended} == {Status.COMPLETED}


async def test_the_second_failure_is_final(harness: FlowHarness) -> None:
    """A video fails over once, though the route has a third engine."""
    third = ScriptedEngine(PAID, name="third", identity="3")
    route = Route(targets=(*ROUTE.targets, RouteTarget("third")))
    first, second = _first(poll_results=[FAILED]), _second(poll_results=[FAILED])
    video = await harness.run_to_end(first, await harness.accept(engine="first"), second, third, route=route)
    assert (_error_code(video), video.failovers, third.submitted) == ("engine_error", 1, [])
    assert await harness.balance() == 10_000


async def test_a_failure_that_the_route_does_not_name_is_final(harness: FlowHarness) -> None:
    """Only named codes fail over."""
    second = _second()
    video = await _finish(
        harness, _first(poll_results=[FAILED]), second, replace(ROUTE, failover=frozenset({"overloaded"}))
    )
    assert (_error_code(video), second.submitted) == ("engine_error", [])


async def test_moderation_is_final(harness: FlowHarness) -> None:
    """A prompt rejected by moderation is not sent to another engine."""
    blocked = JobStatus(state=JobState.FAILED, error=VideoError("moderation_blocked", "No."))
    second = _second()
    assert _error_code(await _finish(harness, _first(poll_results=[blocked]), second)) == "moderation_blocked"
    assert second.submitted == []


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"submit_results": [SubmissionUnknown()]}, "submission_unknown"),
        ({"submit_results": [TimeoutError()]}, "submission_unknown"),
        ({"poll_results": [JobStatus(state=JobState.LOST)]}, "upstream_lost"),
        ({"poll_results": [JobStatus(state=JobState.WORKING, poll_after=60.0)]}, "engine_timeout"),
        ({"fetch_results": [DARK]}, "download_failed"),
        ({"fetch_results": [b"not a video"]}, "invalid_output"),
    ],
)
async def test_an_ambiguous_failure_never_fails_over(
    harness: FlowHarness, script: dict[str, object], code: str
) -> None:
    """If the first engine may have made the video, or was paid for it, no second one gets it."""
    second = _second()
    assert _error_code(await _finish(harness, _first(**script), second)) == code
    assert second.submitted == []
    assert code in NON_RETRYABLE
    assert await harness.balance() == 10_000


async def test_a_crash_between_two_engines_loses_nothing(harness: FlowHarness, mp4: bytes) -> None:
    """Killed right after the failover: the row alone brings the video to its second engine, under a raised epoch."""
    first, second = _first(poll_results=[FAILED]), _second(fetch_results=[mp4])
    video = await harness.accept(engine="first")
    await harness.build_executor(first, second, route=ROUTE)(video.id)
    harness.woken_ids.clear()
    after = await harness.reload(video)
    assert (after.stage, after.engine, after.epoch, after.ticket) == ("accepted", "second", video.epoch + 1, None)
    ended = await harness.run_to_end(first, video, second, route=ROUTE)
    assert (ended.status, len(first.submitted), len(second.submitted)) == (Status.COMPLETED, 1, 1)


async def test_a_video_that_failed_over_never_goes_back(harness: FlowHarness) -> None:
    """Its second engine becomes unreachable before the submission: the first one does not get it again."""
    first, second = _first(poll_results=[FAILED]), _second(submit_results=[DARK])
    video = await _finish(harness, first, second)
    assert (_error_code(video), video.engine) == ("engine_unavailable", "second")
    assert len(first.submitted) == 1
    assert await harness.balance() == 10_000


async def test_a_failover_needs_an_available_engine(harness: FlowHarness) -> None:
    """If the other one is unreachable, the failure is final."""
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        harness.breaker.record_failure("second", "2", CallKind.SUBMIT)
    assert _error_code(await _finish(harness, _first(poll_results=[FAILED]), _second())) == "engine_error"


# Tickets


async def test_another_videos_ticket_is_never_adopted(harness: FlowHarness, mp4: bytes) -> None:
    """An upstream returns one id for two submissions: the second outcome is unknown, and no job is cancelled."""
    engine = _first(submit_results=["same"], fetch_results=[mp4])
    assert (await _finish(harness, engine, _second())).status is Status.COMPLETED
    assert _error_code(await _finish(harness, engine, _second())) == "submission_unknown"
    assert engine.cancelled == []
    assert await harness.balance() == 9_500


async def test_a_twin_in_submission_is_waited_for(harness: FlowHarness, mp4: bytes) -> None:
    """A matching job may belong to a video with the same prompt while that one's submission may still be running."""
    engine = ScriptedEngine(FINDABLE, name="first", identity="1", find_results=[["one"]], fetch_results=[mp4])
    video, twin = await harness.accept(engine="first"), await harness.accept(engine="first")
    await harness.store.videos.record_intent(video.id, "ours", harness.clock(), identity="1")
    harness.clock.now += 20
    await harness.store.videos.record_intent(twin.id, "theirs", harness.clock(), identity="1")

    async def record_twins_ticket() -> None:
        harness.clock.on_next_sleep = lambda: harness.store.videos.record_ticket(
            twin.id, "theirs", "one", harness.clock()
        )

    harness.clock.on_next_sleep = record_twins_ticket
    ended = await harness.run_to_end(engine, video)
    assert len(engine.submitted) == 1, "its absence was certain in the end"
    assert ended.ticket != "one"


# Creates per minute


async def test_an_upstream_gets_no_more_than_its_limit_per_minute(harness: FlowHarness, mp4: bytes) -> None:
    """The third of two per minute waits for its slot, in any executor, and does not fail."""
    engine = ScriptedEngine(
        replace(PAID, creates_per_minute=2),
        name="first",
        identity="1",
        submit_results=["a", "b", "c"],
        fetch_results=[mp4],
    )
    started_at = harness.clock()
    for _ in range(3):
        assert (await harness.run_to_end(engine, await harness.accept(engine="first"))).status is Status.COMPLETED
    assert 60 < harness.clock() - started_at < 75


async def test_a_video_without_a_slot_moves_to_an_engine_with_one(harness: FlowHarness, mp4: bytes) -> None:
    """The third of two per minute moves to the route's next engine, at once and without using up its failover."""
    first, second = (
        ScriptedEngine(
            replace(PAID, creates_per_minute=limit),
            name=name,
            identity=name,
            submit_results="abc",
            fetch_results=[mp4],
        )
        for name, limit in (("first", 2), ("second", 1))
    )
    videos = [await _finish(harness, first, second) for _ in range(3)]
    assert [video.engine for video in videos] == ["first", "first", "second"]
    assert (harness.clock.sleeps, videos[-1].failovers) == ([], 0)
    last = await _finish(harness, first, second)
    assert (last.status, len(harness.clock.sleeps)) == (Status.COMPLETED, 1)


async def test_no_more_videos_move_than_there_are_slots(harness: FlowHarness, mp4: bytes) -> None:
    """Of two that wait, one takes the other engine's only slot, though nothing was submitted there yet."""
    limited = replace(PAID, creates_per_minute=1)
    first = ScriptedEngine(limited, name="first", identity="1", submit_results="abc", fetch_results=[mp4])
    second = ScriptedEngine(limited, name="second", identity="2", fetch_results=[mp4])
    await _finish(harness, first, second)
    execute = harness.build_executor(first, second, route=ROUTE)
    moving, staying = [await harness.accept(engine="first") for _ in range(2)]
    await execute(moving.id)
    await execute(staying.id)
    assert [(await harness.reload(video)).engine for video in (moving, staying)] == ["second", "first"]
    assert (harness.woken_ids, len(harness.clock.sleeps)) == ([moving.id], 1)


async def test_slots_follow_acceptance_order(harness: FlowHarness) -> None:
    """Waiting videos accepted earlier count before the one that asks; an engine without a limit has slots for all."""
    limited = ScriptedEngine(replace(PAID, creates_per_minute=1), name="first", identity="1")
    rate_limiter = FairRateLimiter(harness.store.videos, harness.clock)
    earlier, later = [await harness.accept(engine="first") for _ in range(2)]
    rate_limiter.enqueue(limited, earlier, 5)
    assert (
        await rate_limiter.seconds_until_turn(limited, later) > 0,
        await rate_limiter.seconds_until_turn(_second(), later),
    ) == (
        True,
        0,
    )
    rate_limiter.enqueue(limited, later, 5)
    assert await rate_limiter.seconds_until_turn(limited, earlier) == 0
    rate_limiter.enqueue(limited, earlier, 5)
    harness.clock.now += 6
    assert await rate_limiter.seconds_until_turn(limited, later) == 0


async def test_slots_go_round_the_accounts(harness: FlowHarness) -> None:
    """Another account's first video comes before the second of an account that filled the queue."""
    limited = ScriptedEngine(replace(PAID, creates_per_minute=1), name="first", identity="1")
    rate_limiter = FairRateLimiter(harness.store.videos, harness.clock)
    other = await harness.store.accounts.create_account("other", None)
    many = [await harness.accept(engine="first") for _ in range(3)]
    single = await harness.accept(engine="first", account_id=other.id)
    for video in (*many[1:], single):
        rate_limiter.enqueue(limited, video, 60)
    assert await rate_limiter.seconds_until_turn(limited, single) == 0
    rate_limiter.enqueue(limited, single, 60)
    assert await rate_limiter.seconds_until_turn(limited, many[1]) > 0


# Selection


def _dispatcher(route: Route, *engines: ScriptedEngine, rolls: list[float] | None = None) -> Dispatcher:
    engines_by_name = {engine.name: engine for engine in engines}
    remaining = iter(rolls or [])
    return Dispatcher({MODEL: route}, engines_by_name, CircuitBreaker(FakeClock()), lambda: next(remaining, 0.5))


def test_weights_are_respected() -> None:
    """Of a thousand videos, weights of 3 and 1 make 750 and 250."""
    route = Route(targets=(RouteTarget("first", 3), RouteTarget("second", 1)), policy="weighted")
    dispatcher = _dispatcher(route, _first(), _second(), rolls=[number / 1000 for number in range(1000)])
    assert Counter(dispatcher.choose(MODEL, (), "v") for _ in range(1000)) == {"first": 750, "second": 250}


def test_only_a_capable_engine_is_chosen() -> None:
    """Capabilities come before order and weight; without a capable engine there is no choice."""
    capable = ScriptedEngine(replace(PAID, remix=True), name="second")
    dispatcher = _dispatcher(ROUTE, _first(), capable)
    assert dispatcher.choose(MODEL, ["remix"], "v") == "second"
    assert dispatcher.choose(MODEL, ["edits"], "v") is None
    assert dispatcher.choose("no-such-model", (), "v") is None


def test_a_half_open_engine_gets_a_single_new_video() -> None:
    """The first engine of the route is skipped while open, then probed by one video."""
    time = FakeClock()
    dispatcher = Dispatcher({MODEL: ROUTE}, {"first": _first(), "second": _second()}, CircuitBreaker(time), lambda: 0.5)
    for _ in range(circuit_breaker.FAILURE_THRESHOLD):
        dispatcher.breaker.record_failure("first", "1", CallKind.SUBMIT)
    assert dispatcher.choose(MODEL, (), "a") == "second"
    time.now += circuit_breaker.BASE_COOL_DOWN
    assert [dispatcher.choose(MODEL, (), name) for name in "abb"] == ["first", "second", "second"]


def test_if_all_circuits_are_open_the_route_decides() -> None:
    """A video is accepted all the same: engines recover."""
    dispatcher = _dispatcher(ROUTE, _first(), _second())
    for name, identity in (("first", "1"), ("second", "2")):
        for _ in range(circuit_breaker.FAILURE_THRESHOLD):
            dispatcher.breaker.record_failure(name, identity, CallKind.SUBMIT)
    assert dispatcher.choose(MODEL, (), "v") == "first"


async def test_a_video_of_a_removed_engine_moves_to_a_configured_one(harness: FlowHarness, mp4: bytes) -> None:
    """A video of an engine that remaining the configuration, never submitted, moves on."""
    second = _second(fetch_results=[mp4])
    video = await harness.accept(engine="gone")
    ended = await harness.run_to_end(second, video, route=ROUTE)
    assert (ended.status, ended.engine) == (Status.COMPLETED, "second")
