"""The chat dialect: a video requested and reported in a chat, for programs without a video API (dialects.md).

Pure: turns a request body into :class:`ChatParams`, and the changes of a video into the pieces of text that a chat
program shows while it waits. The pieces of one response, joined, are a readable message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from filmgate.config.catalog import PROMPT_CHARACTERS
from filmgate.domain import VideoError
from filmgate.errors import InvalidType, InvalidValue, MissingParameter
from filmgate.wire.fields import check
from filmgate.wire.params import ImageUrl

__all__ = [
    "DONE_EVENT",
    "PING_COMMENT",
    "ChatLinks",
    "ChatParams",
    "ChatProgressText",
    "Orientation",
    "TokenUsage",
    "chunk",
    "completion",
    "detect_language",
    "detect_orientation",
    "parse_chat",
    "usage_chunk",
]

Orientation = Literal["portrait", "landscape"]

PING_COMMENT = b": ping\n\n"
"""An SSE comment that keeps proxies from cutting a silent stream."""

DONE_EVENT = b"data: [DONE]\n\n"
"""The last line of a stream."""

_ORIENTATION_PATTERNS: tuple[tuple[Orientation, str], ...] = (
    ("landscape", r"16\s*[:：x×]\s*9(?!\d)|横屏|横版|横向|宽屏|\blandscape\b|\bhorizontal\b|\bwide-?\s?screen\b"),
    ("portrait", r"(?<!\d)9\s*[:：x×]\s*16|竖屏|竖版|竖向|直屏|\bportrait\b|\bvertical\b"),
)


class ChatParams(Struct, frozen=True, kw_only=True):
    """POST /v1/chat/completions, as far as it concerns a video."""

    model: str
    prompt: str  # the text of the last user message
    image: ImageUrl | None = None
    stream: bool = False
    include_usage: bool = False
    orientation: Orientation = "portrait"


class ChatLinks(Struct, frozen=True, kw_only=True):
    """Signed URLs that open without a key."""

    preview: str  # animated WebP, the only animation that every chat program shows
    player: str  # a page that plays the video
    download: str  # the MP4


class TokenUsage(Struct, frozen=True, kw_only=True):
    """Token counts; they mean nothing for a video, but programs expect the three numbers."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


def parse_chat(body: Mapping[str, object]) -> ChatParams:
    """Parse a chat request; system messages and parameters that do not concern a video are ignored.

    Raises:
        MissingParameter: no model, no messages, or no user message with text.
        InvalidType: a field has the wrong type.
    """
    check(body)
    model = body.get("model")
    if model is None:
        raise MissingParameter("model")
    if not isinstance(model, str):
        raise InvalidType("model", "a string", _json_type(model))
    messages = body.get("messages")
    if messages is None:
        raise MissingParameter("messages")
    if not isinstance(messages, list):
        raise InvalidType("messages", "an array of objects", _json_type(messages))
    prompt, image = _last_user_message(messages)
    return ChatParams(
        model=model,
        prompt=prompt,
        image=image,
        stream=_parse_flag(body, "stream"),
        include_usage=_include_usage(body.get("stream_options")),
        orientation=detect_orientation(prompt),
    )


def detect_orientation(prompt: str) -> Orientation:
    """Return the orientation that a prompt asks for, in two languages: the first mention, else portrait."""
    mentions = [
        (match.start(), orientation)
        for orientation, pattern in _ORIENTATION_PATTERNS
        if (match := re.search(pattern, prompt[:PROMPT_CHARACTERS], re.IGNORECASE))
    ]
    return min(mentions)[1] if mentions else "portrait"


def detect_language(prompt: str) -> Literal["zh", "en"]:
    """Return Chinese if the prompt contains a Chinese character, else English."""
    return "zh" if re.search(r"[\u3400-\u9fff\uf900-\ufaff]", prompt) else "en"


_TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "queued": "> ⌛ Queued…\n",
        "generating": "> 🎬 Generating…\n",
        "progress": "> 🏃 Progress ",
        "done": "> ✅ Done, ID: {id}\n",
        "preview": "Preview",
        "play": "▶️ Play",
        "download": "⬇️ Download",
        "failed": "> ❌ The video failed: {reason}\n> Nothing was charged.\n",
        "waiting": "> ⏳ Still generating. Your video goes on; fetch it later by its ID: {id}\n",
    },
    "zh": {
        "queued": "> ⌛ 排队中…\n",
        "generating": "> 🎬 生成中…\n",
        "progress": "> 🏃 进度 ",
        "done": "> ✅ 生成完成，ID：{id}\n",
        "preview": "预览",
        "play": "▶️ 在线播放",
        "download": "⬇️ 下载视频",
        "failed": "> ❌ 生成失败：{reason}\n> 本次不扣费。\n",
        "waiting": "> ⏳ 仍在生成。视频会继续，稍后可用 ID 取回：{id}\n",
    },
}


class ChatProgressText:
    """Progress texts of one video in the language of its prompt; each method returns the next piece, maybe empty."""

    def __init__(self, prompt: str, video_id: str) -> None:
        self._texts = _TEXTS[detect_language(prompt)]
        self._prompt = prompt
        self._id = video_id
        self._generating = False
        self._progress: int | None = None

    def opening(self, orientation: Orientation, seconds: int) -> str:
        """Return the parsed request, and the id by which the owner finds the video again."""
        parsed = {"prompt": self._prompt, "orientation": orientation, "duration": seconds}
        block = json.dumps(parsed, ensure_ascii=False, indent=2).replace("```", "` ` `")
        return f"```json\n{block}\n```\n\nID: {self._id}\n\n{self._texts['queued']}"

    def progress(self, percent: int) -> str:
        """Return a piece of a growing progress line: ``🏃 进度 42..54..67..``."""
        piece = ""
        if not self._generating:
            self._generating = True
            piece = self._texts["generating"]
        if percent <= (self._progress or 0):
            return piece
        if self._progress is None:
            piece += self._texts["progress"]
        self._progress = percent
        return f"{piece}{percent}.."

    def completed(self, links: ChatLinks) -> str:
        """Return the final text: an animated preview, a link to play, a link to download."""
        text = self._texts
        return (
            f"{self._line_break()}{text['done'].format(id=self._id)}\n"
            f"![{text['preview']}]({links.preview})\n\n"
            f"[{text['play']}]({links.player}) | [{text['download']}]({links.download})\n"
        )

    def failed(self, error: VideoError) -> str:
        """Return the reason of the failure, and that nothing was charged."""
        return self._line_break() + self._texts["failed"].format(reason=error.message)

    def still_running(self) -> str:
        """Return the text that ends a response whose video is unfinished."""
        return self._line_break() + self._texts["waiting"].format(id=self._id)

    def _line_break(self) -> str:
        return "\n" if self._progress is not None else ""


def chunk(
    completion_id: str,
    model: str,
    created: int,
    *,
    content: str | None = None,
    role: str | None = None,
    finish_reason: str | None = None,
) -> bytes:
    """Return one ``chat.completion.chunk`` as a server-sent event."""
    delta = {name: value for name, value in (("role", role), ("content", content)) if value is not None}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _sse_event(_completion_object(completion_id, "chat.completion.chunk", model, created, [choice]))


def usage_chunk(completion_id: str, model: str, created: int, usage: TokenUsage) -> bytes:
    """Return the chunk without choices that ends a stream whose client requested usage."""
    return _sse_event(_completion_object(completion_id, "chat.completion.chunk", model, created, []) | {"usage": usage})


def completion(completion_id: str, model: str, created: int, content: str, usage: TokenUsage) -> bytes:
    """Return the whole response to a request without ``stream``."""
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return msgspec.json.encode(
        _completion_object(completion_id, "chat.completion", model, created, [choice]) | {"usage": usage}
    )


def _completion_object(
    completion_id: str, kind: str, model: str, created: int, choices: list[object]
) -> dict[str, object]:
    return {"id": completion_id, "object": kind, "created": created, "model": model, "choices": choices}


def _sse_event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _last_user_message(messages: list[object]) -> tuple[str, ImageUrl | None]:
    for message in reversed(messages):
        if not isinstance(message, dict):
            raise InvalidType("messages", "an array of objects", f"{_json_type(message)} in it")
        if message.get("role") == "user":
            return _parse_content(message.get("content"))
    raise InvalidValue("Invalid 'messages': expected at least one message with the role 'user'.", param="messages")


def _parse_content(content: object) -> tuple[str, ImageUrl | None]:
    if isinstance(content, str):
        return content, None
    if not isinstance(content, list):
        raise InvalidType("messages.content", "a string or an array of parts", _json_type(content))
    texts, images = [], []
    for part in content:
        if not isinstance(part, dict):
            raise InvalidType("messages.content", "an array of parts", f"{_json_type(part)} in it")
        if isinstance(text := part.get("text"), str):
            texts.append(text)
        elif part.get("type") == "image_url":
            images.append(_parse_image(part.get("image_url")))
    if len(images) > 1:
        raise InvalidValue("At most one reference image may be given.", param="messages")
    return "\n".join(texts), images[0] if images else None


def _parse_image(value: object) -> ImageUrl:
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str):
        raise InvalidType("image_url", "a URL", _json_type(url))
    return ImageUrl(url)


def _include_usage(options: object) -> bool:
    return isinstance(options, dict) and options.get("include_usage") is True


def _parse_flag(body: Mapping[str, object], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidType(name, "a boolean", _json_type(value))
    return bool(value)


def _json_type(value: object) -> str:
    names = {
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null" if value is None else "another type")
