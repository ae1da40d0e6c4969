"""The forms of other languages' libraries, from real programs: each spelling is the same request as its JSON.

An ``Idempotency-Key`` proves it: with the same key the server answers with the same video only if every field means the
same, and with an error if not.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.support.paths import ROOT
from tests.support.polling import until

from filmgate.domain import Size
from filmgate.engines.base import Job
from filmgate.engines.testcard import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.served import Served

CLIENTS = Path(__file__).parent / "clients"

NODE_CLIENTS = ROOT / ".cache" / "node"
"""The JavaScript clients of ``clients/package.json``; `make check` installs them."""

TIMEOUT = 60
"""Seconds that a program may take."""


class Sent:
    """A request that was accepted as JSON, and the video that answered it."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        self.key = uuid.uuid4().hex
        self.characters = [_character(served, folder, name) for name in ("Mossy", "Fern")]
        self.request = {
            "prompt": "Mossy & Fern: 100% 小狗 + 猫",
            "seconds": 8,
            "size": "1280x720",
            "seed": 7,
            "characters": [{"id": each} for each in self.characters],
            "metadata": {"id": "7", "scene": "at sea"},
        }
        self.file = folder / "request.json"
        self.file.write_text(json.dumps(self.request), encoding="utf-8")
        self.id = self.post(json.dumps(self.request).encode(), "application/json").json()["id"]

    def post(self, body: bytes, content_type: str) -> httpx2.Response:
        """Send a body with the request's key."""
        headers = {
            "authorization": f"Bearer {self.served.key}",
            "content-type": content_type,
            "idempotency-key": self.key,
        }
        return httpx2.post(f"{self.served.base_url}/videos", content=body, headers=headers)

    def answers(self, *command: str, **environ: str) -> list[str]:
        """Run a program that sends the request; return the lines that it prints."""
        arguments = [*command, str(self.file), f"{self.served.base_url}/videos", self.served.key, self.key]
        result = subprocess.run(
            arguments, capture_output=True, check=False, text=True, timeout=TIMEOUT, env=os.environ | environ
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines()


def _character(served: Served, folder: Path, name: str) -> str:
    clip = folder / "clip.mp4"
    encode(Job(token="", video_id="", model="", prompt="x", size=Size(720, 1280), seconds=3, seed=0), clip)
    with clip.open("rb") as video:
        answer = httpx2.post(
            f"{served.base_url}/videos/characters",
            data={"name": name},
            files={"video[]": video},
            headers={"authorization": served.key},
        )
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def sent(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """The request as JSON; the programs send it again as forms."""
    return Sent(served, tmp_path_factory.mktemp("request"))


@pytest.mark.needs("node", str(NODE_CLIENTS / ".ready"))
def test_axios(sent: Sent) -> None:
    """``postForm`` with indexes, with ``metadata{}``, with dots; urlencoded; a ``FormData`` with JSON texts."""
    lines = sent.answers("node", str(CLIENTS / "axios.cjs"), NODE_PATH=str(NODE_CLIENTS / "node_modules"))
    ways = ("postForm", "metadata{}", "dots", "urlencoded", "FormData")
    assert lines == [f"{way} {sent.id} 8" for way in ways]


@pytest.mark.needs("php")
def test_php(sent: Sent) -> None:
    """``http_build_query`` with nested arrays, and with JSON texts; the length is a float."""
    ways = ("http_build_query", "RFC 3986", "json_encode")
    assert sent.answers("php", str(CLIENTS / "forms.php")) == [f"{way} {sent.id} 8" for way in ways]


@pytest.mark.needs("ruby")
def test_ruby(sent: Sent) -> None:
    """``Net::HTTP`` with the names that Rails makes, in both encodings of a form."""
    types = ("multipart/form-data", "application/x-www-form-urlencoded")
    assert sent.answers("ruby", str(CLIENTS / "forms.rb")) == [f"{kind} {sent.id} 8" for kind in types]


@pytest.mark.needs("curl")
@pytest.mark.parametrize("of_type", ["", ";type=application/json"])
def test_curl(sent: Sent, of_type: str) -> None:
    """``-F`` with JSON texts, with and without their type, and with fields that were left empty."""
    fields = [
        f"{name}={json.dumps(value)}{of_type}" if isinstance(value, list | dict) else f"{name}={value}"
        for name, value in sent.request.items()
    ]
    empty = ["input_reference=", "model=", "callback_url="]
    output = _curl(sent, "videos", [*fields, *empty])
    assert output["id"] == sent.id, output


@pytest.mark.needs("curl")
def test_curl_names_an_image_wrongly(sent: Sent, tmp_path: Path) -> None:
    """A photo under another name is an unknown parameter, with the right name."""
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(2_000_000))
    for name in ("image", "image[]", "images", "first_frame"):
        output = _curl(sent, "videos", ["prompt=x", f"{name}=@{tmp_path}/photo.jpg"])
        head = name.removesuffix("[]")
        assert output["error"]["message"] == f"Unknown parameter: '{head}'. Use 'input_reference' instead."


@pytest.mark.parametrize(("path", "more"), [("edits", []), ("extensions", [("seconds", "4")])])
def test_async_openai_gives_a_video_as_json(sent: Sent, path: str, more: list[tuple[str, str]]) -> None:
    """The bytes that the Rust library sends, from its source: a part without a file name that holds JSON."""
    source = f"{sent.served.base_url}/videos/{sent.id}"
    headers = {"authorization": sent.served.key}
    until(lambda: httpx2.get(f"{source}?wait=30", headers=headers, timeout=60).json()["status"] == "completed")
    parts = [("prompt", "Make it rain"), ("video", json.dumps({"id": sent.id}, separators=(",", ":"))), *more]
    body = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts)
    answer = httpx2.post(
        f"{sent.served.base_url}/videos/{path}",
        content=f"{body}--x--\r\n".encode(),
        headers=headers | {"content-type": "multipart/form-data; boundary=x"},
    )
    assert (answer.status_code, answer.json()["seconds"]) == (200, "12" if more else "8"), answer.text


def _curl(sent: Sent, path: str, fields: Sequence[str]) -> dict[str, dict[str, str]]:
    headers = [f"Authorization: Bearer {sent.served.key}", f"Idempotency-Key: {sent.key}"]
    command = ["curl", "-sS", "--max-time", str(TIMEOUT), *(part for header in headers for part in ("-H", header))]
    command += [part for field in fields for part in ("-F", field)]
    result = subprocess.run(
        [*command, f"{sent.served.base_url}/{path}"], capture_output=True, check=True, text=True, timeout=TIMEOUT
    )
    output: dict[str, dict[str, str]] = json.loads(result.stdout)
    return output
