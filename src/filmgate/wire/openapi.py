"""The OpenAPI 3.1 document, built from the structs, errors and catalogue that serve the API.

It describes this server: a field that makes every request fail is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from filmgate import errors
from filmgate.config.catalog import DEFAULT_MODEL, PROMPT_CHARACTERS, Model
from filmgate.domain import PARAMETER_RANGES, AssetKind, Fit, ParameterRange
from filmgate.errors import FilmgateError, RequestError
from filmgate.wire import create, objects

__all__ = ["document"]

Schema = dict[str, Any]

Parameters = Callable[[str], Mapping[str, ParameterRange]]
"""Returns the parameters that a model's engines take."""

_NO_NUL: Final = r"^[^\u0000]*$"
_NOT_BLANK: Final = r"^\s*[^\s\u0000][^\u0000]*$"  # matches in one pass: prompts are long
_OBJECTS: Final = (objects.VideoObject, objects.VideoList, objects.VideoDeleted, objects.ModelList, objects.ErrorAnswer)
_VARIANTS: Final = (AssetKind.VIDEO, AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW)
_CONTENT_TYPES: Final = ("video/mp4", "image/webp", "image/jpeg")

_COMMON_ERRORS: Final = (errors.InvalidKey, errors.TooManyRequests, errors.ServerError, errors.Unavailable)
_BODY_ERRORS: Final = tuple(RequestError.__subclasses__())


def document(models: Sequence[Model], version: str, parameters: Parameters = lambda _model: {}) -> Schema:
    """Return this version's document for a catalogue of ``models``; constant while the server runs.

    Args:
        models: the catalogue.
        version: this program's.
        parameters: returns the parameters that a model's engines take.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Filmgate",
            "version": version,
            "summary": "The Sora-2 Videos API on your own machine.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"key": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "The bare key."},
            },
            "schemas": _response_schemas() | _create_schemas(models, parameters),
            "headers": _HEADERS,
        },
    }


# ---- request bodies


def _create_schemas(models: Sequence[Model], parameters: Parameters) -> Schema:
    """Return one body schema per group of models with equal limits, so that every combination in it is accepted."""

    def accepted_values(model: Model) -> tuple[object, ...]:
        return model.sizes, model.seconds, sorted((name, str(each)) for name, each in parameters(model.name).items())

    def own(model: Model) -> Schema:
        taken = {"user": PARAMETER_RANGES["user"], **parameters(model.name)}
        return {name: _parameter_schema(limits) for name, limits in taken.items() if name != "num_frames"}

    groups = [list(group) for _, group in groupby(sorted(models, key=accepted_values), key=accepted_values)]
    return {
        "CreateVideo": {
            "anyOf": [_create_schema(group, _json_fields(group[0]) | own(group[0]), null=True) for group in groups]
        },
        "CreateVideoForm": {
            "anyOf": [
                _create_schema(group, _form_fields(group[0]) | _FORM_USER | reference, null=False)
                for group in groups
                for reference in (
                    {"input_reference": _FILE},
                    {"input_reference[image_url]": _image_url()},
                    {"input_reference[file_id]": _file_id_schema()},
                )
            ]
        },
    }


def _create_schema(group: list[Model], fields: Schema, *, null: bool) -> Schema:
    names = [model.name for model in group]
    unnamed = DEFAULT_MODEL in names
    patterns = {"patternProperties": fields.pop("patternProperties")} if "patternProperties" in fields else {}
    model = {"enum": [*names, None] if null and unnamed else names}
    return {
        "type": "object",
        "title": f"For {', '.join(names)}",
        "properties": {"prompt": _text_schema(PROMPT_CHARACTERS, _NOT_BLANK), "model": model, **fields},
        **patterns,
        "required": ["prompt"] if unnamed else ["prompt", "model"],
        "additionalProperties": False,
    }


def _json_fields(model: Model) -> Schema:
    """Return the fields beside prompt and model; a null counts as absent."""
    lengths = [*map(str, model.seconds), *model.seconds, None]
    return {
        "seconds": {"enum": lengths, "default": str(model.default_seconds)},
        "size": {"enum": [*map(str, model.sizes), None], "default": str(model.default_size)},
        "input_reference": {
            "type": ["object", "null"],
            "description": "The first frame: JPEG, PNG or WebP, by its http(s) or data URL, or an uploaded file.",
            "properties": {"image_url": _image_url(), "file_id": _file_id_schema()},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
        "seed": {
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": create.SEED_MAX}, _digits_schema(), {"type": "null"}]
        },
        "fit": {"enum": [*map(str, Fit), None], "default": str(Fit.ERROR)},
        "metadata": {
            "type": ["object", "null"],
            "maxProperties": create.METADATA_PAIRS_MAX,
            "propertyNames": _text_schema(create.METADATA_KEY_MAX),
            "additionalProperties": {
                "anyOf": [_text_schema(create.METADATA_VALUE_MAX, min_length=0), {"type": "null"}]
            },
        },
    }


def _parameter_schema(limits: ParameterRange) -> Schema:
    if limits.kind == "string":
        return {"anyOf": [_text_schema(int(limits.maximum), min_length=0), {"type": "null"}]}
    number = {"type": limits.kind, "minimum": limits.minimum, "maximum": limits.maximum}
    return {"anyOf": [number, {"type": "null"}]}


def _form_fields(model: Model) -> Schema:
    return {
        "seconds": {"enum": [*map(str, model.seconds)], "type": "string"},
        "size": {"enum": [*map(str, model.sizes)], "type": "string"},
        "seed": _digits_schema(),
        "fit": {"enum": [*map(str, Fit)], "type": "string"},
        "patternProperties": {
            rf"^metadata\[[A-Za-z0-9_.-]{{1,{create.METADATA_KEY_MAX}}}\]$": _text_schema(
                create.METADATA_VALUE_MAX, min_length=0
            )
        },
    }


_FORM_USER: Final[Schema] = {
    "user": {"type": "string", "maxLength": int(PARAMETER_RANGES["user"].maximum), "pattern": _NO_NUL}
}

_FILE: Final[Schema] = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
    "description": "The first frame: JPEG, PNG or WebP.",
}


def _text_schema(max_length: int, pattern: str = _NO_NUL, min_length: int = 1) -> Schema:
    return {"type": "string", "minLength": min_length, "maxLength": max_length, "pattern": pattern}


def _file_id_schema() -> Schema:
    return {"type": "string", "pattern": "^file-[0-9a-f]{32}$", "description": "An uploaded file of the account."}


def _digits_schema() -> Schema:
    return {"type": "string", "pattern": "^[0-9]{1,18}$"}


def _image_url() -> Schema:
    return {
        "type": "string",
        "format": "uri",
        "description": f"At most {create.IMAGE_URL_MAX} characters.",
        "pattern": "^(https?://|data:image/(png|jpeg|webp);base64,)",
    }


# ---- responses


def _response_schemas() -> Schema:
    _, components = msgspec.json.schema_components(_OBJECTS, ref_template="#/components/schemas/{name}")
    for schema in components.values():
        schema["required"] = list(schema["properties"])  # every key, always, those with a default too
    return components


def _json_content(schema: str) -> Schema:
    return {"application/json": {"schema": _ref(schema)}}


def _ref(schema: str) -> Schema:
    return {"$ref": f"#/components/schemas/{schema}"}


def _header(description: str, schema: Schema) -> Schema:
    return {"description": description, "schema": schema}


_HEADERS: Final[Schema] = {
    "x-request-id": _header("Identifies this response in the server's log.", {"type": "string"}),
    "x-should-retry": _header("Whether the same request may succeed later.", {"enum": ["true", "false"]}),
    "retry-after": _header("Seconds to wait before a retry.", {"type": "string", "pattern": "^[0-9]{1,3}$"}),
    "openai-poll-after-ms": _header(
        "When to poll an unfinished video again, in milliseconds.", {"type": "string", "pattern": "^[0-9]+$"}
    ),
    "etag": _header("The file's SHA-256.", {"type": "string", "pattern": '^"[0-9a-f]{64}"$'}),
    "content-range": _header(
        "The byte range of this part.", {"type": "string", "pattern": r"^bytes (\d+-\d+|\*)/\d+$"}
    ),
    "allow": _header("The allowed methods.", {"type": "string"}),
}


def _headers(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("x-request-id", *names)}


def _success(description: str, content: Schema, *headers: str) -> Schema:
    return {"description": description, "headers": _headers(*headers), "content": content}


def _error_responses(*kinds: type[FilmgateError]) -> Schema:
    """Return the error responses of these classes, one per HTTP status, with the codes that each may carry."""
    by_status: dict[int, list[type[FilmgateError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.http_status, []).append(kind)
    return {str(status): _error_response(status, by_status[status]) for status in sorted(by_status)}


def _error_response(status: int, kinds: Iterable[type[FilmgateError]]) -> Schema:
    codes = sorted({kind.code for kind in kinds if kind.code})
    schema = {
        "allOf": [
            _ref("ErrorAnswer"),
            {"properties": {"error": {"properties": {"code": {"enum": codes}}}}},
        ]
    }
    more = ("retry-after",) if status in {429, 503} else ()
    return {
        "description": " ".join(dict.fromkeys((kind.__doc__ or "").strip() for kind in kinds)),
        "headers": _headers("x-should-retry", *more),
        "content": {"application/json": {"schema": schema}},
    }


# ---- the endpoints


def _paths() -> Schema:
    """Return every path with its methods."""
    return {
        "/v1/videos": {"get": _list_videos(), "post": _create_video()},
        "/v1/videos/{id}": {"parameters": [_ID], "get": _retrieve_video(), "delete": _delete_video()},
        "/v1/videos/{id}/content": {"parameters": [_ID], "get": _content("get"), "head": _content("head")},
        "/v1/videos/{id}/cancel": {"parameters": [_ID], "post": _cancel_video()},
        "/v1/videos/{id}/events": {"parameters": [_ID], "get": _video_events()},
        "/v1/models": {"get": _list_models()},
        "/v1/models/{id}": {"parameters": [_ID], "get": _retrieve_model()},
        "/healthz": {"get": _health()},
        "/openapi.json": {"get": _openapi_document()},
    }


_ID: Final[Schema] = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query(name: str, schema: Schema, description: str) -> Schema:
    parameter = {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
    return parameter | {"allowEmptyValue": True}  # an empty one is not given


def _operation(name: str, summary: str, ok: Schema, *kinds: type[FilmgateError], **more: object) -> Schema:
    responses = {"200": ok} | _error_responses(*_COMMON_ERRORS, *kinds)
    return {"operationId": name, "summary": summary, **more, "responses": responses}


def _create_video() -> Schema:
    ok = _success(
        "Accepted: the video reaches a terminal status, whichever process crashes.",
        _json_content("VideoObject"),
        "openai-poll-after-ms",
    )
    ok["links"] = {
        name: {"operationId": name, "parameters": {"id": "$response.body#/id"}}
        for name in ("retrieveVideo", "deleteVideo", "downloadContent", "cancelVideo", "watchVideo")
    }
    form = {"schema": _ref("CreateVideoForm")}
    return _operation(
        "createVideo",
        "Create a video.",
        ok,
        errors.InsufficientQuota,
        errors.TooManyRunning,
        *_BODY_ERRORS,
        parameters=[
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "maxLength": 255},
                "description": "The same key with the same parameters returns the same video.",
            }
        ],
        requestBody={"required": True, "content": _json_content("CreateVideo") | {"multipart/form-data": form}},
    )


def _list_videos() -> Schema:
    return _operation(
        "listVideos",
        "List the videos of the key's account.",
        _success("A page.", _json_content("VideoList")),
        errors.InvalidValue,
        parameters=[
            _query("after", {"type": "string"}, "The last id of the previous page."),
            _query("limit", {"type": "integer", "minimum": 0, "maximum": 100, "default": 20}, "Videos per page."),
            _query("order", {"enum": ["asc", "desc"], "type": "string", "default": "desc"}, "By creation time."),
        ],
    )


def _retrieve_video() -> Schema:
    wait = {"type": "integer", "minimum": 0, "maximum": 60, "default": 0}
    return _operation(
        "retrieveVideo",
        "Retrieve a video, at once or as soon as it changes.",
        _success("The video.", _json_content("VideoObject"), "openai-poll-after-ms"),
        errors.InvalidValue,
        errors.VideoNotFound,
        errors.UnknownUrl,
        parameters=[_query("wait", wait, "Seconds to wait for a change of status or progress.")],
    )


def _delete_video() -> Schema:
    ok = _success("The video is deleted.", _json_content("VideoDeleted"))
    kinds = (errors.VideoNotDeletable, errors.VideoNotFound, errors.UnknownUrl)
    return _operation("deleteVideo", "Delete a finished video and its files.", ok, *kinds)


def _cancel_video() -> Schema:
    ok = _success("The video ends as failed, free of charge.", _json_content("VideoObject"), "openai-poll-after-ms")
    kinds = (errors.VideoNotDeletable, errors.VideoNotFound, errors.UnknownUrl)
    return _operation("cancelVideo", "Cancel an unfinished video.", ok, *kinds)


def _content(method: str) -> Schema:
    files = {name: {"schema": {"type": "string", "format": "binary"}} for name in _CONTENT_TYPES}
    variant = {"enum": [*map(str, _VARIANTS)], "type": "string", "default": str(AssetKind.VIDEO)}
    operation = _operation(
        "downloadContent" if method == "get" else "inspectContent",
        "Download a file of a completed video, whole or in part.",
        _success("The whole file.", files if method == "get" else {}, "etag"),
        errors.InvalidValue,
        errors.VideoNotFound,
        errors.VideoNotReady,
        errors.VideoExpired,
        errors.UnknownUrl,
        errors.RangeNotSatisfiable,
        parameters=[_query("variant", variant, "Which file.")],
    )
    operation["responses"] |= {
        "206": _success("The part that Range requests.", files if method == "get" else {}, "etag", "content-range"),
        "304": {"description": "The file that If-None-Match names.", "headers": _headers("etag")},
    }
    return operation if method == "get" else _without_bodies(operation)


def _without_bodies(operation: Schema) -> Schema:
    for response in operation["responses"].values():
        response.pop("content", None)
    return operation


def _video_events() -> Schema:
    text = "Server-sent events: queued, progress, then completed or failed, which ends the stream."
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": _ref("VideoObject")}
    event = {
        "type": "object",
        "description": "One event. Its data is the video; while it is unfinished, with position and eta_seconds.",
        "properties": {"event": {"enum": ["queued", "progress", "completed", "failed"]}, "data": data},
        "required": ["event", "data"],
    }
    ok = _success(text, {"text/event-stream": {"schema": event}})
    return _operation("watchVideo", "Stream the events of a video.", ok, errors.VideoNotFound, errors.UnknownUrl)


def _list_models() -> Schema:
    return _operation("listModels", "List the models.", _success("The catalogue.", _json_content("ModelList")))


def _retrieve_model() -> Schema:
    ok = _success("The model.", _json_content("ModelObject"))
    return _operation("retrieveModel", "Retrieve a model with its limits.", ok, errors.ModelNotFound, errors.UnknownUrl)


def _health() -> Schema:
    schema = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
    ok = _success("The server accepts requests.", {"application/json": {"schema": schema}})
    responses = {"200": ok} | _error_responses(errors.Unavailable)
    return {
        "operationId": "health",
        "summary": "Check whether the server accepts requests.",
        "security": [],
        "responses": responses,
    }


def _openapi_document() -> Schema:
    ok = _success(
        "OpenAPI 3.1.", {"application/json": {"schema": {"type": "object", "required": ["openapi", "paths"]}}}
    )
    return {"operationId": "document", "summary": "Retrieve this document.", "security": [], "responses": {"200": ok}}
