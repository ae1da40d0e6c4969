"""A hundred orders into an upstream where three in ten meet a fault; the same seed meets the same faults again."""

from __future__ import annotations

import asyncio
import warnings
from collections import Counter
from pathlib import Path

from openai import APIError, AsyncOpenAI

from filmgate.testing import mock

SEED = 7


async def order(client: AsyncOpenAI, number: int) -> str:
    """Order a film; how did it go?"""
    try:
        video = await client.videos.create(prompt=f"Paper boat {number}")
        video = await client.videos.retrieve(video.id)
    except (APIError, ValueError) as error:
        return type(error).__name__
    return str(video.status)


async def main() -> None:
    """Place the orders, then hold what the client saw against what the upstream knows."""
    faults = mock.parse_mix("reply-lost, submit-5xx, failed*2, poll-404=2", rate=0.3, seed=SEED)
    async with (
        mock.running(mock.MockConfig(mix=faults, log=Path("mock.jsonl"))) as upstream,
        AsyncOpenAI(base_url=upstream.base_url, api_key="sk-any", max_retries=0) as client,
    ):
        print(Counter([await order(client, number) for number in range(100)]))
    charged = mock.submissions(mock.read_log(Path("mock.jsonl")))
    print(f"{len(charged)} films were charged, {sum(count > 1 for count in charged.values())} of them twice")


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # OpenAI's own service is shut down
    asyncio.run(main())
