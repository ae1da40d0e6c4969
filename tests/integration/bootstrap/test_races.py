"""Concurrent operations on one video, repeated, and the resources of the process afterwards. All in one process."""

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

pytestmark = [pytest.mark.timeout(200)]

TIMES = 60
MAX_TURNS = 100
"""Maximum difference between two operations on one video, in turns of the event loop."""

PART = 1000
"""Bytes per read of a slow reader."""


class ApiServer:
    """A running application and the requests of one account."""

    def __init__(self, application: Application, owner: Principal) -> None:
        self.application = application
        self.owner = owner
        self.responses: list[ClientResponse] = []

    async def make(self, number: int) -> VideoRecord:
        """Accept a video."""
        video = await self.application.videos.create(self.owner, CreateParams(prompt=f"Boat {number}", model="sora-2"))
        self.record("create", video)
        return video

    async def wait_until_finished(self, video: VideoRecord) -> VideoRecord:
        """Wait for the video's terminal status."""
        async with asyncio.timeout(60):
            while not (now := await self.application.videos.retrieve(self.owner, video.id)).finished:
                self.record("retrieve", now)
                await self.application.videos.wait(self.owner, video.id, 5.0)
        self.record("retrieve", now)
        return now

    async def after_changes(self, video: VideoRecord, count: int) -> None:
        """Return after so many changes of the video, or at its end."""
        now = await self.application.videos.retrieve(self.owner, video.id)
        while count and not now.finished:
            seen, now = now.version, await self.application.videos.wait(self.owner, video.id, 5.0)
            count -= now.version != seen

    def record(self, what: str, video: VideoRecord, sha256: str | None = None) -> None:
        """Record a response for the checker."""
        shown = what in {"create", "retrieve"}
        self.responses.append(
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

    def violations(self, rest: ResourceCheck | None = None) -> list[str]:
        """The checker's violations."""
        data = self.application.settings.data
        rows, files = read_rows(data / "filmgate.sqlite"), read_files(data / "files" / "kept")
        staged = [path.name for path in (data / "files" / "staging").iterdir()]
        return violations(self.responses, rows, files, staged_names=staged, resource_check=rest)


@pytest.fixture
async def api_server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    """A running application that makes test cards, and an account with enough balance for all of them."""
    config = tmp_path / "filmgate.toml"
    config.write_text(TESTCARD_MODELS, encoding="utf-8")
    async with build_application(
        load(config, {}, {"data": tmp_path / "data", "log_level": "error"}), "embedded"
    ) as application:
        account = (await application.store.accounts.create_account("account", 1_000_000)).id
        yield ApiServer(application, Principal(account_id=account, key_id="key"))


async def test_cancel_against_complete(api_server: ApiServer) -> None:
    """In either order, the video ends once, is billed once and announced once, and no file remains."""
    rng = random.Random(7)  # noqa: S311 - reproducible
    videos = [await api_server.make(number) for number in range(TIMES)]

    async def run(video: VideoRecord) -> Status:
        await api_server.after_changes(video, rng.randrange(6))
        await _turns(rng.randrange(MAX_TURNS))
        try:
            await api_server.application.videos.cancel(api_server.owner, video.id)
        except VideoNotDeletable:
            return Status.COMPLETED
        return (await api_server.wait_until_finished(video)).status

    statuses = await asyncio.gather(*map(run, videos))
    for video in videos:
        await api_server.wait_until_finished(video)
    assert set(statuses) == {Status.COMPLETED, Status.FAILED}
    assert api_server.violations() == []


async def test_delete_against_download(api_server: ApiServer) -> None:
    """A download that was opened before the deletion gets all its bytes; a later one gets an error."""
    rng = random.Random(7)  # noqa: S311 - reproducible
    videos = [
        await api_server.wait_until_finished(video)
        for video in [await api_server.make(number) for number in range(TIMES // 2)]
    ]

    async def run(video: VideoRecord) -> bool:
        reading = asyncio.create_task(_read(api_server, video, rng.randrange(MAX_TURNS)))
        await _turns(rng.randrange(MAX_TURNS))
        await api_server.application.videos.delete(api_server.owner, video.id)
        api_server.record("delete", video)
        return await reading

    complete = await asyncio.gather(*(run(video) for video in videos))
    assert True in complete
    assert not await _read(api_server, videos[0])  # on a busy machine no other read comes after its deletion
    assert api_server.violations() == []
    assert read_files(api_server.application.settings.data / "files" / "kept") == {}


async def _turns(count: int) -> None:
    """Let all other tasks run, so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def _read(api_server: ApiServer, video: VideoRecord, after: int = 0) -> bool:
    """Read a video in small parts after ``after`` turns of the loop; False if it was already deleted."""
    await _turns(after)
    try:
        content = await api_server.application.videos.content(api_server.owner, video.id, AssetKind.VIDEO)
    except (VideoNotFound, VideoExpired):
        return False
    digest = hashlib.sha256()
    for offset in range(0, content.reader.size, PART):
        digest.update(await content.reader.read(offset, PART))
        await asyncio.sleep(0)
    content.reader.close()
    assert digest.hexdigest() == content.asset.sha256
    api_server.record("content", video, digest.hexdigest())
    return True


async def test_no_task_or_resource_remains_after_the_load(api_server: ApiServer) -> None:
    """After videos were videos, waited for and read, the numbers of tasks and other resources are as before."""

    async def load() -> ProcessResources:
        videos = [await api_server.make(number) for number in range(12)]
        for video in await asyncio.gather(*map(api_server.wait_until_finished, videos)):
            await _read(api_server, video)
        async with asyncio.timeout(60):
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("flow video_")))
        return msgspec.structs.replace(read_resources(os.getpid()), tasks=len(asyncio.all_tasks()))

    await load()  # what grows only once
    before = await load()
    assert api_server.violations(ResourceCheck(before, await load())) == []


async def test_a_video_after_its_deadline_is_not_delivered(tmp_path: Path) -> None:
    """At its deadline a video fails and its hold is released; that the upstream finishes it later changes nothing."""
    async with FlowHarness.open(tmp_path) as harness:
        paid = Capabilities(paid=True)
        slow = ScriptedEngine(paid, poll_results=[JobStatus(state=JobState.WORKING, progress=99.0, poll_after=60.0)])
        video = await harness.run_to_end(slow, await harness.accept())
        assert (video.status, video.error and video.error.code) == (Status.FAILED, "engine_timeout")
        done = ScriptedEngine(paid, poll_results=[DONE], fetch_results=[b"too late"])
        late = await harness.run_to_end(done, video)
        assert late == video
        assert (done.submitted, done.fetched) == ([], [])
        rows, files = read_rows(tmp_path / "filmgate.sqlite"), read_files(tmp_path / "files" / "kept")
        assert violations([], rows, files, submissions={video.id: len(slow.submitted)}) == []
        assert await harness.balance() == 10_000
