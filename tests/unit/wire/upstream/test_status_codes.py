"""The table of what an answer means where it holds no job."""

from __future__ import annotations

import re

import pytest

from filmgate.domain import VideoError
from filmgate.wire.upstream import status_codes
from filmgate.wire.upstream.status_codes import ReplyKind

PATIENT = {"Retry-After": "5"}


def _rows() -> list[tuple[list[int], ReplyKind]]:
    """The table of the module's docstring: each row's statuses, and what they mean for a submission."""
    rows = re.findall(r"^\| ([^|]+)\| (TERMINAL|TRANSIENT|AMBIGUOUS) ", status_codes.__doc__ or "", re.MULTILINE)
    assert len(rows) == 17
    return [([int(status) for status in re.findall(r"\b\d{3}\b", text)], ReplyKind[word]) for text, word in rows]


def test_the_table_is_what_is_done() -> None:
    """Every status that the documentation names means what it says there."""
    walked = 0
    for statuses, meaning in _rows():
        overloaded = set(statuses) == {503, 529}
        for status in statuses:
            headers = PATIENT if overloaded and meaning is ReplyKind.TRANSIENT else {}
            assert status_codes.classify_submit(status, headers, None) is meaning, status
            walked += 1
    assert walked == 20


def test_what_the_table_does_not_name_has_its_default() -> None:
    """Other 4xx were refused; all else, whatever it is, may have been accepted."""
    named = {status for statuses, _ in _rows() for status in statuses}
    for status in {*range(100, 600), 0, 700, 999} - named - set(range(200, 300)):
        expected = ReplyKind.TERMINAL if 400 <= status < 500 else ReplyKind.AMBIGUOUS
        assert status_codes.classify_submit(status, {}, None) is expected, status


@pytest.mark.parametrize("status", [500, 502, 504, 520, 524])
def test_patience_after_a_failure_is_no_refusal(status: int) -> None:
    """Only an overload that says when to come back was turned away; an error with Retry-After may have been taken."""
    assert status_codes.classify_submit(status, PATIENT, None) is ReplyKind.AMBIGUOUS


def test_a_used_up_quota_is_final_whatever_it_is_called() -> None:
    """Waiting a few seconds adds no money; but an error of the server's is no word about money."""
    for status in (400, 402, 403, 429):
        assert status_codes.classify_submit(status, PATIENT, "insufficient_quota") is ReplyKind.TERMINAL
    assert status_codes.classify_submit(500, {}, "insufficient_quota") is ReplyKind.AMBIGUOUS


def test_a_look_only_ever_finds_a_job_gone() -> None:
    """404 and 410; every other answer without a job is one to come back after."""
    for status in (*range(100, 200), *range(300, 600)):
        expected = ReplyKind.GONE if status in {404, 410} else ReplyKind.TRANSIENT
        assert status_codes.classify_poll(status, readable=True) is expected
        assert status_codes.classify_poll(status, readable=False) is expected
    assert status_codes.classify_poll(200, readable=True) is ReplyKind.UNKNOWN
    assert status_codes.classify_poll(200, readable=False) is ReplyKind.TRANSIENT


def test_our_account_there_is_nobodys_affair() -> None:
    """A refused key, an empty account and a wrong address are told in our words."""
    said = VideoError("invalid_api_key", "Incorrect API key provided: sk-12345678.")
    assert status_codes.public_rejection(401, said).code == "upstream_unauthorized"
    assert status_codes.public_rejection(402, said).code == "upstream_quota"
    assert status_codes.public_rejection(308, said).code == "upstream_misconfigured"
    assert (
        status_codes.public_rejection(403, VideoError("insufficient_quota", "0.02 USD left")).code == "upstream_quota"
    )
    assert status_codes.public_rejection(400, said) is said
