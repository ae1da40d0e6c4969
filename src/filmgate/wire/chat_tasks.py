"""Requests that a chat program sends by itself: for a title, tags, suggestions, or to see whether a model answers.

They go to the model of the conversation, so each would make and charge a video that nobody asked for. They are told
apart by the sentences of the programs' own prompts, at the place where only the program writes: as a system message, or
at the very start of the last message. A person's prompt is never taken for one because of a word in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from filmgate.wire import chat

__all__ = ["TASKS", "BackgroundTask", "detect_task"]

Task = Literal["check", "emoji", "follow_ups", "prompt", "queries", "summary", "tags", "text", "title"]

TASKS: tuple[Task, ...] = ("check", "emoji", "follow_ups", "prompt", "queries", "summary", "tags", "text", "title")
"""Every kind of background task."""

CHECK_TOKENS = 16
"""Tokens up to which a limit of the answer makes a short request a check: a video's ID alone has more."""

CHECK_CHARACTERS = 64
"""Characters that a check's text may have."""

HEAD_CHARACTERS = 16_000
"""Characters at the start of a message in which a program's own sentences stand."""

_OPEN_WEBUI = ("### Task:", "<chat_history>")
_OPEN_WEBUI_TASKS: tuple[tuple[str, Task], ...] = (
    ('"follow_ups"', "follow_ups"),
    ('"tags"', "tags"),
    ('"queries"', "queries"),
    ('"title"', "title"),
    ('"prompt"', "prompt"),
    ('"text"', "text"),
)
"""The key of the JSON that an Open WebUI template asks for."""

_USER_STARTS: tuple[tuple[str, Task], ...] = (
    # Open WebUI
    ("Your task is to reflect the speaker's likely facial expression through a fitting emoji", "emoji"),
    # NextChat, and clients after it
    ("Please generate a four to five word title summarizing our conversation", "title"),
    ("使用四到五个字直接返回这句话的简要主题", "title"),
    # LibreChat
    ("Provide a concise, 5-word-or-less title for the conversation", "title"),
    ("Please generate a concise, 5-word-or-less title for the conversation", "title"),
    ("Analyze this conversation and provide:\n1. The detected language of the conversation", "title"),
    # Chatbox
    ("Based on the chat history, give this conversation a name", "title"),
)
_SYSTEM_STARTS: tuple[tuple[str, Task], ...] = (
    # NextChat's memory
    ("Summarize the discussion briefly in 200 words or less to use as a prompt for future context", "summary"),
    ("简要总结一下对话内容，用作后续的上下文提示 prompt", "summary"),
    # Cherry Studio
    ("总结给出的会话，将其总结为语言为", "title"),
    (
        "You are an assistant skilled in conversation. You need to summarize the user's conversation into a title",
        "title",
    ),
    ("Summarize the given session as a", "title"),
    # LobeChat
    ("You are a professional conversation summarizer. Generate a concise title", "title"),
    ("你是一名擅长会话的助理，你需要将用户的会话总结为", "title"),
    # NextChat's and others' prompt for a title, as a system message
    ("Please generate a four to five word title summarizing our conversation", "title"),
    ("Please generate a four to five words title summarizing our conversation", "title"),
)

_WORDS, _WIDE_CHARACTERS = 6, 12
"""Length of a title, in words or in Chinese characters."""

_TEXTS: dict[str, dict[Task, object]] = {
    "en": {
        "tags": ["Video", "Creative"],
        "follow_ups": ["Make it in landscape, 16:9.", "Make it in another style.", "Make a sequel to it."],
        "title": "Video",
        "check": "OK",
    },
    "zh": {
        "tags": ["视频", "创作"],
        "follow_ups": ["改成横屏 16:9。", "换一种风格再来一个。", "给它做一个续集。"],
        "title": "视频",
        "check": "OK",
    },
}


class BackgroundTask(Struct, frozen=True):
    """A request that no person made, and its answer."""

    name: Task
    answer: str


def detect_task(body: Mapping[str, object]) -> BackgroundTask | None:
    """Return the background task of a chat request; None if it may ask for a video.

    Args:
        body: the request, with a list of messages.
    """
    messages = [message for message in _list(body.get("messages")) if isinstance(message, dict)]
    if not messages:
        return None
    last = _text(messages[-1])
    name, as_json = _find_task(body, messages, last)
    return None if name is None else BackgroundTask(name, _answer(name, _subject(messages, last), as_json=as_json))


def _find_task(body: Mapping[str, object], messages: list[dict[str, object]], last: str) -> tuple[Task | None, bool]:
    """Return the task, and whether it asks for JSON."""
    template, history, _ = last[:HEAD_CHARACTERS].partition(_OPEN_WEBUI[1])
    if history and template.startswith(_OPEN_WEBUI[0]):
        return next((task for key, task in _OPEN_WEBUI_TASKS if key in template), "text"), True
    if task := _starts_with(last, _USER_STARTS):
        return task, False
    for message in (messages[0], messages[-1]):
        if message.get("role") in {"system", "developer"} and (task := _starts_with(_text(message), _SYSTEM_STARTS)):
            return task, False
    users = sum(message.get("role") == "user" for message in messages)
    limit = next((body[key] for key in ("max_tokens", "max_completion_tokens") if body.get(key) is not None), None)
    is_small = isinstance(limit, int) and not isinstance(limit, bool) and limit <= CHECK_TOKENS
    return ("check" if is_small and users == 1 and len(last) <= CHECK_CHARACTERS else None), False


def _starts_with(text: str, starts: tuple[tuple[str, Task], ...]) -> Task | None:
    head = text[:HEAD_CHARACTERS].lstrip()
    return next((task for start, task in starts if head.startswith(start)), None)


def _answer(name: Task, subject: str, *, as_json: bool) -> str:
    texts = _TEXTS[chat.detect_language(subject)]
    title = _shorten(subject) or str(texts["title"])
    if as_json:
        values = {**texts, "title": f"🎬 {title}", "queries": [], "prompt": subject, "text": ""}
        return msgspec.json.encode({name: values[name]}).decode()
    return {"emoji": "🎬", "check": str(texts["check"])}.get(name, title)


def _subject(messages: list[dict[str, object]], last: str) -> str:
    """Return what the conversation is about: its first prompt, on one line."""
    earlier = next((_text(message) for message in messages[:-1] if message.get("role") == "user"), "")
    text = earlier or last
    mark = next((mark for mark in (_OPEN_WEBUI[1], "Conversation:", "```") if mark in text[:HEAD_CHARACTERS]), "\n\n\n")
    text = text.partition(mark)[2] or text
    text = _first_of_json(text[:HEAD_CHARACTERS].strip())
    lines = (line.strip(" \t#>*-`\"'") for line in text.splitlines())
    line = next((line for line in lines if line), "")
    for speaker in ("USER:", "User:", "user:", "用户：", "用户:"):
        line = line.removeprefix(speaker)
    return line.strip()[:HEAD_CHARACTERS]


def _first_of_json(text: str) -> str:
    """Return the first message of a conversation that is written as JSON, as Cherry Studio does; else the text."""
    if not text.startswith("[{"):
        return text
    try:
        first = json.JSONDecoder().raw_decode(text)[0][0]
    except (ValueError, RecursionError, LookupError, TypeError):
        return text
    found = (first.get(key) for key in ("mainText", "content", "text")) if isinstance(first, dict) else ()
    return next((value for value in found if isinstance(value, str)), text)


def _shorten(line: str) -> str:
    words = line.split()
    return " ".join(words[:_WORDS])[:60].rstrip(",.;:，。；：") if len(words) > 1 else line[:_WIDE_CHARACTERS]


def _text(message: Mapping[str, object]) -> str:
    """Return the text of a message; that of its parts, if it has some."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = (part.get("text") for part in _list(content) if isinstance(part, dict))
    return "\n".join(part for part in parts if isinstance(part, str))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
