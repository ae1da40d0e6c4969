"""Chat completions: the official SDK's calls, and what a chat program displays."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING, Any

import av
import httpx2
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from PIL import Image
from tests.support.served import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 60.0
TEN, FIFTEEN = "sora-2-hd-10s-chat", "sora-2-hd-15s-chat"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose videos take 1.5 s, so that streams contain progress."""
    models = '[models.sora-2]\nengine = "testcard"\n[models.sora-2-pro]\nengine = "testcard"\n'
    with serving(tmp_path_factory.mktemp("chat"), models, FILMGATE_TESTCARD_DELAY="1.5") as running:
        yield running


def _stream_text(served: Served, prompt: str, *, model: str = TEN, base: str = "/v1", image: str | None = None) -> str:
    content: list[dict[str, object]] = [{"type": "text", "text": prompt}]
    if image is not None:
        content.append({"type": "image_url", "image_url": {"url": image}})
    messages: Any = [  # plain dicts, as programs send them
        {"role": "system", "content": "You make videos."},
        {"role": "user", "content": content},
    ]
    client = OpenAI(base_url=served.url + base, api_key=served.key, timeout=TIMEOUT, max_retries=0)
    stream = client.chat.completions.create(
        model=model,
        messages=messages,
        stream=True,
        temperature=0.3,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def _link(content: str, label: str) -> str:
    match = re.search(rf"\[{re.escape(label)}\]\(([^)\s]+)\)", content)
    assert match is not None, content
    return match[1]


@pytest.mark.parametrize("base", ["/v1", "/dmxapi/v1", "/apiyi/v1", "/apiyi-async/v1"])
def test_the_official_sdk_streams_a_video(slow: Served, base: str) -> None:
    """At every base URL: the JSON block, the id, rising progress, an animated preview, links that need no key."""
    content = _stream_text(slow, "海边奔跑的狗，横屏", base=base)
    assert content.startswith(
        '```json\n{\n  "prompt": "海边奔跑的狗，横屏",\n  "orientation": "landscape",\n  "duration": 10\n}'
    )
    assert re.search(
        r"ID: video_[0-9a-f]{32}\n\n> ⌛ 排队中…\n> 🎬 生成中…\n> 🏃 进度 (\d+\.\.)+\n> ✅ 生成完成", content
    )
    preview = httpx2.get(_link(content, "预览"))
    assert preview.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(preview.content)) as image:
        assert getattr(image, "n_frames", 1) > 1
    response = httpx2.get(_link(content, "⬇️ 下载视频"), headers={"Range": "bytes=0-"})
    assert (response.status_code, response.headers["content-type"]) == (206, "video/mp4")
    with av.open(io.BytesIO(response.content), "r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, round((container.duration or 0) / 1e6)) == (1280, 720, 10)


def test_the_player_page_plays_the_video(slow: Served) -> None:
    """No script, no external resources, the prompt as text, and a video whose URL is valid."""
    content = _stream_text(slow, "a dog <script>alert(1)</script>", model=FIFTEEN)
    assert '"orientation": "portrait"' in content
    page = httpx2.get(_link(content, "▶️ Play"))
    assert page.headers["content-security-policy"].startswith("default-src 'none'; media-src 'self'")
    assert "<script" not in page.text
    source = re.search(r'<video src="([^"]+)"', page.text)
    assert source is not None
    video_url = httpx2.URL(str(page.url)).join(source[1].replace("&amp;", "&"))
    assert httpx2.head(video_url).headers["content-type"] == "video/mp4"


def test_changed_links_are_rejected(slow: Served) -> None:
    """Another video, another file or a later expiry: 403 in the API's error format."""
    link = _link(_stream_text(slow, "a dog"), "⬇️ Download")
    changed_links = (
        link.replace("video.mp4", "preview.webp"),
        re.sub(r"video_[0-9a-f]{4}", "video_0000", link),
        re.sub(r"expires=\d+", "expires=99999999999", link),
        link.rpartition("&")[0],
        link.partition("?")[0],
    )
    for url in changed_links:
        response = httpx2.get(url)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "invalid_link")


def test_without_a_stream_the_response_waits_for_the_video(slow: Served) -> None:
    """One ``chat.completion`` that contains the links."""
    client = OpenAI(base_url=f"{slow.url}/v1", api_key=slow.key, timeout=TIMEOUT)
    completion = client.chat.completions.create(model=TEN, messages=[{"role": "user", "content": "a cat, 16:9"}])
    assert (completion.object, completion.choices[0].finish_reason) == ("chat.completion", "stop")
    assert "[⬇️ Download](" in (completion.choices[0].message.content or "")


def test_an_image_is_the_first_frame(slow: Served) -> None:
    """An image part of any size, as a data URL, is cropped to the frame."""
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), (250, 40, 40)).save(buffer, "PNG")
    image = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    assert "✅ Done" in _stream_text(slow, "make it move", image=image)


def test_a_closed_stream_does_not_stop_the_video(slow: Served) -> None:
    """The first lines have the id, by which the owner downloads the video later."""
    headers = {"Authorization": slow.key}
    body = {"model": TEN, "messages": [{"role": "user", "content": "a dog"}], "stream": True}
    with httpx2.stream(
        "POST", f"{slow.url}/v1/chat/completions", json=body, headers=headers, timeout=TIMEOUT
    ) as stream:
        first_lines = next(stream.iter_text())
    video_id = re.search(r"video_[0-9a-f]{32}", first_lines)
    assert video_id is not None
    url = f"{slow.url}/v1/videos/{video_id[0]}"
    for _ in range(20):
        video = httpx2.get(f"{url}?wait=10", headers=headers, timeout=TIMEOUT).json()
        if video["status"] == "completed":
            break
    assert httpx2.get(f"{url}/content", headers=headers).content[4:8] == b"ftyp"


def test_a_failure_ends_the_stream_properly(slow: Served) -> None:
    """With its reason, a note that nothing was charged, and ``[DONE]``."""
    headers = {"Authorization": slow.key}
    body = {"model": TEN, "messages": [{"role": "user", "content": "a dog"}], "stream": True}
    text = ""
    with httpx2.stream(
        "POST", f"{slow.url}/v1/chat/completions", json=body, headers=headers, timeout=TIMEOUT
    ) as stream:
        for piece in stream.iter_text():
            if not text:
                match = re.search(r"video_[0-9a-f]{32}", piece)
                assert match is not None
                httpx2.post(f"{slow.url}/v1/videos/{match[0]}/cancel", headers=headers)
            text += piece
    assert "❌ The video failed: The video was cancelled.\\n> Nothing was charged." in text
    assert '"finish_reason":"stop"' in text
    assert text.endswith("data: [DONE]\n\n")


def test_invalid_chat_requests_are_rejected_before_the_stream(slow: Served) -> None:
    """A model that is not for chat, and a body without a user message, raise the SDK's own exceptions."""
    client = OpenAI(base_url=f"{slow.url}/v1", api_key=slow.key, max_retries=0)
    with pytest.raises(BadRequestError, match=TEN):
        client.chat.completions.create(model="sora-2", messages=[{"role": "user", "content": "x"}], stream=True)
    with pytest.raises(BadRequestError, match="messages"):
        client.chat.completions.create(model=TEN, messages=[{"role": "system", "content": "x"}])
    with pytest.raises(NotFoundError):
        client.completions.create(model=TEN, prompt="x")
