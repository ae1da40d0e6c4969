"""A real store and storage in a temporary folder, and a time that passes only while somebody waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from filmgate.engines.base import Engine
from filmgate.engines.testcard import encode
from filmgate.flow.delivery import Delivery
from filmgate.flow.drive import Drive
from filmgate.storage import LocalStorage
from filmgate.store import Account, Store
from filmgate.testing.engine_contract import some_job
from filmgate.video import Asset, NewVideo, Recipe, Size, Video, new_id

SMALL = Size(64, 64)


class Time:
    """A clock that stands still until somebody pauses; what happens meanwhile is scripted by when it happens."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.pauses: list[float] = []
        self.then: Callable[[], Awaitable[object]] | None = None  # happens during the next pause, once

    def __call__(self) -> float:
        """Now."""
        return self.now

    async def pause(self, _video_id: str, seconds: float) -> None:
        """Let the time pass."""
        self.pauses.append(seconds)
        self.now += seconds
        then, self.then = self.then, None
        if then is not None:
            await then()


class House:
    """Everything that a drive needs, real but for its engine and its time."""

    def __init__(self, store: Store, storage: LocalStorage, account: Account) -> None:
        self.store = store
        self.storage = storage
        self.account = account
        self.time = Time()
        self.passed: list[str] = []

    def drive(self, engine: Engine, executor_id: str = "one") -> Drive:
        """A drive with that engine."""
        return Drive(
            videos=self.store.videos,
            storage=self.storage,
            engines={engine.name: engine},
            delivery=Delivery(self.storage, self.store.videos, executor_id),
            retention=3600.0,
            clock=self.time,
            pause=self.time.pause,
            checkpoint=self.passed.append,
            roll=lambda: 0.5,
        )

    async def accept(self, *, engine: str = "scripted", price: int = 500, reference: Asset | None = None) -> Video:
        """A video of one second, just accepted."""
        recipe = Recipe(prompt="A paper boat", size=SMALL, seconds=1, seed=7, reference=reference)
        new = NewVideo(
            id=new_id(),
            account_id=self.account.id,
            model="sora-2",
            engine=engine,
            recipe=recipe,
            price_micros=price,
            fingerprint=new_id("print"),
        )
        video, created = await self.store.videos.create(new, self.time())
        assert created
        return video

    async def finish(self, engine: Engine, video: Video) -> Video:
        """Drive it, and see how it ended."""
        await self.drive(engine)(video.id)
        return await self.reread(video)

    async def reread(self, video: Video) -> Video:
        """The row as it is now."""
        now = await self.store.videos.get(video.id)
        assert now is not None
        return now

    async def stages(self, video: Video) -> Sequence[str]:
        """The stages it went through, each once a visit."""
        seen: list[str] = []
        for event in await self.store.videos.history(video.id):
            if not seen or seen[-1] != event.stage:
                seen.append(event.stage)
        return seen

    async def balance(self) -> int:
        """What the account has left, in micro-units."""
        account = await self.store.accounts.account(self.account.id)
        assert account is not None
        assert account.balance_micros is not None
        return account.balance_micros

    async def keys(self) -> list[str]:
        """Everything that is stored."""
        return sorted([key async for key in self.storage.keys("")])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with one account that owns 10,000 micro-units."""
    store = Store.open(tmp_path / "filmgate.sqlite")
    account = await store.accounts.create_account("somebody", 10_000)
    yield House(store, LocalStorage(tmp_path / "files"), account)
    await store.close()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A true film of one second, 64 by 64."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    encode(some_job(size=SMALL, seconds=1), path)
    return path.read_bytes()
