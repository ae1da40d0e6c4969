"""What a failed video says."""

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
    """Addresses, hosts, paths and keys in an engine's words are left out, the words around them stay."""
    said = failure_codes.public_error(VideoError("boom", f"Could not load {secret} (code 7)"))
    assert secret not in said.message
    assert said.message.startswith("Could not load …")
    assert said.message.endswith("(code 7)")


@pytest.mark.parametrize(
    "plain",
    ["Your request was blocked by our moderation system.", "Size 1280x720 and/or 8 seconds: too much.", "提示词违规。"],
)
def test_plain_words_stay_as_they_are(plain: str) -> None:
    """What holds no secret is passed on to the letter."""
    assert failure_codes.public_error(VideoError("moderation_blocked", plain)) == VideoError(
        "moderation_blocked", plain
    )


def test_a_sentence_that_lost_its_sense_is_ours() -> None:
    """An address and a key with nothing telling around them leave no sentence; the code stays."""
    said = failure_codes.public_error(
        VideoError("boom", "POST http://gpu-7:8000/v1/videos failed: sk-proj-abcdefgh12345678")
    )
    assert said == VideoError("boom", failure_codes.ENGINE_ERROR.message)


@pytest.mark.parametrize("error", [None, VideoError("", " ")])
def test_a_failure_without_words_gets_ours(error: VideoError | None) -> None:
    """A failed video always has a code and a message."""
    assert failure_codes.public_error(error) == failure_codes.ENGINE_ERROR


def test_a_long_message_is_cut() -> None:
    """An engine's page of HTML does not become the video's message."""
    assert len(failure_codes.public_error(VideoError("boom", "words " * 1000)).message) == 500


def test_a_rejection_keeps_its_code() -> None:
    """What the engine said stays recognisable for programs."""
    assert failure_codes.from_engine_error(EngineRejected("No cats.", code="no_cats")) == VideoError(
        "no_cats", "No cats."
    )
