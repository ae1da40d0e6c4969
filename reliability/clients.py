"""The clients of a campaign: each follows its videos to their end and records every response."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx2
from msgspec import Struct

from filmgate.testing.checker import ClientResponse

__all__ = ["CampaignClient", "Tenant", "list_all", "running_clients", "single_client"]

PAGE_SIZE = 100


class Tenant(Struct, frozen=True):
    """An account with its keys."""

    account: str
    key: str
    callback: str  # a callback URL that it sets on some of its videos


class CampaignClient:
    """Creates videos and follows each to its end, however often the server dies; records every response.

    Args:
        http: a client of the server.
        tenant: its account.
        rng: its random decisions.
        name: unique, so that every prompt is unique.
        create_options: values of each field to draw a create from.
        video_timeout: seconds that a video may take.
        latest_videos: the last video of each account, which other accounts request as well.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        tenant: Tenant,
        rng: random.Random,
        *,
        name: str,
        create_options: Mapping[str, Sequence[str]],
        video_timeout: float,
        latest_videos: dict[str, str],
    ) -> None:
        self.responses: list[ClientResponse] = []
        self.stop = asyncio.Event()
        self._http = http
        self._tenant = tenant
        self._rng = rng
        self._name = name
        self._create_options = create_options
        self._video_timeout = video_timeout
        self._latest_videos = latest_videos
        self._numbers = itertools.count()

    async def run(self) -> None:
        """Make one video after the other."""
        while not self.stop.is_set():
            await self._run_one_video()

    async def create(self) -> str:
        """Create one video; returns its id."""
        fields = {name: self._rng.choice(list(values)) for name, values in self._create_options.items()}
        fields["prompt"] = f"Boat {self._name}.{next(self._numbers)}"
        if self._chance(0.2):
            fields["callback_url"] = self._tenant.callback
        key = f"key-{self._rng.getrandbits(64):x}"
        answer = await self.send("POST", "/v1/videos", json=fields, headers={"Idempotency-Key": key})
        assert answer.status_code == 200, answer.text
        video_id = self._latest_videos[self._tenant.account] = str(answer.json()["id"])
        self._record("create", video_id, answer)
        return video_id

    async def poll_until(self, video_id: str, statuses: Sequence[str] = ("completed", "failed")) -> str | None:
        """Poll a video until it has one of those statuses, or does not exist (None)."""
        async with asyncio.timeout(self._video_timeout):
            while True:
                answer = await self.send("GET", f"/v1/videos/{video_id}")
                self._record("retrieve", video_id, answer)
                if answer.status_code == 404:
                    return None
                if (status := answer.json()["status"]) in statuses:
                    return str(status)
                await asyncio.sleep(0.05)

    async def download(self, video_id: str) -> None:
        """Download a video's content."""
        self._record("content", video_id, await self.send("GET", f"/v1/videos/{video_id}/content"))

    async def send(self, method: str, path: str, **options: object) -> httpx2.Response:
        """Send until a server responds: it may be dead at any moment."""
        headers = {"Authorization": f"Bearer {self._tenant.key}", **options.pop("headers", {})}  # type: ignore[dict-item] # a mapping, where given
        while True:
            try:
                answer = await self._http.request(method, path, headers=headers, **options)  # type: ignore[arg-type] # passed on
            except httpx2.TransportError:
                await asyncio.sleep(0.03)
            else:
                if answer.status_code != 503:
                    return answer
                await asyncio.sleep(0.03)

    async def _run_one_video(self) -> None:
        video_id = await self.create()
        if self._chance(0.1):
            self._record("cancel", video_id, await self.send("POST", f"/v1/videos/{video_id}/cancel"))
        await self.poll_until(video_id)
        await self._probe_isolation()
        await self.download(video_id)
        if self._chance(0.2):
            self._record("delete", video_id, await self.send("DELETE", f"/v1/videos/{video_id}"))

    async def _probe_isolation(self) -> None:
        """From time to time request another account's video, an invalid path, and a list."""
        if self._chance(0.1):
            for video_id in [each for account, each in self._latest_videos.items() if account != self._tenant.account]:
                self._record("retrieve", video_id, await self.send("GET", f"/v1/videos/{video_id}"))
                await self.download(video_id)
                self._record("delete", video_id, await self.send("DELETE", f"/v1/videos/{video_id}"))
        if self._chance(0.1):
            self._record("create", "", await self.send("POST", "/v1/videos", json={"prompt": "Boat", "seconds": [7]}))
            self._record("list", "", await self.send("GET", "/v1/videos?limit=5"))

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _record(self, operation: str, video_id: str, response: httpx2.Response) -> None:
        body = response.json() if response.is_success and operation != "content" else {}
        self.responses.append(
            ClientResponse(
                operation=operation,
                video_id=video_id,
                http_status=response.status_code,
                status=body.get("status"),
                progress=body.get("progress"),
                sha256=hashlib.sha256(response.content).hexdigest()
                if response.is_success and operation == "content"
                else None,
                account=self._tenant.account,
                listed_ids=_listed_ids(body, exclude=video_id),
                error_body=response.content if response.status_code >= 400 else None,
            )
        )


def _listed_ids(body: Mapping[str, object], exclude: str) -> list[str]:
    data = body.get("data")
    found = [body.get("id"), *(each["id"] for each in (data if isinstance(data, list) else []))]
    return [str(each) for each in found if each not in (None, exclude)]


@asynccontextmanager
async def running_clients(
    url: str,
    tenants: Sequence[Tenant],
    rng: random.Random,
    create_options: Mapping[str, Sequence[str]],
    *,
    count: int,
    video_timeout: float,
) -> AsyncIterator[list[CampaignClient]]:
    """Run clients of all tenants; on exit they finish the videos that they started."""
    made: dict[str, str] = {}
    async with httpx2.AsyncClient(base_url=url, timeout=10) as http:
        crowd = [
            CampaignClient(
                http,
                tenants[number % len(tenants)],
                random.Random(rng.random()),  # noqa: S311 - to be repeatable
                name=str(number),
                create_options=create_options,
                video_timeout=video_timeout,
                latest_videos=made,
            )
            for number in range(count)
        ]
        async with asyncio.TaskGroup() as group:
            for client in crowd:
                group.create_task(client.run())
            yield crowd
            for client in crowd:
                client.stop.set()


@asynccontextmanager
async def single_client(
    url: str, tenant: Tenant, create_options: Mapping[str, Sequence[str]], *, video_timeout: float = 60.0
) -> AsyncIterator[CampaignClient]:
    """One client under the caller's control."""
    dice = random.Random(tenant.key)  # noqa: S311 - no secret is made of it
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        yield CampaignClient(
            http,
            tenant,
            dice,
            name="single",
            create_options=create_options,
            video_timeout=video_timeout,
            latest_videos={},
        )


async def list_all(url: str, tenant: Tenant) -> ClientResponse:
    """All pages of a tenant's list."""
    names: list[str] = []
    async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {tenant.key}"}) as http:
        more, after = True, ""
        while more:
            page = (await http.get(f"/v1/videos?limit={PAGE_SIZE}{after}")).raise_for_status().json()
            names += [video["id"] for video in page["data"]]
            more, after = page["has_more"], f"&after={page['last_id']}"
    return ClientResponse(
        operation="everything", video_id="", http_status=200, account=tenant.account, listed_ids=names
    )
