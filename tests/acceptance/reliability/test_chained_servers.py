"""Filmgate behind Filmgate: two real servers, the one the other's upstream, in every dialect that both speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest
from reliability.testbed import Server

from filmgate.domain import Size
from filmgate.media import probe
from filmgate.store import Store

if TYPE_CHECKING:
    from pathlib import Path

DIALECTS = {
    "openai": ("/v1", 4),
    "dmxapi": ("/dmxapi/v1", 4),
    "apiyi": ("/apiyi/v1", 8),
    "apiyi-async": ("/apiyi-async/v1", 10),
}
"""Where the server behind speaks each, and a length that it takes there."""

BEHIND = """
[models.sora-2]
engine = "testcard"
price = { default = 100 }

[models.sora-2-hd-10s-chat]
engine = "testcard"
price = { default = 100 }
"""


def _in_front(url: str) -> str:
    """A model a dialect, each with an engine of its own; and one that is asked for in a chat."""
    engines = "".join(
        f"""
[engines.{dialect}]
kind = "openai-videos"
dialect = "{dialect}"
base_url = "{url}{path}"
key_env = "BEHIND_KEY"
models = {{ by-{dialect} = "sora-2" }}
min_poll_interval = 0.2

[models.by-{dialect}]
like = "sora-2"
engine = "{dialect}"
price = {{ default = 150 }}
"""
        for dialect, (path, _seconds) in DIALECTS.items()
    )
    return f"""{engines}
[engines.chat]
kind = "chat-sse"
base_url = "{url}/v1"
key_env = "BEHIND_KEY"
models = {{ by-chat = "sora-2-hd-10s-chat" }}

[models.by-chat]
like = "sora-2"
engine = "chat"
seconds = [10]
default_seconds = 10
price = {{ default = 150 }}
"""


async def _key(server: Server) -> str:
    store = Store.open(server.data / "filmgate.sqlite")
    account = await store.accounts.create_account("clients", 1_000_000)
    _, secret = await store.accounts.create_key(account.id, "test")
    await store.close()
    return secret


async def _spent(server: Server) -> int:
    store = Store.open(server.data / "filmgate.sqlite")
    accounts = await store.accounts.list_accounts()
    await store.close()
    return 1_000_000 - next(each.balance_micros or 0 for each in accounts if each.name == "clients")


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
async def test_filmgate_behind_filmgate(tmp_path: Path) -> None:
    """The official SDK asks the one in front; the one behind makes the films; both books are right."""
    for name in ("behind", "front"):
        (tmp_path / name).mkdir()
    behind = Server(tmp_path / "behind", BEHIND)
    behind_key = await _key(behind)
    front = Server(tmp_path / "front", _in_front(behind.url), environ={"BEHIND_KEY": behind_key})
    front_key = await _key(front)
    try:
        behind.start()
        front.start()
        assert await behind.wait_until_ready()
        assert await front.wait_until_ready()
        lengths = {dialect: seconds for dialect, (_path, seconds) in DIALECTS.items()} | {"chat": 10}
        async with openai.AsyncOpenAI(base_url=f"{front.url}/v1", api_key=front_key) as client:
            for name, seconds in lengths.items():
                video = await client.videos.create_and_poll(
                    model=f"by-{name}",
                    prompt=f"A boat, {name}",
                    seconds=str(seconds),  # type: ignore[arg-type] # it knows three lengths
                    size="720x1280",
                    poll_interval_ms=200,
                )
                assert video.status == "completed", (name, video.error)
                film = tmp_path / f"{name}.mp4"
                (await client.videos.download_content(video.id)).write_to_file(film)
                probe.verify(film, Size(720, 1280), seconds)
        seconds = sum(lengths.values())
        assert (await _spent(front), await _spent(behind)) == (150 * seconds, 100 * seconds)
    finally:
        front.close()
        behind.close()
