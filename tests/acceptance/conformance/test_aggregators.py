"""The requests of public clients of aggregators, and what those clients read in the responses; over a real socket.

The sources of the requests are named in :mod:`filmgate.wire.aggregator`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.support.polling import until
from tests.support.served import new_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.served import Served


@pytest.fixture
def http(served: Served) -> Iterator[httpx2.Client]:
    """A client with its own key, as all of these send it."""
    key = asyncio.run(new_key(Path(served.folder)))
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    with httpx2.Client(base_url=served.url, headers=headers, timeout=60) as client:
        yield client


def _download(url: str) -> bytes:
    """Open a link as a browser or ``wget`` does: without a key."""
    return httpx2.get(url, timeout=60).raise_for_status().content


def test_a_client_of_the_unified_format(http: httpx2.Client) -> None:
    """Creates, keeps the id, asks with it in the query until the status is final, and downloads video_url."""
    body = {
        "model": "sora-2",
        "prompt": "make animate",
        "orientation": "landscape",
        "size": "small",
        "duration": 10,
        "watermark": False,
        "private": True,
        "images": [],
    }
    task = http.post("/v1/video/create", json=body).raise_for_status().json()
    assert task["status"] in {"pending", "processing"}
    assert isinstance(task["status_update_time"], int)

    def look() -> str | None:
        # one of these clients sends a multipart header and no body with its GET
        headers = {"Content-Type": "multipart/form-data; boundary="}
        answer = http.get("/v1/video/query", params={"id": task["id"]}, headers=headers).raise_for_status().json()
        assert answer["status"] in {"pending", "processing", "completed"}, answer
        assert isinstance(answer["progress"], int)
        return answer["video_url"] if answer["status"] == "completed" else None

    assert _download(until(look))[4:8] == b"ftyp"


def test_a_client_of_new_api(http: httpx2.Client) -> None:
    """Finds the id by any of three names, and the result in the envelope or beside it."""
    body = {"model": "sora-2", "prompt": "a dog", "size": "1280x720", "duration": "4"}
    submitted = http.post("/v1/video/generations", json=body).raise_for_status().json()
    task_id = submitted.get("task_id") or submitted.get("id") or submitted["data"]["task_id"]

    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = http.get(f"/v1/video/generations/{task_id}").raise_for_status().json()
        assert answer["code"] == "success"
        assert answer["data"]["progress"].endswith("%")
        assert answer["data"]["status"] in {"NOT_START", "IN_PROGRESS", "SUCCESS"}
        return answer if answer["data"]["status"] == "SUCCESS" else None

    answer = until(look)
    assert answer["status"] == "completed"
    assert _download(answer["data"]["result_url"])[4:8] == b"ftyp"
    # the contract's paths of the same server, as its dashboards use them
    assert http.get(f"/v1/videos/{task_id}/content").content[4:8] == b"ftyp"


@pytest.mark.parametrize("query", ["/v1/tasks/{id}", "/v1/videos/generations/{id}"])
def test_a_client_of_tasks(http: httpx2.Client, query: str) -> None:
    """Reads a list of results."""
    body = {"model": "sora-2", "prompt": "a cat playing piano", "aspect_ratio": "16:9", "duration": 4}
    task = http.post("/v1/videos/generations", json=body).raise_for_status().json()
    assert (task["object"], task["type"]) == ("video.generation.task", "video")

    def look() -> list[str] | None:
        answer = http.get(query.format(id=task["id"])).raise_for_status().json()
        return answer["results"] if answer["status"] == "completed" else None

    assert _download(until(look)[0])[4:8] == b"ftyp"


def test_a_node_of_comfly(http: httpx2.Client) -> None:
    """Reads task_id, a progress that ends in a per cent sign, SUCCESS and data.output."""
    body = {
        "prompt": "a dog",
        "model": "sora-2",
        "aspect_ratio": "16:9",
        "duration": "10",
        "hd": False,
        "private": True,
        "seed": 7,
    }
    task_id = http.post("/v2/videos/generations", json=body).raise_for_status().json()["task_id"]

    def look() -> str | None:
        answer = http.get(f"/v2/videos/generations/{task_id}").raise_for_status().json()
        assert answer["progress"].endswith("%")
        assert answer["status"] in {"NOT_START", "IN_PROGRESS", "SUCCESS"}, answer["fail_reason"]
        return answer["data"]["output"] if answer["status"] == "SUCCESS" else None

    assert _download(until(look))[4:8] == b"ftyp"


def test_a_chat_models_name_has_the_frame_and_the_length(http: httpx2.Client) -> None:
    """Whatever the prompt says."""
    body = {"model": "sora_video2-landscape-15s", "messages": [{"role": "user", "content": "a dog"}]}
    answer = http.post("/v1/chat/completions", json=body).raise_for_status().json()
    text = answer["choices"][0]["message"]["content"]
    assert '"orientation": "landscape"' in text
    video = http.get("/v1/videos").json()["data"][0]
    assert (video["id"] in text, video["size"], video["seconds"]) == (True, "1280x720", "15")


def test_errors_are_found_where_these_clients_look(http: httpx2.Client) -> None:
    """The message at the top, in ``error``, or both."""
    answer = http.post("/v2/videos/generations", json={"prompt": "x", "model": "sora-2", "images": ["a", "b"]})
    assert answer.status_code == 400
    assert answer.json()["message"] == answer.json()["error"]["message"]
    assert "at most one image" in answer.json()["message"]
    refused = http.get("/v1/video/query?id=x", headers={"Authorization": "Bearer sk-wrong"})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_api_key")
