"""Video generation by chat completion: one request whose answer streams the progress as text."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING

import msgspec

from filmgate.domain import Size
from filmgate.testing.mock.faults.base import JobEnd
from filmgate.testing.mock.fixtures import ClipSpec
from filmgate.testing.mock.jobs import JobSnapshot, JobSpec, MockJob
from filmgate.testing.mock.reply import ConnectionEnd, MockReply
from filmgate.testing.mock.requests import RequestRejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from filmgate.testing.mock.upstream import MockRequest, MockUpstream

__all__ = ["complete"]

PROGRESS_STEPS = (36, 42, 54, 67, 75, 81, 95)
"""Progress values in percent, each after its share of the job's time."""

_LANDSCAPE = re.compile(r"16\s*[:：x×]\s*9|横屏|landscape|horizontal", re.IGNORECASE)
_SECONDS = re.compile(r"(\d{1,4}+)s\b")


async def complete(upstream: MockUpstream, call: MockRequest, fields: Mapping[str, object]) -> MockReply:
    """``POST /chat/completions``: the whole answer, with its pauses."""
    model, prompt = str(fields.get("model", "")), _last_user_text(fields)

    def answer(view: JobSnapshot) -> MockReply:
        job = view.job
        pieces = list(_progress_text(job, f"{call.origin}/mock/films/{job.id}.mp4"))
        held = ConnectionEnd.HANG if job.end is JobEnd.NEVER else ConnectionEnd.NORMAL
        if fields.get("stream") is True:
            return _event_stream(model, pieces).replaced(ending=held)
        text = "".join(piece for _, piece in pieces)
        return MockReply.of_json(_completion(model, text)).replaced(
            delay=job.effective_duration, head=held is ConnectionEnd.NORMAL, ending=held
        )

    return await upstream.handle_create(call, prompt, lambda: _parse_spec(fields, model, prompt), answer)


def _parse_spec(fields: Mapping[str, object], model: str, prompt: str) -> JobSpec:
    if not model or not prompt:
        missing = "messages" if model else "model"
        raise RequestRejected(400, "missing_required_parameter", f"Missing required parameter: '{missing}'.")
    size = Size(1280, 720) if _LANDSCAPE.search(prompt) else Size(720, 1280)
    named = _SECONDS.search(model)
    seconds = int(named[1]) if named else 4
    return JobSpec(
        prompt=prompt,
        model=model,
        size=str(size),
        seconds=str(seconds),
        clip=ClipSpec.of_seconds(size, seconds),
        field_names=tuple(sorted(fields)),
        via_chat=True,
    )


def _last_user_text(fields: Mapping[str, object]) -> str:
    """The text of the last user message; empty if there is none."""
    messages = fields.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            parts = content if isinstance(content, list) else [{"text": content}]
            return "\n".join(
                part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
    return ""


def _progress_text(job: MockJob, url: str) -> Iterator[tuple[float, str]]:
    """Each piece of the text, and the seconds of silence before it."""
    order = job.spec
    landscape = order.clip.size.width > order.clip.size.height
    request = {
        "prompt": order.prompt,
        "orientation": "landscape" if landscape else "portrait",
        "duration": int(order.clip.seconds),
    }
    yield 0.0, f"```json\n{json.dumps(request, ensure_ascii=False, indent=2)}\n```\n\n"
    yield 0.0, f"> ID: `{job.id}`\n> ⌛️ 任务正在队列中，请耐心等待...\n\n"
    yield 0.0, "> 🎬 生成中....\n> 🏃 进度 "
    shown = 0
    for step in PROGRESS_STEPS:
        yield (step - shown) / 100 * job.effective_duration, f"{step}.."
        shown = step
        if job.end is JobEnd.NEVER:
            return
    yield 5 / 100 * job.effective_duration, "100\n\n"
    if job.end is JobEnd.FAILED:
        yield 0.0, "> ❌ 生成失败：The generation failed.\n"
    else:
        yield 0.0, f"> ✅ 生成完成，[点击这里]({url}) 查看视频\n\n[⏬ 下载]({url})\n"


def _event_stream(model: str, pieces: list[tuple[float, str]]) -> MockReply:
    """Server-sent events; the pauses fall between them."""
    name = _completion_id()
    body = _sse_event(_chunk(name, model, {"role": "assistant", "content": ""}))
    pauses = []
    for silence, piece in pieces:
        if silence:
            pauses.append((len(body), silence))
        body += _sse_event(_chunk(name, model, {"content": piece}))
    body += _sse_event(_chunk(name, model, {}, finish="stop")) + b"data: [DONE]\n\n"
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "Content-Length": ""}
    return MockReply(headers=headers, body=body, pauses=tuple(pauses))


def _chunk(completion_id: str, model: str, delta: dict[str, str], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": completion_id, "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}


def _completion(model: str, text: str) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body: dict[str, object] = {"id": _completion_id(), "object": "chat.completion", "created": 0, "model": model}
    return {**body, "choices": [choice], "usage": usage}


def _sse_event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _completion_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
