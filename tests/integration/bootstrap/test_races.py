"""Two things at once to one video, many times; and what a process holds when all of it is over. All in one process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from reliability.testbed import TESTCARD_MODELS

from filmgate.bootstrap.application import Application, build_application
from filmgate.config.settings import load
from filmgate.domain import AssetKind, Status, VideoRecord
from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import VideoExpired, VideoNotDeletable, VideoNotFound
from filmgate.store import Principal
from filmgate.testing.checker import (
    ClientResponse,
    ProcessResources,
    ResourceCheck,
    read_files,
    read_resources,
    read_rows,
    violations,
)
from filmgate.testing.harness import FlowHarness
from filmgate.testing.scripted import DONE, ScriptedEngine
from filmgate.wire.params import CreateParams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

TIMES = 60
TURNS = 100
"""Turns of the event loop by which two moves at one video differ at most."""

PART = 1000
"""Bytes that a slow reader takes at once."""


class ApiServer:
    """A whole Filmgate, and one account's wishes to it."""

    def __init__(self, gate: Application, owner: Principal) -> None:
        self.gate = gate
        self.owner = owner
        self.seen: list[ClientResponse] = []

    async def make(self, number: int) -> VideoRecord:
        """Accept a video."""
        video = await self.gate.videos.create(self.owner, CreateParams(prompt=f"Boat {number}", model="sora-2"))
        self.note("create", video)
        return video

    async def ended(self, video: VideoRecord) -> VideoRecord:
        """The video at its end."""
        async with asyncio.timeout(60):
            while not (now := await self.gate.videos.retrieve(self.owner, video.id)).finished:
                self.note("retrieve", now)
                await self.gate.videos.wait(self.owner, video.id, 5.0)
        self.note("retrieve", now)
        return now

    async def after_changes(self, video: VideoRecord, count: int) -> None:
        """Return once so many changes of the video were seen, or its end."""
        now = await self.gate.videos.retrieve(self.owner, video.id)
        while count and not now.finished:
            seen, now = now.version, await self.gate.videos.wait(self.owner, video.id, 5.0)
            count -= now.version != seen

    def note(self, what: str, video: VideoRecord, sha256: str | None = None) -> None:
        """Remember what was seen of a video."""
        shown = what in {"create", "retrieve"}
        self.seen.append(
            ClientResponse(
                operation=what,
                video_id=video.id,
                http_status=200,
                status=str(video.status) if shown else None,
                progress=video.progress if shown else None,
                sha256=sha256,
                account=self.owner.account_id,
            )
        )

    def wrong(self, rest: ResourceCheck | None = None) -> list[str]:
        """What the checker says."""
        data = self.gate.settings.data
        rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
        staged = [path.name for path in (data / "files" / "staging").iterdir()]
        return violations(self.seen, rows, files, staged_names=staged, resource_check=rest)


@pytest.fixture
async def api_server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    """A running Filmgate that makes test cards, and an account with enough for all of them."""
    config = tmp_path / "filmgate.toml"
    config.write_text(TESTCARD_MODELS, encoding="utf-8")
    async with build_application(
        load(config, {}, {"data": tmp_path / "data", "log_level": "error"}), "embedded"
    ) as gate:
        account = (await gate.store.accounts.create_account("somebody", 1_000_000)).id
        yield ApiServer(gate, Principal(account_id=account, key_id="key"))


async def test_cancel_against_complete(api_server: ApiServer) -> None:
    """Whichever is first, the video ends once, is booked once and announced once, and nothing of it is left over."""
    dice = random.Random(7)  # noqa: S311 - to be repeatable
    made = [await api_server.make(number) for number in range(TIMES)]

    async def one(video: VideoRecord) -> Status:
        await api_server.after_changes(video, dice.randrange(6))
        await _turns(dice.randrange(TURNS))
        try:
            await api_server.gate.videos.cancel(api_server.owner, video.id)
        except VideoNotDeletable:
            return Status.COMPLETED
        return (await api_server.ended(video)).status

    ended = await asyncio.gather(*map(one, made))
    for video in made:
        await api_server.ended(video)
    assert set(ended) == {Status.COMPLETED, Status.FAILED}
    assert api_server.wrong() == []


async def test_delete_against_download(api_server: ApiServer) -> None:
    """Whoever opened the film before it was deleted gets all its bytes; whoever comes later is told that it is gone."""
    dice = random.Random(7)  # noqa: S311 - to be repeatable
    made = [await api_server.ended(video) for video in [await api_server.make(number) for number in range(TIMES // 2)]]

    async def one(video: VideoRecord) -> bool:
        reading = asyncio.create_task(_read(api_server, video, dice.randrange(TURNS)))
        await _turns(dice.randrange(TURNS))
        await api_server.gate.videos.delete(api_server.owner, video.id)
        api_server.note("delete", video)
        return await reading

    whole = await asyncio.gather(*(one(video) for video in made))
    assert set(whole) == {True, False}
    assert api_server.wrong() == []
    assert read_files(api_server.gate.settings.data / "files" / "kept") == {}


async def _turns(count: int) -> None:
    """Let all other tasks go on, so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def _read(api_server: ApiServer, video: VideoRecord, after: int = 0) -> bool:
    """Read a film in small parts, ``after`` so many turns of the loop; False if it was gone already."""
    await _turns(after)
    try:
        content = await api_server.gate.videos.content(api_server.owner, video.id, AssetKind.VIDEO)
    except (VideoNotFound, VideoExpired):
        return False
    digest = hashlib.sha256()
    for offset in range(0, content.reader.size, PART):
        digest.update(await content.reader.read(offset, PART))
        await asyncio.sleep(0)
    content.reader.close()
    assert digest.hexdigest() == content.asset.sha256
    api_server.note("content", video, digest.hexdigest())
    return True


async def test_nothing_runs_on_when_all_is_done(api_server: ApiServer) -> None:
    """After films were made, waited for and read, there are as many tasks as before, and as much of all else."""

    async def load() -> ProcessResources:
        made = [await api_server.make(number) for number in range(12)]
        for video in await asyncio.gather(*map(api_server.ended, made)):
            await _read(api_server, video)
        async with asyncio.timeout(60):
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("flow video_")))
        return msgspec.structs.replace(read_resources(os.getpid()), tasks=len(asyncio.all_tasks()))

    await load()  # what grows but once
    before = await load()
    assert api_server.wrong(ResourceCheck(before, await load())) == []


async def test_a_film_that_comes_too_late_is_not_delivered(tmp_path: Path) -> None:
    """Past its deadline a video fails and its hold goes back; that its upstream still finishes it changes nothing."""
    async with FlowHarness.open(tmp_path) as house:
        paid = Capabilities(paid=True)
        slow = ScriptedEngine(paid, poll_results=[JobStatus(state=JobState.WORKING, progress=99.0, poll_after=60.0)])
        video = await house.run_to_end(slow, await house.accept())
        assert (video.status, video.error and video.error.code) == (Status.FAILED, "engine_timeout")
        done = ScriptedEngine(paid, poll_results=[DONE], fetch_results=[b"too late"])
        late = await house.run_to_end(done, video)
        assert late == video
        assert (done.submitted, done.fetched) == ([], [])
        rows, files = read_rows(tmp_path / "filmgate.sqlite"), read_files(tmp_path / "files" / "kept")
        assert violations([], rows, files, submissions={video.id: len(slow.submitted)}) == []
        assert await house.balance() == 10_000
