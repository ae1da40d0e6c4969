"""What one lost reply costs: the official SDK sends the create again, and the vendor makes three videos."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import suppress

from openai import APIConnectionError, AsyncOpenAI

from filmgate.testing import mock


async def videos_made(retries: int) -> int:
    """Create one video whose reply gets lost, and count how many the upstream charges."""
    async with (
        mock.running() as upstream,
        AsyncOpenAI(base_url=upstream.base_url, api_key="sk-any", max_retries=retries) as client,
    ):
        with suppress(APIConnectionError):
            await client.videos.create(prompt="A paper boat [mock:reply-lost]")
        return sum(mock.submissions(upstream.lines).values())


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # OpenAI's own service is shut down
    print("with the SDK's two retries:", asyncio.run(videos_made(2)))
    print("with none:                 ", asyncio.run(videos_made(0)))
