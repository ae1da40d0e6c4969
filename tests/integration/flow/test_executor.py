"""One video from acceptance to its end, with every behaviour of its engine."""

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


def _error_code(video: VideoRecord) -> str:
    assert video.status is Status.FAILED
    assert video.error is not None
    return video.error.code


async def test_a_video_is_made_stored_and_charged(harness: FlowHarness, mp4: bytes) -> None:
    """A video passes its stages in order, ends completed with all its files, and is charged once."""
    engine = ScriptedEngine(PAID, poll_results=[WORKING, DONE], fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    assert (video.status, video.progress) == (Status.COMPLETED, 100)
    assert await harness.stages(video) == ["accepted", "submitting", "watching", "fetching", "done"]
    assets = await harness.store.videos.assets(video.id)
    assert set(assets) == {AssetKind.VIDEO, AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW}
    assert await harness.stored_keys() == sorted(asset.key for asset in assets.values())
    assert video.expires_at == harness.clock() + 3600
    assert video.notes == {"fetched": 1}
    assert await harness.balance() == 9_500


async def test_checkpoints_are_passed_in_order(harness: FlowHarness, mp4: bytes) -> None:
    """A video without trouble passes the checkpoints in the order of their list."""
    await harness.run_to_end(ScriptedEngine(FREE, fetch_results=[mp4]), await harness.accept())
    expected = "accepted intent submitted ticketed watching fetching fetched verified kept completed"
    assert harness.checkpoints == expected.split()


async def test_the_engine_gets_the_accepted_recipe(harness: FlowHarness, mp4: bytes) -> None:
    """The job is the frozen recipe, with a token that is in the row."""
    engine = ScriptedEngine(FREE, fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    (job,) = engine.submitted
    assert (job.prompt, job.size, job.seconds, job.seed) == ("A paper boat", video.recipe.size, 1, 7)
    assert (job.video_id, job.token) == (video.id, video.submit_token)


async def test_a_reference_is_passed_as_a_file(harness: FlowHarness, mp4: bytes) -> None:
    """The engine reads the stored reference from a local path."""
    engine = ScriptedEngine(FREE, fetch_results=[mp4])
    await harness.run_to_end(engine, await harness.accept(reference=await _reference(harness)))
    path = engine.submitted[0].reference
    assert path is not None
    assert path.read_bytes() == b"png"


async def test_a_missing_reference_fails_the_video(harness: FlowHarness) -> None:
    """Without its reference a video fails, and nothing is submitted."""
    reference = await _reference(harness)
    await harness.storage.delete(reference.key)
    engine = ScriptedEngine(PAID)
    assert _error_code(await harness.run_to_end(engine, await harness.accept(reference=reference))) == "reference_gone"
    assert engine.submitted == []


async def test_a_finished_video_is_left_alone(harness: FlowHarness, mp4: bytes) -> None:
    """Executing a finished or unknown video again does nothing."""
    engine = ScriptedEngine(PAID, fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    assert await harness.run_to_end(engine, video) == video
    await harness.build_executor(engine)("video_unknown")
    assert len(engine.submitted) == 1


# Cancellation


async def test_a_video_cancelled_before_submission_is_never_submitted(harness: FlowHarness) -> None:
    """A cancellation before the submission ends the video free of charge."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)
    await harness.store.videos.request_cancel(video.id, video.account_id, harness.clock())
    assert _error_code(await harness.run_to_end(engine, video)) == "cancelled"
    assert engine.submitted == []
    assert await harness.balance() == 10_000


async def test_a_cancellation_reaches_the_engine(harness: FlowHarness) -> None:
    """A cancellation of a running job cancels it at the engine and ends the video free of charge."""
    video, engine = await harness.accept(), ScriptedEngine(PAID, poll_results=[WORKING])
    harness.clock.on_next_sleep = lambda: harness.store.videos.request_cancel(
        video.id, video.account_id, harness.clock()
    )
    ended = await harness.run_to_end(engine, video)
    assert ended.error == VideoError("cancelled", "The video was cancelled.")
    assert engine.cancelled == ["ticket"]
    assert await harness.balance() == 10_000


@pytest.mark.parametrize(("cancels", "polls"), [(False, 4), (True, 1)])
async def test_a_job_that_cannot_be_cancelled_keeps_its_slot(harness: FlowHarness, cancels: bool, polls: int) -> None:  # noqa: FBT001 - a parameter
    """The video ends at once, its executor only with the job: until then its engine has one slot less."""
    capabilities = replace(PAID, cancels=cancels, concurrency=1)
    video, engine = (
        await harness.accept(),
        ScriptedEngine(capabilities, poll_results=[WORKING, WORKING, EngineUnavailable(), DONE]),
    )
    harness.clock.on_next_sleep = lambda: harness.store.videos.request_cancel(
        video.id, video.account_id, harness.clock()
    )
    assert _error_code(await harness.run_to_end(engine, video)) == "cancelled"
    assert (len(engine.polled), engine.fetched) == (polls, [])
    assert await harness.balance() == 10_000


# Submission


async def test_a_rejection_is_final(harness: FlowHarness) -> None:
    """A request that the engine rejects fails with the engine's message, without its host."""
    engine = ScriptedEngine(PAID, submit_results=[EngineRejected("No cats at http://gpu:8000/v1.", code="no_cats")])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.error == VideoError("no_cats", "No cats at …")
    assert len(engine.submitted) == 1


async def test_an_unreachable_engine_is_retried(harness: FlowHarness, mp4: bytes) -> None:
    """A surely unaccepted submission is retried, after the engine's Retry-After, under a fresh token."""
    engine = ScriptedEngine(PAID, submit_results=[EngineUnavailable(retry_after=17.0), "ticket"], fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert harness.clock.sleeps[0] == 17.0
    assert len({job.token for job in engine.submitted}) == 2


async def test_an_engine_unreachable_for_long_is_given_up(harness: FlowHarness) -> None:
    """After a quarter of an hour of retries the video fails, free of charge."""
    engine = ScriptedEngine(PAID, submit_results=[EngineUnavailable()])
    started_at = harness.clock()
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "engine_unavailable"
    assert retry.SUBMIT_LIMIT <= harness.clock() - started_at < retry.SUBMIT_LIMIT + 60
    assert await harness.balance() == 10_000


async def test_a_lost_reply_causes_no_second_submission(harness: FlowHarness) -> None:
    """If it is unknown whether a paid engine accepted, nothing is submitted again."""
    engine = ScriptedEngine(PAID, submit_results=[SubmissionUnknown()])
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "submission_unknown"
    assert len(engine.submitted) == 1
    assert await harness.balance() == 10_000


# Unknown outcome: the intent was committed by a process that no longer exists


async def _with_unknown_outcome(harness: FlowHarness) -> VideoRecord:
    video = await harness.accept()
    assert await harness.store.videos.record_intent(video.id, "old-token", harness.clock())
    return video


async def test_an_unknown_outcome_at_a_paid_engine_fails_the_video(harness: FlowHarness) -> None:
    """Neither idempotent nor findable: failed after the timeout, never submitted."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(PAID)
    assert _error_code(await harness.run_to_end(engine, video)) == "submission_unknown"
    assert engine.submitted == []
    assert harness.clock.sleeps == [30.0]


async def test_a_found_job_resolves_an_unknown_outcome(harness: FlowHarness, mp4: bytes) -> None:
    """A job that the engine finds under our token is adopted, not submitted again."""
    video, engine = (
        await _with_unknown_outcome(harness),
        ScriptedEngine(FINDABLE, find_results=[["found"]], fetch_results=[mp4]),
    )
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert (engine.searched, engine.submitted, engine.fetched) == (["old-token"], [], ["found"])


async def test_a_certain_absence_resolves_an_unknown_outcome(harness: FlowHarness, mp4: bytes) -> None:
    """A job that the engine surely does not have is submitted, once, under a fresh token."""
    video, engine = (
        await _with_unknown_outcome(harness),
        ScriptedEngine(FINDABLE, find_results=[[]], fetch_results=[mp4]),
    )
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert len(engine.submitted) == 1
    assert engine.submitted[0].token != "old-token"


async def test_our_own_returned_call_is_not_waited_for(harness: FlowHarness) -> None:
    """Our own call has returned, and the upstream has no way to find the job: the video ends at once."""
    engine = ScriptedEngine(PAID, submit_results=[SubmissionUnknown()])
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "submission_unknown"
    assert harness.clock.sleeps == []


async def test_a_list_is_searched_as_soon_as_our_call_returned(harness: FlowHarness, mp4: bytes) -> None:
    """The connection broke after the upstream accepted the job: it is found and adopted without waiting."""
    engine = ScriptedEngine(
        FINDABLE, submit_results=[SubmissionUnknown()], find_results=[["found"]], fetch_results=[mp4]
    )
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "found"
    assert (len(engine.submitted), harness.clock.sleeps) == (1, [])


async def test_a_job_that_arrives_late_is_found(harness: FlowHarness, mp4: bytes) -> None:
    """A gateway forwards the request after our timeout: the job is adopted, not submitted again."""
    late = [[], [], [], [], [], ["late"]]
    engine = ScriptedEngine(FINDABLE, submit_results=[SubmissionUnknown()], find_results=late, fetch_results=[mp4])
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "late"
    assert len(engine.submitted) == 1
    assert sum(harness.clock.sleeps) > FINDABLE.submit_timeout


async def test_a_job_that_never_arrived_is_submitted_again(harness: FlowHarness, mp4: bytes) -> None:
    """Its absence is certain after twice the submit timeout."""
    engine = ScriptedEngine(
        FINDABLE, submit_results=[SubmissionUnknown(), "second"], find_results=[[]], fetch_results=[mp4]
    )
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "second"
    assert sum(harness.clock.sleeps) == 2 * FINDABLE.submit_timeout


async def test_a_key_is_resent_as_soon_as_our_call_returned(harness: FlowHarness, mp4: bytes) -> None:
    """The same key is the same job, whenever the first request arrives."""
    engine = ScriptedEngine(IDEMPOTENT, submit_results=[SubmissionUnknown(), "same"], fetch_results=[mp4])
    assert (await harness.run_to_end(engine, await harness.accept())).ticket == "same"
    assert (len({job.token for job in engine.submitted}), harness.clock.sleeps) == (1, [])


async def test_several_matching_jobs_leave_the_outcome_unknown(harness: FlowHarness) -> None:
    """Of two jobs that may be ours neither is adopted, and none is submitted."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(FINDABLE, find_results=[["one", "other"]])
    assert _error_code(await harness.run_to_end(engine, video)) == "submission_unknown"
    assert engine.submitted == []


async def test_another_videos_job_is_not_a_match(harness: FlowHarness, mp4: bytes) -> None:
    """Another video's ticket is not adopted; the remaining jobs decide."""
    other = await harness.run_to_end(
        ScriptedEngine(FINDABLE, submit_results=["theirs"], fetch_results=[mp4], identity="a"), await harness.accept()
    )
    video, engine = (
        await _with_unknown_outcome(harness),
        ScriptedEngine(FINDABLE, find_results=[["theirs", "ours"]], fetch_results=[mp4], identity="a"),
    )
    assert (other.ticket, (await harness.run_to_end(engine, video)).ticket) == ("theirs", "ours")


async def test_an_idempotent_engine_resolves_an_unknown_outcome(harness: FlowHarness, mp4: bytes) -> None:
    """The same token is sent again, once the process that sent it first must have kwargs up."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(IDEMPOTENT, fetch_results=[mp4])
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert [job.token for job in engine.submitted] == ["old-token"]
    assert harness.clock.sleeps[0] == 30.0


@pytest.mark.parametrize("capabilities", [FINDABLE, IDEMPOTENT])
async def test_an_outcome_older_than_upstream_memory_stays_unknown(
    harness: FlowHarness, capabilities: Capabilities
) -> None:
    """After a day of downtime keys are forgotten and lists truncated, so a missing job proves nothing."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(capabilities, find_results=[[]])
    harness.clock.now += 86_400
    assert _error_code(await harness.run_to_end(engine, video)) == "submission_unknown"
    assert engine.submitted == []
    assert await harness.balance() == 10_000


async def test_an_old_unknown_outcome_is_resolved_by_a_found_job(harness: FlowHarness, mp4: bytes) -> None:
    """A job that the upstream still lists after a day is adopted."""
    video, engine = (
        await _with_unknown_outcome(harness),
        ScriptedEngine(FINDABLE, find_results=[["found"]], fetch_results=[mp4]),
    )
    harness.clock.now += 86_400
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert (engine.submitted, engine.fetched) == ([], ["found"])


async def test_an_account_error_does_not_resolve_an_unknown_outcome(harness: FlowHarness) -> None:
    """Resent after the key was revoked there: the error says nothing about the first submission."""
    engine = ScriptedEngine(
        IDEMPOTENT, submit_results=[SubmissionUnknown(), EngineRejected(code="upstream_unauthorized")]
    )
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "submission_unknown"


@pytest.mark.parametrize("capabilities", [PAID, FINDABLE, IDEMPOTENT])
async def test_a_worker_frozen_after_the_intent_submits_nothing(
    harness: FlowHarness, mp4: bytes, capabilities: Capabilities
) -> None:
    """Frozen before the submission, and resumed when other workers consider the job absent: it is theirs current."""
    video, engine = (
        await harness.accept(),
        ScriptedEngine(capabilities, submit_results=["theirs"], find_results=[[]], fetch_results=[mp4]),
    )
    frozen, other = harness.build_executor(engine), harness.build_executor(engine)

    async def frozen_intent(*args: object, **kwargs: object) -> bool:
        committed = await record_intent(*args, **kwargs)  # type: ignore[arg-type] # passed on as they come
        harness.store.videos.record_intent = record_intent  # type: ignore[method-assign] # only the first sleeps
        harness.clock.now += 60
        await other(video.id)
        return committed

    record_intent = harness.store.videos.record_intent
    harness.store.videos.record_intent = frozen_intent  # type: ignore[method-assign] # the moment after the commit
    await frozen(video.id)
    ended = await harness.reload(video)
    assert ended.finished
    assert len(engine.submitted) == (0 if capabilities is PAID else 1)


async def test_a_wrong_clock_delays_nothing(harness: FlowHarness, mp4: bytes) -> None:
    """An intent from the future is waited out for its timeout and no longer."""
    for capabilities, waited in ((IDEMPOTENT, 30.0), (FINDABLE, 60.0)):
        video, started_at = await harness.accept(), harness.clock()
        assert await harness.store.videos.record_intent(video.id, f"token-{waited}", harness.clock() + 1e8)
        await harness.run_to_end(
            ScriptedEngine(capabilities, submit_results=[f"ticket-{waited}"], fetch_results=[mp4]), video
        )
        assert harness.clock() == started_at + waited


async def test_an_unknown_outcome_at_a_free_engine_is_resubmitted(harness: FlowHarness, mp4: bytes) -> None:
    """A local engine runs again, at once."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(FREE, fetch_results=[mp4])
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert len(engine.submitted) == 1
    assert harness.clock.sleeps == []


async def test_a_late_ticket_resolves_an_unknown_outcome(harness: FlowHarness, mp4: bytes) -> None:
    """If the submitting process is alive after all and records its ticket, that job is the one."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(PAID, fetch_results=[mp4])
    harness.clock.on_next_sleep = lambda: harness.store.videos.record_ticket(
        video.id, "old-token", "late", harness.clock()
    )
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED
    assert (engine.submitted, engine.fetched) == ([], ["late"])


async def test_a_cancelled_unknown_outcome_is_not_submitted(harness: FlowHarness) -> None:
    """A cancellation during an unknown outcome ends the video without another submission."""
    video, engine = await _with_unknown_outcome(harness), ScriptedEngine(IDEMPOTENT)
    await harness.store.videos.request_cancel(video.id, video.account_id, harness.clock())
    assert _error_code(await harness.run_to_end(engine, video)) == "cancelled"
    assert engine.submitted == []


# Polling


async def test_progress_rises_and_is_written_sparingly(harness: FlowHarness, mp4: bytes) -> None:
    """Progress never falls, invalid values are ignored, and there are at most four writes per second."""
    percents = [5.0, 4.0, 30.0, 250.0, -5.0, float("nan"), None]
    polls = [JobStatus(state=JobState.WORKING, progress=percent, poll_after=1.0) for percent in percents]
    polls += [JobStatus(state=JobState.WORKING, progress=float(percent), poll_after=0.02) for percent in range(100)]
    video = await harness.run_to_end(
        ScriptedEngine(FREE, poll_results=[*polls, DONE], fetch_results=[mp4]), await harness.accept()
    )
    progresses = [event.progress for event in await harness.store.videos.history(video.id)]
    assert progresses == sorted(progresses)
    assert progresses[-2:] == [99, 100]
    assert len(progresses) < 10


async def test_unchanged_progress_writes_nothing(harness: FlowHarness, mp4: bytes) -> None:
    """A hundred polls with the same result leave one history entry."""
    polls = [WORKING] * 100
    video = await harness.run_to_end(
        ScriptedEngine(FREE, poll_results=[*polls, DONE], fetch_results=[mp4]), await harness.accept()
    )
    watching = [event for event in await harness.store.videos.history(video.id) if event.stage == "watching"]
    assert len(watching) == 2


async def test_an_unknown_status_is_polled_again(harness: FlowHarness, mp4: bytes) -> None:
    """Unknown statuses and failed polls end nothing."""
    polls: Sequence[JobStatus | Exception] = [
        JobStatus(state=JobState.UNKNOWN),
        EngineUnavailable(),
        EngineRejected(),
        WORKING,
        DONE,
    ]
    video = await harness.run_to_end(
        ScriptedEngine(PAID, poll_results=polls, fetch_results=[mp4]), await harness.accept()
    )
    assert video.status is Status.COMPLETED


async def test_an_overdue_job_is_given_up(harness: FlowHarness) -> None:
    """Past its deadline a video fails, and its job is cancelled at the engine."""
    engine = ScriptedEngine(PAID, poll_results=[JobStatus(state=JobState.WORKING, poll_after=30.0)], job_seconds=60.0)
    started_at = harness.clock()
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "engine_timeout"
    assert harness.clock() - started_at >= retry.poll_time_limit(60.0)
    assert engine.cancelled == ["ticket"]


@pytest.mark.parametrize("seconds", [40 * 60.0, 8 * 86_400.0, -3600.0])
async def test_a_clock_that_is_set_gives_up_no_job(harness: FlowHarness, mp4: bytes, seconds: float) -> None:
    """Nor does a machine that sleeps: a running job has only the time that passed."""
    engine = ScriptedEngine(PAID, poll_results=[WORKING, WORKING, WORKING, DONE], fetch_results=[mp4], job_seconds=10.0)

    async def set_clock() -> None:
        harness.clock.step(seconds)

    harness.clock.on_next_sleep = set_clock
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert engine.cancelled == []


async def test_a_success_is_found_after_a_long_downtime(harness: FlowHarness, mp4: bytes) -> None:
    """A worker that was down past the deadline polls first: a finished video is fetched."""
    video, engine = await harness.accept(), ScriptedEngine(PAID, fetch_results=[mp4])
    await harness.store.videos.record_intent(video.id, "token", harness.clock())
    await harness.store.videos.record_ticket(video.id, "token", "ticket", harness.clock())
    harness.clock.now += 86_400
    assert (await harness.run_to_end(engine, video)).status is Status.COMPLETED


async def test_a_failure_is_passed_on_without_secrets(harness: FlowHarness) -> None:
    """The engine's own error reaches the client with its code, and no address."""
    failed = JobStatus(state=JobState.FAILED, error=VideoError("oom", "Out of memory on 10.0.0.7:9000."))
    video = await harness.run_to_end(ScriptedEngine(PAID, poll_results=[failed]), await harness.accept())
    assert video.error == VideoError("oom", "Out of memory on ….")


async def test_a_lost_free_job_is_submitted_again(harness: FlowHarness, mp4: bytes) -> None:
    """A local engine that restarted runs again; the client still sees in_progress."""
    engine = ScriptedEngine(FREE, poll_results=[WORKING, LOST, DONE], fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert video.attempts == len(engine.submitted) == 2
    statuses = [event.status for event in await harness.store.videos.history(video.id)]
    assert statuses.index(Status.IN_PROGRESS) == len([s for s in statuses if s is Status.QUEUED])


async def test_a_job_that_is_always_lost_is_given_up(harness: FlowHarness) -> None:
    """A video that crashes its engine every time fails."""
    engine = ScriptedEngine(FREE, poll_results=[LOST])
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "engine_error"
    assert len(engine.submitted) == retry.MAX_LOST_JOBS + 1


async def test_a_lost_paid_job_is_not_submitted_again(harness: FlowHarness) -> None:
    """A paid job counts as lost after three polls in a row, and is never submitted again."""
    engine = ScriptedEngine(PAID, poll_results=[LOST, LOST, WORKING, LOST])
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "upstream_lost"
    assert (len(engine.submitted), len(engine.polled)) == (1, 6)


# Fetching


@pytest.mark.parametrize("trouble", [EngineUnavailable(), BadArtifact(), EngineRejected()])
async def test_a_failed_download_is_retried(harness: FlowHarness, mp4: bytes, trouble: Exception) -> None:
    """A failed or truncated download leads to another download, never to another submission."""
    engine = ScriptedEngine(PAID, fetch_results=[trouble, mp4])
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert (len(engine.submitted), len(engine.fetched)) == (1, 2)


async def test_a_download_that_never_succeeds_fails_the_video(harness: FlowHarness) -> None:
    """After an hour the video fails, free of charge, submitted once."""
    engine = ScriptedEngine(PAID, fetch_results=[EngineUnavailable()])
    started_at = harness.clock()
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "download_failed"
    assert retry.FETCH_LIMIT <= harness.clock() - started_at < retry.FETCH_LIMIT + 60
    assert len(engine.submitted) == 1
    assert await harness.balance() == 10_000


async def test_a_paid_file_that_is_not_a_video_fails_the_video(harness: FlowHarness) -> None:
    """JSON as video/mp4 is refused after three downloads; nothing is stored, no staged file remains."""
    engine = ScriptedEngine(PAID, fetch_results=[b'{"error": "not ready"}'])
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "invalid_output"
    assert (len(engine.submitted), len(engine.fetched)) == (1, 3)
    assert await harness.stored_keys() == []
    assert await harness.storage.discard_stale(float("inf")) == 0


async def test_a_free_file_that_is_not_a_video_is_made_again_once(harness: FlowHarness, mp4: bytes) -> None:
    """A local engine gets a second chance, not a third."""
    good = ScriptedEngine(FREE, fetch_results=[b"oops", mp4])
    assert (await harness.run_to_end(good, await harness.accept())).status is Status.COMPLETED
    bad = ScriptedEngine(FREE, fetch_results=[b"oops"])
    assert _error_code(await harness.run_to_end(bad, await harness.accept())) == "invalid_output"
    assert len(bad.submitted) == 2


async def test_a_local_engine_that_lost_the_file_makes_it_again(harness: FlowHarness, mp4: bytes) -> None:
    """Crashed between done and fetched: the restarted engine has no such ticket, and runs again."""
    engine = ScriptedEngine(FREE, poll_results=[DONE, LOST, DONE], fetch_results=[EngineUnavailable(), mp4])
    assert (await harness.run_to_end(engine, await harness.accept())).status is Status.COMPLETED
    assert len(engine.submitted) == 2


# Two executors at once


async def test_a_stale_worker_gives_up_the_video(harness: FlowHarness, mp4: bytes) -> None:
    """An executor that finds another's intent in the row cancels its own job and stops."""
    video, engine = await harness.accept(), ScriptedEngine(FREE, poll_results=[WORKING], fetch_results=[mp4])

    async def submit_elsewhere() -> None:
        await harness.store.videos.requeue(video.id, harness.clock())
        await harness.store.videos.record_intent(video.id, "other-token", harness.clock())

    harness.clock.on_next_sleep = submit_elsewhere
    current = await harness.run_to_end(engine, video)
    assert (current.stage, current.submit_token) == ("submitting", "other-token")
    assert engine.cancelled == ["ticket"]


@pytest.mark.parametrize("job_status", [JobStatus(state=JobState.FAILED), JobStatus(state=JobState.CANCELLED), WORKING])
async def test_a_stale_worker_fails_nothing(harness: FlowHarness, job_status: JobStatus) -> None:
    """Its poll, or how long it waited, says nothing about the engine that the video moved to in the meantime."""
    video, engine = await harness.accept(), ScriptedEngine(PAID)

    async def overtake(_ticket: str) -> JobStatus:
        current = await harness.reload(video)
        await harness.store.videos.fail_over(
            video.id, current.submit_token or "", engine="scripted", to="other", now=harness.clock()
        )
        harness.clock.now += 1e6
        return job_status

    engine.poll = overtake  # type: ignore[method-assign,assignment] # the moment in which it polls
    await harness.build_executor(engine)(video.id)
    current = await harness.reload(video)
    assert (current.stage, current.engine, current.status) == ("accepted", "other", Status.QUEUED)
    assert await harness.balance() == 9_500


async def test_the_loser_of_a_race_leaves_no_file(harness: FlowHarness, mp4: bytes) -> None:
    """The executor that ends second removes the files it stored; the winner's files stay as they are."""
    video, engine = await harness.accept(), ScriptedEngine(FREE, fetch_results=[mp4])
    other = harness.build_executor(engine, executor_id="two")

    class SlowEngine(ScriptedEngine):
        async def cancel(self, ticket: str) -> None:
            """Not called here."""

    slow_engine = SlowEngine(FREE, fetch_results=[mp4])
    fetch = slow_engine.fetch

    async def overtake(ticket: str, into: object) -> object:
        artifact = await fetch(ticket, into)  # type: ignore[arg-type] # a path, as the protocol says
        await other(video.id)
        return artifact

    slow_engine.fetch = overtake  # type: ignore[method-assign,assignment] # the moment between fetch and store
    ended = await harness.run_to_end(slow_engine, video)
    assets = await harness.store.videos.assets(video.id)
    assert ended.status is Status.COMPLETED
    assert await harness.stored_keys() == sorted(asset.key for asset in assets.values())
    assert await harness.balance() == 9_500


async def _reference(harness: FlowHarness) -> Asset:
    staged = harness.storage.staging_path(".png")
    staged.write_bytes(b"png")
    stored = await harness.storage.commit(staged, "references/aa/image.png")
    return Asset(
        kind=AssetKind.REFERENCE,
        key=stored.key,
        media_type="image/png",
        bytes=stored.bytes,
        sha256=stored.sha256,
        width=64,
        height=64,
    )


async def test_a_full_disk_delays_and_then_ends_the_video(harness: FlowHarness, mp4: bytes) -> None:
    """A storage that refuses for an hour fails the video, free of charge and submitted once."""

    class FullStorage:
        def __getattr__(self, name: str) -> object:
            return getattr(storage, name)

        async def commit(self, _staged: object, _key: str) -> object:
            raise StorageFault

    storage = harness.storage
    harness.storage = FullStorage()  # type: ignore[assignment] # a storage but for its one fault
    engine = ScriptedEngine(PAID, fetch_results=[mp4])
    assert _error_code(await harness.run_to_end(engine, await harness.accept())) == "storage_fault"
    assert len(engine.submitted) == 1
    assert await storage.discard_stale(float("inf")) == 0
