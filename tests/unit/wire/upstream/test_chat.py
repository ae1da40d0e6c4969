"""What is parsed from a chat: vendors' texts, our own, in pieces of any size."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from filmgate.domain import Size, Status, VideoError
from filmgate.wire import chat as ours
from filmgate.wire.upstream.base import JobReport, JobRequest, ReferenceImage
from filmgate.wire.upstream.chat import MAX_TEXT_LENGTH, ChatReader, create, prompt_with_ratio, read_error_response
from filmgate.wire.upstream.status_codes import ReplyKind

VENDOR = [
    '```json\n{\n  "prompt": "100% off, ID: fake_id_1, [x](https://evil.example/x.mp4)",\n  "duration": 15\n}\n```\n\n',
    "> ID: `task_01k6x9abc`\n",
    "> ⌛️ 任务正在队列中，请耐心等待...\n\n",
    "> 🎬 生成中....\n> 🏃 进度 42..",
    "54..67..75..",
    "81..100\n\n",
    "> ✅ 生成完成，[点击这里](https://cdn.example/a/b.mp4?sig=1) 查看视频\n\n[⏬ 下载](https://cdn.example/a/b.mp4?sig=1)\n",
]


def _events(pieces: list[str], *, end: bool = True) -> bytes:
    chunks = [{"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    lines = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks]
    lines.insert(1, ": ping\n\n")
    if end:
        lines += ['data: {"id":"chatcmpl-1","choices":[{"delta":{},"finish_reason":"stop"}]}\n\n', "data: [DONE]\n\n"]
    return "".join(lines).encode()


def _read(pieces: list[str], *, end: bool = True) -> JobReport:
    reader = ChatReader()
    reader.feed(_events(pieces, end=end))
    return reader.finish()


def test_a_vendor_s_text_is_followed() -> None:
    """The id as soon as its line is there, the progress as it grows, the video at the end; the echo is ignored."""
    reader, states = ChatReader(), []
    for piece in VENDOR:
        report = reader.feed(_events([piece], end=False))
        states.append((report.id, report.status, report.progress))
    assert states[0] == (None, Status.QUEUED, None)
    assert states[1] == ("task_01k6x9abc", Status.QUEUED, None)
    assert [progress for _, _, progress in states[3:6]] == [42.0, 75.0, 99.0]
    assert states[5][1] is Status.IN_PROGRESS
    assert reader.report.status is Status.COMPLETED
    assert reader.report.content_url == "https://cdn.example/a/b.mp4?sig=1"


@pytest.mark.parametrize(
    "piece", ["[", "![", "[a](http://", "](", "failed ", "```\n", "> ", "id: ", "progress 1", "1."]
)
def test_no_repetition_makes_parsing_quadratic(piece: str) -> None:
    """Parsing blocks the server's event loop. A quadratic search would outlast pytest's limit."""
    reader = ChatReader()
    reader.feed(_events([f"error {piece * (MAX_TEXT_LENGTH // len(piece))}"]))
    assert reader.report.status is not Status.COMPLETED


def test_a_long_text_is_not_parsed_again_for_every_word() -> None:
    """Only when enough of it is new, and at its end."""
    reader = ChatReader()
    reader.feed(_events(["word " * 4000], end=False))
    reports = [reader.feed(_events(["word "], end=False)) for _ in range(300)]
    assert sum(report is not before for before, report in pairwise(reports)) < 10
    assert reader.feed(_events(["> ID: `task_01k6x9abc`\n"])).id == "task_01k6x9abc"


@examples(30)
@given(st.lists(st.integers(1, 2000), max_size=30))
def test_pieces_may_be_cut_anywhere(cuts: list[int]) -> None:
    """In the middle of a line, of a character, of a number: progress never falls, the result is the same."""
    data, reader, highest = _events(VENDOR), ChatReader(), 0.0
    for cut in [*cuts, len(data)]:
        report = reader.feed(data[:cut])
        data = data[cut:]
        assert (report.progress or 0.0) >= highest
        assert report.id in {None, "task_01k6x9abc"}
        assert report.content_url in {None, "https://cdn.example/a/b.mp4?sig=1"}
        highest = report.progress or 0.0
    assert reader.finish() == _read(VENDOR)


@pytest.mark.parametrize("prompt", ["a dog, 50% off", "一只狗在海滩上"])
def test_our_own_text_is_followed(prompt: str) -> None:
    """A Filmgate may be the upstream of another."""
    progress_text = ours.ChatProgressText(prompt, "video_12ab")
    pieces = [
        progress_text.opening("portrait", 15),
        progress_text.progress(0),
        progress_text.progress(7),
        progress_text.progress(45),
    ]
    report = _read(pieces, end=False)
    assert (report.id, report.status, report.progress) == ("video_12ab", Status.IN_PROGRESS, 45.0)
    links = ours.ChatLinks(
        preview="https://g.example/p.webp", player="https://g.example/f/1", download="https://g.example/f/2"
    )
    report = _read([*pieces, progress_text.completed(links)])
    assert (report.status, report.content_url) == (Status.COMPLETED, "https://g.example/f/2")
    report = _read([*pieces, progress_text.failed(VideoError("video_failed", "The lamp broke."))])
    assert (report.status, report.error) == (Status.FAILED, VideoError("engine_error", "The lamp broke."))


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("进度：45%", 45.0),
        ("进度: 12.5 %", 12.5),
        ("🏃 进度 42..54..67..", 67.0),
        ("Progress: 10% → 20% → 35%", 35.0),
        ("> 已完成 80%", 80.0),
        ("进度 250", None),
        ("no number", None),
        ("进度 100", 99.0),
    ],
)
def test_progress_has_many_spellings(text: str, progress: float | None) -> None:
    """The highest valid percentage; 100 only with the video."""
    assert _read([text], end=False).progress == progress


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("done: https://cdn.example/v.mp4?a=b", "https://cdn.example/v.mp4?a=b"),
        ("[download](https://cdn.example/get/1) ![](https://cdn.example/p.webp)", "https://cdn.example/get/1"),
        ("[play](https://cdn.example/p/1) [下载](https://cdn.example/d/1)", "https://cdn.example/d/1"),
        ("<video src='https://cdn.example/v.mp4'></video>", "https://cdn.example/v.mp4"),
        ("[watch](https://cdn.example/watch/1)", "https://cdn.example/watch/1"),
        ("![preview](https://cdn.example/p.gif)", None),
        ("[x](ftp://cdn.example/v.mp4)", None),
    ],
)
def test_the_video_url_is_found(text: str, url: str | None) -> None:
    """Among the links of the text; without any the job has failed."""
    report = _read([f"✅ {text}\n"])
    assert report.content_url == url
    assert report.status is (Status.COMPLETED if url else Status.FAILED)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("> ❌ 生成失败：内容违规，请修改提示词", "moderation_blocked"),
        ("❌ This content may violate our content policies.", "moderation_blocked"),
        ("生成失败: 服务器繁忙", "engine_error"),
        ("Video generation failed: out of capacity", "engine_error"),
        ("", "engine_error"),
        ("I can't do that.", "engine_error"),
    ],
)
def test_a_failure_has_its_reason(text: str, error: str) -> None:
    """Once the vendor has ended; before that the words may be the prompt's own."""
    assert _read([text], end=False).status is not Status.FAILED
    report = _read([text])
    assert (report.status, report.error.code if report.error else None) == (Status.FAILED, error)


def test_a_stream_that_is_cut_off_has_no_end() -> None:
    """Without a video the outcome is unknown; with the whole URL it is completed."""
    assert _read(VENDOR[:5], end=False).status is Status.IN_PROGRESS
    assert _read([*VENDOR[:5], "https://cdn.example/v.mp4"], end=False).status is Status.COMPLETED
    reader = ChatReader()
    assert reader.feed(_events(["done https://cdn.example/v.mp4"], end=False)).content_url is None


def test_other_responses_are_read_too() -> None:
    """A whole completion, and an error in the middle of a stream."""
    reader = ChatReader()
    reader.feed(
        json.dumps(
            {"id": "c", "choices": [{"message": {"content": "".join(VENDOR)}, "finish_reason": "stop"}]}
        ).encode()
    )
    assert reader.finish().content_url == "https://cdn.example/a/b.mp4?sig=1"
    reader = ChatReader()
    report = reader.feed(_events(VENDOR[:3], end=False) + b'data: {"error":{"message":"Too busy.","code":"busy"}}\n\n')
    assert (report.status, report.error) == (Status.FAILED, VideoError("busy", "Too busy."))


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    """They give a report or are ignored."""
    reader = ChatReader()
    reader.feed(data)
    reader.feed(b"data: " + data + b"\n")
    assert reader.finish().kind is ReplyKind.JOB


def test_a_request_is_one_streamed_message() -> None:
    """The prompt gets the ratio unless it has one, and the image is a data URL."""
    request = JobRequest(
        model="sora-2-hd-15s-chat",
        prompt="吃西瓜",
        size=Size(720, 1280),
        seconds=15,
        reference=ReferenceImage(b"x", "image/png"),
    )
    call = create(request)
    payload = json.loads(call.body)
    assert (call.method, call.path, payload["stream"]) == ("POST", "chat/completions", True)
    text, image = payload["messages"][0]["content"]
    assert text["text"] == "视频比例9:16。吃西瓜"
    assert image["image_url"]["url"] == "data:image/png;base64,eA=="
    assert prompt_with_ratio("a dog", Size(1280, 720)) == "16:9 a dog"
    assert prompt_with_ratio("a dog, 16:9", Size(1280, 720)) == "a dog, 16:9"
    assert prompt_with_ratio("竖屏，一只狗", Size(720, 1280)) == "竖屏，一只狗"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":{"message":"no"}}', ReplyKind.TERMINAL),
        (429, b"", ReplyKind.TRANSIENT),
        (200, b'{"error":{"message":"no"}}', ReplyKind.TERMINAL),
        (200, b"<html>", ReplyKind.AMBIGUOUS),
        (502, b"", ReplyKind.AMBIGUOUS),
    ],
)
def test_a_response_that_is_no_stream_is_classified(status: int, body: bytes, kind: ReplyKind) -> None:
    """By the table of submissions."""
    assert read_error_response(status, {}, body).kind is kind
