"""Chat programs: the official SDK's chat calls, and what a program shows of them."""

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

PATIENCE = 60.0
TEN, FIFTEEN = "sora-2-hd-10s-chat", "sora-2-hd-15s-chat"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose films take a second and a half, so that there is progress to tell."""
    models = '[models.sora-2]\nengine = "testcard"\n[models.sora-2-pro]\nengine = "testcard"\n'
    with serving(tmp_path_factory.mktemp("chat"), models, FILMGATE_TESTCARD_DELAY="1.5") as running:
        yield running


def _ask(served: Served, prompt: str, *, model: str = TEN, base: str = "/v1", image: str | None = None) -> str:
    content: list[dict[str, object]] = [{"type": "text", "text": prompt}]
    if image is not None:
        content.append({"type": "image_url", "image_url": {"url": image}})
    messages: Any = [  # plain dicts, as programs send them
        {"role": "system", "content": "You make films."},
        {"role": "user", "content": content},
    ]
    client = OpenAI(base_url=served.url + base, api_key=served.key, timeout=PATIENCE, max_retries=0)
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


def _link(story: str, text: str) -> str:
    found = re.search(rf"\[{re.escape(text)}\]\(([^)\s]+)\)", story)
    assert found is not None, story
    return found[1]


@pytest.mark.parametrize("base", ["/v1", "/dmxapi/v1", "/apiyi/v1", "/apiyi-async/v1"])
def test_the_official_sdk_streams_a_film(slow: Served, base: str) -> None:
    """From every base URL: the block, the id, growing progress, a moving picture, links that open without a key."""
    story = _ask(slow, "海边奔跑的狗，横屏", base=base)
    assert story.startswith(
        '```json\n{\n  "prompt": "海边奔跑的狗，横屏",\n  "orientation": "landscape",\n  "duration": 10\n}'
    )
    assert re.search(
        r"ID: video_[0-9a-f]{32}\n\n> ⌛ 排队中…\n> 🎬 生成中…\n> 🏃 进度 (\d+\.\.)+\n> ✅ 生成完成", story
    )
    preview = httpx2.get(_link(story, "预览"))
    assert preview.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(preview.content)) as picture:
        assert getattr(picture, "n_frames", 1) > 1
    film = httpx2.get(_link(story, "⬇️ 下载视频"), headers={"Range": "bytes=0-"})
    assert (film.status_code, film.headers["content-type"]) == (206, "video/mp4")
    with av.open(io.BytesIO(film.content), "r") as container:
        video = container.streams.video[0]
        assert (video.width, video.height, round((container.duration or 0) / 1e6)) == (1280, 720, 10)


def test_the_player_page_plays_the_film(slow: Served) -> None:
    """No script, nothing from elsewhere, the prompt as text, and a film that its link opens."""
    story = _ask(slow, "a dog <script>alert(1)</script>", model=FIFTEEN)
    assert '"orientation": "portrait"' in story
    page = httpx2.get(_link(story, "▶️ Play"))
    assert page.headers["content-security-policy"].startswith("default-src 'none'; media-src 'self'")
    assert "<script" not in page.text
    source = re.search(r'<video src="([^"]+)"', page.text)
    assert source is not None
    opened = httpx2.URL(str(page.url)).join(source[1].replace("&amp;", "&"))
    assert httpx2.head(opened).headers["content-type"] == "video/mp4"


def test_links_cannot_be_changed(slow: Served) -> None:
    """Another video, another file or a longer life: 403 in the wire's shape."""
    link = _link(_ask(slow, "a dog"), "⬇️ Download")
    forged = (
        link.replace("video.mp4", "preview.webp"),
        re.sub(r"video_[0-9a-f]{4}", "video_0000", link),
        re.sub(r"expires=\d+", "expires=99999999999", link),
        link.rpartition("&")[0],
        link.partition("?")[0],
    )
    for url in forged:
        answer = httpx2.get(url)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "invalid_link")


def test_without_a_stream_the_whole_story_comes_when_the_film_is_done(slow: Served) -> None:
    """One ``chat.completion`` with the links in it."""
    client = OpenAI(base_url=f"{slow.url}/v1", api_key=slow.key, timeout=PATIENCE)
    answer = client.chat.completions.create(model=TEN, messages=[{"role": "user", "content": "a cat, 16:9"}])
    assert (answer.object, answer.choices[0].finish_reason) == ("chat.completion", "stop")
    assert "[⬇️ Download](" in (answer.choices[0].message.content or "")


def test_a_picture_is_the_first_frame(slow: Served) -> None:
    """An image part of any size, as a data URL, is cropped to the frame."""
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), (250, 40, 40)).save(buffer, "PNG")
    image = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    assert "✅ Done" in _ask(slow, "make it move", image=image)


def test_hanging_up_harms_nothing(slow: Served) -> None:
    """The id was in the first lines; its owner fetches the video later."""
    headers = {"Authorization": slow.key}
    body = {"model": TEN, "messages": [{"role": "user", "content": "a dog"}], "stream": True}
    with httpx2.stream("POST", f"{slow.url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE) as told:
        first = next(told.iter_text())
    video_id = re.search(r"video_[0-9a-f]{32}", first)
    assert video_id is not None
    url = f"{slow.url}/v1/videos/{video_id[0]}"
    for _ in range(20):
        video = httpx2.get(f"{url}?wait=10", headers=headers, timeout=PATIENCE).json()
        if video["status"] == "completed":
            break
    assert httpx2.get(f"{url}/content", headers=headers).content[4:8] == b"ftyp"


def test_a_failure_is_told_and_the_stream_ends_properly(slow: Served) -> None:
    """With its reason, that nothing was charged, and ``[DONE]``."""
    headers = {"Authorization": slow.key}
    body = {"model": TEN, "messages": [{"role": "user", "content": "a dog"}], "stream": True}
    text = ""
    with httpx2.stream("POST", f"{slow.url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE) as told:
        for piece in told.iter_text():
            if not text:
                found = re.search(r"video_[0-9a-f]{32}", piece)
                assert found is not None
                httpx2.post(f"{slow.url}/v1/videos/{found[0]}/cancel", headers=headers)
            text += piece
    assert "❌ The video failed: The video was cancelled.\\n> Nothing was charged." in text
    assert '"finish_reason":"stop"' in text
    assert text.endswith("data: [DONE]\n\n")


def test_requests_that_make_no_film_are_refused_before_the_stream(slow: Served) -> None:
    """A model that is none for chat, and a body without a user message, with the SDK's own exceptions."""
    client = OpenAI(base_url=f"{slow.url}/v1", api_key=slow.key, max_retries=0)
    with pytest.raises(BadRequestError, match=TEN):
        client.chat.completions.create(model="sora-2", messages=[{"role": "user", "content": "x"}], stream=True)
    with pytest.raises(BadRequestError, match="messages"):
        client.chat.completions.create(model=TEN, messages=[{"role": "system", "content": "x"}])
    with pytest.raises(NotFoundError):
        client.completions.create(model=TEN, prompt="x")
