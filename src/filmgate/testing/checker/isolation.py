"""I6, no response contains another account's data; I7, no unexpected 5xx, and every error in the API's shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from filmgate.testing.checker.facts import ClientResponse, DatabaseSnapshot

__all__ = ["cross_account_leaks", "malformed_errors"]

EXPECTED_5XX = 503
"""Error codes of a server that is starting, stopping, or can't write: the client retries."""


def cross_account_leaks(responses: Iterable[ClientResponse], database: DatabaseSnapshot) -> Iterator[str]:
    """Responses with another account's ids or bytes."""
    owner = {row.id: row.account_id for row in database.videos}
    content_owners: defaultdict[str, set[str]] = defaultdict(set)
    for asset in database.assets:
        content_owners[asset.sha256].add(owner.get(asset.video_id, ""))
    for answer in responses:
        if not answer.account:
            continue
        named = [*answer.listed_ids, *([answer.video_id] if answer.http_status < 400 else [])]
        for video_id in named:
            if owner.get(video_id, answer.account) != answer.account:
                yield f"I6: {answer.account} got {video_id} of {owner[video_id]} ({answer.operation})"
        # Two accounts may have requested equal videos; content that was never an account's own belongs to another.
        if answer.sha256 is not None and answer.account not in content_owners.get(answer.sha256, {answer.account}):
            yield f"I6: {answer.account} got another's bytes ({answer.operation} of {answer.video_id})"


class _Detail(Struct, forbid_unknown_fields=True):
    message: str
    type: str
    param: str | None
    code: str | None


class _Envelope(Struct, forbid_unknown_fields=True):
    error: _Detail


def malformed_errors(responses: Iterable[ClientResponse]) -> Iterator[str]:
    """Errors that are unexpected, or that no client can parse."""
    for answer in responses:
        if answer.http_status >= 500 and answer.http_status != EXPECTED_5XX:
            yield f"I7: {answer.video_id}: {answer.operation} was answered {answer.http_status}"
        if answer.error_body is not None and (why := _error_shape_problem(answer.error_body)):
            yield f"I7: {answer.video_id}: {answer.operation} was refused with {answer.http_status} in no shape: {why}"


def _error_shape_problem(body: bytes) -> str | None:
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except msgspec.DecodeError as error:
        return str(error)
    return None if envelope.error.message else "the message is empty"
