"""SIGTERM to a server in its own process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import httpx2

PROGRAM = """
import asyncio, sys
from filmgate.server.app import App
from filmgate.server.shutdown import LongPollRegistry
from filmgate.server.serve import serve

long_polls = LongPollRegistry()

async def slow(scope, receive, send):
    with long_polls.long_poll():  # until the server drains
        print("started", flush=True)
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"done"})

asyncio.run(serve(App(slow, long_polls), "127.0.0.1", 0, on_ready=lambda url: print(url, flush=True)))
print("closed", flush=True)
"""


def test_sigterm_lets_requests_finish() -> None:
    """With a real signal: the running request is answered, and the program continues after serve."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        answers: list[httpx2.Response] = []
        client = threading.Thread(target=lambda: answers.append(httpx2.get(url, trust_env=False)))
        client.start()
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        client.join(90)
        assert [answer.text for answer in answers] == ["done"]
        assert process.stdout.read() == "closed\n"
        assert process.wait(90) == 0
