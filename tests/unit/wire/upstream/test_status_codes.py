"""The table of what a response without a job means."""

from __future__ import annotations

import re

import pytest

from filmgate.domain import VideoError
from filmgate.wire.upstream import status_codes
from filmgate.wire.upstream.status_codes import ReplyKind

RETRY_AFTER = {"Retry-After": "5"}


def _rows() -> list[tuple[list[int], ReplyKind]]:
    """Return the rows of the table in the module's docstring: statuses, and what they mean for a submission."""
    rows = re.findall(r"^\| ([^|]+)\| (TERMINAL|TRANSIENT|AMBIGUOUS) ", status_codes.__doc__ or "", re.MULTILINE)
    assert len(rows) == 17
    return [([int(status) for status in re.findall(r"\b\d{3}\b", text)], ReplyKind[word]) for text, word in rows]


def test_the_documented_table_is_implemented() -> None:
    """Every status in the documentation has the kind that stands there."""
    count = 0
    for statuses, kind in _rows():
        overloaded = set(statuses) == {503, 529}
        for status in statuses:
            headers = RETRY_AFTER if overloaded and kind is ReplyKind.TRANSIENT else {}
            assert status_codes.classify_submit(status, headers, None) is kind, status
            count += 1
    assert count == 20


def test_other_statuses_have_their_default() -> None:
    """Other 4xx were rejected; all else may have been accepted."""
    named = {status for statuses, _ in _rows() for status in statuses}
    for status in {*range(100, 600), 0, 700, 999} - named - set(range(200, 300)):
        expected = ReplyKind.TERMINAL if 400 <= status < 500 else ReplyKind.AMBIGUOUS
        assert status_codes.classify_submit(status, {}, None) is expected, status


@pytest.mark.parametrize("status", [500, 502, 504, 520, 524])
def test_retry_after_on_a_failure_is_no_rejection(status: int) -> None:
    """Only an overload with Retry-After was rejected; another error with Retry-After may have been accepted."""
    assert status_codes.classify_submit(status, RETRY_AFTER, None) is ReplyKind.AMBIGUOUS


def test_a_used_up_quota_is_final_with_any_client_error() -> None:
    """Waiting a few seconds adds no money; a server error says nothing about money."""
    for status in (400, 402, 403, 429):
        assert status_codes.classify_submit(status, RETRY_AFTER, "insufficient_quota") is ReplyKind.TERMINAL
    assert status_codes.classify_submit(500, {}, "insufficient_quota") is ReplyKind.AMBIGUOUS


def test_a_poll_without_a_job_can_only_mean_gone() -> None:
    """404 and 410; after every other response without a job the flow polls again."""
    for status in (*range(100, 200), *range(300, 600)):
        expected = ReplyKind.GONE if status in {404, 410} else ReplyKind.TRANSIENT
        assert status_codes.classify_poll(status, readable=True) is expected
        assert status_codes.classify_poll(status, readable=False) is expected
    assert status_codes.classify_poll(200, readable=True) is ReplyKind.UNKNOWN
    assert status_codes.classify_poll(200, readable=False) is ReplyKind.TRANSIENT


def test_errors_about_our_account_get_our_own_words() -> None:
    """A rejected key, an empty account and a wrong address."""
    error = VideoError("invalid_api_key", "Incorrect API key provided: sk-12345678.")
    assert status_codes.public_rejection(401, error).code == "upstream_unauthorized"
    assert status_codes.public_rejection(402, error).code == "upstream_quota"
    assert status_codes.public_rejection(308, error).code == "upstream_misconfigured"
    assert (
        status_codes.public_rejection(403, VideoError("insufficient_quota", "0.02 USD left")).code == "upstream_quota"
    )
    assert status_codes.public_rejection(400, error) is error
