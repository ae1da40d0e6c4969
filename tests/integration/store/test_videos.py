"""Acceptance, reads, lists, deletion and expiry of videos."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import msgspec
import pytest
import sqlalchemy as sa

from filmgate.domain import Asset, AssetKind, EngineParameters, Fit, NewVideo, Recipe, Size, Status, VideoError
from filmgate.errors import IdempotencyKeyReuse, VideoNotDeletable, VideoNotFound
from filmgate.store import Account, Store, UnfinishedVideo, acceptance, rate_limits, videos
from filmgate.store.rows import recipe_json, tombstone_recipe_json
from filmgate.store.schema import video as video_table

Make = Callable[..., NewVideo]
DAY = 24 * 3600.0


async def _complete(store: Store, video_id: str, now: float, assets: list[Asset], expires_at: float | None) -> None:
    assert await store.videos.record_intent(video_id, "token", now)
    assert await store.videos.record_ticket(video_id, "token", "ticket", now)
    assert await store.videos.start_fetching(video_id, now)
    assert await store.videos.complete(video_id, assets, {}, now, expires_at)


async def test_create_returns_what_the_row_holds(
    store: Store, new_video: Make, stored_file: Callable[..., Asset]
) -> None:
    """Every field is read as it was written: NUL, Chinese, a reference, a remix."""
    reference = stored_file("references/a.png", AssetKind.REFERENCE)
    recipe = Recipe(prompt="雪\0", size=Size(720, 1280), seconds=12, seed=2**62, fit=Fit.PAD, reference=reference)
    new = new_video(recipe=recipe, remixed_from_video_id="video_x", idempotency_key="k", fingerprint="f")
    video, created = await store.videos.create(new, 1.5)
    assert created
    assert await store.videos.get(video.id) == video
    assert (video.recipe, video.prompt, video.metadata) == (recipe, "雪\0", {"shot": "一"})
    assert await store.videos.assets(video.id) == {AssetKind.REFERENCE: reference}


async def test_a_foreign_video_is_not_found(store: Store, new_video: Make) -> None:
    """Another account's video and an unknown one give the same result everywhere."""
    other = await store.accounts.create_account("other", None)
    video, _ = await store.videos.create(new_video(), 1.0)
    for video_id in (video.id, "video_unknown"):
        assert await store.videos.get(video_id, other.id) is None
        assert await store.videos.page(other.id, after=video_id, limit=5, ascending=True) == ([], False)
        with pytest.raises(VideoNotFound):
            await store.videos.delete(video_id, other.id, 2.0)
        with pytest.raises(VideoNotFound):
            await store.videos.request_cancel(video_id, other.id, 2.0)
    assert (await store.videos.get(video.id)) == video


async def test_concurrent_creates_with_one_key_make_one_video(store: Store, new_video: Make) -> None:
    """Of 200 creates with one Idempotency-Key, one is new and all return the same video."""
    creates = [store.videos.create(new_video(idempotency_key="k", fingerprint="f"), 1.0) for _ in range(200)]
    answers = await asyncio.gather(*creates)
    assert len({video.id for video, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1
    assert await store.ledger.audit() == []


async def test_a_key_refers_to_one_request(store: Store, new_video: Make) -> None:
    """The same key with another fingerprint is refused; for another account it is another key."""
    await store.videos.create(new_video(idempotency_key="k", fingerprint="f"), 1.0)
    with pytest.raises(IdempotencyKeyReuse):
        await store.videos.create(new_video(idempotency_key="k", fingerprint="g"), 2.0)
    other = await store.accounts.create_account("other", None)
    _, created = await store.videos.create(new_video(account_id=other.id, idempotency_key="k", fingerprint="g"), 2.0)
    assert created


async def test_a_key_is_free_again_after_a_day(store: Store, new_video: Make) -> None:
    """A day later the key creates a new video, whatever the request."""
    first, _ = await store.videos.create(new_video(idempotency_key="k", fingerprint="f"), 1.0)
    second, created = await store.videos.create(new_video(idempotency_key="k", fingerprint="g"), 1.0 + DAY)
    recreated, created_again = await store.videos.create(new_video(idempotency_key="k", fingerprint="g"), 2.0 + DAY)
    assert (created, created_again, recreated) == (True, False, second)
    assert first.id != second.id


async def test_a_resend_is_found_by_its_fingerprint(store: Store, new_video: Make, account: Account) -> None:
    """The newest video of the same request within the window, and no other account's."""
    await store.videos.create(new_video(fingerprint="f"), 1.0)
    newest, _ = await store.videos.create(new_video(fingerprint="f"), 2.0)
    assert await store.videos.find_duplicate(account.id, "f", 1.0) == newest
    assert await store.videos.find_duplicate(account.id, "f", 2.5) is None
    assert await store.videos.find_duplicate(account.id, "g", 0.0) is None
    assert await store.videos.find_duplicate("acct_other", "f", 0.0) is None


@pytest.mark.parametrize("ascending", [True, False])
async def test_paging_during_inserts(store: Store, new_video: Make, account: Account, *, ascending: bool) -> None:
    """Videos accepted and deleted in the meantime neither repeat nor hide existing ones."""
    there = [(await store.videos.create(new_video(), float(n)))[0] for n in range(10)]
    listed: list[str] = []
    after, more = None, True
    while more:
        page, more = await store.videos.page(account.id, after=after, limit=3, ascending=ascending)
        listed += [video.id for video in page]
        after = page[-1].id
        if len(listed) <= 6:
            await store.videos.create(new_video(), 99.0)
            await store.videos.fail(after, VideoError("x", "x"), 99.0)
            await store.videos.delete(after, account.id, 99.0)
    expected = [video.id for video in there]
    assert len(listed) == len(set(listed))
    assert [video_id for video_id in listed if video_id in expected] == (expected if ascending else expected[::-1])


async def test_a_page_reports_whether_more_follow(store: Store, new_video: Make, account: Account) -> None:
    """A page that ends with the last video reports it, full or not."""
    videos = [(await store.videos.create(new_video(), 1.0))[0] for _ in range(2)]
    assert await store.videos.page(account.id, after=None, limit=2, ascending=True) == (videos, False)
    assert await store.videos.page(account.id, after=None, limit=1, ascending=True) == (videos[:1], True)
    assert await store.videos.page(account.id, after=videos[1].id, limit=1, ascending=True) == ([], False)


async def test_engine_parameters_are_part_of_the_recipe(store: Store, new_video: Make) -> None:
    """Without any the stored recipe is that of earlier versions; a deleted video keeps none."""
    given = EngineParameters(fps=24, guidance_scale=5.5, negative_prompt="rain", user="u-1")
    recipe = Recipe(prompt="a dog", size=Size(64, 64), seconds=4, seed=7)
    assert recipe_json(recipe) == '{"size":{"width":64,"height":64},"seconds":4,"seed":7}'
    video, _ = await store.videos.create(new_video(recipe=msgspec.structs.replace(recipe, parameters=given)), 1.0)
    stored = await store.videos.get(video.id)
    assert stored is not None
    assert stored.recipe.parameters == given
    assert tombstone_recipe_json(stored.recipe) == recipe_json(recipe)


async def test_deleting_leaves_a_tombstone(
    store: Store, new_video: Make, account: Account, stored_file: Callable[..., Asset]
) -> None:
    """A deleted video is not found, its prompt is in no column, its keys are returned, the ledger stays."""
    prompt = "an unmistakable prompt"
    recipe = Recipe(
        prompt=prompt, size=Size(1, 1), seconds=4, seed=1, reference=stored_file("r.png", AssetKind.REFERENCE)
    )
    video, _ = await store.videos.create(new_video(recipe=recipe), 1.0)
    with pytest.raises(VideoNotDeletable):
        await store.videos.delete(video.id, account.id, 2.0)
    await _complete(store, video.id, 3.0, [stored_file()], None)
    assert await store.videos.referenced_keys(["r.png", "videos/a.mp4", "other"]) == {"r.png", "videos/a.mp4"}
    assert sorted(await store.videos.delete(video.id, account.id, 4.0)) == ["r.png", "videos/a.mp4"]
    assert await store.videos.get(video.id) is None
    assert await store.videos.page(account.id, after=None, limit=5, ascending=True) == ([], False)
    assert await store.videos.referenced_keys(["r.png", "videos/a.mp4"]) == set()
    with pytest.raises(VideoNotFound):
        await store.videos.delete(video.id, account.id, 5.0)
    columns = store._database.reader.fetch_all(sa.select(video_table))
    assert prompt not in str(columns)
    assert await store.ledger.audit() == []


async def test_a_cancellation_is_recorded_for_the_flow(store: Store, new_video: Make, account: Account) -> None:
    """It remains until the video is finished, a second one changes nothing, and a finished video refuses it."""
    video, _ = await store.videos.create(new_video(), 1.0)
    first = await store.videos.request_cancel(video.id, account.id, 2.0)
    assert first.cancel_requested
    assert first == await store.videos.request_cancel(video.id, account.id, 3.0)
    assert await store.videos.list_cancel_requests() == {video.id}
    await store.videos.fail(video.id, VideoError("cancelled", "x"), 4.0)
    assert await store.videos.list_cancel_requests() == set()
    with pytest.raises(VideoNotDeletable):
        await store.videos.request_cancel(video.id, account.id, 5.0)


async def test_expiry_drops_files_and_keeps_the_video(
    store: Store, new_video: Make, stored_file: Callable[..., Asset]
) -> None:
    """Expired files and references of failed videos are dropped, within the limit; nothing else is."""
    expired, unexpired = [(await store.videos.create(new_video(), 1.0))[0] for _ in range(2)]
    await _complete(store, expired.id, 2.0, [stored_file("old"), stored_file("old-thumb", AssetKind.THUMBNAIL)], 10.0)
    await _complete(store, unexpired.id, 2.0, [stored_file("new")], 10.1)
    reference = stored_file("r.png", AssetKind.REFERENCE)
    failed, _ = await store.videos.create(
        new_video(recipe=msgspec.structs.replace(unexpired.recipe, reference=reference)), 1.0
    )
    await store.videos.fail(failed.id, VideoError("x", "x"), 2.0)
    assert await store.videos.drop_expired(1.0) == ["r.png"]
    assert len(await store.videos.drop_expired(10.0, limit=1)) == 1
    assert len(await store.videos.drop_expired(10.0)) == 1
    assert await store.videos.drop_expired(10.0) == []
    assert await store.videos.assets(expired.id) == {}
    assert list(await store.videos.assets(unexpired.id)) == [AssetKind.VIDEO]
    still = await store.videos.get(expired.id)
    assert still is not None
    assert still.status is Status.COMPLETED


async def test_unfinished_videos_are_listed_longest_first(store: Store, new_video: Make) -> None:
    """The reconciler gets videos unchanged since a time, and can raise an epoch once."""
    videos = [(await store.videos.create(new_video(), float(n)))[0] for n in (3, 1, 2, 9)]
    await store.videos.fail(videos[2].id, VideoError("x", "x"), 2.0)
    assert await store.videos.list_unfinished(updated_before=9.0) == [
        UnfinishedVideo(videos[1].id, "scene", 0),
        UnfinishedVideo(videos[0].id, "scene", 0),
    ]
    assert len(await store.videos.list_unfinished(updated_before=99.0, limit=1)) == 1
    assert await store.videos.raise_epoch(videos[1].id, 0)
    assert not await store.videos.raise_epoch(videos[1].id, 0)
    assert (await store.videos.list_unfinished(updated_before=2.0))[0].epoch == 1
    assert await store.videos.count_unfinished(videos[0].account_id) == 3


async def test_the_queue_position_counts_earlier_videos(store: Store, new_video: Make) -> None:
    """Only queued videos of the same engine that were accepted earlier count."""
    first, second, third = [(await store.videos.create(new_video(), 1.0))[0] for _ in range(3)]
    await store.videos.create(new_video(engine="other"), 1.0)
    assert [await store.videos.count_ahead(video) for video in (first, second, third)] == [0, 1, 2]
    await store.videos.fail(first.id, VideoError("x", "x"), 2.0)
    assert await store.videos.count_ahead(third) == 1


async def test_the_typical_duration_is_the_median_of_the_last_twenty(store: Store, new_video: Make) -> None:
    """Older videos, other lengths and failed ones do not count; a completion counts at once."""
    assert await store.videos.typical_seconds("scene", "sora-2", 4) is None
    for n, duration in enumerate([1000.0] * 3 + [10.0] * 9 + [30.0] * 11):
        video, _ = await store.videos.create(new_video(), float(n))
        await _complete(store, video.id, n + duration, [], None)
    assert await store.videos.typical_seconds("scene", "sora-2", 4) == pytest.approx(30.0)
    assert await store.videos.typical_seconds("scene", "sora-2", 8) is None


async def test_hot_reads_use_their_indexes(store: Store, new_video: Make) -> None:
    """No frequent read scans the whole table."""
    await store.videos.create(new_video(), 1.0)
    statements: list[sa.ClauseElement] = [
        videos._GET,
        *videos._PAGES.values(),
        videos._UNFINISHED_ROWS,
        videos._CANCEL_REQUESTS,
    ]
    statements += [acceptance._SAME_REQUEST, acceptance._SAME_KEY]
    statements += [rate_limits._NTH_NEWEST, rate_limits._USED, rate_limits._RUNNING]
    statements += [
        videos._RUNNING,
        videos._AHEAD,
        videos._DURATIONS,
        videos._EXPIRED,
        videos._REFERENCED,
        videos._HISTORY,
    ]
    for statement in statements:
        sql = str(
            statement.compile(dialect=store._database._engine.dialect, compile_kwargs={"render_postcompile": True})
        )
        values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
        plan = store._database.reader.fetch_all(sa.text(f"EXPLAIN QUERY PLAN {sql}"), **values)
        assert not [step for *_, step in plan if step.startswith("SCAN") and "INDEX" not in step], (plan, sql)
