"""A hundred creates at an upstream with a fault in three of ten jobs; the same seed gives the same faults."""

from __future__ import annotations

import asyncio
import warnings
from collections import Counter
from pathlib import Path

from openai import APIError, AsyncOpenAI

from filmgate.testing import mock

SEED = 7


async def create(client: AsyncOpenAI, number: int) -> str:
    """Create a video and return its status or the error's name."""
    try:
        video = await client.videos.create(prompt=f"Paper boat {number}")
        video = await client.videos.retrieve(video.id)
    except (APIError, ValueError) as error:
        return type(error).__name__
    return str(video.status)


async def main() -> None:
    """Create the videos, then compare what the client saw with the upstream's log."""
    faults = mock.parse_mix("reply-lost, submit-5xx, failed*2, poll-404=2", rate=0.3, seed=SEED)
    async with (
        mock.running(mock.MockConfig(mix=faults, log=Path("mock.jsonl"))) as upstream,
        AsyncOpenAI(base_url=upstream.base_url, api_key="sk-any", max_retries=0) as client,
    ):
        print(Counter([await create(client, number) for number in range(100)]))
    charged = mock.submissions(mock.read_log(Path("mock.jsonl")))
    print(f"{len(charged)} videos were charged, {sum(count > 1 for count in charged.values())} of them twice")


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # OpenAI's own service is shut down
    asyncio.run(main())
