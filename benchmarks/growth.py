"""What answers cost in a database of a million videos, beside one of a thousand: nothing may grow with the rows.

``VIDEOS`` sets the larger number.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from pathlib import Path

import httpx2
import psutil
from msgspec import Struct

from benchmarks.harness import (
    ResultRow,
    Sample,
    alternate,
    cpu_seconds,
    filmgate_server,
    http_request,
    measure,
    median,
    run_load,
)
from filmgate.store import Store

__all__ = ["fill", "growth"]

SMALL = 1_000
LARGE = int(os.environ.get("VIDEOS", "1000000"))
BATCH = 50_000
ROUNDS = 5
GOAL = 1.5
DAYS = 300
ACCOUNTS = 10
"""Accounts beside the one that is measured; they share a fifth of the videos."""

CREATE = b'{"model":"sora-2","prompt":"a dog on a beach","seconds":"4","size":"1280x720"}'


class _Filled(Struct, frozen=True):
    """A data folder with that many videos."""

    folder: Path
    videos: int
    middle: str  # id of a video with half of the account's videos before it
    key: str  # of that account


def growth(folder: Path) -> Iterator[ResultRow]:
    """Poll, list, create, usage, metrics and start-up."""
    small, large = (_filled(folder / str(videos), videos) for videos in (SMALL, LARGE))
    yield from _start_rows(small, large)
    with ExitStack() as stack:
        servers = [stack.enter_context(_running(filled)) for filled in (small, large)]
        pairs = list(zip((small, large), servers, strict=True))
        for name, path, total in _REQUESTS:
            yield _row(name, *(_load(pair, name, path, total) for pair in pairs))


_REQUESTS = (
    ("GET /v1/videos/{id}", "/v1/videos/{middle}", 2000),
    ("GET /v1/videos", "/v1/videos?limit=20", 500),
    ("GET /v1/videos?after=, half-way", "/v1/videos?limit=20&after={middle}", 500),
    ("GET /v1/videos?order=asc", "/v1/videos?limit=20&order=asc", 500),
    ("GET /v1/usage?days=366", "/v1/usage?days=366", 100),
    ("GET /metrics", "/metrics", 30),
    ("POST /v1/videos", "/v1/videos", 300),
)


def _load(pair: tuple[_Filled, tuple[psutil.Process, int, str]], name: str, path: str, total: int) -> partial[Sample]:
    filled, (server, port, _key) = pair
    method = name.partition(" ")[0]
    body = CREATE if method == "POST" else b""
    request = http_request(method, path.format(middle=filled.middle), filled.key, body, Content_Type="application/json")
    return partial(measure, server, partial(run_load, port, request, total=total, connections=4))


def _row(name: str, small: partial[Sample], large: partial[Sample]) -> ResultRow:
    results = alternate({"small": small, "large": large}, ROUNDS)
    few, many = (median(results[size], lambda s: s.cpu_us) for size in ("small", "large"))
    return ResultRow(
        name, f"{many:.0f} µs CPU", f"{few:.0f} µs CPU", many / few, GOAL, f"{LARGE:,} videos to {SMALL:,}"
    )


def _start_rows(small: _Filled, large: _Filled) -> Iterator[ResultRow]:
    for filled in (small, large):
        with _running(filled) as (_server, port, _key):
            _scrape(port)  # saves the sums, as a server that is scraped does all the time
    samples: dict[str, list[tuple[float, float]]] = {"small": [], "large": []}
    for _ in range(ROUNDS):
        for name, filled in (("small", small), ("large", large)):
            with _running(filled) as (server, port, _key):
                start = cpu_seconds(server)
                samples[name].append((start, _scrape(port)))
    for index, (what, unit) in enumerate(
        (("a start, until it accepts", "CPU s"), ("the first GET /metrics after it", "s"))
    ):
        few, many = (sorted(each[index] for each in samples[name])[ROUNDS // 2] for name in ("small", "large"))
        yield ResultRow(what, f"{many:.2f} {unit}", f"{few:.2f} {unit}", many / few, GOAL)


def _scrape(port: int) -> float:
    began = time.perf_counter()
    httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=300).raise_for_status()
    return time.perf_counter() - began


def _running(filled: _Filled) -> AbstractContextManager[tuple[psutil.Process, int, str]]:
    (filled.folder / "ready").unlink(missing_ok=True)
    return filmgate_server(filled.folder)


def _filled(folder: Path, videos: int) -> _Filled:
    """Make a data folder, and rows as videos leave them that are completed, without their files."""
    with filmgate_server(folder) as (_server, port, key):
        auth = {"authorization": f"Bearer {key}"}
        url = f"http://127.0.0.1:{port}/v1/videos"
        httpx2.post(url, content=CREATE, headers={**auth, "content-type": "application/json"}).raise_for_status()
    with closing(sqlite3.connect(folder / "filmgate.sqlite", isolation_level=None)) as rows:
        account, key_id = rows.execute("SELECT account_id, key_id FROM video").fetchone()
        fill(rows, account, key_id, videos)
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        owned = rows.execute("SELECT count(*) FROM video WHERE account_id = ?", (account,)).fetchone()[0]
        page = "SELECT id FROM video WHERE account_id = ? ORDER BY seq LIMIT 1 OFFSET ?"
        middle = rows.execute(page, (account, owned // 2)).fetchone()[0]
    return _Filled(folder, videos, middle, asyncio.run(_new_key(folder, account)))


def fill(rows: sqlite3.Connection, account: str, key_id: str | None, videos: int) -> None:
    """Insert completed videos into a database that has one video; four fifths of them belong to ``account``."""
    for pragma in ("synchronous = OFF", "cache_size = -500000", "temp_store = MEMORY", "foreign_keys = OFF"):
        rows.execute(f"PRAGMA {pragma}")
    for number in range(ACCOUNTS):
        rows.execute(
            "INSERT INTO account (id, name, created_at) VALUES (?, ?, 0)", (f"acct_{number}", f"other {number}")
        )
    for first in range(0, videos, BATCH):
        _insert(rows, account, key_id, range(first, min(videos, first + BATCH)), videos)
    for statement in _TOTALS:
        rows.execute(statement)


async def _new_key(folder: Path, account: str) -> str:
    store = Store.open(folder / "filmgate.sqlite")
    _, secret = await store.accounts.create_key(account, "growth", time.time())
    await store.close()
    return secret


def _insert(rows: sqlite3.Connection, account: str, key_id: str | None, numbers: range, videos: int) -> None:
    rows.execute("BEGIN")
    (before,) = rows.execute("SELECT max(seq) FROM video").fetchone()
    now = time.time()
    rows.execute(
        _VIDEOS,
        {
            "first": numbers.start,
            "last": numbers.stop - 1,
            "account": account,
            "key": key_id,
            "began": now - DAYS * 86_400,
            "gap": (DAYS - 1) * 86_400 / videos,
        },
    )
    for statement in _OF_VIDEOS:
        rows.execute(statement, {"before": before})
    rows.execute("COMMIT")


_VIDEOS = f"""
WITH RECURSIVE number(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM number WHERE i < :last)
INSERT INTO video (id, account_id, model, engine, seconds, recipe, prompt, metadata, notes, price_micros, status, stage,
    progress, version, created_at, updated_at, started_at, completed_at, submit_token, submit_at, ticket, attempts,
    epoch, cancel_requested, fingerprint, key_id)
SELECT 'video_' || lower(hex(randomblob(16))),
    CASE WHEN i % 5 = 0 THEN 'acct_' || (i / 5 % {ACCOUNTS}) ELSE :account END,
    CASE WHEN i % 2 = 0 THEN 'sora-2' ELSE 'sora-2-pro' END, 'testcard', 4,
    '{{"size":{{"width":1280,"height":720}},"seconds":4,"seed":7}}',
    'a dog on a beach, the sun is low and the waves come in slowly, filmed from a low angle', '{{}}', '{{}}', 400000,
    'completed', 'done', 100, 6, :began + i * :gap, :began + i * :gap + 30, :began + i * :gap + 1,
    :began + i * :gap + 30, lower(hex(randomblob(16))), :began + i * :gap + 1, lower(hex(randomblob(16))), 1, 0, 0,
    lower(hex(randomblob(32))), :key
FROM number
"""  # noqa: S608 - a constant of this file

_OF_VIDEOS = (
    """
    INSERT INTO video_event (video_id, at, status, stage, progress, engine)
    SELECT id, created_at + step, status, stage, progress, engine FROM (
        SELECT id, created_at, engine, 1 AS step, 'queued' AS status, 'submitting' AS stage, 0 AS progress
        FROM video WHERE seq > :before
        UNION ALL SELECT id, created_at, engine, 2, 'in_progress', 'watching', 40 FROM video WHERE seq > :before
        UNION ALL SELECT id, created_at, engine, 29, 'in_progress', 'fetching', 40 FROM video WHERE seq > :before)
    """,
    """
    INSERT INTO ledger_entry (account_id, video_id, kind, amount_micros, created_at)
    SELECT account_id, id, 'hold', -price_micros, created_at FROM video WHERE seq > :before
    UNION ALL SELECT account_id, id, 'capture', 0, completed_at FROM video WHERE seq > :before
    """,
    """
    INSERT INTO asset (video_id, kind, key, media_type, bytes, sha256, width, height)
    SELECT id, kind.column1, 'videos/' || id || '.' || kind.column1, kind.column2, 100000, hex(randomblob(32)), 1280,
        720
    FROM video, (VALUES ('video', 'video/mp4'), ('thumbnail', 'image/webp'), ('spritesheet', 'image/jpeg')) AS kind
    WHERE seq > :before
    """,
    """
    INSERT INTO outbox (id, type, video_id, account_id, created_at, delivered_at)
    SELECT 'evt_' || lower(hex(randomblob(16))), 'video.completed', id, account_id, completed_at, completed_at
    FROM video WHERE seq > :before
    """,
    """
    INSERT INTO webhook_delivery (event_id, tries, next_at, settled_at, outcome, last_status)
    SELECT outbox.id, 1, outbox.created_at, outbox.created_at, 'delivered', 200
    FROM outbox JOIN video ON video.id = outbox.video_id WHERE video.seq > :before
    """,
)
_TOTALS = (
    "DELETE FROM usage_day",
    """
    INSERT INTO usage_day SELECT account_id, CAST(completed_at / 86400 AS INTEGER), model, count(*), sum(seconds),
        sum(price_micros) FROM video WHERE status = 'completed' GROUP BY 1, 2, 3
    """,
    """
    UPDATE account SET captured_micros = coalesce((SELECT sum(usage_day.captured_micros) FROM usage_day
        WHERE usage_day.account_id = account.id), 0)
    """,
    "DELETE FROM delivery_total",
    "INSERT INTO delivery_total SELECT outcome, count(*) FROM webhook_delivery WHERE settled_at IS NOT NULL GROUP BY 1",
    "ANALYZE",
)
