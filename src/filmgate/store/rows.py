"""Values of the tables, and conversion between rows and values."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from filmgate.domain import (
    Asset,
    AssetKind,
    EngineParameters,
    Fit,
    NewVideo,
    Operation,
    Recipe,
    Size,
    Stage,
    Status,
    VideoCharacter,
    VideoError,
    VideoEvent,
    VideoRecord,
)
from filmgate.store.schema import api_key, asset, video, video_event

__all__ = [
    "ASSET_COLUMNS",
    "EVENT_COLUMNS",
    "KEY_COLUMNS",
    "VIDEO_COLUMNS",
    "Account",
    "ApiKey",
    "OutboxEvent",
    "Principal",
    "UnfinishedVideo",
    "accepted_video",
    "asset_values",
    "new_video_values",
    "recipe_json",
    "to_asset",
    "to_event",
    "to_json",
    "to_key",
    "to_video",
    "tombstone_recipe_json",
]


class Account(Struct, frozen=True, kw_only=True):
    """Owner of keys, videos and a balance."""

    id: str
    name: str
    balance_micros: int | None  # None: unlimited
    created_at: float


class ApiKey(Struct, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: str
    account_id: str
    name: str
    prefix: str  # the secret's first 8 characters
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    requests_per_minute: int | None = None  # None: no limit
    running_limit: int | None = None  # unfinished videos at once; None: no limit
    models: tuple[str, ...] | None = None  # None: every model


class Principal(Struct, frozen=True, kw_only=True):
    """Identity and rights of a valid key."""

    account_id: str
    key_id: str
    requests_per_minute: int | None = None
    running_limit: int | None = None
    models: tuple[str, ...] | None = None


class UnfinishedVideo(Struct, frozen=True, gc=False):
    """A video whose workflow has to continue."""

    id: str
    engine: str
    epoch: int


class OutboxEvent(Struct, frozen=True, kw_only=True):
    """An event for webhooks; its id never changes."""

    id: str
    type: str  # video.completed, video.failed
    video_id: str
    account_id: str
    created_at: float


class _StoredRecipe(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recipe without its prompt, which has a column of its own: with one copy, a deletion removes it."""

    size: Size
    seconds: int
    seed: int
    fit: Fit = Fit.ERROR
    reference: Asset | None = None
    operation: Operation = Operation.CREATE
    source: Asset | None = None
    base_prompts: tuple[str, ...] = ()
    segment_seconds: int | None = None
    extensions: int = 0
    characters: tuple[VideoCharacter, ...] = ()
    parameters: EngineParameters | None = None  # None: none is given


VIDEO_COLUMNS = (
    video.c.seq,
    video.c.id,
    video.c.account_id,
    video.c.model,
    video.c.engine,
    video.c.recipe,
    video.c.status,
    video.c.stage,
    video.c.progress,
    video.c.created_at,
    video.c.updated_at,
    video.c.version,
    video.c.prompt,
    video.c.metadata,
    video.c.price_micros,
    video.c.remixed_from_video_id,
    video.c.started_at,
    video.c.completed_at,
    video.c.expires_at,
    video.c.error_code,
    video.c.error_message,
    video.c.ticket,
    video.c.submit_token,
    video.c.submit_at,
    video.c.attempts,
    video.c.epoch,
    video.c.cancel_requested,
    video.c.notes,
    video.c.identity,
    video.c.failovers,
)
"""In the order that :func:`to_video` expects."""

ASSET_COLUMNS = tuple(asset.c[field] for field in Asset.__struct_fields__)
KEY_COLUMNS = tuple(api_key.c[field] for field in ApiKey.__struct_fields__)
EVENT_COLUMNS = tuple(video_event.c[field] for field in VideoEvent.__struct_fields__)

_STATUS = {str(status): status for status in Status}
_STAGE = {str(stage): stage for stage in Stage}
_EMPTY_JSON = "{}"

_encode = msgspec.json.Encoder().encode
_decode_recipe = msgspec.json.Decoder(_StoredRecipe).decode
_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode
_decode_notes = msgspec.json.Decoder(dict[str, object]).decode
_decode_models = msgspec.json.Decoder(tuple[str, ...]).decode


def to_json(value: object) -> str:
    """Encode as JSON for the tables."""
    return _encode(value).decode()


def to_video(row: tuple[Any, ...]) -> VideoRecord:
    """Convert a row of VIDEO_COLUMNS."""
    recipe, prompt, metadata, notes = _decode_recipe(row[5]), row[12], row[13], row[27]
    return VideoRecord(
        seq=row[0],
        id=row[1],
        account_id=row[2],
        model=row[3],
        engine=row[4],
        recipe=_merge_prompt(recipe, prompt),
        status=_STATUS[row[6]],
        stage=_STAGE[row[7]],
        progress=row[8],
        created_at=row[9],
        updated_at=row[10],
        version=row[11],
        prompt=prompt,
        metadata={} if metadata == _EMPTY_JSON else _decode_metadata(metadata),
        price_micros=row[14],
        remixed_from_video_id=row[15],
        started_at=row[16],
        completed_at=row[17],
        expires_at=row[18],
        error=None if row[19] is None else VideoError(row[19], row[20]),
        ticket=row[21],
        submit_token=row[22],
        submit_at=row[23],
        attempts=row[24],
        epoch=row[25],
        cancel_requested=row[26] == 1,
        notes={} if notes == _EMPTY_JSON else _decode_notes(notes),
        identity=row[28],
        failovers=row[29],
    )


def _merge_prompt(stored: _StoredRecipe, prompt: str | None) -> Recipe:
    return Recipe(
        prompt=prompt or "",
        size=stored.size,
        seconds=stored.seconds,
        seed=stored.seed,
        fit=stored.fit,
        reference=stored.reference,
        operation=stored.operation,
        source=stored.source,
        base_prompts=stored.base_prompts,
        segment_seconds=stored.segment_seconds,
        extensions=stored.extensions,
        characters=stored.characters,
        parameters=stored.parameters or EngineParameters(),
    )


def new_video_values(new: NewVideo, now: float) -> dict[str, object]:
    """Return the columns of a video about to be accepted; the statement sets the others."""
    recipe = new.recipe
    return {
        "id": new.id,
        "account_id": new.account_id,
        "model": new.model,
        "engine": new.engine,
        "seconds": recipe.render_seconds,
        "recipe": recipe_json(recipe),
        "prompt": recipe.prompt,
        "metadata": to_json(new.metadata) if new.metadata else _EMPTY_JSON,
        "price_micros": new.price_micros,
        "remixed_from_video_id": new.remixed_from_video_id,
        "created_at": now,
        "updated_at": now,
        "idempotency_key": new.idempotency_key,
        "fingerprint": new.fingerprint,
        "key_id": new.key_id,
        "callback_url": new.callback_url,
    }


def recipe_json(recipe: Recipe) -> str:
    """Encode the recipe's column: everything but the prompt."""
    values = {name: getattr(recipe, name) for name in _StoredRecipe.__struct_fields__}
    return to_json(_StoredRecipe(**values | {"parameters": recipe.parameters if recipe.parameters.given else None}))


def tombstone_recipe_json(recipe: Recipe) -> str:
    """Encode the recipe of a deleted video: without prompts, files or characters."""
    return to_json(_StoredRecipe(size=recipe.size, seconds=recipe.seconds, seed=recipe.seed, fit=recipe.fit))


def accepted_video(new: NewVideo, seq: int, now: float) -> VideoRecord:
    """Return the record of a just accepted video, equal to what its row would give."""
    return VideoRecord(
        seq=seq,
        id=new.id,
        account_id=new.account_id,
        model=new.model,
        engine=new.engine,
        recipe=new.recipe,
        status=Status.QUEUED,
        stage=Stage.ACCEPTED,
        progress=0,
        created_at=now,
        updated_at=now,
        prompt=new.recipe.prompt,
        metadata=new.metadata,
        price_micros=new.price_micros,
        remixed_from_video_id=new.remixed_from_video_id,
    )


def asset_values(video_id: str, stored: Asset) -> dict[str, object]:
    """Return the row of a video's file."""
    return {"video_id": video_id, **msgspec.structs.asdict(stored), "kind": str(stored.kind)}


def to_asset(row: tuple[Any, ...]) -> Asset:
    """Convert a row of ASSET_COLUMNS."""
    kind, key, media_type, length, sha256, width, height = row
    return Asset(
        kind=AssetKind(kind), key=key, media_type=media_type, bytes=length, sha256=sha256, width=width, height=height
    )


def to_event(row: tuple[Any, ...]) -> VideoEvent:
    """Convert a row of EVENT_COLUMNS."""
    seq, video_id, at, status, stage, progress, error_code, engine = row
    return VideoEvent(
        seq=seq,
        video_id=video_id,
        at=at,
        status=_STATUS[status],
        stage=_STAGE[stage],
        progress=progress,
        error_code=error_code,
        engine=engine,
    )


def to_key(row: tuple[Any, ...]) -> ApiKey:
    """Convert a row of KEY_COLUMNS."""
    values = dict(zip(ApiKey.__struct_fields__, row, strict=True))
    models = values.pop("models")
    return ApiKey(**values, models=None if models is None else _decode_models(models))
