"""The chat way to a film: one request that streams what becomes of it, as text."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING

import msgspec

from filmgate.domain import Size
from filmgate.testing.mock.faults.base import Ends
from filmgate.testing.mock.films import Film
from filmgate.testing.mock.jobs import Job, Order, View
from filmgate.testing.mock.reply import Ending, Reply
from filmgate.testing.mock.requests import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from filmgate.testing.mock.upstream import Call, Upstream

__all__ = ["complete"]

STEPS = (36, 42, 54, 67, 75, 81, 95)
"""Percents that are told of, each after its share of the job's time."""

_LANDSCAPE = re.compile(r"16\s*[:：x×]\s*9|横屏|landscape|horizontal", re.IGNORECASE)
_SECONDS = re.compile(r"(\d+)s\b")


async def complete(upstream: Upstream, call: Call, fields: Mapping[str, object]) -> Reply:
    """``POST /chat/completions``: the whole answer, its pauses in it."""
    model, prompt = str(fields.get("model", "")), _prompt(fields)

    def answer(view: View) -> Reply:
        job = view.job
        told = list(_story(job, f"{call.origin}/mock/films/{job.id}.mp4"))
        held = Ending.HELD if job.ends is Ends.NEVER else Ending.WHOLE
        if fields.get("stream") is True:
            return _streamed(model, told).but(ending=held)
        text = "".join(piece for _, piece in told)
        return Reply.of(_completion(model, text)).but(delay=job.lasts, head=held is Ending.WHOLE, ending=held)

    return await upstream.take(call, prompt, lambda: _order(fields, model, prompt), answer)


def _order(fields: Mapping[str, object], model: str, prompt: str) -> Order:
    if not model or not prompt:
        missing = "messages" if model else "model"
        raise Refused(400, "missing_required_parameter", f"Missing required parameter: '{missing}'.")
    size = Size(1280, 720) if _LANDSCAPE.search(prompt) else Size(720, 1280)
    named = _SECONDS.search(model)
    seconds = int(named[1]) if named else 4
    return Order(
        prompt=prompt,
        model=model,
        size=str(size),
        seconds=str(seconds),
        film=Film.lasting(size, seconds),
        fields=tuple(sorted(fields)),
        chat=True,
    )


def _prompt(fields: Mapping[str, object]) -> str:
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


def _story(job: Job, film: str) -> Iterator[tuple[float, str]]:
    """Each piece of the text, and the seconds of silence before it."""
    order = job.order
    landscape = order.film.size.width > order.film.size.height
    asked = {
        "prompt": order.prompt,
        "orientation": "landscape" if landscape else "portrait",
        "duration": int(order.film.seconds),
    }
    yield 0.0, f"```json\n{json.dumps(asked, ensure_ascii=False, indent=2)}\n```\n\n"
    yield 0.0, f"> ID: `{job.id}`\n> ⌛️ 任务正在队列中，请耐心等待...\n\n"
    yield 0.0, "> 🎬 生成中....\n> 🏃 进度 "
    told = 0
    for step in STEPS:
        yield (step - told) / 100 * job.lasts, f"{step}.."
        told = step
        if job.ends is Ends.NEVER:
            return
    yield 5 / 100 * job.lasts, "100\n\n"
    if job.ends is Ends.FAILED:
        yield 0.0, "> ❌ 生成失败：The generation failed.\n"
    else:
        yield 0.0, f"> ✅ 生成完成，[点击这里]({film}) 查看视频\n\n[⏬ 下载]({film})\n"


def _streamed(model: str, told: list[tuple[float, str]]) -> Reply:
    """Server-sent events; the pauses fall between them."""
    name = _name()
    body = _event(_chunk(name, model, {"role": "assistant", "content": ""}))
    pauses = []
    for silence, piece in told:
        if silence:
            pauses.append((len(body), silence))
        body += _event(_chunk(name, model, {"content": piece}))
    body += _event(_chunk(name, model, {}, finish="stop")) + b"data: [DONE]\n\n"
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "Content-Length": ""}
    return Reply(headers=headers, body=body, pauses=tuple(pauses))


def _chunk(name: str, model: str, delta: dict[str, str], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": name, "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}


def _completion(model: str, text: str) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body: dict[str, object] = {"id": _name(), "object": "chat.completion", "created": 0, "model": model}
    return {**body, "choices": [choice], "usage": usage}


def _event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _name() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
