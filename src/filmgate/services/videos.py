"""Starts and stops videos: create, revise (remix, edit, extend), cancel.

The modules below run in this order: the catalogue validates, the reference image is stored, one transaction accepts.
This module is independent of HTTP, SQL and the choice of engine. Operations on existing videos are in
:mod:`filmgate.services.library`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec
import structlog

from filmgate.config.catalog import UNLIMITED, Catalog, DialectLimits, Model, ResolvedRequest
from filmgate.domain import (
    Asset,
    EngineParameters,
    Fit,
    NewVideo,
    Operation,
    ParameterRange,
    Recipe,
    VideoCharacter,
    VideoRecord,
    default_seed,
    new_id,
)
from filmgate.engines.base import Engine, required_capabilities
from filmgate.errors import FilmgateError, InsufficientQuota, InvalidValue, NotAllowed, UnknownParameter
from filmgate.security.secret_box import SecretBox
from filmgate.services import frames
from filmgate.services.characters import CharacterService
from filmgate.services.eta import EtaEstimator
from filmgate.services.files import FileLibrary
from filmgate.services.idempotency import RESEND_WINDOW, RequestIdentity, SingleFlight, fingerprint
from filmgate.services.library import VideoLibrary
from filmgate.services.references import ReferenceImages
from filmgate.services.revisions import SourceVideos, build_recipe, resolve_revision
from filmgate.storage.base import Storage
from filmgate.store import Principal, RateLimitStatus, Store
from filmgate.wire.params import CreateParams, ImageUrl, RevisionParams

if TYPE_CHECKING:
    from filmgate.net.guard import Guard

__all__ = ["EngineSelector", "VideoService"]

log = structlog.get_logger()

VIDEO_SLOTS = 2
"""Uploaded videos that are decoded at a time: the flow and the storage need threads as well."""

LARGE_URL = 256 * 1024
"""Characters of a data URL from which it is digested on a thread."""

_FEATURE_NAMES = {
    "remix": "remixes",
    "edits": "edits",
    "extends": "extensions",
    "characters": "characters",
    "image_input": "reference images",
}
"""Names in error messages of the capabilities that none of a model's engines has."""


class EngineSelector(Protocol):
    """Selects the engine of a new video: :meth:`filmgate.flow.dispatcher.Dispatcher.choose`."""

    def __call__(
        self, model: str, capabilities: Collection[str], video_id: str, parameters: EngineParameters = ..., /
    ) -> str | None:
        """Return the name of an engine of the model that has the capabilities and takes the parameters, or None."""


class VideoService(VideoLibrary):
    """Use cases of one store, one storage and a set of engines.

    Args:
        catalog: the models.
        store: rows.
        storage: bytes.
        engines: by name.
        select_engine: distributes new videos among the engines.
        parameters: returns the parameters that a model's engines take, and their ranges.
        guard: fetches reference URLs and checks callback URLs.
        secret_box: encrypts callback URLs, which may contain a secret.
        wake: starts the flow of a committed video.
        clock: Unix seconds.
        image_limit: maximum size of a reference image, in bytes.
        character_limit: maximum number of an account's characters.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        store: Store,
        storage: Storage,
        engines: Mapping[str, Engine],
        select_engine: EngineSelector,
        parameters: Callable[[str], Mapping[str, ParameterRange]] = lambda _model: {},
        guard: Guard,
        secret_box: SecretBox,
        wake: Callable[[VideoRecord], None],
        clock: Callable[[], float],
        image_limit: int,
        character_limit: int = 100,
    ) -> None:
        super().__init__(store, storage, clock)
        self.catalog = catalog
        files = FileLibrary(store, storage, clock)
        video_slots = asyncio.Semaphore(VIDEO_SLOTS)
        self.characters = CharacterService(store, storage, files, clock, video_slots, character_limit)
        self.estimator = EtaEstimator(store.videos, engines)
        self.parameters = parameters
        self._select_engine = select_engine
        self._cheapest = min((_lowest_price(model) for model in catalog.models()), default=0)
        self._guard = guard
        self._secret_box = secret_box
        self._wake = wake
        self._accepting: set[asyncio.Future[VideoRecord]] = set()
        self._single_flight = SingleFlight()
        self._references = ReferenceImages(storage, files, guard, image_limit)
        self._sources = SourceVideos(store, storage, files, clock, video_slots)

    async def create(
        self,
        principal: Principal,
        params: CreateParams,
        *,
        limits: DialectLimits = UNLIMITED,
        idempotency_key: str | None = None,
        retry_count: int = 0,
    ) -> VideoRecord:
        """Accept a video: on return, its row and its hold are on disk, and it will reach a terminal status.

        Args:
            principal: the account and key of the request.
            params: as parsed by the dialect.
            limits: the dialect's restrictions of the catalogue.
            idempotency_key: the client's own; the same key with the same parameters returns the same video.
            retry_count: how often an official SDK has sent this request before (``x-stainless-retry-count``).

        Raises:
            RequestError: a parameter can't be used; nothing was accepted.
            NotAllowed: the key may not use the model.
            InsufficientQuota: the balance does not cover it.
            TooManyRequests: the key's limits are reached.
        """
        async with self._identify(principal, params, idempotency_key, retry_count) as identity:
            duplicate = await self._find_duplicate(principal, identity)
            return duplicate or await self._create(principal, params, limits, identity)

    async def revise(
        self,
        principal: Principal,
        params: RevisionParams,
        *,
        limits: DialectLimits = UNLIMITED,
        idempotency_key: str | None = None,
        retry_count: int = 0,
    ) -> VideoRecord:
        """Accept a remix, an edit or an extension of a video, as :meth:`create` accepts a video.

        The new video keeps the model, size, seed, reference and characters of a source that was made here. It has its
        own copy of the source's file, so later changes to the source do not affect it. An extension costs what its new
        segment costs.

        Raises:
            VideoNotFound: the source is unknown, deleted or another account's.
            VideoExpired: the source's content is gone.
            RequestError: the source is not completed or no usable video, or as in :meth:`create`.
            NotAllowed, InsufficientQuota, TooManyRequests: as in :meth:`create`.
        """
        async with self._identify(principal, params, idempotency_key, retry_count) as identity:
            duplicate = await self._find_duplicate(principal, identity)
            return duplicate or await self._create_revision(principal, params, limits, identity)

    async def cancel(self, principal: Principal, video_id: str) -> VideoRecord:
        """Request cancellation; the video fails with the code ``cancelled``, free of charge.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: it is already finished.
        """
        video = await self._store.videos.request_cancel(video_id, principal.account_id, self._clock())
        self._wake(video)
        return video

    async def cancel_and_delete(self, principal: Principal, video_id: str) -> None:
        """Remove a video in any state; an unfinished one is cancelled first, at its engine too, free of charge.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
        """
        video = await self.retrieve(principal, video_id)
        for key in await self._store.videos.cancel_and_delete(video_id, principal.account_id, self._clock()):
            await self._storage.delete(key)
        if not video.finished:
            self._wake(msgspec.structs.replace(video, cancel_requested=True))

    async def check_admission(self, principal: Principal, limits: DialectLimits = UNLIMITED) -> None:
        """Refuse what can't be accepted whatever is in it, before a large body is read, fetched and decoded.

        The accepting transaction decides again.

        Raises:
            InsufficientQuota: the balance does not cover the cheapest video.
            TooManyRequests: the key's limits are reached.
        """
        account = await self._store.accounts.get_account(principal.account_id)
        balance = None if account is None else account.balance_micros
        if balance is not None and balance < self._cheapest:
            raise InsufficientQuota
        rows, now = self._store.videos, self._clock()
        await rows.check_limits(principal.key_id, now, limits.creates_per_minute, limits.running)

    async def rate(self, principal: Principal, limits: DialectLimits = UNLIMITED) -> RateLimitStatus | None:
        """Return the creates per minute that the key and the dialect allow, and the rest; None without such a limit."""
        if principal.requests_per_minute is None and limits.creates_per_minute is None:
            return None
        return await self._store.videos.rate_limit_status(principal.key_id, self._clock(), limits.creates_per_minute)

    @asynccontextmanager
    async def _identify(
        self, principal: Principal, params: CreateParams | RevisionParams, idempotency_key: str | None, retry_count: int
    ) -> AsyncIterator[RequestIdentity]:
        digest = await asyncio.to_thread(fingerprint, params) if _is_large(params) else fingerprint(params)
        async with self._single_flight.enter((principal.key_id, digest), wait=retry_count > 0):
            yield RequestIdentity(
                idempotency_key=idempotency_key,
                resend_since=self._clock() - RESEND_WINDOW if retry_count else None,
                fingerprint=digest,
            )

    async def _find_duplicate(self, principal: Principal, identity: RequestIdentity) -> VideoRecord | None:
        # The accepting transaction checks again. This check avoids fetching or rejecting input for a duplicate.
        rows, owner = self._store.videos, principal.account_id
        if identity.idempotency_key is not None:
            key, now = identity.idempotency_key, self._clock()
            if replayed := await rows.find_replay(owner, key, identity.fingerprint, now):
                return replayed
        if identity.resend_since is not None:
            return await rows.find_duplicate(owner, identity.fingerprint, identity.resend_since, principal.key_id)
        return None

    async def _create(
        self, principal: Principal, params: CreateParams, limits: DialectLimits, identity: RequestIdentity
    ) -> VideoRecord:
        params = frames.with_seconds(params)
        resolved = self.catalog.resolve(params, limits)
        frames.check(params.parameters, resolved.seconds)
        _check_allowed(principal, resolved.model.name)
        characters = await self.characters.resolve(principal.account_id, params.characters)
        video_id = new_id()
        features = {"characters": bool(characters), "image_input": params.input_reference is not None}
        needed = [name for name, used in features.items() if used]
        engine = self._engine_for(resolved.model, needed, video_id, params.parameters)
        callback_url = await self._seal_callback(principal.account_id, params.callback_url)
        reference = await self._references.ingest_reference(principal.account_id, video_id, params, resolved, limits)
        recipe = _recipe(params, resolved, reference, characters)
        new = _new_video(video_id, principal, resolved, engine, recipe, identity, limits)
        new = msgspec.structs.replace(new, callback_url=callback_url, metadata=params.metadata or {})
        return await self._accept_shielded(new)

    async def _create_revision(
        self, principal: Principal, params: RevisionParams, limits: DialectLimits, identity: RequestIdentity
    ) -> VideoRecord:
        origin = await self._sources.find(principal.account_id, params.video)
        recipe, video_id = build_recipe(params, origin), new_id()
        resolved = resolve_revision(self.catalog, params, origin, recipe, limits)
        _check_allowed(principal, resolved.model.name)
        capabilities, name = required_capabilities(recipe), resolved.model.name
        if self._select_engine(name, capabilities, video_id, recipe.parameters) is None:
            # The engine that made the source took them; one that makes revisions may not.
            recipe = msgspec.structs.replace(recipe, parameters=EngineParameters(user=params.user))
        engine = self._engine_for(resolved.model, capabilities, video_id, recipe.parameters)
        source, reference = await self._sources.store_copies(origin, video_id)
        recipe = msgspec.structs.replace(recipe, source=source, reference=reference)
        new = _new_video(video_id, principal, resolved, engine, recipe, identity, limits)
        if params.operation is Operation.REMIX:
            new = msgspec.structs.replace(new, remixed_from_video_id=origin.video_id)
        return await self._accept_shielded(new)

    def _engine_for(
        self, model: Model, capabilities: Collection[str], video_id: str, parameters: EngineParameters
    ) -> str:
        engine = self._select_engine(model.name, capabilities, video_id, parameters)
        if engine is None:
            _check_parameters(model.name, parameters, self.parameters(model.name))
            needed = sorted(capabilities)
            missing = [name for name in needed if self._select_engine(model.name, [name], video_id) is None]
            demanded = [] if missing else [f"'{name}'" for name in parameters.demanded]
            features = " and ".join([*(_FEATURE_NAMES[name] for name in missing or needed), *demanded])
            together = "" if missing else " together"
            raise InvalidValue(f"The model '{model.name}' does not support {features}{together}.", param="model")
        return engine

    async def _accept_shielded(self, new: NewVideo) -> VideoRecord:
        # A client that disconnects now must not separate the acceptance from its stored image or its wakeup.
        accepting = asyncio.ensure_future(self._accept(new))
        self._accepting.add(accepting)
        accepting.add_done_callback(self._accepting.discard)
        return await asyncio.shield(accepting)

    async def _seal_callback(self, account_id: str, url: str | None) -> str | None:
        if url is None:
            return None
        await self._guard.for_owner(account_id).for_param("callback_url").check_url(url)
        return self._secret_box.encrypt(url)

    async def _accept(self, new: NewVideo) -> VideoRecord:
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

    async def _discard(self, recipe: Recipe) -> None:
        for stored in (recipe.reference, recipe.source):
            if stored is not None:
                await self._storage.delete(stored.key)


def _lowest_price(model: Model) -> int:
    return min(model.price_micros(size, min(model.seconds)) for size in model.sizes)


def _is_large(params: CreateParams | RevisionParams) -> bool:
    """Whether the request holds an image of megabytes as a data URL, whose digest takes tens of milliseconds."""
    reference = getattr(params, "input_reference", None)
    return isinstance(reference, ImageUrl) and len(reference.url) > LARGE_URL


def _check_parameters(model: str, parameters: EngineParameters, taken: Mapping[str, ParameterRange]) -> None:
    for name, value in parameters.demanded.items():
        if name not in taken:
            raise InvalidValue(f"The model '{model}' does not take '{name}'.", param=name, code=UnknownParameter.code)
        if not taken[name].allows(value):
            raise InvalidValue(f"Invalid '{name}': the model '{model}' takes {taken[name]}.", param=name)


def _check_allowed(principal: Principal, model: str) -> None:
    if principal.models is not None and model not in principal.models:
        raise NotAllowed(f"This key may not use the model '{model}'.", param="model")


def _recipe(
    params: CreateParams, resolved: ResolvedRequest, reference: Asset | None, characters: tuple[VideoCharacter, ...]
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
        parameters=params.parameters,
    )


def _new_video(
    video_id: str,
    principal: Principal,
    resolved: ResolvedRequest,
    engine: str,
    recipe: Recipe,
    identity: RequestIdentity,
    limits: DialectLimits,
) -> NewVideo:
    return NewVideo(
        id=video_id,
        account_id=principal.account_id,
        key_id=principal.key_id,
        model=resolved.model.name,
        engine=engine,
        recipe=recipe,
        price_micros=resolved.price_micros,
        creates_per_minute=limits.creates_per_minute,
        running_limit=limits.running,
        **msgspec.structs.asdict(identity),
    )
