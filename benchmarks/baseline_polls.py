"""The lower bound of polling each job by itself: ``python -m benchmarks.baseline_polls URL JOBS``.

It polls each job once, fifty at a time, parses the response, and prints its own CPU seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp
import uvloop

CONCURRENCY = 50


async def main(url: str, jobs: int) -> None:
    """Poll all jobs."""
    queue = iter(range(jobs))
    async with aiohttp.ClientSession() as session:

        async def look() -> None:
            for job in queue:
                async with session.get(f"{url}/v1/videos/job-{job}") as response:
                    json.loads(await response.read())

        began = time.process_time()
        await asyncio.gather(*(look() for _ in range(CONCURRENCY)))
        print(time.process_time() - began)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
