"""Several films at once."""

import asyncio
from pathlib import Path

from filmgate import AsyncClient


async def make(client: AsyncClient, name: str, prompt: str) -> Path:
    """From the prompt to the file."""
    video = await client.generate(prompt, seconds=4, idempotency_key=f"{name}-1")
    await video.wait(timeout=600)
    return await video.save(f"{name}.mp4", force=True)


async def main() -> None:
    """Two films, side by side."""
    async with AsyncClient(base_url="http://127.0.0.1:8000/v1", api_key="fg-…") as client:
        wishes = {"dog": "A dog on a beach at sunset", "cat": "A cat in a sunny window"}
        for path in await asyncio.gather(*(make(client, *wish) for wish in wishes.items())):
            print(path)


asyncio.run(main())
