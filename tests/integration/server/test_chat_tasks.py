"""Background requests of chat programs over the whole application: answered, free, counted apart."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.integration.server.conftest import set_up
from tests.support.polling import until_async
from tests.unit.wire.test_chat_tasks import HISTORY, OPEN_WEBUI

from filmgate.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MODEL = "sora-2-hd-15s-chat"


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server that answers background tasks, as by default, and shows its metrics."""
    server = await set_up(tmp_path, Settings(data=tmp_path, metrics="open"))
    headers = {"authorization": f"Bearer {server.key}"}
    transport = httpx2.ASGITransport(app=server.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
        yield client
    await server.store.close()


def _body(text: str, **options: object) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **options}


async def test_open_webuis_four_requests_make_no_video(chat: httpx2.AsyncClient) -> None:
    """Title, tags, follow-ups and a query: JSON at once, no row, no charge, and a count of their own."""
    for name in ("title", "tags", "follow_ups", "queries"):
        response = await chat.post("/v1/chat/completions", json=_body(OPEN_WEBUI[name] + HISTORY, stream=False))
        choice = response.json()["choices"][0]
        assert (choice["finish_reason"], list(json.loads(choice["message"]["content"]))) == ("stop", [name])
    assert (await chat.get("/v1/videos")).json()["data"] == []
    assert (await chat.get("/v1/usage")).json()["held_micros"] == 0
    metrics = (await chat.get("/metrics")).text
    assert 'filmgate_chat_background_requests_total{task="title"} 1.0' in metrics
    assert 'filmgate_chat_background_requests_total{task="check"} 0.0' in metrics


async def test_a_streamed_task_is_a_whole_stream(chat: httpx2.AsyncClient) -> None:
    """With a role, the text, an end, the usage that was asked for, and the last line."""
    body = _body("hi", max_tokens=1, stream=True, stream_options={"include_usage": True})
    response = await chat.post("/v1/chat/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    first, end, usage = map(json.loads, events[:-1])
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "OK"}
    assert end["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["completion_tokens"], events[-1]) == ([], 1, "[DONE]")


async def test_a_key_and_a_chat_model_are_needed(chat: httpx2.AsyncClient) -> None:
    """A check tells whether the key and the model are right."""
    body = _body("hi", max_tokens=1)
    assert (await chat.post("/v1/chat/completions", json=body, headers={"authorization": "x"})).status_code == 401
    unknown = (await chat.post("/v1/chat/completions", json=body | {"model": "gpt-9"})).json()["error"]
    assert unknown["code"] == "model_not_found"
    video_model = (await chat.post("/v1/chat/completions", json=body | {"model": "sora-2"})).json()["error"]
    assert (video_model["code"], video_model["param"]) == ("model_not_supported", "model")
    assert video_model["message"].startswith("The model 'sora-2' is no chat model: send it to POST /v1/videos, or use")
    assert f"'{MODEL}'" in video_model["message"]


@pytest.mark.parametrize("messages", [[], [{"role": "system", "content": "x"}]])
async def test_messages_without_a_prompt(chat: httpx2.AsyncClient, messages: list[object]) -> None:
    """They are not missing: one of a user is."""
    body = {"model": MODEL, "messages": messages}
    error = (await chat.post("/v1/chat/completions", json=body)).json()["error"]
    assert (error["code"], error["param"]) == ("invalid_value", "messages")
    assert error["message"] == "Invalid 'messages': expected at least one message with the role 'user'."


async def test_the_setting_turns_it_off(tmp_path: Path) -> None:
    """Then every request makes a video."""
    server = await set_up(tmp_path, Settings(data=tmp_path, chat_background_tasks=False))
    headers = {"authorization": f"Bearer {server.key}"}
    transport = httpx2.ASGITransport(app=server.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
        waiting = asyncio.create_task(client.post("/v1/chat/completions", json=_body("hi", max_tokens=1)))

        async def is_accepted() -> bool:
            return len((await client.get("/v1/videos")).json()["data"]) == 1

        await until_async(is_accepted)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await server.store.close()
