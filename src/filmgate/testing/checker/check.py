"""All invariants together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from filmgate.testing.checker.facts import (
    ClientResponse,
    DatabaseSnapshot,
    FileDigest,
    ReceivedWebhook,
    ResourceCheck,
    SecretScan,
    SurroundingFiles,
)
from filmgate.testing.checker.files import leftover_files, stray_files
from filmgate.testing.checker.isolation import cross_account_leaks, malformed_errors
from filmgate.testing.checker.leaks import leaked_secrets
from filmgate.testing.checker.ledger import ledger_errors
from filmgate.testing.checker.lost_and_duplicate import duplicate_submissions, lost_videos
from filmgate.testing.checker.progress import client_regressions, content_mismatches, history_regressions
from filmgate.testing.checker.resources import resource_leaks
from filmgate.testing.checker.webhooks import missing_deliveries, missing_events

__all__ = ["violations"]


def violations(
    responses: Iterable[ClientResponse],
    database: DatabaseSnapshot,
    files: Mapping[str, FileDigest],
    *,
    submissions: Mapping[str, int] | None = None,
    deliveries: Mapping[str, Sequence[ReceivedWebhook]] | None = None,
    secret_scan: SecretScan | None = None,
    surroundings: SurroundingFiles | None = None,
    staged_names: Iterable[str] = (),
    resource_check: ResourceCheck | None = None,
) -> list[str]:
    """Every violation, one sentence each, its invariant first; empty if all invariants hold.

    Args:
        responses: what the clients received, each video's responses in order.
        database: the database, after the last video ended.
        files: the storage by key, after a cleanup.
        submissions: how often a paid upstream counted each video.
        deliveries: what webhook endpoints received, by account; all endpoints were healthy at the end.
        secret_scan: secrets, and the places that must not contain them.
        surroundings: the files around the data folder, before and after.
        staged_names: files left in the staging folder, after a cleanup.
        resource_check: a process before and after its load.
    """
    answers = list(responses)
    by_video: defaultdict[str, list[ClientResponse]] = defaultdict(list)
    for answer in answers:
        if answer.video_id:
            by_video[answer.video_id].append(answer)
    found: list[str] = []
    found += [*lost_videos(by_video, database, answers), *duplicate_submissions(submissions or {})]
    found += ledger_errors(database)
    found += [
        *history_regressions(database),
        *client_regressions(by_video, database),
        *content_mismatches(database, files),
    ]
    found += [*missing_events(database), *missing_deliveries(deliveries or {}, database)]
    found += [*cross_account_leaks(answers, database), *malformed_errors(answers)]
    found += [] if secret_scan is None else leaked_secrets(secret_scan)
    found += [
        *leftover_files(database, files, staged_names),
        *([] if surroundings is None else stray_files(surroundings)),
    ]
    found += [] if resource_check is None else resource_leaks(resource_check)
    return found
