"""Prints a request as an equivalent curl command. Pure; the key stays in the environment."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from filmgate.client.effects import Request
from filmgate.client.endpoint import ApiEndpoint

__all__ = ["KEY_VARIABLE", "curl_command"]

KEY_VARIABLE = "FILMGATE_API_KEY"
"""The environment variable that the command reads the key from."""


def curl_command(endpoint: ApiEndpoint, request: Request, files: Mapping[str, str]) -> str:
    """Return the command, one line a header or field.

    Args:
        endpoint: base URL and key.
        request: the request.
        files: paths of the uploaded files by field name.
    """
    query = f"?{urlencode(request.params)}" if request.params else ""
    pipe, body = _raw_body(request.body) if request.body else ("", [])
    lines = [f"{pipe}curl -sS -X {request.method} {shlex.quote((request.url or endpoint.url(request.path)) + query)}"]
    if endpoint.api_key:
        lines.append(f'-H "Authorization: {endpoint.auth_prefix}${KEY_VARIABLE}"')
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    return " \\\n  ".join([*lines, *_body_arguments(request, files), *body])


def _body_arguments(request: Request, files: Mapping[str, str]) -> Iterator[str]:
    if request.json is not None:
        yield "-H 'content-type: application/json'"
        yield f"--data-raw {shlex.quote(json.dumps(request.json, ensure_ascii=False, separators=(',', ':')))}"
    for name, value in (request.form or {}).items():
        for text in [value] if isinstance(value, str) else value:
            yield f"--form-string {shlex.quote(f'{name}={text}')}"
    for name, part in request.files.items():
        path = files[name].replace("\\", "\\\\").replace('"', '\\"')  # unquoted, curl interprets ; and ,
        field = f'{name}=@"{path}";type={part.media_type};filename={part.name}'
        yield f"-F {shlex.quote(field)}"


def _raw_body(body: bytes) -> tuple[str, list[str]]:
    """Return what precedes curl, and its arguments, for a raw body; a body with unprintable bytes comes by a pipe."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if (
        text.startswith("@") or not text.replace("\n", "").isprintable()
    ):  # only printable text can be copied from a terminal
        return f"printf %s {base64.b64encode(body).decode()} | base64 -d | ", ["--data-binary @-"]
    return "", [f"--data-binary {shlex.quote(text)}"]
