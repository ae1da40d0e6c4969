"""A data folder whose videos are in progress at an upstream, and the configuration to continue polling them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from filmgate.bootstrap import application
from filmgate.config.settings import load
from filmgate.domain import NewVideo, Recipe, Size, new_id

__all__ = ["prepare"]

BATCH_SIZE = 500

CONFIG = """
retention = 0

[engines.vendor]
kind = "openai-videos"
flavour = "plain"
base_url = "{url}/v1"
min_poll_interval = {interval}
poll_mode = "{watch}"

[models.sora-2]
engine = "vendor"
price = {{ default = 0 }}
"""


def prepare(folder: Path, url: str, videos: int, *, interval: float, watch: str = "auto") -> Path:
    """Write the rows of so many running videos, the jobs of :mod:`benchmarks.vendor`; returns the configuration."""
    config = folder / "filmgate.toml"
    config.write_text(CONFIG.format(url=url, interval=interval, watch=watch), encoding="utf-8")
    asyncio.run(_create_videos(config, folder / "data", videos))
    return config


async def _create_videos(config: Path, data: Path, videos: int) -> None:
    gate = application.build_application(load(config, overrides={"data": data, "log_level": "error"}))
    try:
        account = await gate.store.accounts.create_account("benchmarks", None)
        identity = gate.engines["vendor"].identity
        for first in range(0, videos, BATCH_SIZE):
            batch = range(first, min(first + BATCH_SIZE, videos))
            await asyncio.gather(*(_create_video(gate, account.id, identity, f"job-{job}") for job in batch))
    finally:
        await gate.store.close()
        gate.lock.release()


async def _create_video(app: application.Application, account_id: str, identity: str, ticket: str) -> None:
    now, rows = time.time(), app.store.videos
    recipe = Recipe(prompt="a dog on a beach " * 12, size=Size(1280, 720), seconds=8, seed=7)
    new = NewVideo(
        id=new_id(),
        account_id=account_id,
        model="sora-2",
        engine="vendor",
        recipe=recipe,
        price_micros=0,
        fingerprint=new_id("print"),
    )
    video, _ = await rows.create(new, now)
    await rows.record_intent(video.id, video.id, now, identity=identity)
    await rows.record_ticket(video.id, video.id, ticket, now)
