"""The checker finds what must not be; a checker that finds nothing proves nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from filmgate.testing.checker import (
    AssetRow,
    ClientResponse,
    DatabaseSnapshot,
    FileDigest,
    HistoryRow,
    LedgerRow,
    OutboxEventRow,
    ProcessResources,
    ReceivedWebhook,
    ResourceCheck,
    SecretScan,
    SurroundingFiles,
    VideoRow,
    list_files,
    read_contents,
    read_resources,
    violations,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST = "a" * 64
KEY = "videos/aa/video_1-0.mp4"


def _rows() -> DatabaseSnapshot:
    """One account with one completed video of 300."""
    return DatabaseSnapshot(
        videos=[VideoRow("video_1", "acct", "completed", 100, 300, 1, deleted=False)],
        history=[
            HistoryRow("video_1", "queued", 0),
            HistoryRow("video_1", "in_progress", 40),
            HistoryRow("video_1", "completed", 100),
        ],
        assets=[AssetRow("video_1", "video", KEY, 7, DIGEST)],
        ledger=[
            LedgerRow("acct", None, "grant", 1000),
            LedgerRow("acct", "video_1", "hold", -300),
            LedgerRow("acct", "video_1", "capture", 0),
        ],
        balances={"acct": 700},
        events=[OutboxEventRow("evt_1", "video.completed", "video_1", "acct")],
    )


FILES = {KEY: FileDigest(7, DIGEST)}
SEEN = [
    ClientResponse(
        operation="create", video_id="video_1", http_status=200, status="queued", progress=0, account="acct"
    ),
    ClientResponse(
        operation="retrieve", video_id="video_1", http_status=200, status="completed", progress=100, account="acct"
    ),
    ClientResponse(operation="content", video_id="video_1", http_status=200, sha256=DIGEST, account="acct"),
    ClientResponse(operation="everything", video_id="", http_status=200, listed_ids=["video_1"], account="acct"),
]
TOLD = ReceivedWebhook(webhook_id="evt_1", type="video.completed", video_id="video_1", signed=True, http_status=200)


EMPTY = b'{"error": {"message": "", "type": "invalid_request_error", "param": null, "code": null}}'


def _but(**changes: object) -> DatabaseSnapshot:
    return msgspec.structs.replace(_rows(), **changes)


def _video(**changes: object) -> Sequence[VideoRow]:
    return [msgspec.structs.replace(_rows().videos[0], **changes)]


def test_what_is_right_is_left_alone() -> None:
    """A video that ended well violates nothing, though its event was told twice, once in vain."""
    again = msgspec.structs.replace(TOLD, http_status=500)
    assert violations(SEEN, _rows(), FILES, submissions={"video_1": 1}, deliveries={"acct": [again, TOLD]}) == []


@pytest.mark.parametrize(
    ("rows", "invariant"),
    [
        (_but(videos=_video(status="in_progress", progress=40)), "I1"),
        (_but(videos=[]), "I1"),
        (_but(videos=_video(deleted=True)), "I1"),
        (_but(ledger=_rows().ledger[:-1]), "I3"),
        (_but(ledger=[*_rows().ledger, LedgerRow("acct", "video_1", "release", 300)]), "I3"),
        (_but(ledger=[*_rows().ledger, LedgerRow("acct", "video_1", "hold", -300)]), "I3"),
        (_but(balances={"acct": 1000}), "I3"),
        (_but(balances={"acct": -5}), "I3"),
        (_but(ledger=[*_rows().ledger[:-1], LedgerRow("other", "video_1", "capture", 0)]), "I3"),
        (_but(events=[]), "I5"),
        (_but(events=[*_rows().events, *_rows().events]), "I5"),
        (_but(history=[*_rows().history, HistoryRow("video_1", "queued", 100)]), "I4"),
        (_but(history=[*_rows().history[:2], HistoryRow("video_1", "in_progress", 20), _rows().history[2]]), "I4"),
        (_but(assets=[]), "I4"),
        (_but(assets=[AssetRow("video_1", "video", KEY, 7, "b" * 64)]), "I4"),
    ],
)
def test_a_wrong_row_is_found(rows: DatabaseSnapshot, invariant: str) -> None:
    """Each way in which the rows can be wrong violates its invariant."""
    assert invariant in {found.partition(":")[0] for found in violations(SEEN, rows, FILES)}


@pytest.mark.parametrize(
    ("answer", "invariant"),
    [
        (ClientResponse(operation="create", video_id="video_2", http_status=200), "I1"),
        (ClientResponse(operation="delete", video_id="video_1", http_status=200), "I1"),
        (
            ClientResponse(
                operation="retrieve", video_id="video_1", http_status=200, status="in_progress", progress=100
            ),
            "I4",
        ),
        (
            ClientResponse(operation="retrieve", video_id="video_1", http_status=200, status="completed", progress=99),
            "I4",
        ),
        (ClientResponse(operation="content", video_id="video_1", http_status=200, sha256="b" * 64), "I4"),
        (ClientResponse(operation="retrieve", video_id="video_1", http_status=500), "I7"),
        (ClientResponse(operation="create", video_id="", http_status=400, error_body=b"<html>"), "I7"),
        (
            ClientResponse(
                operation="create", video_id="", http_status=400, error_body=b'{"error": {"message": "No."}}'
            ),
            "I7",
        ),
        (ClientResponse(operation="create", video_id="", http_status=400, error_body=EMPTY), "I7"),
        (ClientResponse(operation="everything", video_id="", http_status=200, account="acct"), "I1"),
        (
            ClientResponse(
                operation="everything", video_id="", http_status=200, account="acct", listed_ids=["video_1"] * 2
            ),
            "I1",
        ),
        (ClientResponse(operation="retrieve", video_id="video_1", http_status=200, account="other"), "I6"),
        (ClientResponse(operation="list", video_id="", http_status=200, account="other", listed_ids=["video_1"]), "I6"),
        (ClientResponse(operation="list", video_id="", http_status=404, account="other", listed_ids=["video_1"]), "I6"),
        (ClientResponse(operation="content", video_id="", http_status=404, account="other", sha256=DIGEST), "I6"),
    ],
)
def test_a_wrong_answer_is_found(answer: ClientResponse, invariant: str) -> None:
    """Each way in which a client can be told wrong violates its invariant."""
    assert invariant in {found.partition(":")[0] for found in violations([*SEEN, answer], _rows(), FILES)}


@pytest.mark.parametrize(
    ("files", "invariant"),
    [
        ({}, "I4"),
        ({KEY: FileDigest(7, "b" * 64)}, "I4"),
        ({KEY: FileDigest(6, DIGEST)}, "I4"),
        (FILES | {"videos/aa/other.mp4": FileDigest(1, DIGEST)}, "I9"),
    ],
)
def test_a_wrong_file_is_found(files: dict[str, FileDigest], invariant: str) -> None:
    """A file that is gone, changed or left over violates its invariant."""
    assert {found.partition(":")[0] for found in violations(SEEN, _rows(), files)} == {invariant}


def test_a_planned_refusal_is_no_fault() -> None:
    """A refusal in the wire's shape that names what it was asked for, another's video, is as it should be."""
    body = EMPTY.replace(b'""', b'"There is no video_1."', 1)
    refused = ClientResponse(
        operation="retrieve", video_id="video_1", http_status=404, account="other", error_body=body
    )
    busy = ClientResponse(operation="create", video_id="", http_status=503, account="other")
    assert violations([*SEEN, refused, busy], _rows(), FILES) == []


@pytest.mark.parametrize(
    ("calls", "invariant"),
    [
        ([], "I5"),
        ([msgspec.structs.replace(TOLD, http_status=500)], "I5"),
        ([msgspec.structs.replace(TOLD, callback=True)], "I5"),
        ([TOLD, msgspec.structs.replace(TOLD, webhook_id="evt_2")], "I5"),
        ([TOLD, msgspec.structs.replace(TOLD, type="video.failed")], "I5"),
        ([TOLD, msgspec.structs.replace(TOLD, video_id="video_2")], "I5"),
        ([TOLD, msgspec.structs.replace(TOLD, signed=False)], "I5"),
    ],
)
def test_a_wrong_webhook_is_found(calls: list[ReceivedWebhook], invariant: str) -> None:
    """An event that is never taken, or told under another id, of something else or without its signature."""
    assert {found.partition(":")[0] for found in violations(SEEN, _rows(), FILES, deliveries={"acct": calls})} == {
        invariant
    }


def test_an_event_told_to_a_stranger_is_found() -> None:
    """Whoever is told of another's video, however well it is signed."""
    found = violations(SEEN, _rows(), FILES, deliveries={"acct": [TOLD], "other": [TOLD]})
    assert found == ["I6: evt_1 of acct was delivered to other"]


def test_a_leak_is_found_and_not_repeated(tmp_path: Path) -> None:
    """A secret in the log is named by what it is and where it stands; where keys belong nobody looks."""
    (tmp_path / "data" / "secrets").mkdir(parents=True)
    (tmp_path / "data" / "secrets" / "key").write_text("sk-canary")
    (tmp_path / "data" / "rows").write_text("nothing")
    (tmp_path / "log").write_text("used sk-canary for it")
    search = SecretScan({"the upstream's key": "sk-canary"}, read_contents(tmp_path / "data", tmp_path / "log"))
    found = violations(SEEN, _rows(), FILES, secret_scan=search)
    assert found == [f"I8: the upstream's key stands in {tmp_path / 'log'}"]


def test_what_is_written_elsewhere_is_found(tmp_path: Path) -> None:
    """What comes, goes or changes around the data folder; what happens within it is its own affair."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("changed", "gone"):
        (tmp_path / name).write_text("before")
    before = list_files(tmp_path, exclude=data)
    (data / "new").write_text("after")
    (tmp_path / "changed").write_text("afterwards")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("after")
    found = violations(SEEN, _rows(), FILES, surroundings=SurroundingFiles(before, list_files(tmp_path, exclude=data)))
    words = [sentence.replace(f"{tmp_path}/", "") for sentence in found]
    assert words == [
        "I9: changed outside the data folder was changed",
        "I9: gone outside the data folder is gone",
        "I9: new was written outside the data folder",
    ]


def test_what_is_left_half_made_is_found() -> None:
    """A staged file that outlives its sweep."""
    assert violations(SEEN, _rows(), FILES, staged_names=["a.mp4"]) == ["I9: a.mp4 was left where things are made"]


@pytest.mark.parametrize("figure", ["descriptors", "threads", "tasks", "rss_bytes"])
def test_what_does_not_come_back_is_found(figure: str) -> None:
    """More than the tolerance of any figure; as much as it is well, and so is less."""
    before = ProcessResources(descriptors=10, threads=5, rss_bytes=1 << 26, tasks=3)
    spare = getattr(ResourceCheck(before, before).tolerance, figure)
    as_much, more, less = (
        msgspec.structs.replace(before, **{figure: getattr(before, figure) + change})
        for change in (spare, spare + 1, -1)
    )
    assert violations(SEEN, _rows(), FILES, resource_check=ResourceCheck(before, as_much)) == []
    assert violations(SEEN, _rows(), FILES, resource_check=ResourceCheck(before, less)) == []
    (found,) = violations(SEEN, _rows(), FILES, resource_check=ResourceCheck(before, more))
    assert found.startswith(f"I10: {figure} went from ")


def test_figures_are_those_of_a_process() -> None:
    """An open file is one more descriptor; threads and memory are there."""
    before = read_resources(os.getpid())
    with Path(os.devnull).open("rb"):
        after = read_resources(os.getpid())
    assert (after.descriptors, after.tasks) == (before.descriptors + 1, None)
    assert before.threads >= 1
    assert before.rss_bytes > 1 << 20


def test_a_second_submission_is_found() -> None:
    """What the upstream counted is held against us."""
    assert violations(SEEN, _rows(), FILES, submissions={"video_1": 2}) == ["I2: video_1 was submitted 2 times"]
