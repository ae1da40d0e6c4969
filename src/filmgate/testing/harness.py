"""Drives videos through the flow: a real store and storage in a folder, and a clock that moves only in sleeps.

For tests of engines and of the flow: give :meth:`FlowHarness.build_executor` an engine (a
:class:`~filmgate.testing.scripted.ScriptedEngine`, for example) and run a video to its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from filmgate.config.routing import Route
from filmgate.domain import Asset, EngineParameters, NewVideo, Recipe, Size, VideoRecord, new_id
from filmgate.engines.base import Engine
from filmgate.flow.batch_poller import BatchPoller
from filmgate.flow.circuit_breaker import CircuitBreaker
from filmgate.flow.context import FlowContext
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.engine_registry import EngineRegistry
from filmgate.flow.executor import VideoExecutor
from filmgate.flow.ingest import ArtifactIngest
from filmgate.storage import LocalStorage
from filmgate.store import Account, EngineIdentity, Store

__all__ = ["BALANCE", "MODEL", "PRICE", "RETENTION", "SMALL", "FakeClock", "FlowHarness"]

MODEL = "sora-2"
"""The model of its videos."""

SMALL = Size(64, 64)
"""The size of its videos."""

BALANCE, PRICE, RETENTION = 10_000, 500, 3600.0
"""The account's balance, a video's price (micro-units), and the retention of videos (seconds)."""


class FakeClock:
    """A clock that moves only when something sleeps; events are scripted by the time at which they happen."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.stepped = 0.0  # by how many seconds the date was set, which is no time that passed
        self.sleeps: list[float] = []
        self.on_next_sleep: Callable[[], Awaitable[object]] | None = None  # runs during the next sleep, once

    def __call__(self) -> float:
        """The current time."""
        return self.now

    def monotonic(self) -> float:
        """The time that passed."""
        return self.now - self.stepped

    def step(self, seconds: float) -> None:
        """Set the date, as a time server or an operator does."""
        self.now += seconds
        self.stepped += seconds

    async def sleep(self, _video_id: str, seconds: float) -> None:
        """Advance the clock."""
        self.sleeps.append(seconds)
        self.now += seconds
        then, self.on_next_sleep = self.on_next_sleep, None
        if then is not None:
            await then()


class FlowHarness:
    """Everything that an executor needs; all real except its engine and its clock."""

    def __init__(self, folder: Path, store: Store, storage: LocalStorage, account: Account) -> None:
        self.folder = folder
        self.store = store
        self.storage = storage
        self.account = account
        self.clock = FakeClock()
        self.checkpoints: list[str] = []
        self.woken_ids: list[str] = []  # videos that moved to another engine
        self.breaker = CircuitBreaker(self.clock)
        self.notified_ids: list[str] = []  # videos of which a bulk poll had news
        self.batch_poller = BatchPoller(self.notified_ids.append, self.clock)
        self.configured: Sequence[EngineIdentity] = ()  # the engines' identities
        self.rebuild_engine: Callable[[EngineIdentity], Engine] | None = None  # rebuilds retired engines

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        """Open a harness in an empty folder, with one account."""
        store = Store.open(folder / "filmgate.sqlite")
        try:
            account = await store.accounts.create_account("account", BALANCE)
            yield cls(folder, store, LocalStorage(folder / "files"), account)
        finally:
            await store.close()

    def build_executor(self, *engines: Engine, executor_id: str = "one", route: Route | None = None) -> VideoExecutor:
        """An executor with those engines, and ``route`` as the first model's route."""
        known = {engine.name: engine for engine in engines}
        kit = FlowContext(
            videos=self.store.videos,
            clock=self.clock,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            checkpoint=self.checkpoints.append,
            drain_timeout=0.2,
            dispatcher=Dispatcher({MODEL: route} if route else {}, known, self.breaker, self.fixed_random),
            batch_poller=self.batch_poller,
            wake=lambda video: self.woken_ids.append(video.id),
            roll=self.fixed_random,
        )
        return VideoExecutor(
            kit,
            storage=self.storage,
            registry=EngineRegistry(known, self.store.engine_identities, self.configured, self.rebuild_engine),
            ingest=ArtifactIngest(self.storage, self.store.videos, executor_id),
            retention=RETENTION,
        )

    @staticmethod
    def fixed_random() -> float:
        """Return one half for every random number."""
        return 0.5

    async def accept(
        self,
        *,
        engine: str = "scripted",
        price: int = PRICE,
        reference: Asset | None = None,
        account_id: str | None = None,
        parameters: EngineParameters = EngineParameters(),  # noqa: B008 - a frozen value
    ) -> VideoRecord:
        """Accept a video of one second, for the harness's own account unless another is named."""
        recipe = Recipe(
            prompt="A paper boat", size=SMALL, seconds=1, seed=7, reference=reference, parameters=parameters
        )
        new = NewVideo(
            id=new_id(),
            account_id=account_id or self.account.id,
            model=MODEL,
            engine=engine,
            recipe=recipe,
            price_micros=price,
            fingerprint=new_id("print"),
        )
        video, created = await self.store.videos.create(new, self.clock())
        if not created:
            raise AssertionError(f"{video.id} existed already")
        return video

    async def run_to_end(
        self, engine: Engine, video: VideoRecord, *others: Engine, route: Route | None = None
    ) -> VideoRecord:
        """Run the video to its end, at whichever engine it is, and return the final row."""
        self.woken_ids.append(video.id)
        while self.woken_ids:
            await self.build_executor(engine, *others, route=route)(self.woken_ids.pop())
        return await self.reload(video)

    async def reload(self, video: VideoRecord) -> VideoRecord:
        """The current row."""
        now = await self.store.videos.get(video.id)
        if now is None:
            raise LookupError(video.id)
        return now

    async def stages(self, video: VideoRecord) -> Sequence[str]:
        """The stages that the video went through, each once per visit."""
        seen: list[str] = []
        for event in await self.store.videos.history(video.id):
            if not seen or seen[-1] != event.stage:
                seen.append(event.stage)
        return seen

    async def balance(self) -> int:
        """The account's balance, in micro-units."""
        account = await self.store.accounts.get_account(self.account.id)
        return (account and account.balance_micros) or 0

    async def stored_keys(self) -> list[str]:
        """All stored keys."""
        return sorted([key async for key in self.storage.keys("")])
