"""The clients of a campaign: each follows its videos to their end, and remembers every answer."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx2
from msgspec import Struct

from filmgate.testing.checker import Seen

__all__ = ["Client", "Tenant", "caller", "clients", "listing"]

PAGE = 100


class Tenant(Struct, frozen=True):
    """An account, and what it has to work with."""

    account: str
    key: str
    callback: str  # a URL that it gives to some of its videos


class Client:
    """Creates videos and follows each to its end, however often the server dies; remembers every answer.

    Args:
        http: where the server is.
        tenant: on whose behalf.
        dice: what it does by chance.
        name: its own, so that every prompt is one of a kind.
        wishes: fields that it draws a create from, by name.
        patience: seconds that a video may take.
        made: the last video of each account, which the others ask for as well.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        tenant: Tenant,
        dice: random.Random,
        *,
        name: str,
        wishes: Mapping[str, Sequence[str]],
        patience: float,
        made: dict[str, str],
    ) -> None:
        self.seen: list[Seen] = []
        self.stop = asyncio.Event()
        self._http = http
        self._tenant = tenant
        self._dice = dice
        self._name = name
        self._wishes = wishes
        self._patience = patience
        self._made = made
        self._numbers = itertools.count()

    async def run(self) -> None:
        """One video after the other."""
        while not self.stop.is_set():
            await self._one()

    async def create(self) -> str:
        """Create one more; its id."""
        fields = {name: self._dice.choice(list(values)) for name, values in self._wishes.items()}
        fields["prompt"] = f"Boat {self._name}.{next(self._numbers)}"
        if self._happens(0.2):
            fields["callback_url"] = self._tenant.callback
        key = f"key-{self._dice.getrandbits(64):x}"
        answer = await self.send("POST", "/v1/videos", json=fields, headers={"Idempotency-Key": key})
        assert answer.status_code == 200, answer.text
        video_id = self._made[self._tenant.account] = str(answer.json()["id"])
        self._note("create", video_id, answer)
        return video_id

    async def follow(self, video_id: str, until: Sequence[str] = ("completed", "failed")) -> str | None:
        """Look at a video until it is in one of those statuses, or gone (None)."""
        async with asyncio.timeout(self._patience):
            while True:
                answer = await self.send("GET", f"/v1/videos/{video_id}")
                self._note("retrieve", video_id, answer)
                if answer.status_code == 404:
                    return None
                if (status := answer.json()["status"]) in until:
                    return str(status)
                await asyncio.sleep(0.05)

    async def download(self, video_id: str) -> None:
        """Ask for a video's film."""
        self._note("content", video_id, await self.send("GET", f"/v1/videos/{video_id}/content"))

    async def send(self, method: str, path: str, **given: object) -> httpx2.Response:
        """Send until somebody answers: the server may be dead at any moment."""
        headers = {"Authorization": f"Bearer {self._tenant.key}", **given.pop("headers", {})}  # type: ignore[dict-item] # a mapping, where given
        while True:
            try:
                answer = await self._http.request(method, path, headers=headers, **given)  # type: ignore[arg-type] # passed on
            except httpx2.TransportError:
                await asyncio.sleep(0.03)
            else:
                if answer.status_code != 503:
                    return answer
                await asyncio.sleep(0.03)

    async def _one(self) -> None:
        video_id = await self.create()
        if self._happens(0.1):
            self._note("cancel", video_id, await self.send("POST", f"/v1/videos/{video_id}/cancel"))
        await self.follow(video_id)
        await self._pry()
        await self.download(video_id)
        if self._happens(0.2):
            self._note("delete", video_id, await self.send("DELETE", f"/v1/videos/{video_id}"))

    async def _pry(self) -> None:
        """Now and then ask for what is a stranger's, for what makes no sense, and for a list."""
        if self._happens(0.1):
            for video_id in [each for account, each in self._made.items() if account != self._tenant.account]:
                self._note("retrieve", video_id, await self.send("GET", f"/v1/videos/{video_id}"))
                await self.download(video_id)
                self._note("delete", video_id, await self.send("DELETE", f"/v1/videos/{video_id}"))
        if self._happens(0.1):
            self._note("create", "", await self.send("POST", "/v1/videos", json={"prompt": "Boat", "seconds": [7]}))
            self._note("list", "", await self.send("GET", "/v1/videos?limit=5"))

    def _happens(self, share: float) -> bool:
        return self._dice.random() < share

    def _note(self, what: str, video_id: str, answer: httpx2.Response) -> None:
        body = answer.json() if answer.is_success and what != "content" else {}
        self.seen.append(
            Seen(
                what=what,
                video_id=video_id,
                http_status=answer.status_code,
                status=body.get("status"),
                progress=body.get("progress"),
                sha256=hashlib.sha256(answer.content).hexdigest() if answer.is_success and what == "content" else None,
                account=self._tenant.account,
                names=_names(body, but=video_id),
                error=answer.content if answer.status_code >= 400 else None,
            )
        )


def _names(body: Mapping[str, object], but: str) -> list[str]:
    data = body.get("data")
    found = [body.get("id"), *(each["id"] for each in (data if isinstance(data, list) else []))]
    return [str(each) for each in found if each not in (None, but)]


@asynccontextmanager
async def clients(
    url: str,
    tenants: Sequence[Tenant],
    dice: random.Random,
    wishes: Mapping[str, Sequence[str]],
    *,
    count: int,
    patience: float,
) -> AsyncIterator[list[Client]]:
    """Clients under way, the tenants' in turn; on leaving they finish the videos that they have begun."""
    made: dict[str, str] = {}
    async with httpx2.AsyncClient(base_url=url, timeout=10) as http:
        crowd = [
            Client(
                http,
                tenants[number % len(tenants)],
                random.Random(dice.random()),  # noqa: S311 - to be repeatable
                name=str(number),
                wishes=wishes,
                patience=patience,
                made=made,
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
async def caller(
    url: str, tenant: Tenant, wishes: Mapping[str, Sequence[str]], *, patience: float = 60.0
) -> AsyncIterator[Client]:
    """One client that does what it is told."""
    dice = random.Random(tenant.key)  # noqa: S311 - no secret is made of it
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        yield Client(http, tenant, dice, name="told", wishes=wishes, patience=patience, made={})


async def listing(url: str, tenant: Tenant) -> Seen:
    """Everything that a tenant's list names, page by page."""
    names: list[str] = []
    async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {tenant.key}"}) as http:
        more, after = True, ""
        while more:
            page = (await http.get(f"/v1/videos?limit={PAGE}{after}")).raise_for_status().json()
            names += [video["id"] for video in page["data"]]
            more, after = page["has_more"], f"&after={page['last_id']}"
    return Seen(what="everything", video_id="", http_status=200, account=tenant.account, names=names)
