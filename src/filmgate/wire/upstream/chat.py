"""Client side of the chat dialect: a video requested in a chat, and parsed from the text that comes back.

Pure. The vendor charges for every call, failed ones too, so a request is sent once per video and never again; its
stream is the only information about the job. :class:`ChatReader` is fed the bytes as they arrive and always holds the
report so far.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from filmgate.domain import Size, Status, VideoError
from filmgate.wire.chat import detect_language, detect_orientation
from filmgate.wire.upstream import parsing
from filmgate.wire.upstream.base import DEFAULT_FAILURE, HttpCall, JobReport, JobRequest, ReferenceImage
from filmgate.wire.upstream.error_text import parse_error
from filmgate.wire.upstream.status_codes import ReplyKind, classify_submit, is_success, public_rejection

__all__ = ["MODEL_BY_SECONDS", "ChatReader", "create", "output_size", "prompt_with_ratio", "read_error_response"]

MODEL_BY_SECONDS = {15: "sora-2-hd-15s-chat", 10: "sora-2-hd-10s-chat"}
"""The models by length in seconds, which is part of their names."""

MAX_TEXT_LENGTH = 256 * 1024
"""Maximum characters of a text that are kept; a longer one is no longer useful, so its beginning is dropped."""

_MAX_LINE_BYTES = 1024 * 1024
_REPARSE_SHARE = 64
"""A text is parsed again when this share of it is new, so that a long one that arrives word by word costs little."""

_NO_VIDEO = VideoError("engine_error", "The engine ended without a video.")
_BLOCKED = VideoError("moderation_blocked", "Your request was blocked by our moderation system.")


def create(request: JobRequest, image_url: str | None = None) -> HttpCall:
    """Return a streaming submission; the vendor reads the ratio from the prompt. An image may be a URL too."""
    content: object = prompt_with_ratio(request.prompt, request.size)
    if request.reference is not None:
        image_url = _data_url(request.reference)
    if image_url is not None:
        content = [{"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": image_url}}]
    fields = {
        "model": request.model,
        "messages": [{"role": "user", "content": content}],
        "stream": True,
        **request.extra,
    }
    body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace")
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    return HttpCall(method="POST", path="chat/completions", headers=headers, body=body)


def prompt_with_ratio(prompt: str, size: Size) -> str:
    """Return the prompt with the ratio in it, unless it has one itself (else the vendor would choose its own)."""
    upright = size.height > size.width
    if detect_orientation(prompt) == ("portrait" if upright else "landscape") and _RATIO_PATTERN.search(prompt):
        return prompt
    ratio = "9:16" if upright else "16:9"
    return f"{ratio} {prompt}" if detect_language(prompt) == "en" else f"视频比例{ratio}。{prompt}"


def output_size(orientation: str) -> Size:
    """Return the size that these models deliver."""
    return Size(720, 1280) if orientation == "portrait" else Size(1280, 720)


def read_error_response(status: int, headers: Mapping[str, str], body: bytes) -> JobReport:
    """Read a response that is no stream: why there is no video."""
    payload = parsing.parse_object(body) or {}
    error = parse_error(payload.get("error"), DEFAULT_FAILURE)
    kind = (
        ReplyKind.TERMINAL
        if is_success(status) and payload.get("error")
        else classify_submit(status, headers, error.code)
    )
    return JobReport(
        kind=ReplyKind.AMBIGUOUS if is_success(status) and not payload.get("error") else kind,
        error=public_rejection(status, error),
        retry_after=parsing.retry_after(headers),
    )


class _Link(Struct, frozen=True):
    label: str
    url: str


class ChatReader:
    """Reads a stream, in pieces of any size. It never raises: unreadable data is ignored."""

    def __init__(self) -> None:
        self.report = JobReport(kind=ReplyKind.JOB, status=Status.QUEUED)  # of the job so far
        self.text = ""
        self._unparsed_characters = 0  # characters that arrived since the last parse
        self._ended = False  # the vendor has ended its response
        self._closed = False  # no more bytes arrive
        self._pending = b""
        self._completion_id: str | None = None
        self._error: VideoError | None = None
        self._max_progress: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the vendor has ended its response."""
        return self._ended

    def feed(self, data: bytes) -> JobReport:
        """Take the bytes that arrived; return the report so far."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        if len(self._pending) > _MAX_LINE_BYTES:
            self._pending = b""
        return self._parse_lines(lines)

    def finish(self) -> JobReport:
        """End the stream; without a video and without an end, the outcome of the job is unknown."""
        last, self._pending, self._closed = self._pending, b"", True
        return self._parse_lines([last])

    @property
    def completion_id(self) -> str | None:
        """The completion's id, used as the job's if the text has none."""
        return self._completion_id

    def _parse_lines(self, lines: list[bytes]) -> JobReport:
        had_ended = self._ended
        for line in lines:
            self._parse_line(line.strip())
        if self._closed or self._ended != had_ended or self._unparsed_characters * _REPARSE_SHARE > len(self.text):
            self.report, self._unparsed_characters = self._build_report(_FENCED.sub("", self.text)), 0
        return self.report

    def _build_report(self, text: str) -> JobReport:
        progress = _parse_progress(text)
        if progress is not None:
            self._max_progress = max(progress, self._max_progress or 0.0)
        url = _video_url(text, ended=self._ended or self._closed)
        id_match = _ID.search(text)
        status, error = self._status(text, url)
        return JobReport(
            kind=ReplyKind.JOB,
            id=parsing.parse_id(id_match[1]) if id_match else None,
            status=status,
            progress=100.0 if status is Status.COMPLETED else self._max_progress,
            error=error,
            content_url=url if status is Status.COMPLETED else None,
        )

    def _status(self, text: str, video_url: str | None) -> tuple[Status, VideoError | None]:
        """A failure counts only once the vendor has ended: a prompt may be about failures, and is paid for."""
        if video_url is not None and (self._ended or self._closed or _DONE.search(text)):
            return Status.COMPLETED, None
        if self._ended:
            return Status.FAILED, self._error or _parse_failure(text) or _NO_VIDEO
        working = self._max_progress is not None or _WORKING.search(text)
        return (Status.IN_PROGRESS if working else Status.QUEUED), None

    def _parse_line(self, line: bytes) -> None:
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            self._ended = True
        elif data.startswith(b"{") and (chunk := parsing.parse_object(data)):
            self._parse_chunk(chunk)

    def _parse_chunk(self, chunk: Mapping[str, object]) -> None:
        if chunk.get("error"):
            self._error, self._ended = parse_error(chunk["error"], DEFAULT_FAILURE), True
            return
        self._completion_id = self._completion_id or parsing.parse_id(chunk.get("id"))
        for choice in _records(chunk.get("choices")):
            for part in (choice.get("delta"), choice.get("message")):
                content = part.get("content") if isinstance(part, dict) else None
                if isinstance(content, str):
                    self.text = (self.text + content)[-MAX_TEXT_LENGTH:]
                    self._unparsed_characters += len(content)
            self._ended = self._ended or isinstance(choice.get("finish_reason"), str)


_RATIO_PATTERN = re.compile(
    r"16\s*[:：x×]\s*9|9\s*[:：x×]\s*16|[横竖]屏|[横竖]版|[横竖]向|\b(?:landscape|portrait|vertical|horizontal)\b",
    re.IGNORECASE,
)
_FENCED = re.compile(r"^[ \t>]*```[^\n]*\n.*?(?:^[ \t>]*```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
"""The echoed request: the words of a prompt say nothing about the video."""

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
_REASON = re.compile(r"(?i)\A.*?(?:失败原因|失败|出错|failed|error|原因)\s*[:：]\s*(?=\S)")
"""The text before a reason."""

_POLICY = re.compile(r"违规|违反|审核|敏感|政策|moderation|policy|policies|sensitive|blocked|unsafe", re.IGNORECASE)
_MARKDOWN = re.compile(r"(!?)\[([^\[\]\n]*)\]\((https?://[^\s()]+)\)")
"""Neither part reaches beyond where the next link may begin: a text of nothing but brackets is read in one pass."""

_BARE = re.compile(r"https?://[^\s)\"'<>\]]+", re.IGNORECASE)
_VIDEO_FILE = re.compile(r"(?i)\.(?:mp4|mov|webm)(?:[?#]|$)")
_DOWNLOAD = re.compile(r"(?i)下载|download")
_IMAGE_FILE = re.compile(r"(?i)\.(?:webp|gif|png|jpe?g)(?:[?#]|$)")


def _parse_progress(text: str) -> float | None:
    """Return the highest percentage in a text: ``进度 42..54..67``, ``进度：45%``, ``45%``."""
    numbers = [number for steps in _STEPS.findall(text) for number in re.findall(r"\d+(?:\.\d+(?!\.))?", steps)]
    percents = [float(number) for number in (*numbers, *_PERCENT.findall(text))]
    valid = [number for number in percents if number <= 100]  # noqa: PLR2004 - percent
    return min(max(valid), 99.0) if valid else None


def _parse_failure(text: str) -> VideoError | None:
    match = _FAILURE.search(text)
    if match is None:
        return None
    if _POLICY.search(match[0]):
        return _BLOCKED
    reason = _REASON.sub("", match[0], count=1).strip(" ❌🚫*_`>")
    return parse_error({"message": reason}, DEFAULT_FAILURE) if reason else DEFAULT_FAILURE


def _video_url(text: str, *, ended: bool) -> str | None:
    """Return the video file's URL: a link to a video, else a download link, else the last one that is no image."""
    links = [link for link in _links(text, ended=ended) if not _IMAGE_FILE.search(link.url)]
    for matches in (_is_video_link, _is_download_link, lambda _link: True):
        for link in reversed(links):
            if matches(link) and (url := parsing.parse_web_url(link.url)):
                return url
    return None


def _is_video_link(link: _Link) -> bool:
    return bool(_VIDEO_FILE.search(link.url))


def _is_download_link(link: _Link) -> bool:
    return bool(_DOWNLOAD.search(link.label))


def _links(text: str, *, ended: bool) -> Iterator[_Link]:
    for image, label, url in _MARKDOWN.findall(text):
        if not image:
            yield _Link(label, url)
    for url in _BARE.findall(_MARKDOWN.sub("", text)) if ended else ():  # before the end it may be half a URL
        if _VIDEO_FILE.search(url):
            yield _Link("", url)


def _records(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _data_url(image: ReferenceImage) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.content).decode()}"
