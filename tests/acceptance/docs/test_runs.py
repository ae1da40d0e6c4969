"""The documentation's examples, run unchanged against a real server."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import httpx2
import pytest
from PIL import Image
from tests.support.paths import ROOT
from tests.support.polling import until
from tests.support.served import Served, new_key

from .conftest import PAGES, blocks, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SNIPPETS = ROOT / "examples" / "snippets"
SCRIPTS = {
    page: script for page in PAGES if (script := "\n".join(block.text for block in blocks(page) if block.mark == "run"))
}


def _check_video(path: Path) -> None:
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 0


@pytest.mark.needs("bash", "curl")
@pytest.mark.timeout(660)  # cli.md starts over twenty processes: 76 s under a load of 39
@pytest.mark.parametrize("page", SCRIPTS, ids=name_of)
def test_shell_examples(page: Path, quick: Served, tmp_path: Path) -> None:
    """A page's shell blocks together are a script that succeeds; the videos it saves can be decoded."""
    Image.new("RGB", (640, 640), (60, 120, 160)).save(tmp_path / "first-frame.png")
    for name in ("batch.csv", "story.yaml"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    search_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environ = {**os.environ, "PATH": search_path, "SERVER": quick.url, "KEY": asyncio.run(new_key(Path(quick.folder)))}
    command = ["bash", "-euo", "pipefail", "-c", SCRIPTS[page]]
    result = subprocess.run(
        command, check=False, cwd=tmp_path, env=environ, capture_output=True, encoding="utf-8", timeout=600
    )
    assert result.returncode == 0, result
    for path in tmp_path.glob("*.mp4"):
        _check_video(path)


def _adapt(name: str, served: Served) -> str:
    text = (SNIPPETS / name).read_text(encoding="utf-8")
    return text.replace("http://127.0.0.1:8000", served.url).replace("fg-…", served.key)


@pytest.mark.parametrize("name", ["openai_sdk.py", "own_sdk.py", "sdk_tour.py", "sdk_async.py"])
def test_sdk_examples(name: str, quick: Served, tmp_path: Path) -> None:
    """An example with an SDK saves a video."""
    subprocess.run([sys.executable, "-c", _adapt(name, quick)], cwd=tmp_path, check=True, timeout=100)
    _check_video(tmp_path / "dog.mp4")


def test_agent_example(quick: Served, tmp_path: Path) -> None:
    """The example of an MCP host saves a video."""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-c", _adapt("agent.py", quick)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=100, env=environ)
    _check_video(tmp_path / "dog.mp4")


def test_chat_example(quick: Served, tmp_path: Path) -> None:
    """The chat example prints text that ends in a valid download link."""
    command = [sys.executable, "-X", "utf8", "-c", _adapt("chat.py", quick)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True, timeout=100)
    link = re.search(r"\[⬇️ 下载视频\]\((http[^)]+)\)", result.stdout)
    assert link, result.stdout
    (tmp_path / "chat.mp4").write_bytes(httpx2.get(link[1]).content)
    _check_video(tmp_path / "chat.mp4")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _receiver(secret: str, port: int) -> Iterator[subprocess.Popen[str]]:
    text = (SNIPPETS / "webhook_receiver.py").read_text(encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", text.replace("8080", str(port))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "WEBHOOK_SECRET": secret},
    )
    try:
        _await_port(port)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=90)


def _await_port(port: int) -> None:
    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=90).close()
        except ConnectionRefusedError:
            return False
        return True

    until(answers)


def test_webhook_example(quick: Served) -> None:
    """The receiver accepts signed requests, prints the video's end, and rejects forged requests."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/"
    with httpx2.Client(base_url=quick.base_url, headers={"Authorization": quick.key}, timeout=60) as http:
        endpoint = {"name": "studio", "url": url, "event_types": ["video.completed", "video.failed"]}
        endpoint = http.post("/webhook_endpoints", json=endpoint).raise_for_status().json()
        with _receiver(endpoint["signing_secret"], port) as receiver:
            video = http.post("/videos", json={"prompt": "a koi pond"}).raise_for_status().json()
            assert receiver.stdout is not None
            assert receiver.stdout.readline() == f"video.completed {video['id']}\n"
            forged = {"webhook-id": "evt_1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
            assert httpx2.post(url, content=b"{}", headers=forged).status_code == 400
        http.delete(f"/webhook_endpoints/{endpoint['id']}").raise_for_status()


def _commands() -> list[str]:
    """Return every ``filmgate …`` command in the documentation, up to its first word that is not lower case."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    return sorted(
        {command.strip() for command in re.findall(r"(?:`|^)filmgate ((?:[a-z]+ ?)+)(?=[`\"A-Z ])", text, re.MULTILINE)}
    )


@pytest.mark.parametrize("command", _commands())
def test_commands_exist(command: str) -> None:
    """Every command in the documentation has a help text."""
    words = [sys.executable, "-m", "filmgate", *command.split(), "--help"]
    result = subprocess.run(words, check=False, capture_output=True, encoding="utf-8", timeout=60)
    assert result.returncode == 0, result
