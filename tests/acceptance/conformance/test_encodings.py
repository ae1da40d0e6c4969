"""Every encoding that real clients put on the wire, byte by byte over a real socket."""

from __future__ import annotations

import io
import json
import re
import subprocess
from typing import TYPE_CHECKING

import httpx2
import pytest
from PIL import Image
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.served import Served

OLD_PYTHON = ROOT / ".cache" / "openai-2.26" / "bin" / "python"
"""An environment with an SDK of the generation that sent JSON; `make test` makes it."""

OLD_SDK = """
import sys, openai
client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
video = client.videos.create(prompt="a dog", seconds=8, size="1280x720")
print(video.seconds, video.size, client.videos.retrieve(video.id).id == video.id)
with open(sys.argv[3], "rb") as picture:
    print(client.videos.create(prompt="a dog", input_reference=picture).status)
"""


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (720, 1280), "teal").save(out, "png")
    return out.getvalue()


PICTURE = _picture()


def _form(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A multipart body; the first of each pair is whatever follows ``form-data; ``."""
    lines = [b"--b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), data) for head, data in parts]
    return b"".join(lines) + b"--b--\r\n"


def _post(served: Served, body: bytes, content_type: str) -> httpx2.Response:
    headers = {"authorization": served.key, "content-type": content_type}
    return httpx2.post(f"{served.base_url}/videos", content=body, headers=headers)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([('name="prompt"', b"a dog"), ('name="seconds"', b"8")], id="node, go, python from 2.41"),
        pytest.param([('name="prompt"; filename=""', b"a dog"), ('name="seconds"', b"8")], id="an empty filename"),
        pytest.param(
            [
                ('name="seconds"', b"8"),
                (
                    'name="input_reference"; filename="anonymous_file"\r\nContent-Type: application/octet-stream',
                    PICTURE,
                ),
                ('name="prompt"', b"a dog"),
            ],
            id="go with a file",
        ),
        pytest.param(
            [('name="prompt"', b"a dog"), ('name="input_reference"', PICTURE), ('name="seconds"', b"8")],
            id="java, a stream without a filename",
        ),
        pytest.param(
            [('name="prompt"', b"a dog"), ('name="seconds"', b"8"), ('name="metadata[id]"', b"7")], id="brackets"
        ),
    ],
)
def test_multipart(served: Served, parts: list[tuple[str, bytes]]) -> None:
    """Fields are told by their names, whatever file names and content types say."""
    response = _post(served, _form(parts), "multipart/form-data; boundary=b")
    assert response.status_code == 200, response.text
    assert (response.json()["seconds"], response.json()["prompt"]) == ("8", "a dog")


@pytest.mark.parametrize("seconds", [8, "8"])
def test_json(served: Served, seconds: int | str) -> None:
    """An int and a string mean the same, and the answer has a string."""
    body = json.dumps({"prompt": "a dog", "seconds": seconds}).encode()
    assert _post(served, body, "application/json").json()["seconds"] == "8"


def test_text_where_a_file_belongs(served: Served) -> None:
    """A text in the file's place is named as such."""
    response = _post(
        served,
        _form([('name="prompt"', b"a dog"), ('name="input_reference"', b"https://host/x.png")]),
        "multipart/form-data; boundary=b",
    )
    assert response.status_code == 400
    said = "Invalid type for 'input_reference': expected a file, but got a string instead."
    assert response.json()["error"] == {
        "message": said,
        "type": "invalid_request_error",
        "param": "input_reference",
        "code": "invalid_type",
    }


@pytest.mark.needs("curl")
@pytest.mark.parametrize("form", [False, True])
def test_curl(served: Served, tmp_path: Path, *, form: bool) -> None:
    """Plain curl makes a video with JSON or a form, and a pattern reads the answer."""
    (tmp_path / "first.png").write_bytes(PICTURE)
    sent = (
        ["-F", "prompt=a dog", "-F", f"input_reference=@{tmp_path}/first.png;type=image/png"]
        if form
        else ["-H", "Content-Type: application/json", "-d", '{"prompt":"a dog"}']
    )
    command = ["curl", "-sS", "-H", f"Authorization: Bearer {served.key}", *sent, f"{served.base_url}/videos"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert re.findall('"id":"[^"]*"', said) == [f'"id":"{json.loads(said)["id"]}"']


@pytest.mark.slow
@pytest.mark.needs(str(OLD_PYTHON))
def test_the_sdk_that_sent_json(served: Served, tmp_path: Path) -> None:
    """openai-python 2.26 creates with JSON, an int staying an int, and with a file."""
    (tmp_path / "first.png").write_bytes(PICTURE)
    (tmp_path / "old.py").write_text(OLD_SDK, encoding="utf-8")
    command = [str(OLD_PYTHON), str(tmp_path / "old.py"), served.base_url, served.key, str(tmp_path / "first.png")]
    ran = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout.splitlines()
    assert said[0] == "8 1280x720 True"
    assert said[1] in {"queued", "in_progress", "completed"}
