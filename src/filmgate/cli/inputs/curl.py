"""A request as a curl command that does the same: pure, the key left to the environment."""

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
"""The environment variable that stands for the key."""


def curl_command(endpoint: ApiEndpoint, request: Request, files: Mapping[str, str]) -> str:
    """The command, a line a header or field.

    Args:
        endpoint: where it goes.
        request: what is sent.
        files: the path of each of its files, by the name of its field.
    """
    query = f"?{urlencode(request.params)}" if request.params else ""
    given, body = _raw_body(request.body) if request.body else ("", [])
    lines = [f"{given}curl -sS -X {request.method} {shlex.quote((request.url or endpoint.url(request.path)) + query)}"]
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
        path = files[name].replace("\\", "\\\\").replace('"', '\\"')  # curl reads ; and , unless it is quoted
        field = f'{name}=@"{path}";type={part.media_type};filename={part.name}'
        yield f"-F {shlex.quote(field)}"


def _raw_body(body: bytes) -> tuple[str, list[str]]:
    """What stands before curl, and its arguments, for a body as it is; one that no shell can write comes by a pipe."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if text.startswith("@") or not text.replace("\n", "").isprintable():  # a terminal shows no other characters
        return f"printf %s {base64.b64encode(body).decode()} | base64 -d | ", ["--data-binary @-"]
    return "", [f"--data-binary {shlex.quote(text)}"]
