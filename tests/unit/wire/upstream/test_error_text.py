"""The reason of a failed job, from whatever an upstream sent about it."""

from __future__ import annotations

from typing import Any

import pytest

from filmgate.domain import VideoError
from filmgate.wire.upstream.error_text import MAX_MESSAGE_LENGTH, parse_error, redact

DEFAULT = VideoError("engine_error", "The engine could not make the video.")


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (None, DEFAULT.code, DEFAULT.message),
        ("", DEFAULT.code, DEFAULT.message),
        ("   \n", DEFAULT.code, DEFAULT.message),
        ("Out of memory", DEFAULT.code, "Out of memory"),
        ({"code": "oom", "message": "Out of memory"}, "oom", "Out of memory"),
        ({"message": "Out of memory"}, DEFAULT.code, "Out of memory"),
        ({"code": 500, "message": "Out of memory"}, DEFAULT.code, "Out of memory"),
        ({"code": None, "type": "server_error", "message": None}, "server_error", DEFAULT.message),
        ({"code": "OOM"}, "oom", DEFAULT.message),
        ({"code": "no code at all"}, DEFAULT.code, DEFAULT.message),
        ({"code": "x" * 65}, DEFAULT.code, DEFAULT.message),
        ({"code": "a" * 40}, DEFAULT.code, DEFAULT.message),
        ({"error": {"code": "oom", "message": "Out of memory"}}, "oom", "Out of memory"),
        ([{"loc": ["body"], "msg": "bad size", "type": "value_error"}], "value_error", "bad size"),
        ([], DEFAULT.code, DEFAULT.message),
        (["Out of memory"], DEFAULT.code, "Out of memory"),
        (500, DEFAULT.code, DEFAULT.message),
        (True, DEFAULT.code, DEFAULT.message),
        ("<!DOCTYPE html><html><body>Bad gateway", DEFAULT.code, DEFAULT.message),
        ({"message": "<html>x</html>", "code": "bad_gateway"}, "bad_gateway", DEFAULT.message),
        ({"code": "content_policy_violation", "message": "no"}, "moderation_blocked", "no"),
        (
            {"message": {"message": {"message": {"message": {"message": {"message": "deep"}}}}}},
            DEFAULT.code,
            DEFAULT.message,
        ),
    ],
)
def test_any_shape_gives_a_code_and_a_message(value: object, code: str, message: str) -> None:
    """A missing code or message is the default's."""
    assert parse_error(value, DEFAULT) == VideoError(code, message)


@pytest.mark.parametrize(
    "secret",
    [
        "https://api.vendor.example/v1/videos/video_1?sig=abc",
        "10.0.0.7",
        "10.0.0.7:8000",
        "2001:db8:0:1::7",
        "[fe80:1:2:3::1]:8000",
        "localhost:8000",
        "gpu-3.cluster.internal",
        "api.vendor.com",
        "worker.example:9000",
        "/var/lib/models/wan/weights.bin",
        "sk-abcdefgh12345678",
        "Bearer abcdefgh12345678",
        "0123456789abcdef0123456789abcdef",
        "video_1",
        "my-own-key",
    ],
)
def test_nothing_secret_is_repeated(secret: str) -> None:
    """No host, address, path, key or id of the upstream reaches a client, wherever it stands."""
    for text in (f"Weights missing at {secret} again", f"Weights missing ({secret})"):
        message = parse_error({"message": text}, DEFAULT, ("video_1", "my-own-key")).message
        assert secret not in message, message
        assert "…" in message
    for text in (secret, f"POST {secret} failed: {secret}", f"Error: HTTP 500 at {secret}"):
        assert parse_error({"message": text}, DEFAULT, ("video_1", "my-own-key")) == DEFAULT


@pytest.mark.parametrize("text", ["Failed.", "Error 500", "HTTP 502", "…"])
def test_a_message_without_a_secret_stays_however_short(text: str) -> None:
    """Only a message that redaction leaves meaningless is replaced."""
    assert redact(text) == text


@pytest.mark.parametrize("text", ["Timeout at https://a.example/x", "无法加载 https://a.example/x"])
def test_a_meaningful_rest_stays(text: str) -> None:
    """One word beside the address is enough, in any language."""
    assert redact(text) == text.replace("https://a.example/x", "…")


def test_truncation_does_not_cut_a_secret_in_half() -> None:
    """Text is cut between words."""
    for filling in range(960, 1001):
        assert "sk-ab" not in redact("https://a.example/" + "x" * (filling - 20) + " sk-abcdefgh12345678" + " y" * 50)


def test_a_message_is_one_short_line() -> None:
    """Control characters, direction marks and half pairs are removed; the length is bounded."""
    assert redact("a\r\n\tb\x00c\u202ed\ud800e") == "a b c d e"
    assert len(redact("word " * 10_000_000)) == MAX_MESSAGE_LENGTH


def test_a_hostile_message_is_cheap_to_redact() -> None:
    """No text makes redaction slow: it is cut before it is searched."""
    for text in ("a." * 500_000, "a:" * 500_000, "-" * 1_000_000, "/a" * 500_000):
        redact(text)


def test_a_message_of_any_type_gives_the_default() -> None:
    """Whatever JSON can hold."""
    shapes: list[Any] = [{"message": 7}, {"message": [{}]}, [[[]]], {"error": []}, [None], {"detail": {"a": 1}}]
    assert all(parse_error(shape, DEFAULT) == DEFAULT for shape in shapes)
