"""The chat dialect from the client's side: a film asked for in a chat, and read out of the text that comes back.

Pure. The vendor charges for every call, failed ones too, so a request is sent once for a film and never again; what it
streams is the only word there is of the job. :class:`ChatReader` is fed the bytes as they come and always knows what
has been said so far.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from filmgate.domain import Size, Status, VideoError
from filmgate.wire.chat import language_of, orientation_of
from filmgate.wire.upstream import parsing
from filmgate.wire.upstream.base import FAILED, Call, Order, Picture, Said
from filmgate.wire.upstream.error_text import reason
from filmgate.wire.upstream.status_codes import Meaning, of_submit, ok, refusal

__all__ = ["MODELS", "ChatReader", "asked", "create", "read_refused", "size_of"]

MODELS = {15: "sora-2-hd-15s-chat", 10: "sora-2-hd-10s-chat"}
"""The models of a length, which stands in their names."""

TEXT_LIMIT = 256 * 1024
"""Characters of a story that are kept; a longer one has lost its thread."""

_LINE_LIMIT = 1024 * 1024
_NEWS = 64
"""A story is read again when this share of it is new, so that a long one that comes word by word costs little."""

_NO_FILM = VideoError("engine_error", "The engine ended without a film.")
_BLOCKED = VideoError("moderation_blocked", "Your request was blocked by our moderation system.")


def create(order: Order, picture_url: str | None = None) -> Call:
    """Submit, as a stream; the frame goes into the prompt, where it is read from. A picture may be an address too."""
    content: object = asked(order.prompt, order.size)
    if order.reference is not None:
        picture_url = _data_url(order.reference)
    if picture_url is not None:
        content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": picture_url}}]
    fields = {"model": order.model, "messages": [{"role": "user", "content": content}], "stream": True, **order.extra}
    body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace")
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    return Call(method="POST", path="chat/completions", headers=headers, body=body)


def asked(prompt: str, size: Size) -> str:
    """The prompt with the frame in it, unless it says so itself (else a stream would come in the frame it prefers)."""
    upright = size.height > size.width
    if orientation_of(prompt) == ("portrait" if upright else "landscape") and _FRAME.search(prompt):
        return prompt
    ratio = "9:16" if upright else "16:9"
    return f"{ratio} {prompt}" if language_of(prompt) == "en" else f"视频比例{ratio}。{prompt}"


def size_of(orientation: str) -> Size:
    """The size that these models deliver."""
    return Size(720, 1280) if orientation == "portrait" else Size(1280, 720)


def read_refused(status: int, headers: Mapping[str, str], body: bytes) -> Said:
    """What an answer says that is no stream: why there is no film."""
    found = parsing.record(body) or {}
    error = reason(found.get("error"), FAILED)
    meaning = Meaning.TERMINAL if ok(status) and found.get("error") else of_submit(status, headers, error.code)
    return Said(
        meaning=Meaning.AMBIGUOUS if ok(status) and not found.get("error") else meaning,
        error=refusal(status, error),
        retry_after=parsing.retry_after(headers),
    )


class _Link(Struct, frozen=True):
    label: str
    url: str


class ChatReader:
    """Reads a stream, in pieces of any size. It never raises: what can't be read says nothing."""

    def __init__(self) -> None:
        self.said = Said(meaning=Meaning.JOB, status=Status.QUEUED)  # what is known of the job
        self.text = ""
        self._unread = 0  # characters of it that came since it was read
        self._ended = False  # the vendor has said all it had to say
        self._closed = False  # nothing more will come
        self._pending = b""
        self._name: str | None = None
        self._error: VideoError | None = None
        self._highest: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the vendor has said all it had to say."""
        return self._ended

    def feed(self, data: bytes) -> Said:
        """Take in what came; returns what has been said of the job so far."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        if len(self._pending) > _LINE_LIMIT:
            self._pending = b""
        return self._read(lines)

    def finish(self) -> Said:
        """There is nothing more to come; without a film and without an end, nobody knows what became of the job."""
        last, self._pending, self._closed = self._pending, b"", True
        return self._read([last])

    @property
    def name(self) -> str | None:
        """The completion's own id: the job's where the text has none."""
        return self._name

    def _read(self, lines: list[bytes]) -> Said:
        had_ended = self._ended
        for line in lines:
            self._line(line.strip())
        if self._closed or self._ended != had_ended or self._unread * _NEWS > len(self.text):
            self.said, self._unread = self._judged(_FENCED.sub("", self.text)), 0
        return self.said

    def _judged(self, story: str) -> Said:
        progress = _progress(story)
        if progress is not None:
            self._highest = max(progress, self._highest or 0.0)
        film = _film(story, over=self._ended or self._closed)
        found = _ID.search(story)
        status, error = self._status(story, film)
        return Said(
            meaning=Meaning.JOB,
            id=parsing.identifier(found[1]) if found else None,
            status=status,
            progress=100.0 if status is Status.COMPLETED else self._highest,
            error=error,
            content_url=film if status is Status.COMPLETED else None,
        )

    def _status(self, story: str, film: str | None) -> tuple[Status, VideoError | None]:
        """A failure is believed once the vendor has ended: a prompt may be about failures, and is paid for."""
        if film is not None and (self._ended or self._closed or _DONE.search(story)):
            return Status.COMPLETED, None
        if self._ended:
            return Status.FAILED, self._error or _failure(story) or _NO_FILM
        working = self._highest is not None or _WORKING.search(story)
        return (Status.IN_PROGRESS if working else Status.QUEUED), None

    def _line(self, line: bytes) -> None:
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            self._ended = True
        elif data.startswith(b"{") and (chunk := parsing.record(data)):
            self._chunk(chunk)

    def _chunk(self, chunk: Mapping[str, object]) -> None:
        if chunk.get("error"):
            self._error, self._ended = reason(chunk["error"], FAILED), True
            return
        self._name = self._name or parsing.identifier(chunk.get("id"))
        for choice in _records(chunk.get("choices")):
            for part in (choice.get("delta"), choice.get("message")):
                content = part.get("content") if isinstance(part, dict) else None
                if isinstance(content, str):
                    self.text = (self.text + content)[-TEXT_LIMIT:]
                    self._unread += len(content)
            self._ended = self._ended or isinstance(choice.get("finish_reason"), str)


_FRAME = re.compile(
    r"16\s*[:：x×]\s*9|9\s*[:：x×]\s*16|[横竖]屏|[横竖]版|[横竖]向|\b(?:landscape|portrait|vertical|horizontal)\b",
    re.IGNORECASE,
)
_FENCED = re.compile(r"^[ \t>]*```[^\n]*\n.*?(?:^[ \t>]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
"""The request echoed: what a prompt says is no news of the film."""

_ID = re.compile(
    r"(?:\b(?:task[ _]?|video[ _]?|job[ _]?)?id|任务\s*(?:id|号|编号))\s*[:：]\s*[`*\"']*([\w.:-]{4,200})(?=[^\w.:-])",
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"(?:进度|progress)[^\d\n]{0,12}(\d{1,3}(?:\.\d+)?\s*%?(?:[.…\s→>-]{1,6}\d{1,3}\s*%?)*)", re.IGNORECASE
)
_PERCENT = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,2})?)\s*%")
_WORKING = re.compile(r"生成中|制作中|处理中|generating|rendering|in[ _]progress|processing", re.IGNORECASE)
_DONE = re.compile(
    r"✅|🎉|生成完成|生成成功|已完成|任务完成|\b(?:done|completed|finished|success(?:ful(?:ly)?)?)\b", re.IGNORECASE
)
_FAILURE = re.compile(r"(?:❌|🚫|失败|出错|违规|审核未通过|\bfailed\b|\berror\b)[^\n]{0,500}", re.IGNORECASE)
_REASON = re.compile(r"(?i).*?(?:失败原因|失败|出错|failed|error|原因)\s*[:：]\s*(?=\S)")
"""What stands before a reason."""

_POLICY = re.compile(r"违规|违反|审核|敏感|政策|moderation|policy|policies|sensitive|blocked|unsafe", re.IGNORECASE)
_MARKDOWN = re.compile(r"(!?)\[([^\[\]\n]*)\]\((https?://[^\s()]+)\)")
"""Neither part goes beyond where the next link may begin: a story of nothing but brackets is read in one go."""

_BARE = re.compile(r"https?://[^\s)\"'<>\]]+", re.IGNORECASE)
_FILM_FILE = re.compile(r"(?i)\.(?:mp4|mov|webm)(?:[?#]|$)")
_DOWNLOAD = re.compile(r"(?i)下载|download")
_PICTURE_FILE = re.compile(r"(?i)\.(?:webp|gif|png|jpe?g)(?:[?#]|$)")


def _progress(story: str) -> float | None:
    """The highest percent that is told: ``进度 42..54..67``, ``进度：45%``, ``45%``."""
    numbers = [number for steps in _STEPS.findall(story) for number in re.findall(r"\d+(?:\.\d+(?!\.))?", steps)]
    told = [float(number) for number in (*numbers, *_PERCENT.findall(story))]
    fitting = [number for number in told if number <= 100]  # noqa: PLR2004 - percent
    return min(max(fitting), 99.0) if fitting else None


def _failure(story: str) -> VideoError | None:
    found = _FAILURE.search(story)
    if found is None:
        return None
    if _POLICY.search(found[0]):
        return _BLOCKED
    words = _REASON.sub("", found[0], count=1).strip(" ❌🚫*_`>")
    return reason({"message": words}, FAILED) if words else FAILED


def _film(story: str, *, over: bool) -> str | None:
    """Where the film lies: a link to a film, else one to download it, else the last one that is no picture."""
    links = [link for link in _links(story, over=over) if not _PICTURE_FILE.search(link.url)]
    for fits in (_is_film, _is_download, lambda _link: True):
        for link in reversed(links):
            if fits(link) and (url := parsing.web_url(link.url)):
                return url
    return None


def _is_film(link: _Link) -> bool:
    return bool(_FILM_FILE.search(link.url))


def _is_download(link: _Link) -> bool:
    return bool(_DOWNLOAD.search(link.label))


def _links(story: str, *, over: bool) -> Iterator[_Link]:
    for image, label, url in _MARKDOWN.findall(story):
        if not image:
            yield _Link(label, url)
    for url in _BARE.findall(_MARKDOWN.sub("", story)) if over else ():  # before the end it may be half an address
        if _FILM_FILE.search(url):
            yield _Link("", url)


def _records(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _data_url(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"
