"""Text or image to video in one file, with Python's standard library alone (Python 3.9 or newer).

    python sora_video.py --prompt "A golden retriever running on a beach" [--image first-frame.png]

Every option may also be an environment variable: OPENAI_BASE_URL, OPENAI_API_KEY, SORA_PROMPT, SORA_IMAGE, SORA_MODEL,
SORA_SIZE, SORA_SECONDS, SORA_INTERVAL, SORA_TIMEOUT, SORA_OUT.
Exit codes: 0 saved, 4 wrong key, 5 try again later, 6 rejected, 7 the video failed, 10 it is still being made.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any

Options = argparse.Namespace
TEMPORARY = (429, 500, 502, 503, 504)


class Stop(Exception):
    """Ends the program with a message and an exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def main() -> int:
    """Submit, wait, download."""
    options = read_options()
    until = time.monotonic() + options.timeout
    try:
        video = submit(options, until)
        wait(options, video["id"], until)
        download(options, video["id"], until)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    return 0


def submit(options: Options, until: float) -> dict[str, Any]:
    """Step one: the video is accepted and has an id."""
    fields = {"model": options.model, "prompt": options.prompt, "size": options.size, "seconds": options.seconds}
    body, content_type = multipart(fields, options.image)
    with call(options, "POST", "/videos", until, body, content_type) as response:
        video: dict[str, Any] = json.load(response)
    print(f"[1/3] Submitted   {video['id']} ({video['model']}, {video['size']}, {video['seconds']} s)", flush=True)
    return video


def wait(options: Options, video_id: str, until: float) -> None:
    """Step two: poll until it is completed."""
    while True:
        with call(options, "GET", f"/videos/{video_id}", until) as response:
            video = json.load(response)
        print(f"[2/3] {video['status']:<11} {video.get('progress') or 0:3d} %", flush=True)
        if video["status"] == "completed":
            return
        if video["status"] == "failed":
            error = video.get("error") or {}
            reason = error.get("message") if isinstance(error, dict) else error
            raise Stop(7, f"The video failed: {reason or 'no reason was given'}")
        if time.monotonic() + options.interval > until:
            raise Stop(10, f"Still {video['status']} after {options.timeout:g} s; check again later: {video_id}")
        time.sleep(options.interval)


def download(options: Options, video_id: str, until: float) -> None:
    """Step three: download into a file that appears only when it is complete."""
    path = Path(options.out) / f"sora_video_{video_id[-8:]}.mp4"
    part = path.with_suffix(".mp4.part")
    with call(options, "GET", f"/videos/{video_id}/content", until) as response, part.open("wb") as file:
        total, done = int(response.headers["Content-Length"]), 0
        while chunk := response.read(256 * 1024):
            file.write(chunk)
            done += len(chunk)
            print(f"[3/3] Downloading {done * 100 // total:3d} %  {done} of {total} bytes", flush=True)
    if done != total:
        raise Stop(5, f"The download stopped at {done} of {total} bytes; run again.")
    part.replace(path)
    print(f"Saved {path} ({total} bytes)")


def call(
    options: Options, method: str, path: str, until: float, body: bytes | None = None, content_type: str = ""
) -> Any:
    """Send one request; wait and retry on 429 and temporary errors."""
    headers = {"Authorization": f"Bearer {options.api_key}", "Idempotency-Key": str(options.run)}
    if body is not None:
        headers["Content-Type"] = content_type
    while True:
        request = urllib.request.Request(options.base_url + path, body, headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=330)
        except urllib.error.HTTPError as error:
            pause = float(error.headers.get("Retry-After") or options.interval)
            message = f"{error.code}: {reason(error.read())}"
            if error.code not in TEMPORARY:
                raise Stop(4 if error.code == HTTPStatus.UNAUTHORIZED else 6, message) from None
            if time.monotonic() + pause > until:
                raise Stop(5, message) from None
            print(f"      {error.code}, retrying in {pause:g} s", file=sys.stderr, flush=True)
            time.sleep(pause)
        except OSError as error:
            raise Stop(5, f"{options.base_url} can't be reached: {getattr(error, 'reason', error)}") from None


def multipart(fields: dict[str, str], image: str | None) -> tuple[bytes, str]:
    """Encode the form and return it with its content type."""
    boundary = uuid.uuid4().hex
    body = b""
    for name, value in fields.items():
        if value:
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if image:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="input_reference"; filename="image"\r\n\r\n'
        body += head.encode() + Path(image).read_bytes() + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def reason(body: bytes) -> str:
    """Return the message of an error response in any of its formats."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")


def read_options() -> Options:
    """Read the flags, and the environment where a flag is missing."""
    env = os.environ.get
    parser = argparse.ArgumentParser(description="Text or image to video.")
    parser.add_argument("--base-url", default=env("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"))
    parser.add_argument("--api-key", default=env("OPENAI_API_KEY", ""))
    parser.add_argument("--prompt", default=env("SORA_PROMPT"))
    parser.add_argument("--image", default=env("SORA_IMAGE"))
    parser.add_argument("--model", default=env("SORA_MODEL", "sora-2"))
    parser.add_argument("--size", default=env("SORA_SIZE", "1280x720"))
    parser.add_argument("--seconds", default=env("SORA_SECONDS", "4"))
    parser.add_argument("--interval", type=float, default=float(env("SORA_INTERVAL", "5")))
    parser.add_argument("--timeout", type=float, default=float(env("SORA_TIMEOUT", "900")))
    parser.add_argument("--out", default=env("SORA_OUT", "."))
    options = parser.parse_args()
    if not options.prompt:
        parser.error("a prompt is needed: --prompt or SORA_PROMPT")
    options.base_url, options.run = options.base_url.rstrip("/"), uuid.uuid4()
    return options


if __name__ == "__main__":
    sys.exit(main())
