"""Several videos at once."""

import asyncio
from pathlib import Path

from filmgate import AsyncClient


async def make(client: AsyncClient, name: str, prompt: str) -> Path:
    """Make a video and return the path of its file."""
    video = await client.generate(prompt, seconds=4, idempotency_key=f"{name}-1")
    await video.wait(timeout=600)
    return await video.save(f"{name}.mp4", force=True)


async def main() -> None:
    """Make two videos concurrently."""
    async with AsyncClient(base_url="http://127.0.0.1:8000/v1", api_key="fg-…") as client:
        prompts = {"dog": "A dog on a beach at sunset", "cat": "A cat in a sunny window"}
        for path in await asyncio.gather(*(make(client, *item) for item in prompts.items())):
            print(path)


asyncio.run(main())
