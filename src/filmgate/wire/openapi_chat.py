"""The chat endpoint in the OpenAPI document: the fields that concern a video; all others are ignored."""

from __future__ import annotations

from collections.abc import Sequence

from filmgate import errors
from filmgate.config.catalog import Model
from filmgate.wire.openapi import _BODY_ERRORS, Schema, _json_content, _operation, _success

__all__ = ["paths", "schemas"]

_EVENT_SCHEMA: Schema = {
    "type": "object",
    "description": "Chunks of a chat completion, then `[DONE]`; comments are keep-alives.",
    "properties": {"data": {"type": "string"}},
    "required": ["data"],
}


def paths() -> Schema:
    """Return the path with its method."""
    ok = _success(
        "The progress and the result of a video: as one object or as a stream.",
        _json_content("ChatCompletion") | {"text/event-stream": {"schema": _EVENT_SCHEMA}},
    )
    kinds = (errors.InsufficientQuota, errors.TooManyRunning, *_BODY_ERRORS)
    body = {"required": True, "content": _json_content("CreateChatCompletion")}
    return {
        "/v1/chat/completions": {
            "post": _operation("createChatCompletion", "Create a video in a chat.", ok, *kinds, requestBody=body)
        }
    }


def schemas(models: Sequence[Model]) -> Schema:
    """Return the schemas of the body, for a catalogue of ``models``, and of the response."""
    return {
        "CreateChatCompletion": _request_schema([model.name for model in models if model.chat]),
        "ChatCompletion": _RESPONSE_SCHEMA,
    }


def _request_schema(names: list[str]) -> Schema:
    image_part: Schema = {
        "type": "object",
        "properties": {
            "type": {"const": "image_url"},
            "image_url": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
        },
        "required": ["type", "image_url"],
    }
    text_part: Schema = {
        "type": "object",
        "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
        "required": ["type", "text"],
    }
    message: Schema = {
        "type": "object",
        "properties": {
            "role": {"type": "string", "description": "The last message of the role `user` is the prompt."},
            "content": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"anyOf": [text_part, image_part]}}]},
        },
        "required": ["role", "content"],
    }
    return {
        "type": "object",
        "properties": {
            "model": {"enum": names},
            "messages": {"type": "array", "items": message, "minItems": 1},
            "stream": {"type": ["boolean", "null"]},
            "stream_options": {"type": ["object", "null"], "properties": {"include_usage": {"type": "boolean"}}},
        },
        "required": ["model", "messages"],
    }


_NUMBER_SCHEMA: Schema = {"type": "integer", "minimum": 0}
_RESPONSE_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "chat.completion"},
        "created": _NUMBER_SCHEMA,
        "model": {"type": "string"},
        "choices": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": _NUMBER_SCHEMA,
                    "message": {
                        "type": "object",
                        "properties": {"role": {"const": "assistant"}, "content": {"type": "string"}},
                        "required": ["role", "content"],
                    },
                    "finish_reason": {"const": "stop"},
                },
                "required": ["index", "message", "finish_reason"],
            },
        },
        "usage": {
            "type": "object",
            "properties": dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), _NUMBER_SCHEMA),
            "required": ["prompt_tokens", "completion_tokens", "total_tokens"],
        },
    },
    "required": ["id", "object", "created", "model", "choices", "usage"],
}
