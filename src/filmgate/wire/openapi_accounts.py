"""The complete OpenAPI document: videos, chat, and the resources of an account (webhook endpoints, usage)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from filmgate import errors
from filmgate.config.catalog import Model
from filmgate.wire import create, openapi, openapi_chat, openapi_files, openapi_revisions, webhook
from filmgate.wire.openapi import (
    _BODY_ERRORS,
    _ID,
    Parameters,
    Schema,
    _header,
    _headers,
    _json_content,
    _operation,
    _query,
    _success,
    _text_schema,
)
from filmgate.wire.readers import EMPTY_TEXTS
from filmgate.wire.usage import UsageObject

__all__ = ["document"]

_OBJECTS: Final = (
    webhook.EndpointObject,
    webhook.EndpointWithSecret,
    webhook.EndpointList,
    webhook.EndpointDeleted,
    webhook.EndpointTest,
    webhook.EventTypeList,
    UsageObject,
)
_NOT_FOUND_ERRORS: Final = (errors.WebhookEndpointNotFound, errors.UnknownUrl)
_RATE_HEADERS: Final = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")


def document(models: Sequence[Model], version: str, parameters: Parameters = lambda _model: {}) -> Schema:
    """Return this version's document for a catalogue of ``models``; constant while the server runs."""
    spec = openapi.document(models, version, parameters)
    spec["paths"] |= openapi_revisions.PATHS | openapi_chat.paths() | openapi_files.paths() | _paths()
    spec["components"]["schemas"] |= openapi_revisions.schemas() | openapi_chat.schemas(models)
    spec["components"]["schemas"] |= openapi_files.schemas() | _response_schemas() | _request_schemas()
    spec["components"]["headers"] |= _rate_headers()
    for body in spec["components"]["schemas"]["CreateVideo"]["anyOf"]:
        body["properties"]["characters"] = openapi_revisions.characters_schema()
        body["properties"]["callback_url"] = {"anyOf": [_url_schema(create.CALLBACK_URL_MAX), {"type": "null"}]}
    for path in ("", "/{id}/remix", "/edits", "/extensions"):
        for status in ("200", "429"):
            spec["paths"][f"/v1/videos{path}"]["post"]["responses"][status]["headers"] |= _headers(*_RATE_HEADERS)
    _accept_empty_values(spec["components"]["schemas"])
    return spec


def _accept_empty_values(schemas: Schema) -> None:
    """Let optional fields be empty, which means: not given."""
    empty: Schema = {"enum": ["", None], "description": "Not given."}
    for body in (*schemas["CreateVideo"]["anyOf"], schemas["UpdateWebhookEndpoint"], schemas["RotateWebhookSecret"]):
        _extend_optional(body, empty)
    for body in schemas["CreateVideoForm"]["anyOf"]:
        _extend_optional(body, {"const": "", "description": "Not given."})


def _extend_optional(body: Schema, empty: Schema) -> None:
    for name in [*body["properties"]]:
        if name not in body["required"] and name not in EMPTY_TEXTS:
            body["properties"][name] = {"anyOf": [body["properties"][name], empty]}


def _response_schemas() -> Schema:
    _, components = msgspec.json.schema_components(_OBJECTS, ref_template="#/components/schemas/{name}")
    for schema in components.values():
        schema["required"] = list(schema["properties"])
    return components


def _rate_headers() -> Schema:
    number: Schema = {"type": "string", "pattern": "^[0-9]+$"}
    duration = {"type": "string", "pattern": "^[0-9]+s$"}
    return {
        _RATE_HEADERS[0]: _header("Creates per minute that the key may make, if it is limited.", number),
        _RATE_HEADERS[1]: _header("Creates that the key has left now.", number),
        _RATE_HEADERS[2]: _header("Time until all of them are available again.", duration),
    }


def _request_schemas() -> Schema:
    types: Schema = {"type": "array", "items": {"enum": [*webhook.EVENT_TYPES]}}
    name = _text_schema(webhook.ENDPOINT_NAME_MAX, r"^\s*[^\s\u0000][^\u0000]*$")
    endpoint = {"name": name, "url": _url_schema(webhook.ENDPOINT_URL_MAX), "event_types": types}
    keep = {"type": "boolean", "default": False, "description": "Whether both secrets sign for 24 hours."}
    return {
        "CreateWebhookEndpoint": _object(endpoint, [*endpoint]),
        "UpdateWebhookEndpoint": _object(endpoint, []),
        "RotateWebhookSecret": _object({"keep_old_secret_active_for_24_hours": keep}, []),
        "TestWebhookEndpoint": _object({"event_type": types["items"]}, ["event_type"]),
    }


def _object(properties: Schema, required: Sequence[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _url_schema(max_length: int) -> Schema:
    text = "An http(s) URL of a public host."
    return {"type": "string", "format": "uri", "maxLength": max_length, "pattern": "^https?://", "description": text}


def _paths() -> Schema:
    endpoint = "/v1/webhook_endpoints/{id}"
    return {
        "/v1/webhook_endpoints": {"get": _list(), "post": _create()},
        endpoint: {"parameters": [_ID], "get": _retrieve(), "post": _update(), "delete": _delete()},
        f"{endpoint}/rotate_secret": {"parameters": [_ID], "post": _rotate()},
        f"{endpoint}/test": {"parameters": [_ID], "post": _test()},
        "/v1/webhook_event_types": {"get": _event_types()},
        "/v1/usage": {"get": _usage()},
    }


def _body(schema: str, *, required: bool = True) -> Schema:
    return {"required": required, "content": _json_content(schema)}


def _create() -> Schema:
    ok = _success("The endpoint with its secret, which is shown only this once.", _json_content("EndpointWithSecret"))
    body = _body("CreateWebhookEndpoint")
    return _operation(
        "createWebhookEndpoint",
        "Create a webhook endpoint, which gets an event when a video ends.",
        ok,
        *_BODY_ERRORS,
        requestBody=body,
    )


def _list() -> Schema:
    limit = {"type": "integer", "minimum": 0, "maximum": 100, "default": 20}
    return _operation(
        "listWebhookEndpoints",
        "List the account's webhook endpoints, newest first.",
        _success("A page.", _json_content("EndpointList")),
        errors.InvalidValue,
        parameters=[
            _query("after", {"type": "string"}, "The last id of the previous page."),
            _query("limit", limit, "Endpoints per page."),
        ],
    )


def _retrieve() -> Schema:
    ok = _success("The endpoint.", _json_content("EndpointObject"))
    return _operation("retrieveWebhookEndpoint", "Retrieve a webhook endpoint.", ok, *_NOT_FOUND_ERRORS)


def _update() -> Schema:
    ok = _success("The updated endpoint.", _json_content("EndpointObject"))
    text = "Update a webhook endpoint; a new URL enables one that responded with 410."
    body = _body("UpdateWebhookEndpoint", required=False)
    return _operation("updateWebhookEndpoint", text, ok, *_NOT_FOUND_ERRORS, *_BODY_ERRORS, requestBody=body)


def _delete() -> Schema:
    ok = _success("The endpoint gets no more events.", _json_content("EndpointDeleted"))
    return _operation("deleteWebhookEndpoint", "Delete a webhook endpoint.", ok, *_NOT_FOUND_ERRORS)


def _rotate() -> Schema:
    ok = _success(
        "The endpoint with its new secret, which is shown only this once.", _json_content("EndpointWithSecret")
    )
    body = _body("RotateWebhookSecret", required=False)
    return _operation(
        "rotateWebhookSecret",
        "Rotate a webhook endpoint's secret.",
        ok,
        *_NOT_FOUND_ERRORS,
        *_BODY_ERRORS,
        requestBody=body,
    )


def _test() -> Schema:
    ok = _success("The endpoint responded, with that status.", _json_content("EndpointTest"))
    body = _body("TestWebhookEndpoint")
    return _operation(
        "testWebhookEndpoint",
        "Send a sample event to a webhook endpoint now.",
        ok,
        *_NOT_FOUND_ERRORS,
        *_BODY_ERRORS,
        requestBody=body,
    )


def _event_types() -> Schema:
    ok = _success("The event types.", _json_content("EventTypeList"))
    return _operation("listWebhookEventTypes", "List the event types that endpoints can subscribe to.", ok)


def _usage() -> Schema:
    days = {"type": "integer", "minimum": 0, "maximum": 366, "default": 30}
    return _operation(
        "retrieveUsage",
        "Retrieve the account's balance, holds and spending, in millionths of a unit.",
        _success("The account's balance and spending.", _json_content("UsageObject")),
        errors.InvalidValue,
        parameters=[_query("days", days, "Days to cover, until now.")],
    )
