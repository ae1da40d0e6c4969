"""A store in a temporary folder, a clock that tests advance, and videos to insert."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import msgspec
import pytest

from filmgate.domain import Asset, AssetKind, NewVideo, Recipe, Size, new_id
from filmgate.store import Account, Store

if TYPE_CHECKING:
    from pathlib import Path

NewVideoFactory = Callable[..., NewVideo]


class Clock:
    """A clock that only tests advance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Unix seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The store's clock."""
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """An empty store."""
    opened = Store.open(tmp_path / "rows.sqlite", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def account(store: Store) -> Account:
    """An account with an unlimited balance."""
    return await store.accounts.create_account("tests", None)


@pytest.fixture
def new_video(account: Account) -> NewVideoFactory:
    """Build a video to accept; keywords replace its fields."""
    template = NewVideo(
        id="",
        account_id=account.id,
        model="sora-2",
        engine="scene",
        recipe=Recipe(prompt="a red fox\0 in the snow", size=Size(1280, 720), seconds=4, seed=7),
        price_micros=400_000,
        metadata={"shot": "一"},
    )
    return lambda **fields: msgspec.structs.replace(template, **{"id": new_id(), **fields})


@pytest.fixture
def stored_file() -> Callable[..., Asset]:
    """Build the asset of a stored file."""
    return lambda key="videos/a.mp4", kind=AssetKind.VIDEO: Asset(
        kind=kind, key=key, media_type="video/mp4", bytes=3, sha256="ab", width=1280, height=720
    )
