"""All invariants together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from filmgate.testing.checker.facts import File, Outside, Rest, Rows, Search, Seen, Told
from filmgate.testing.checker.files import left_over, strays
from filmgate.testing.checker.isolation import strangers, unshapely
from filmgate.testing.checker.leaks import leaked
from filmgate.testing.checker.ledger import misbooked
from filmgate.testing.checker.lost_and_duplicate import lost, submitted_twice
from filmgate.testing.checker.progress import changed_bytes, fell_back, shown_wrong
from filmgate.testing.checker.resources import grown
from filmgate.testing.checker.webhooks import unannounced, untold

__all__ = ["violations"]


def violations(
    seen: Iterable[Seen],
    rows: Rows,
    files: Mapping[str, File],
    *,
    submissions: Mapping[str, int] | None = None,
    told: Mapping[str, Sequence[Told]] | None = None,
    search: Search | None = None,
    outside: Outside | None = None,
    staged: Iterable[str] = (),
    rest: Rest | None = None,
) -> list[str]:
    """Everything that must not be, one sentence each, its invariant first; empty when all is well.

    Args:
        seen: what the clients got, each video's answers in their order.
        rows: the database, after the last video ended.
        files: the storage by key, after a sweep.
        submissions: what a paid upstream counted by video.
        told: what webhook endpoints got, by the account of each; all of them were healthy in the end.
        search: secrets, and where none may stand.
        outside: what lies around the data folder, before and after.
        staged: files that are left where things are made, after a sweep.
        rest: a process before and after its load.
    """
    answers = list(seen)
    by_video: defaultdict[str, list[Seen]] = defaultdict(list)
    for answer in answers:
        if answer.video_id:
            by_video[answer.video_id].append(answer)
    found: list[str] = []
    found += [*lost(by_video, rows, answers), *submitted_twice(submissions or {})]
    found += misbooked(rows)
    found += [*fell_back(rows), *shown_wrong(by_video, rows), *changed_bytes(rows, files)]
    found += [*unannounced(rows), *untold(told or {}, rows)]
    found += [*strangers(answers, rows), *unshapely(answers)]
    found += [] if search is None else leaked(search)
    found += [*left_over(rows, files, staged), *([] if outside is None else strays(outside))]
    found += [] if rest is None else grown(rest)
    return found
