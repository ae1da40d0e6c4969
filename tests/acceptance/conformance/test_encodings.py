"""Every request encoding of real clients, byte by byte over a real socket."""

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
"""A virtual environment with an SDK version that sends JSON; `make test` creates it."""

OLD_SDK = """
import sys, openai
client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
video = client.videos.create(prompt="a dog", seconds=8, size="1280x720")
print(video.seconds, video.size, client.videos.retrieve(video.id).id == video.id)
with open(sys.argv[3], "rb") as image:
    print(client.videos.create(prompt="a dog", input_reference=image).status)
"""


def _image() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (720, 1280), "teal").save(out, "png")
    return out.getvalue()


IMAGE = _image()


def _form(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """Build a multipart body; the first of each pair follows ``form-data; ``."""
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
                    IMAGE,
                ),
                ('name="prompt"', b"a dog"),
            ],
            id="go with a file",
        ),
        pytest.param(
            [('name="prompt"', b"a dog"), ('name="input_reference"', IMAGE), ('name="seconds"', b"8")],
            id="java, a stream without a filename",
        ),
        pytest.param(
            [('name="prompt"', b"a dog"), ('name="seconds"', b"8"), ('name="metadata[id]"', b"7")], id="brackets"
        ),
    ],
)
def test_form_fields_are_identified_by_name(served: Served, parts: list[tuple[str, bytes]]) -> None:
    """Whatever the file names and content types."""
    response = _post(served, _form(parts), "multipart/form-data; boundary=b")
    assert response.status_code == 200, response.text
    assert (response.json()["seconds"], response.json()["prompt"]) == ("8", "a dog")


@pytest.mark.parametrize("seconds", [8, "8"])
def test_json_seconds_may_be_a_number(served: Served, seconds: int | str) -> None:
    """An integer and a string mean the same; the response has a string."""
    body = json.dumps({"prompt": "a dog", "seconds": seconds}).encode()
    assert _post(served, body, "application/json").json()["seconds"] == "8"


def test_text_in_place_of_a_file_is_rejected(served: Served) -> None:
    """The error names the field and its type."""
    response = _post(
        served,
        _form([('name="prompt"', b"a dog"), ('name="input_reference"', b"https://host/x.png")]),
        "multipart/form-data; boundary=b",
    )
    assert response.status_code == 400
    message = "Invalid type for 'input_reference': expected a file, but got a string instead."
    assert response.json()["error"] == {
        "message": message,
        "type": "invalid_request_error",
        "param": "input_reference",
        "code": "invalid_type",
    }


@pytest.mark.needs("curl")
@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
@pytest.mark.parametrize("form", [False, True])
def test_curl_makes_a_video(served: Served, tmp_path: Path, version: str, *, form: bool) -> None:
    """With JSON or a form, in each version of HTTP that it can offer; a regular expression can read the response."""
    (tmp_path / "first.png").write_bytes(IMAGE)
    body_options = (
        ["-F", "prompt=a dog", "-F", f"input_reference=@{tmp_path}/first.png;type=image/png"]
        if form
        else ["-H", "Content-Type: application/json", "-d", '{"prompt":"a dog"}']
    )
    command = [
        "curl",
        "-sS",
        version,
        "-H",
        f"Authorization: Bearer {served.key}",
        *body_options,
        f"{served.base_url}/videos",
    ]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert re.findall('"id":"[^"]*"', output) == [f'"id":"{json.loads(output)["id"]}"']


JAVA_CLIENT = """
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

class Stock {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newHttpClient();
    for (int round = 0; round < 3; round++) {
      var request = HttpRequest.newBuilder(URI.create(args[0] + "/videos"))
          .header("Authorization", "Bearer " + args[1]).header("Content-Type", "application/json")
          .POST(BodyPublishers.ofString("{\\"prompt\\":\\"a dog\\"}")).build();
      System.out.println(client.send(request, BodyHandlers.ofString()).statusCode());
    }
  }
}
"""


@pytest.mark.needs("java", "javac")
def test_the_stock_java_client_makes_videos(served: Served, tmp_path: Path) -> None:
    """Its default is HTTP/2, which it offers as an upgrade on plain HTTP; nothing has to be set."""
    (tmp_path / "Stock.java").write_text(JAVA_CLIENT, encoding="utf-8")
    command = ["java", str(tmp_path / "Stock.java"), served.base_url, served.key]
    result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=120)
    assert result.stdout.split() == ["200"] * 3, result.stderr


@pytest.mark.needs(str(OLD_PYTHON))
def test_an_sdk_version_that_sends_json_works(served: Served, tmp_path: Path) -> None:
    """openai-python 2.26 creates with JSON, keeping an int, and with a file."""
    (tmp_path / "first.png").write_bytes(IMAGE)
    (tmp_path / "old.py").write_text(OLD_SDK, encoding="utf-8")
    command = [str(OLD_PYTHON), str(tmp_path / "old.py"), served.base_url, served.key, str(tmp_path / "first.png")]
    result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "8 1280x720 True"
    assert lines[1] in {"queued", "in_progress", "completed"}
