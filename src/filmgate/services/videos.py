"""What can be done with videos: create, revise (remix, edit, extend), retrieve, wait, list, delete, cancel, content.

The rooms below are asked here in their order: the catalogue validates, the reference is taken in, one transaction
accepts. Nothing in this file knows HTTP, SQL or who makes the film.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, MutableSequence, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from filmgate import net
from filmgate.config.catalog import UNLIMITED, Catalog, Limits, Model, Resolved
from filmgate.domain import (
    Asset,
    AssetKind,
    CastMember,
    Fit,
    NewVideo,
    Operation,
    Recipe,
    Status,
    Video,
    default_seed,
    new_id,
    poll_after_ms,
)
from filmgate.engines.base import Engine, needs, outline
from filmgate.errors import (
    FilmgateError,
    InvalidValue,
    NotAllowed,
    StorageFault,
    VideoExpired,
    VideoNotFound,
    VideoNotReady,
)
from filmgate.media import images
from filmgate.security.secret_box import Vault
from filmgate.services.characters import Characters
from filmgate.services.revisions import Origin, Sources, recipe_of
from filmgate.storage.base import Reader, Storage
from filmgate.store import Principal, Rate, Store
from filmgate.wire.params import CreateParams, FileId, ImageUrl, Reference, RevisionParams, Upload

__all__ = ["Content", "Outlook", "Repeated", "Videos"]

log = structlog.get_logger()

RESEND_WINDOW = 120.0
"""Seconds within which an SDK's own resend of a create answers with the video it made already (wire.md §3)."""

FETCH_TIMEOUT = 30.0
"""Seconds within which a reference URL must have been fetched."""

PICTURES_AT_ONCE = 2
"""Reference pictures taken in at a time: while one is, it is held whole, as a file and as pixels."""

USUAL_SECONDS = 60.0
"""What a video is taken to need whose engine is no longer configured."""


_SAID = {
    "remix": "remixes",
    "edits": "edits",
    "extends": "extensions",
    "characters": "characters",
    "image_input": "reference images",
}
"""What a model is said not to support, by the capability that none of its engines has."""


class Choose(Protocol):
    """Chooses the engine of a new video: :meth:`filmgate.flow.dispatcher.Dispatcher.choose`."""

    def __call__(self, model: str, wanted: Collection[str], video_id: str) -> str | None:
        """One that can do what is wanted; None if the model has none."""


class Content(Struct, frozen=True):
    """An open file of a video; whoever asked for it closes the reader."""

    video: Video
    asset: Asset
    reader: Reader


class Outlook(Struct, frozen=True):
    """How long a video will still take, by experience."""

    position: int  # 1: next in its engine's queue; 0: not queued
    eta_seconds: float | None  # until completed; None once finished


class Repeated(Struct, frozen=True, kw_only=True):
    """By what a request is known again; the fields are those of :class:`NewVideo`."""

    idempotency_key: str | None
    resend_since: float | None
    fingerprint: str


class _Turns:
    """Lets a resend wait for the requests that it repeats, as long as they are still being answered here."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], list[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def take(self, request: tuple[str, str], *, behind: bool) -> AsyncIterator[None]:
        """Run one of several equal requests: behind those that came earlier, or beside them."""
        earlier = self._running.setdefault(request, [])
        waited_for, mine = list(earlier), asyncio.get_running_loop().create_future()
        earlier.append(mine)
        try:
            if behind and waited_for:
                await asyncio.wait(waited_for)
            yield
        finally:
            mine.cancel()
            earlier.remove(mine)
            if not earlier:
                del self._running[request]


class Videos:
    """The use cases, for one store, one storage and a set of engines.

    Args:
        catalog: the models.
        store: rows.
        storage: bytes.
        engines: by name.
        choose: shares new videos out among them.
        guard: the way out, for reference URLs and callbacks.
        vault: seals what must not lie in the clear.
        wake: starts the flow of a video just committed.
        clock: Unix seconds.
        image_limit: bytes of a reference image.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        store: Store,
        storage: Storage,
        engines: Mapping[str, Engine],
        choose: Choose,
        guard: net.Guard,
        vault: Vault,
        wake: Callable[[Video], None],
        clock: Callable[[], float],
        image_limit: int,
    ) -> None:
        self.catalog = catalog
        self._store = store
        self._storage = storage
        self._engines = engines
        self._choose = choose
        self._guard = guard
        self._vault = vault
        self._wake = wake
        self._clock = clock
        self._image_limit = image_limit
        self._accepting: set[asyncio.Future[Video]] = set()
        self._turns = _Turns()
        self._pictures = asyncio.Semaphore(PICTURES_AT_ONCE)
        self._sources = Sources(store, storage, clock)
        self.characters = Characters(store, storage, clock)

    async def create(
        self,
        principal: Principal,
        params: CreateParams,
        *,
        limits: Limits = UNLIMITED,
        idempotency_key: str | None = None,
        resend: int = 0,
    ) -> Video:
        """Accept a video: when this returns, its row and its hold are on disk and it will end.

        Args:
            principal: who asks.
            params: as the dialect read them.
            limits: what the dialect narrows.
            idempotency_key: the client's own; the same key with the same parameters answers with the same video.
            resend: how often an official SDK has sent this request before (``x-stainless-retry-count``).

        Raises:
            RequestError: a parameter can't be used; nothing was accepted.
            NotAllowed: the key may not use the model.
            InsufficientQuota: the balance does not cover it.
            TooManyRequests: the key's limits are reached.
        """
        async with self._turn(principal, params, idempotency_key, resend) as repeated:
            seen = await self._made_before(principal, repeated)
            return seen or await self._make(principal, params, limits, repeated)

    async def revise(
        self,
        principal: Principal,
        params: RevisionParams,
        *,
        limits: Limits = UNLIMITED,
        idempotency_key: str | None = None,
        resend: int = 0,
    ) -> Video:
        """Accept a remix, an edit or an extension of a film, as :meth:`create` accepts a video.

        What was our own film keeps its model, size, seed, reference and characters, and whatever becomes of it later
        does the new video no harm. An extension costs what its new segment costs.

        Raises:
            VideoNotFound: the source is unknown, deleted or another account's.
            VideoExpired: the source's content is gone.
            RequestError: the source is not completed or no usable film; what :meth:`create` says.
            NotAllowed, InsufficientQuota, TooManyRequests: as :meth:`create` says.
        """
        async with self._turn(principal, params, idempotency_key, resend) as repeated:
            seen = await self._made_before(principal, repeated)
            return seen or await self._remake(principal, params, limits, repeated)

    async def rate(self, principal: Principal, limits: Limits = UNLIMITED) -> Rate | None:
        """How the key stands with its creates a minute and the dialect's; None if there is no such limit."""
        if principal.requests_per_minute is None and limits.creates_a_minute is None:
            return None
        return await self._store.videos.rate(principal.key_id, self._clock(), limits.creates_a_minute)

    @asynccontextmanager
    async def _turn(
        self, principal: Principal, params: CreateParams | RevisionParams, idempotency_key: str | None, resend: int
    ) -> AsyncIterator[Repeated]:
        fingerprint = _fingerprint(params)
        async with self._turns.take((principal.key_id, fingerprint), behind=resend > 0):
            yield Repeated(
                idempotency_key=idempotency_key,
                resend_since=self._clock() - RESEND_WINDOW if resend else None,
                fingerprint=fingerprint,
            )

    async def _made_before(self, principal: Principal, repeated: Repeated) -> Video | None:
        # Looked at again in the transaction that accepts; here so that nothing is fetched or refused in vain.
        rows, owner = self._store.videos, principal.account_id
        if repeated.idempotency_key is not None:
            key, now = repeated.idempotency_key, self._clock()
            if seen := await rows.find_replay(owner, key, repeated.fingerprint, now):
                return seen
        if repeated.resend_since is not None:
            return await rows.find_resend(owner, repeated.fingerprint, repeated.resend_since, principal.key_id)
        return None

    async def _make(self, principal: Principal, params: CreateParams, limits: Limits, repeated: Repeated) -> Video:
        resolved = self.catalog.resolve(params, limits)
        _check_allowed(principal, resolved.model.name)
        characters = await self.characters.cast(principal.account_id, params.characters)
        video_id = new_id()
        wanted = {"characters": bool(characters), "image_input": params.input_reference is not None}
        engine = self._engine_for(resolved.model, [name for name, asked in wanted.items() if asked], video_id)
        callback_url = await self._callback(params.callback_url)
        reference = await self._take_in(video_id, params, resolved, limits)
        recipe = _recipe(params, resolved, reference, characters)
        new = _new_video(video_id, principal, resolved, engine, recipe, repeated, limits)
        new = msgspec.structs.replace(new, callback_url=callback_url, metadata=params.metadata or {})
        return await self._surely_accept(new)

    async def _remake(self, principal: Principal, params: RevisionParams, limits: Limits, repeated: Repeated) -> Video:
        origin = await self._sources.find(principal.account_id, params.video)
        recipe, video_id = recipe_of(params, origin), new_id()
        resolved = self._resolve_revision(params, origin, recipe, limits)
        _check_allowed(principal, resolved.model.name)
        engine = self._engine_for(resolved.model, needs(recipe), video_id)
        source, reference = await self._sources.keep(origin, video_id)
        recipe = msgspec.structs.replace(recipe, source=source, reference=reference)
        new = _new_video(video_id, principal, resolved, engine, recipe, repeated, limits)
        if params.operation is Operation.REMIX:
            new = msgspec.structs.replace(new, remixed_from_video_id=origin.video_id)
        return await self._surely_accept(new)

    def _resolve_revision(self, params: RevisionParams, origin: Origin, recipe: Recipe, limits: Limits) -> Resolved:
        """The model that goes on, and the price of what it makes."""
        if origin.model is not None and params.model not in {None, origin.model}:
            said = f"Invalid 'model': the video was made by '{origin.model}', and so is what is made from it."
            raise InvalidValue(said, param="model")
        asked = CreateParams(prompt=params.prompt, model=origin.model or params.model)
        resolved = self.catalog.resolve(asked, Limits(prompt_characters=limits.prompt_characters))
        sizes = [size for size in resolved.model.sizes if limits.sizes is None or size in limits.sizes]
        if origin.model is None and origin.size not in sizes:
            raise InvalidValue.unsupported("video", origin.size, sizes)
        price = resolved.model.price_micros(recipe.size, recipe.made_seconds)
        return msgspec.structs.replace(resolved, size=recipe.size, seconds=recipe.seconds, price_micros=price)

    def _engine_for(self, model: Model, wanted: Collection[str], video_id: str) -> str:
        engine = self._choose(model.name, wanted, video_id)
        if engine is None:
            lacking = [name for name in sorted(wanted) if self._choose(model.name, [name], video_id) is None]
            said = " and ".join(_SAID[name] for name in lacking or sorted(wanted))
            together = "" if lacking else " together"
            raise InvalidValue(f"The model '{model.name}' does not support {said}{together}.", param="model")
        return engine

    async def _surely_accept(self, new: NewVideo) -> Video:
        # A client that hangs up now must not tear the acceptance from its picture or its wake-up.
        accepting = asyncio.ensure_future(self._accept(new))
        self._accepting.add(accepting)
        accepting.add_done_callback(self._accepting.discard)
        return await asyncio.shield(accepting)

    async def retrieve(self, principal: Principal, video_id: str) -> Video:
        """The video as its row says.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
        """
        video = await self._store.videos.get(video_id, principal.account_id)
        if video is None:
            raise VideoNotFound(video_id)
        return video

    async def wait(self, principal: Principal, video_id: str, seconds: float) -> Video:
        """The video as soon as its status or progress differs from now, else after ``seconds``."""
        video = await self.retrieve(principal, video_id)
        seen, until = (video.status, video.progress), self._clock() + seconds
        while not video.finished and (video.status, video.progress) == seen:
            remaining = until - self._clock()
            if remaining <= 0:
                break
            await self._store.changes.wait(video_id, video.version, remaining)
            video = await self.retrieve(principal, video_id)
        return video

    async def list(
        self, principal: Principal, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[Sequence[Video], bool]:
        """A page of the account's videos by order of acceptance, and whether more follow."""
        return await self._store.videos.page(principal.account_id, after=after, limit=limit, ascending=ascending)

    async def delete(self, principal: Principal, video_id: str) -> None:
        """Remove a finished video and its files; whoever is downloading keeps their bytes.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: it is still being made.
        """
        for key in await self._store.videos.delete(video_id, principal.account_id, self._clock()):
            await self._storage.delete(key)

    async def cancel(self, principal: Principal, video_id: str) -> Video:
        """Ask for the video to be stopped; it ends as failed with the code ``cancelled``, free of charge.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: it is finished already.
        """
        video = await self._store.videos.request_cancel(video_id, principal.account_id, self._clock())
        self._wake(video)
        return video

    async def content(
        self, principal: Principal, video_id: str, kind: AssetKind, *, hold: float = 0, kept: float | None = None
    ) -> Content:
        """An open file of a completed video.

        Args:
            principal: who asks.
            video_id: of which video.
            kind: which of its files.
            hold: seconds to wait for an unfinished video; a waiting request costs nothing but its connection.
            kept: seconds after completion at which a dialect ends access sooner than the server does.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotReady: not completed (yet).
            VideoExpired: its retention is over.
        """
        return await self._content(await self._held(principal, video_id, hold), kind, kept)

    async def published(self, video_id: str, kind: AssetKind) -> Content:
        """An open file of a completed video, for whoever holds a signed link to it.

        Raises:
            VideoNotFound: unknown or deleted.
            VideoNotReady: not completed (yet).
            VideoExpired: its retention is over.
        """
        video = await self._store.videos.get(video_id)
        if video is None:
            raise VideoNotFound(video_id)
        return await self._content(video, kind)

    async def _content(self, video: Video, kind: AssetKind, kept: float | None = None) -> Content:
        if video.status is not Status.COMPLETED:
            raise VideoNotReady
        if self._gone(video, kept):
            raise VideoExpired
        asset = (await self._store.videos.assets(video.id)).get(kind)
        if asset is None:
            raise VideoExpired
        return Content(video, asset, await self._open(video, asset))

    async def _held(self, principal: Principal, video_id: str, seconds: float) -> Video:
        video, until = await self.retrieve(principal, video_id), self._clock() + seconds
        while not video.finished and (remaining := until - self._clock()) > 0:
            video = await self.wait(principal, video_id, remaining)
        return video

    def _gone(self, video: Video, kept: float | None) -> bool:
        ends = [end for end in (video.expires_at, kept and (video.completed_at or 0) + kept) if end is not None]
        return bool(ends) and min(ends) <= self._clock()

    async def outlook(self, video: Video) -> Outlook:
        """Its place in the queue and the seconds it will still take."""
        if video.finished:
            return Outlook(0, None)
        whole = await self._expected_seconds(video)
        if video.status is Status.IN_PROGRESS:
            return Outlook(0, whole * (100 - video.progress) / 100)
        ahead = await self._store.videos.ahead(video)
        engine = self._engines.get(video.engine)
        at_once = (engine and engine.capabilities.concurrency) or ahead + 1
        return Outlook(ahead + 1, whole * (1 + ahead // at_once))

    async def poll_after_ms(self, video: Video) -> int:
        """The value of ``openai-poll-after-ms`` for an unfinished video."""
        return poll_after_ms(await self._expected_seconds(video))

    async def _callback(self, url: str | None) -> str | None:
        if url is None:
            return None
        await self._guard.about("callback_url").check(url)
        return self._vault.seal(url)

    async def _accept(self, new: NewVideo) -> Video:
        try:
            video, created = await self._store.videos.create(new, self._clock())
        except FilmgateError:
            await self._discard(new.recipe)
            raise
        if created:
            log.info("video.accepted", video=video.id, model=video.model, engine=video.engine, key=new.key_id)
            self._wake(video)
        else:
            await self._discard(new.recipe)
        return video

    async def _expected_seconds(self, video: Video) -> float:
        seconds = video.recipe.made_seconds
        learnt = await self._store.videos.typical_seconds(video.engine, video.model, seconds)
        engine = self._engines.get(video.engine)
        return learnt or (engine.expected_seconds(outline(video)) if engine else USUAL_SECONDS)

    async def _open(self, video: Video, asset: Asset) -> Reader:
        try:
            return await self._storage.open(asset.key)
        except FileNotFoundError:
            # Deleted or expired between the row and the file: say so; anything else is a fault of ours.
            if await self._store.videos.get(video.id) is None:
                raise VideoNotFound(video.id) from None
            if asset.kind not in await self._store.videos.assets(video.id):
                raise VideoExpired from None
            raise StorageFault from None

    async def _take_in(self, video_id: str, params: CreateParams, resolved: Resolved, limits: Limits) -> Asset | None:
        if params.input_reference is None:
            return None
        staged: MutableSequence[Path] = []
        try:
            source = await self._source(params.input_reference, staged)
            out = self._storage.staging(".png")
            staged.append(out)
            async with self._pictures:
                await asyncio.to_thread(
                    images.take_in,
                    source,
                    size=resolved.size,
                    fit=params.fit or Fit.ERROR,
                    limit=self._image_limit,
                    out=out,
                    types=limits.image_types or images.TYPES,
                )
            stored = await self._storage.keep(out, f"references/{video_id[6:8]}/{video_id}.png")
        finally:
            for path in staged:
                path.unlink(missing_ok=True)
        return stored.asset(AssetKind.REFERENCE, "image/png", resolved.size)

    async def _source(self, reference: Reference, staged: MutableSequence[Path]) -> Path | bytes:
        match reference:
            case Upload(path=path):
                return path
            case ImageUrl(url=url) if url.startswith("data:"):
                return images.data_url(url, self._image_limit)
            case ImageUrl(url=url):
                into = self._storage.staging(".image")
                staged.append(into)
                await self._guard.fetch(url, into, limit=self._image_limit, timeout=FETCH_TIMEOUT)
                return into
            case FileId(id=file_id):
                raise InvalidValue(f"No such file: '{file_id}'.", param="input_reference")

    async def _discard(self, recipe: Recipe) -> None:
        for stored in (recipe.reference, recipe.source):
            if stored is not None:
                await self._storage.delete(stored.key)


def _check_allowed(principal: Principal, model: str) -> None:
    if principal.models is not None and model not in principal.models:
        raise NotAllowed(f"This key may not use the model '{model}'.", param="model")


def _recipe(
    params: CreateParams, resolved: Resolved, reference: Asset | None, characters: tuple[CastMember, ...]
) -> Recipe:
    prompt, size, seconds = resolved.prompt, resolved.size, resolved.seconds
    return Recipe(
        prompt=prompt,
        size=size,
        seconds=seconds,
        seed=params.seed if params.seed is not None else default_seed(prompt, size, seconds),
        fit=params.fit or Fit.ERROR,
        reference=reference,
        characters=characters,
    )


def _new_video(
    video_id: str,
    principal: Principal,
    resolved: Resolved,
    engine: str,
    recipe: Recipe,
    repeated: Repeated,
    limits: Limits,
) -> NewVideo:
    return NewVideo(
        id=video_id,
        account_id=principal.account_id,
        key_id=principal.key_id,
        model=resolved.model.name,
        engine=engine,
        recipe=recipe,
        price_micros=resolved.price_micros,
        creates_a_minute=limits.creates_a_minute,
        running_limit=limits.running,
        **msgspec.structs.asdict(repeated),
    )


def _fingerprint(params: CreateParams | RevisionParams) -> str:
    """A digest of the parsed fields and file bytes: the same request, whatever its encoding and boundary."""
    parsed = msgspec.to_builtins(params, enc_hook=str)
    for name in ("input_reference", "video"):
        if isinstance(upload := getattr(params, name, None), Upload):
            parsed[name] = upload.sha256
    return hashlib.sha256(msgspec.json.encode(parsed, order="sorted")).hexdigest()
