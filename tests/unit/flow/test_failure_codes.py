"""Errors of failed videos."""

from __future__ import annotations

import pytest

from filmgate.domain import VideoError
from filmgate.errors import EngineRejected
from filmgate.flow import failure_codes


@pytest.mark.parametrize(
    "secret",
    [
        "http://10.1.2.3:8000/v1/videos",
        "https://gpu-7.internal.example/v1?key=abc",
        "192.168.1.9:30000",
        "gpu-7.cluster.local:8000",
        "upstream.example/v1/videos",
        "localhost:8000",
        "/srv/models/wan/config.json",
        "../weights/model.bin",
        "sk-proj-abcdefgh12345678",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_no_secret_reaches_the_client(secret: str) -> None:
    """Addresses, hosts, paths and keys are removed from an engine's message, the words around them stay."""
    error = failure_codes.public_error(VideoError("boom", f"Could not load {secret} (code 7)"))
    assert secret not in error.message
    assert error.message.startswith("Could not load …")
    assert error.message.endswith("(code 7)")


@pytest.mark.parametrize(
    "plain",
    ["Your request was blocked by our moderation system.", "Size 1280x720 and/or 8 seconds: too much.", "提示词违规。"],
)
def test_a_message_without_secrets_is_unchanged(plain: str) -> None:
    """A message without secrets is passed on verbatim."""
    assert failure_codes.public_error(VideoError("moderation_blocked", plain)) == VideoError(
        "moderation_blocked", plain
    )


def test_a_message_of_only_secrets_is_replaced_by_ours() -> None:
    """Without its address and key, nothing readable is left of the message; the code stays."""
    error = failure_codes.public_error(
        VideoError("boom", "POST http://gpu-7:8000/v1/videos failed: sk-proj-abcdefgh12345678")
    )
    assert error == VideoError("boom", failure_codes.ENGINE_ERROR.message)


@pytest.mark.parametrize("error", [None, VideoError("", " ")])
def test_a_failure_without_a_message_gets_ours(error: VideoError | None) -> None:
    """A failed video always has a code and a message."""
    assert failure_codes.public_error(error) == failure_codes.ENGINE_ERROR


def test_a_long_message_is_truncated() -> None:
    """An engine's page of HTML does not become the video's message."""
    assert len(failure_codes.public_error(VideoError("boom", "words " * 1000)).message) == 500


def test_a_rejection_keeps_its_code() -> None:
    """Programs can rely on the engine's own error code."""
    assert failure_codes.from_engine_error(EngineRejected("No cats.", code="no_cats")) == VideoError(
        "no_cats", "No cats."
    )
