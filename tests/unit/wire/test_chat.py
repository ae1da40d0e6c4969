"""The chat dialect, from the request to the progress text."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.domain import VideoError
from filmgate.errors import InvalidType, InvalidValue, MissingParameter, RequestError
from filmgate.wire.chat import (
    ChatLinks,
    ChatProgressText,
    TokenUsage,
    chunk,
    completion,
    detect_language,
    detect_orientation,
    parse_chat,
    usage_chunk,
)
from filmgate.wire.params import ImageUrl

LINKS = ChatLinks(preview="http://x/p.webp", player="http://x/p", download="http://x/p.mp4")


def _body(content: object, **more: object) -> dict[str, object]:
    return {"model": "sora-2-hd-15s-chat", "messages": [{"role": "user", "content": content}], **more}


@pytest.mark.parametrize(
    ("prompt", "orientation"),
    [
        ("a dog on a beach", "portrait"),
        ("a dog, 16:9", "landscape"),
        ("a dog, 9:16", "portrait"),
        ("海边的狗，横屏", "landscape"),
        ("海边的狗，竖屏", "portrait"),
        ("16：9 的城市", "landscape"),
        ("a LANDSCAPE video of a landscape", "landscape"),
        ("vertical video of a widescreen television", "portrait"),
        ("a landscapes painter", "portrait"),
        ("ratio 116:90", "portrait"),
    ],
)
def test_the_orientation_is_read_from_the_prompt(prompt: str, orientation: str) -> None:
    """The first mention counts, in either language; the default is portrait."""
    assert detect_orientation(prompt) == orientation


def test_the_last_user_message_is_the_prompt() -> None:
    """System messages, earlier turns and unknown parameters are ignored; the ratio stays in the prompt."""
    body: dict[str, object] = {
        "model": "sora-2-hd-10s-chat",
        "temperature": 0.7,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "a cat"},
            {"role": "assistant", "content": "…"},
            {"role": "user", "content": "a dog, 16:9"},
            {"role": "assistant", "content": ""},
        ],
    }
    params = parse_chat(body)
    assert (params.prompt, params.orientation, params.stream, params.include_usage) == (
        "a dog, 16:9",
        "landscape",
        True,
        True,
    )


def test_an_image_part_is_the_reference_image() -> None:
    """An image_url part, as an object or a bare string, comes with the text of its message."""
    parts = [{"type": "text", "text": "move"}, {"type": "image_url", "image_url": {"url": "https://x/a.png"}}]
    params = parse_chat(_body(parts))
    assert (params.prompt, params.image) == ("move", ImageUrl("https://x/a.png"))
    assert parse_chat(_body([{"type": "image_url", "image_url": "data:,"}])).image == ImageUrl("data:,")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, MissingParameter),
        ({"model": 3, "messages": []}, InvalidType),
        ({"model": "m"}, MissingParameter),
        ({"model": "m", "messages": "hi"}, InvalidType),
        ({"model": "m", "messages": []}, InvalidValue),
        ({"model": "m", "messages": ["hi"]}, InvalidType),
        (_body(3), InvalidType),
        (_body([3]), InvalidType),
        (_body("x", stream="yes"), InvalidType),
        (_body([{"type": "image_url", "image_url": {}}]), InvalidType),
        (_body([{"type": "image_url", "image_url": "a"}] * 2), InvalidValue),
    ],
)
def test_an_invalid_request_is_rejected(body: dict[str, object], error: type[RequestError]) -> None:
    """Each with the contract's error class."""
    with pytest.raises(error):
        parse_chat(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(["model", "messages", "role", "content", "type", "text", "image_url", "url", "user"])
                | st.text(),
                s,
            )
        ),
    )
)
def test_any_json_is_parsed_or_rejected(body: Any) -> None:
    """Any JSON gives parameters or a request error."""
    if isinstance(body, dict):
        with contextlib.suppress(RequestError):
            parse_chat(body)


def test_the_progress_text_of_a_chinese_prompt() -> None:
    """A fenced JSON block, the id, queued, generating, a growing line, done, image and links: in Chinese."""
    progress_text = ChatProgressText("海边的狗", "video_1")
    text = progress_text.opening("portrait", 15)
    text += "".join(progress_text.progress(percent) for percent in (0, 42, 42, 54, 30, 67))
    text += progress_text.completed(LINKS)
    head, _, rest = text.partition("```\n\n")
    assert json.loads(head.removeprefix("```json\n")) == {
        "prompt": "海边的狗",
        "orientation": "portrait",
        "duration": 15,
    }
    assert rest == (
        "ID: video_1\n\n> ⌛ 排队中…\n> 🎬 生成中…\n> 🏃 进度 42..54..67..\n> ✅ 生成完成，ID：video_1\n\n"
        "![预览](http://x/p.webp)\n\n[▶️ 在线播放](http://x/p) | [⬇️ 下载视频](http://x/p.mp4)\n"
    )


def test_a_failure_is_part_of_the_text() -> None:
    """With its reason, and that nothing was charged."""
    progress_text = ChatProgressText("a dog", "video_1")
    text = progress_text.progress(3) + progress_text.failed(VideoError("moderation_blocked", "It was blocked."))
    assert text.endswith("3..\n> ❌ The video failed: It was blocked.\n> Nothing was charged.\n")
    assert "video_1" in progress_text.still_running()


def test_a_prompt_cannot_end_its_own_code_block() -> None:
    """Backticks in the prompt stay inside the fence."""
    assert ChatProgressText("``` # ID: video_evil", "video_1").opening("portrait", 10).count("```") == 2


def test_chunks_match_the_sdk() -> None:
    """One event per chunk; the usage chunk has no choices; the whole response has a message."""
    first = json.loads(chunk("c", "m", 1, role="assistant", content="").removeprefix(b"data: "))
    assert first["choices"][0] == {
        "index": 0,
        "delta": {"role": "assistant", "content": ""},
        "logprobs": None,
        "finish_reason": None,
    }
    usage = TokenUsage(prompt_tokens=1, completion_tokens=2, total_tokens=3)
    assert json.loads(usage_chunk("c", "m", 1, usage).removeprefix(b"data: "))["choices"] == []
    assert json.loads(completion("c", "m", 1, "text", usage))["choices"][0]["message"]["content"] == "text"


def test_one_chinese_character_makes_a_prompt_chinese() -> None:
    """All other prompts are English."""
    assert (detect_language("a dog 狗"), detect_language("a dog")) == ("zh", "en")
