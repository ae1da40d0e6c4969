"""The chat dialect: one request, its text tells what becomes of the film."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from filmgate.testing import mock

if TYPE_CHECKING:
    from tests.support.raw_client import RawClient, Seen, Starting

MODEL = "sora-2-hd-10s-chat"


async def say(raw: RawClient, prompt: str, *, stream: bool = True) -> Seen:
    """Ask for a film in a chat."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]
    body = json.dumps({"model": MODEL, "messages": messages, "stream": stream, "temperature": 1}).encode()
    kind = {"Content-Type": "application/json"}
    return await raw("POST", "/v1/chat/completions", body, headers=kind)


def events(seen: Seen) -> list[Any]:
    """The stream's objects; the last is DONE."""
    data = [line.removeprefix("data: ") for line in seen.body.decode().split("\n\n") if line]
    assert data.pop() == "[DONE]"
    return [json.loads(each) for each in data]


def text(seen: Seen) -> str:
    """The message."""
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events(seen))


async def test_a_film_is_told_of(start: Starting) -> None:
    """Role first, the story, the link, stop; the link serves the film without a key."""
    upstream, raw = await start(key="sk-mock")
    assert (await say(raw, "一只纸船")).status == 401
    upstream, raw = await start()
    seen = await say(raw, "一只纸船，横屏")
    assert seen.headers["content-type"] == "text/event-stream"
    first, *_, last = events(seen)
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert last["choices"][0]["finish_reason"] == "stop"
    story = text(seen)
    block = json.loads(story.split("```")[1].removeprefix("json"))
    assert block == {"prompt": "一只纸船，横屏", "orientation": "landscape", "duration": 10}
    assert "进度 36..42..54..67..75..81..95..100" in story
    line = upstream.lines[-1]
    assert f"`{line.job}`" in story
    assert (line.model, line.size, line.seconds) == (MODEL, "1280x720", "10")
    link = re.findall(r"\((http[^)]*)\)", story)[0]
    film = await raw.get(link.removeprefix(upstream.origin))
    assert mock.read_job_id(film.body) == line.job


async def test_an_answer_in_one_piece(start: Starting) -> None:
    """Without ``stream`` there is one completion, when the film is there."""
    _, raw = await start(seconds_per_job=(0.2, 0.2))
    seen = await say(raw, "A boat", stream=False)
    assert seen.json["object"] == "chat.completion"
    assert "✅" in seen.json["choices"][0]["message"]["content"]
    assert seen.took >= 0.2


async def test_the_story_takes_its_time(start: Starting) -> None:
    """The stream is as slow as the film."""
    _, raw = await start(seconds_per_job=(0.4, 0.4))
    seen = await say(raw, "A boat")
    assert seen.took >= 0.4
    assert seen.pieces > 3
    assert "✅" in text(seen)


async def test_faults_in_a_chat(start: Starting) -> None:
    """Submissions get lost, are refused, fail and never end, as elsewhere; each is charged once."""
    upstream, raw = await start()
    assert (await say(raw, "A [mock:reply-lost]")).ended == "reset"
    assert (await say(raw, "B [mock:submit-402]")).status == 402
    assert "❌" in text(await say(raw, "C [mock:failed]"))
    assert (await say(raw, "D [mock:never-ends]")).ended == "silent"
    cut = await say(raw, "E [mock:reply-cut]")
    assert b"[DONE]" not in cut.body
    charged = mock.submissions(upstream.lines)
    assert charged == {
        f"{name}]": 1 for name in ("A [mock:reply-lost", "C [mock:failed", "D [mock:never-ends", "E [mock:reply-cut")
    }


async def test_what_a_chat_needs(start: Starting) -> None:
    """A model, and something said by a user."""
    _, raw = await start()
    for body in ({"messages": [{"role": "user", "content": "A boat"}]}, {"model": MODEL, "messages": []}):
        seen = await raw.post("/v1/chat/completions", body)
        assert (seen.status, seen.json["error"]["code"]) == (400, "missing_required_parameter")
