"""One video from acceptance to its end, whatever its engine says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from filmgate.domain import Asset, AssetKind, Status, VideoError, VideoRecord
from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import BadArtifact, EngineRejected, EngineUnavailable, StorageFault, SubmissionUnknown
from filmgate.flow import retry
from filmgate.testing.scripted import DONE, ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filmgate.testing.harness import FlowHarness

FREE = Capabilities(paid=False, submit_timeout=30)
PAID = Capabilities(paid=True, submit_timeout=30)
FINDABLE = Capabilities(paid=True, findable=True, submit_timeout=30)
IDEMPOTENT = Capabilities(paid=True, idempotent=True, submit_timeout=30)
WORKING = JobStatus(state=JobState.WORKING, progress=10.0, poll_after=1.0)
LOST = JobStatus(state=JobState.LOST)


def _why(video: VideoRecord) -> str:
    assert video.status is Status.FAILED
    assert video.error is not None
    return video.error.code


async def test_a_film_is_made_stored_and_charged(harness: FlowHarness, film: bytes) -> None:
    """A video goes through its stages in order, ends completed with all its files, and is charged once."""
    engine = ScriptedEngine(PAID, poll_results=[WORKING, DONE], fetch_results=[film])
    video = await harness.run_to_end(engine, await harness.accept())
    assert (video.status, video.progress) == (Status.COMPLETED, 100)
    assert await harness.stages(video) == ["accepted", "submitting", "watching", "fetching", "done"]
    assets = await harness.store.videos.assets(video.id)
    assert set(assets) == {AssetKind.VIDEO, AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW}
    assert await harness.stored_keys() == sorted(asset.key for asset in assets.values())
    assert video.expires_at == harness.clock() + 3600
    assert video.notes == {"fetched": 1}
    assert await harness.balance() == 9_500


async def test_every_step_is_announced_in_order(harness: FlowHarness, film: bytes) -> None:
    """The checkpoints of a video without trouble are passed in the order of their list."""
    await harness.run_to_end(ScriptedEngine(FREE, fetch_results=[film]), await harness.accept())
    wanted = "accepted intent submitted ticketed watching fetching fetched verified kept completed"
    assert harness.checkpoints == wanted.split()


async def test_the_engine_gets_what_was_accepted(harness: FlowHarness, film: bytes) -> None:
    """The job is the frozen recipe, with a token that the row holds."""
    engine = ScriptedEngine(FREE, fetch_results=[film])
    video = await harness.run_to_end(engine, await harness.accept())
    (job,) = engine.submitted
    assert (job.prompt, job.size, job.seconds, job.seed) == ("A paper boat", video.recipe.size, 1, 7)
    assert (job.video_id, job.token) == (video.id, video.submit_token)


async def test_a_reference_is_handed_over_as_a_file(harness: FlowHarness, film: bytes) -> None:
    """The engine reads the stored reference from a local path."""
    engine = ScriptedEngine(FREE, fetch_results=[film])
    await harness.run_to_end(engine, await harness.accept(reference=await _reference(harness)))
    path = engine.submitted[0].reference
    assert path is not None
    assert path.read_bytes() == b"png"


async def test_a_reference_that_is_gone_ends_the_video(harness: FlowHarness) -> None:
    """Without its reference a video fails, and nothing is submitted."""
    reference = await _reference(harness)
    await harness.storage.delete(reference.key)
    engine = ScriptedEngine(PAID)
    assert _why(await harness.run_to_end(engine, await harness.accept(reference=reference))) == "reference_gone"
    assert engine.submitted == []


async def test_a_finished_video_is_left_alone(harness: FlowHarness, film: bytes) -> None:
    """Starting the drive of a finished or unknown video again does nothing."""
    engine = ScriptedEngine(PAID, fetch_results=[film])
    video = await harness.run_to_end(engine, await harness.accept())
    assert await harness.run_to_end(engine, video) == video
    await harness.build_executor(engine)("video_unknown")
    assert len(engine.submitted) == 1


# Cancelling


async def test_a_video_cancelled_in_time_is_never_submitted(harness: FlowHarness) -> None:
    """A cancel before the submission ends the video at no cost."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)
    await harness.store.videos.request_cancel(video.id, video.account_id, harness.clock())
    assert _why(await harness.run_to_end(engine, video)) == "cancelled"
    assert engine.submitted == []
    assert await harness.balance() == 10_000


async def test_a_cancel_reaches_the_engine(harness: FlowHarness) -> None:
    """A cancel while it is being made stops the engine and ends the video at no cost."""
    video, engine = await harness.accept(), ScriptedEngine(PAID, poll_results=[WORKING])
    harness.clock.on_next_sleep = lambda: harness.store.videos.request_cancel(
        video.id, video.account_id, harness.clock()
    )
    ended = await harness.run_to_end(engine, video)
    assert ended.error == VideoError("cancelled", "The video was cancelled.")
    assert engine.cancelled == ["ticket"]
    assert await harness.balance() == 10_000


@pytest.mark.parametrize(("cancels", "looks"), [(False, 4), (True, 1)])
async def test_a_job_that_can_not_be_stopped_keeps_its_place(harness: FlowHarness, cancels: bool, looks: int) -> None:  # noqa: FBT001 - a parameter
    """The video ends at once, its drive only with the job: until then its engine has one place less."""
    can = replace(PAID, cancels=cancels, concurrency=1)
    video, engine = (
        await harness.accept(),
        ScriptedEngine(can, poll_results=[WORKING, WORKING, EngineUnavailable(), DONE]),
    )
    harness.clock.on_next_sleep = lambda: harness.store.videos.request_cancel(
        video.id, video.account_id, harness.clock()
    )
    assert _why(await harness.run_to_end(engine, video)) == "cancelled"
    assert (len(engine.polled), engine.fetched) == (looks, [])
    assert await harness.balance() == 10_000


# Submitting


async def test_a_rejection_is_final(harness: FlowHarness) -> None:
    """What the engine will never accept fails with its words, without its host."""
    engine = ScriptedEngine(PAID, submit_results=[EngineRejected("No cats at http://gpu:8000/v1.", code="no_cats")])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.error == VideoError("no_cats", "No cats at …")
    assert len(engine.submitted) == 1


async def test_an_engine_out_of_reach_is_tried_again(harness: FlowHarness, film: bytes) -> None:
    """Surely not accepted is tried again, after the time that the engine asked for, under a fresh token."""
    engine = ScriptedEngine(PAID, submit_results=[EngineUnavailable(retry_after=17.0), "ticket"], fetch_results=[film])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert harness.clock.sleeps[0] == 17.0
    assert len({job.token for job in engine.submitted}) == 2


async def test_an_engine_out_of_reach_for_long_is_given_up(harness: FlowHarness) -> None:
    """After a quarter of an hour of trying the video fails, free of charge."""
    engine = ScriptedEngine(PAID, submit_results=[EngineUnavailable()])
    began = harness.clock()
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "engine_unavailable"
    assert retry.SUBMIT_LIMIT <= harness.clock() - began < retry.SUBMIT_LIMIT + 60
    assert await harness.balance() == 10_000


async def test_a_lost_reply_is_not_answered_by_a_second_submission(harness: FlowHarness) -> None:
    """Where nobody can tell whether a paid engine accepted, it is not asked again."""
    engine = ScriptedEngine(PAID, submit_results=[SubmissionUnknown()])
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "submission_unknown"
    assert len(engine.submitted) == 1
    assert await harness.balance() == 10_000


# In doubt: the intent was committed, and whoever committed it is gone


async def _in_doubt(harness: FlowHarness) -> VideoRecord:
    video = await harness.accept()
    assert await harness.store.videos.record_intent(video.id, "old-token", harness.clock())
    return video


async def test_doubt_about_a_paid_engine_ends_the_video(harness: FlowHarness) -> None:
    """Neither idempotent nor findable: failed after the time-out, never submitted."""
    video, engine = await _in_doubt(harness), ScriptedEngine(PAID)
    assert _why(await harness.run_to_end(engine, video)) == "submission_unknown"
    assert engine.submitted == []
    assert harness.clock.sleeps == [30.0]


async def test_doubt_is_over_when_the_job_is_found(harness: FlowHarness, film: bytes) -> None:
    """A job that the engine finds under our token is adopted, not submitted again."""
    video, engine = await _in_doubt(harness), ScriptedEngine(FINDABLE, find_results=[["found"]], fetch_results=[film])
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert (engine.searched, engine.submitted, engine.fetched) == (["old-token"], [], ["found"])


async def test_doubt_is_over_when_its_absence_is_certain(harness: FlowHarness, film: bytes) -> None:
    """A job that the engine surely does not have is submitted, once, under a fresh token."""
    video, engine = await _in_doubt(harness), ScriptedEngine(FINDABLE, find_results=[[]], fetch_results=[film])
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert len(engine.submitted) == 1
    assert engine.submitted[0].token != "old-token"


async def test_nobody_waits_for_a_call_that_came_back(harness: FlowHarness) -> None:
    """Our own call is over, and the upstream can't be asked what became of it: the video ends at once."""
    engine = ScriptedEngine(PAID, submit_results=[SubmissionUnknown()])
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "submission_unknown"
    assert harness.clock.sleeps == []


async def test_a_list_is_searched_as_soon_as_our_call_came_back(harness: FlowHarness, film: bytes) -> None:
    """The connection broke after the upstream took the job: it is found and adopted without waiting."""
    engine = ScriptedEngine(
        FINDABLE, submit_results=[SubmissionUnknown()], find_results=[["found"]], fetch_results=[film]
    )
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "found"
    assert (len(engine.submitted), harness.clock.sleeps) == (1, [])


async def test_a_job_that_arrives_late_is_found(harness: FlowHarness, film: bytes) -> None:
    """A gateway that still had the request hands it on when our time is over: it is adopted, not submitted again."""
    late = [[], [], [], [], [], ["late"]]
    engine = ScriptedEngine(FINDABLE, submit_results=[SubmissionUnknown()], find_results=late, fetch_results=[film])
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "late"
    assert len(engine.submitted) == 1
    assert sum(harness.clock.sleeps) > FINDABLE.submit_timeout


async def test_a_job_that_never_arrived_is_submitted_again(harness: FlowHarness, film: bytes) -> None:
    """Its absence is certain once twice the time of a submission is over."""
    engine = ScriptedEngine(
        FINDABLE, submit_results=[SubmissionUnknown(), "second"], find_results=[[]], fetch_results=[film]
    )
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "second"
    assert sum(harness.clock.sleeps) == 2 * FINDABLE.submit_timeout


async def test_a_key_is_sent_again_as_soon_as_our_call_came_back(harness: FlowHarness, film: bytes) -> None:
    """The same key is the same job, whenever the first request arrives."""
    engine = ScriptedEngine(IDEMPOTENT, submit_results=[SubmissionUnknown(), "same"], fetch_results=[film])
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "same"
    assert (len({job.token for job in engine.submitted}), harness.clock.sleeps) == (1, [])


async def test_doubt_stays_where_several_jobs_may_be_the_one(harness: FlowHarness) -> None:
    """Of two jobs that may be ours neither is adopted, and none is submitted."""
    video, engine = await _in_doubt(harness), ScriptedEngine(FINDABLE, find_results=[["one", "other"]])
    assert _why(await harness.run_to_end(engine, video)) == "submission_unknown"
    assert engine.submitted == []


async def test_a_job_of_another_video_is_no_candidate(harness: FlowHarness, film: bytes) -> None:
    """What another video holds as its ticket is not adopted; what is left decides."""
    other = await harness.run_to_end(
        ScriptedEngine(FINDABLE, submit_results=["theirs"], fetch_results=[film], identity="a"), await harness.accept()
    )
    video, engine = (
        await _in_doubt(harness),
        ScriptedEngine(FINDABLE, find_results=[["theirs", "ours"]], fetch_results=[film], identity="a"),
    )
    assert (other.ticket, (await harness.run_to_end(engine, video)).ticket) == ("theirs", "ours")


async def test_doubt_does_not_matter_to_an_idempotent_engine(harness: FlowHarness, film: bytes) -> None:
    """The same token is sent again, once whoever sent it first must have given up."""
    video, engine = await _in_doubt(harness), ScriptedEngine(IDEMPOTENT, fetch_results=[film])
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert [job.token for job in engine.submitted] == ["old-token"]
    assert harness.clock.sleeps[0] == 30.0


@pytest.mark.parametrize("can", [FINDABLE, IDEMPOTENT])
async def test_a_doubt_that_outlived_the_upstreams_memory_stays(harness: FlowHarness, can: Capabilities) -> None:
    """We were down for a day: keys are forgotten by then, and lists cut, so their silence proves nothing."""
    video, engine = await _in_doubt(harness), ScriptedEngine(can, find_results=[[]])
    harness.clock.now += 86_400
    assert _why(await harness.run_to_end(engine, video)) == "submission_unknown"
    assert engine.submitted == []
    assert await harness.balance() == 10_000


async def test_an_old_doubt_is_over_when_the_job_is_found(harness: FlowHarness, film: bytes) -> None:
    """What the upstream still lists after a day is ours all the same."""
    video, engine = await _in_doubt(harness), ScriptedEngine(FINDABLE, find_results=[["found"]], fetch_results=[film])
    harness.clock.now += 86_400
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert (engine.submitted, engine.fetched) == ([], ["found"])


async def test_a_refusal_of_the_account_does_not_clear_up_a_doubt(harness: FlowHarness) -> None:
    """Sent again after the key was revoked there: that says nothing about the first time."""
    engine = ScriptedEngine(
        IDEMPOTENT, submit_results=[SubmissionUnknown(), EngineRejected(code="upstream_unauthorized")]
    )
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "submission_unknown"


@pytest.mark.parametrize("can", [PAID, FINDABLE, IDEMPOTENT])
async def test_whoever_slept_after_the_intent_submits_nothing(
    harness: FlowHarness, film: bytes, can: Capabilities
) -> None:
    """Stopped before the submission, and awake when others hold it for absent: the job is theirs by now."""
    video, engine = (
        await harness.accept(),
        ScriptedEngine(can, submit_results=["theirs"], find_results=[[]], fetch_results=[film]),
    )
    drive, other = harness.build_executor(engine), harness.build_executor(engine)

    async def asleep(*args: object, **given: object) -> bool:
        intended = await intend(*args, **given)  # type: ignore[arg-type] # passed on as they come
        harness.store.videos.record_intent = intend  # type: ignore[method-assign] # only the first sleeps
        harness.clock.now += 60
        await other(video.id)
        return intended

    intend = harness.store.videos.record_intent
    harness.store.videos.record_intent = asleep  # type: ignore[method-assign] # the moment after the commit
    await drive(video.id)
    ended = await harness.reload(video)
    assert ended.finished
    assert len(engine.submitted) == (0 if can is PAID else 1)


async def test_a_clock_that_was_wrong_delays_nothing(harness: FlowHarness, film: bytes) -> None:
    """An intent from the future is waited out for its time and no longer."""
    for can, waited in ((IDEMPOTENT, 30.0), (FINDABLE, 60.0)):
        video, began = await harness.accept(), harness.clock()
        assert await harness.store.videos.record_intent(video.id, f"token-{waited}", harness.clock() + 1e8)
        await harness.run_to_end(ScriptedEngine(can, submit_results=[f"ticket-{waited}"], fetch_results=[film]), video)
        assert harness.clock() == began + waited


async def test_doubt_does_not_matter_where_nothing_is_paid(harness: FlowHarness, film: bytes) -> None:
    """A local engine simply runs again, at once."""
    video, engine = await _in_doubt(harness), ScriptedEngine(FREE, fetch_results=[film])
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert len(engine.submitted) == 1
    assert harness.clock.sleeps == []


async def test_a_ticket_that_comes_late_ends_the_doubt(harness: FlowHarness, film: bytes) -> None:
    """If the one who submitted lives after all and writes its ticket, that job is the one."""
    video, engine = await _in_doubt(harness), ScriptedEngine(PAID, fetch_results=[film])
    harness.clock.on_next_sleep = lambda: harness.store.videos.record_ticket(
        video.id, "old-token", "late", harness.clock()
    )
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert (engine.submitted, engine.fetched) == ([], ["late"])


async def test_a_cancelled_doubt_is_not_submitted(harness: FlowHarness) -> None:
    """A cancel while in doubt ends the video without sending anything once more."""
    video, engine = await _in_doubt(harness), ScriptedEngine(IDEMPOTENT)
    await harness.store.videos.request_cancel(video.id, video.account_id, harness.clock())
    assert _why(await harness.run_to_end(engine, video)) == "cancelled"
    assert engine.submitted == []


# Watching


async def test_progress_rises_and_is_written_sparingly(harness: FlowHarness, film: bytes) -> None:
    """Progress never falls, nonsense is ignored, and there are at most four writes a second."""
    said = [5.0, 4.0, 30.0, 250.0, -5.0, float("nan"), None]
    looks = [JobStatus(state=JobState.WORKING, progress=percent, poll_after=1.0) for percent in said]
    looks += [JobStatus(state=JobState.WORKING, progress=float(percent), poll_after=0.02) for percent in range(100)]
    video = await harness.run_to_end(
        ScriptedEngine(FREE, poll_results=[*looks, DONE], fetch_results=[film]), await harness.accept()
    )
    shown = [event.progress for event in await harness.store.videos.history(video.id)]
    assert shown == sorted(shown)
    assert shown[-2:] == [99, 100]
    assert len(shown) < 10


async def test_unchanged_progress_writes_nothing(harness: FlowHarness, film: bytes) -> None:
    """A hundred looks that say the same leave one line of history."""
    looks = [WORKING] * 100
    video = await harness.run_to_end(
        ScriptedEngine(FREE, poll_results=[*looks, DONE], fetch_results=[film]), await harness.accept()
    )
    watching = [event for event in await harness.store.videos.history(video.id) if event.stage == "watching"]
    assert len(watching) == 2


async def test_what_nobody_understands_is_looked_at_again(harness: FlowHarness, film: bytes) -> None:
    """Unknown words and failed looks end nothing."""
    looks: Sequence[JobStatus | Exception] = [
        JobStatus(state=JobState.UNKNOWN),
        EngineUnavailable(),
        EngineRejected(),
        WORKING,
        DONE,
    ]
    video = await harness.run_to_end(
        ScriptedEngine(PAID, poll_results=looks, fetch_results=[film]), await harness.accept()
    )
    assert video.status is Status.COMPLETED


async def test_a_job_that_never_ends_is_given_up(harness: FlowHarness) -> None:
    """Past its deadline a video fails, and its engine is told to stop."""
    engine = ScriptedEngine(PAID, poll_results=[JobStatus(state=JobState.WORKING, poll_after=30.0)], job_seconds=60.0)
    began = harness.clock()
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "engine_timeout"
    assert harness.clock() - began >= retry.poll_time_limit(60.0)
    assert engine.cancelled == ["ticket"]


async def test_a_slow_success_is_found_after_a_long_absence(harness: FlowHarness, film: bytes) -> None:
    """Whoever was away past the deadline looks first: a film that is done is taken."""
    video, engine = await harness.accept(), ScriptedEngine(PAID, fetch_results=[film])
    await harness.store.videos.record_intent(video.id, "token", harness.clock())
    await harness.store.videos.record_ticket(video.id, "token", "ticket", harness.clock())
    harness.clock.now += 86_400
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED


async def test_a_failure_is_passed_on_without_secrets(harness: FlowHarness) -> None:
    """The engine's own failure reaches the client with its code, and no address."""
    failed = JobStatus(state=JobState.FAILED, error=VideoError("oom", "Out of memory on 10.0.0.7:9000."))
    video = await harness.run_to_end(ScriptedEngine(PAID, poll_results=[failed]), await harness.accept())
    assert video.error == VideoError("oom", "Out of memory on ….")


async def test_lost_work_that_costs_nothing_begins_again(harness: FlowHarness, film: bytes) -> None:
    """A local engine that restarted simply runs again; the client goes on seeing in_progress."""
    engine = ScriptedEngine(FREE, poll_results=[WORKING, LOST, DONE], fetch_results=[film])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert video.attempts == len(engine.submitted) == 2
    statuses = [event.status for event in await harness.store.videos.history(video.id)]
    assert statuses.index(Status.IN_PROGRESS) == len([s for s in statuses if s is Status.QUEUED])


async def test_work_that_is_always_lost_ends(harness: FlowHarness) -> None:
    """A video that brings its engine down every time is given up."""
    engine = ScriptedEngine(FREE, poll_results=[LOST])
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "engine_error"
    assert len(engine.submitted) == retry.MAX_LOST_JOBS + 1


async def test_lost_paid_work_is_not_bought_twice(harness: FlowHarness) -> None:
    """A paid job counts as lost after three looks in a row, and is never submitted again."""
    engine = ScriptedEngine(PAID, poll_results=[LOST, LOST, WORKING, LOST])
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "upstream_lost"
    assert (len(engine.submitted), len(engine.polled)) == (1, 6)


# Fetching


@pytest.mark.parametrize("trouble", [EngineUnavailable(), BadArtifact(), EngineRejected()])
async def test_a_failed_download_is_tried_again(harness: FlowHarness, film: bytes, trouble: Exception) -> None:
    """A download that fails or is cut leads to another download, never to another submission."""
    engine = ScriptedEngine(PAID, fetch_results=[trouble, film])
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert (len(engine.submitted), len(engine.fetched)) == (1, 2)


async def test_a_download_that_never_works_ends_the_video(harness: FlowHarness) -> None:
    """After an hour the video fails, free of charge, submitted once."""
    engine = ScriptedEngine(PAID, fetch_results=[EngineUnavailable()])
    began = harness.clock()
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "download_failed"
    assert retry.FETCH_LIMIT <= harness.clock() - began < retry.FETCH_LIMIT + 60
    assert len(engine.submitted) == 1
    assert await harness.balance() == 10_000


async def test_a_paid_file_that_is_no_film_ends_the_video(harness: FlowHarness) -> None:
    """JSON as video/mp4 is refused after three downloads; nothing is stored, nothing staged is left."""
    engine = ScriptedEngine(PAID, fetch_results=[b'{"error": "not ready"}'])
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "invalid_output"
    assert (len(engine.submitted), len(engine.fetched)) == (1, 3)
    assert await harness.stored_keys() == []
    assert await harness.storage.discard_stale(float("inf")) == 0


async def test_a_free_file_that_is_no_film_is_made_again_once(harness: FlowHarness, film: bytes) -> None:
    """A local engine gets a second chance, not a third."""
    good = ScriptedEngine(FREE, fetch_results=[b"oops", film])
    assert (await harness.run_to_end(good, await harness.accept())).status is Status.COMPLETED
    bad = ScriptedEngine(FREE, fetch_results=[b"oops"])
    assert _why(await harness.run_to_end(bad, await harness.accept())) == "invalid_output"
    assert len(bad.submitted) == 2


async def test_a_local_engine_that_forgot_the_file_makes_it_again(harness: FlowHarness, film: bytes) -> None:
    """Died between done and fetched: the restarted engine does not know the ticket, and runs again."""
    engine = ScriptedEngine(FREE, poll_results=[DONE, LOST, DONE], fetch_results=[EngineUnavailable(), film])
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert len(engine.submitted) == 2


# Two at once


async def test_a_straggler_steps_aside(harness: FlowHarness, film: bytes) -> None:
    """A drive that finds another's intent on the row stops its own job and leaves the video alone."""
    video, engine = await harness.accept(), ScriptedEngine(FREE, poll_results=[WORKING], fetch_results=[film])

    async def taken_over() -> None:
        await harness.store.videos.requeue(video.id, harness.clock())
        await harness.store.videos.record_intent(video.id, "other-token", harness.clock())

    harness.clock.on_next_sleep = taken_over
    now = await harness.run_to_end(engine, video)
    assert (now.stage, now.submit_token) == ("submitting", "other-token")
    assert engine.cancelled == ["ticket"]


@pytest.mark.parametrize("seen", [JobStatus(state=JobState.FAILED), JobStatus(state=JobState.CANCELLED), WORKING])
async def test_a_straggler_ends_nothing(harness: FlowHarness, seen: JobStatus) -> None:
    """What it saw, or how long it waited, says nothing about the engine that the video went to meanwhile."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)

    async def overtaken(_ticket: str) -> JobStatus:
        now = await harness.reload(video)
        await harness.store.videos.fail_over(
            video.id, now.submit_token or "", engine="scripted", to="other", now=harness.clock()
        )
        harness.clock.now += 1e6
        return seen

    engine.poll = overtaken  # type: ignore[method-assign,assignment] # the moment in which it looks
    await harness.build_executor(engine)(video.id)
    now = await harness.reload(video)
    assert (now.stage, now.engine, now.status) == ("accepted", "other", Status.QUEUED)
    assert await harness.balance() == 9_500


async def test_the_loser_of_a_race_leaves_no_file(harness: FlowHarness, film: bytes) -> None:
    """Whoever delivers second removes what it stored; the winner's files stay as they are."""
    video, engine = await harness.accept(), ScriptedEngine(FREE, fetch_results=[film])
    other = harness.build_executor(engine, executor_id="two")

    class Slow(ScriptedEngine):
        async def cancel(self, ticket: str) -> None:
            """Never called here."""

    slow = Slow(FREE, fetch_results=[film])
    fetch = slow.fetch

    async def overtaken(ticket: str, into: object) -> object:
        artifact = await fetch(ticket, into)  # type: ignore[arg-type] # a path, as the protocol says
        await other(video.id)
        return artifact

    slow.fetch = overtaken  # type: ignore[method-assign,assignment] # the moment between fetch and keep
    ended = await harness.run_to_end(slow, video)
    assets = await harness.store.videos.assets(video.id)
    assert ended.status is Status.COMPLETED
    assert await harness.stored_keys() == sorted(asset.key for asset in assets.values())
    assert await harness.balance() == 9_500


async def _reference(harness: FlowHarness) -> Asset:
    staged = harness.storage.staging_path(".png")
    staged.write_bytes(b"png")
    stored = await harness.storage.commit(staged, "references/aa/picture.png")
    return Asset(
        kind=AssetKind.REFERENCE,
        key=stored.key,
        media_type="image/png",
        bytes=stored.bytes,
        sha256=stored.sha256,
        width=64,
        height=64,
    )


async def test_a_full_disk_delays_and_then_ends_the_video(harness: FlowHarness, film: bytes) -> None:
    """A storage that refuses for an hour ends the video, free of charge and submitted once."""

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(whole, name)

        async def commit(self, _staged: object, _key: str) -> object:
            raise StorageFault

    whole = harness.storage
    harness.storage = Full()  # type: ignore[assignment] # a storage but for its one fault
    engine = ScriptedEngine(PAID, fetch_results=[film])
    assert _why(await harness.run_to_end(engine, await harness.accept())) == "storage_fault"
    assert len(engine.submitted) == 1
    assert await whole.discard_stale(float("inf")) == 0
