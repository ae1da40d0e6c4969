"""Faults of ``POST /videos``."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from filmgate.testing.mock.faults.base import EVER, Act, Fault, Moment, Rewrite, Said, Stage, Verdict
from filmgate.testing.mock.reply import Ending, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_JUNK = {
    "html": b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>",
    "empty": b"",
    "deep": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


def junk(kind: str) -> Act:
    """An act that puts something else in the body's place, still 200."""
    headers = {"Content-Type": "text/html" if kind == "html" else "application/json"}
    return lambda reply, _: reply.but(status=200, headers=headers, body=_JUNK[kind], pauses=())


def truncated(reply: Reply, _: Moment) -> Reply:
    """Half of the JSON, its length said rightly: whole for HTTP, not for a parser."""
    return reply.but(body=reply.body[: len(reply.body) // 2])


def huge(reply: Reply, moment: Moment) -> Reply:
    """The JSON with so many bytes of padding in it."""
    return reply.but(body=reply.body[:-1] + b',"padding":"' + b"x" * int(moment.number) + b'"}')


def reset(reply: Reply, _: Moment) -> Reply:
    """Not a byte, then a reset."""
    return reply.but(head=False, sent=0, ending=Ending.RESET)


def held(reply: Reply, _: Moment) -> Reply:
    """Not a byte, for ever."""
    return reply.but(head=False, sent=0, ending=Ending.HELD)


def late(reply: Reply, moment: Moment) -> Reply:
    """The answer, later."""
    return reply.but(delay=moment.number)


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Act:
    """An act that answers with an error."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return lambda _, __: Reply.of(body, status, headers)


def server_error(reply: Reply, moment: Moment) -> Reply:
    """The 5xx that the argument names."""
    message = "The server had an error while processing your request."
    return error(int(moment.number), "server_error", message)(reply, moment)


def busy(seconds: str | None = None, header: str = "Retry-After") -> Act:
    """An act that answers 429 with a word on when to come back."""
    headers = {} if seconds is None else {header: seconds}
    return error(429, "rate_limit_exceeded", "Rate limit reached for requests.", headers)


def _named(make: Callable[[Moment], object]) -> Rewrite:
    """A rewrite that gives the video another id."""
    return lambda video, moment: {**video, **dict.fromkeys(_ids(video), make(moment))}


def _nameless(video: dict[str, Any], _: Moment) -> dict[str, Any]:
    return {key: value for key, value in video.items() if key not in _ids(video)}


def _ids(video: dict[str, Any]) -> list[str]:
    return [key for key in ("id", "task_id") if key in video]


def _busy_until(distance: int) -> Act:
    def act(reply: Reply, moment: Moment) -> Reply:
        return busy(formatdate(moment.now + distance, usegmt=True))(reply, moment)

    return act


def _fault(name: str, en: str, zh: str, verdict: Verdict, act: Act | None = None, **more: Any) -> Fault:
    return Fault(name=name, stage=Stage.CREATE, says=Said(en, zh), verdict=verdict, act=act, **more)


def _refusal(name: str, status: int, code: str, message: str, en: str, zh: str) -> Fault:
    act = error(status, code, message)
    return _fault(name, en, zh, Verdict.REFUSED, act, accepts=False, takes="times", arg=EVER)


def _throttle(name: str, en: str, zh: str, act: Act) -> Fault:
    return _fault(name, en, zh, Verdict.RETRIED, act, accepts=False, takes="times", arg=1)


_ACCEPTED = (
    _fault(
        "reply-lost",
        "The job is accepted, and the connection is reset before a byte of the answer.",
        "任务已受理，但在应答的第一个字节之前连接被重置。",
        Verdict.UNKNOWN,
        reset,
    ),
    _fault(
        "reply-cut",
        "The job is accepted, and the connection ends in the middle of the answer.",
        "任务已受理，应答传到一半连接就断了。",
        Verdict.UNKNOWN,
        lambda reply, _: reply.but(sent=len(reply.body) // 2, ending=Ending.CLOSED),
    ),
    _fault(
        "reply-late",
        "The job is accepted, and the answer comes after that many seconds.",
        "任务已受理，应答在若干秒之后才到。",
        Verdict.COMPLETED,
        late,
        takes="seconds",
        arg=5.0,
    ),
    _fault(
        "reply-never",
        "The job is accepted, and the answer never comes, though the connection stays open.",
        "任务已受理，连接一直开着，应答却永远不来。",
        Verdict.UNKNOWN,
        held,
        alone=True,
    ),
    _fault(
        "submit-5xx-accepted",
        "The job is accepted, and the answer is that 5xx all the same.",
        "任务已受理，却照样应答该 5xx 状态码。",
        Verdict.UNKNOWN,
        server_error,
        takes="status",
        arg=500,
    ),
    _fault(
        "id-missing",
        "The job is accepted, and the answer has no id.",
        "任务已受理，应答里没有 id。",
        Verdict.UNKNOWN,
        video=_nameless,
    ),
    _fault(
        "id-null",
        "The job is accepted, and its id is null.",
        "任务已受理，id 为 null。",
        Verdict.UNKNOWN,
        video=_named(lambda _: None),
    ),
    _fault(
        "id-huge",
        "The job is accepted, and its id is that many bytes long.",
        "任务已受理，id 长达若干字节。",
        Verdict.UNKNOWN,
        video=_named(lambda moment: "v" * int(moment.number)),
        takes="bytes",
        arg=10_000_000,
    ),
    _fault(
        "id-traversal",
        "The job is accepted, and its id climbs out of a path.",
        "任务已受理，id 会让路径爬出目录。",
        Verdict.UNKNOWN,
        video=_named(lambda _: "../../../etc/passwd"),
    ),
    _fault(
        "id-reused",
        "The job is accepted under the id of the job before it.",
        "任务已受理，用的却是上一个任务的 id。",
        Verdict.UNKNOWN,
        video=_named(lambda moment: moment.before or moment.job),
    ),
    _fault(
        "submit-html",
        "The job is accepted, and the answer is a proxy's HTML page with status 200.",
        "任务已受理，应答却是状态为 200 的代理 HTML 页面。",
        Verdict.UNKNOWN,
        junk("html"),
    ),
    _fault(
        "submit-empty",
        "The job is accepted, and the answer is 200 without a body.",
        "任务已受理，应答是没有正文的 200。",
        Verdict.UNKNOWN,
        junk("empty"),
    ),
    _fault(
        "submit-truncated",
        "The job is accepted, and the answer is the first half of its JSON.",
        "任务已受理，应答只有前半截 JSON。",
        Verdict.UNKNOWN,
        truncated,
    ),
    _fault(
        "submit-deep",
        "The job is accepted, and the answer is JSON nested 100,000 deep.",
        "任务已受理，应答是嵌套 100,000 层的 JSON。",
        Verdict.UNKNOWN,
        junk("deep"),
    ),
    _fault(
        "submit-huge",
        "The job is accepted, and the answer has that many bytes of padding in its JSON.",
        "任务已受理，应答的 JSON 里塞了若干字节的填充。",
        Verdict.UNKNOWN,
        huge,
        takes="bytes",
        arg=64_000_000,
    ),
)

_REFUSED = (
    _fault(
        "submit-5xx",
        "Nothing is accepted, and the answer is that 5xx; a second try of the same prompt is accepted.",
        "没有受理，应答该 5xx 状态码；同一提示词再试一次就会受理。",
        Verdict.UNKNOWN,
        server_error,
        times=1,
        accepts=False,
        takes="status",
        arg=503,
    ),
    _fault(
        "submit-reset",
        "Nothing is accepted, and the connection is reset; the client can't tell it from `reply-lost`.",
        "没有受理，连接被重置；客户端无法与 `reply-lost` 区分。",
        Verdict.UNKNOWN,
        reset,
        accepts=False,
        takes="times",
        arg=1,
    ),
    _fault(
        "submit-error-in-200",
        "Nothing is accepted, and the answer is 200 with an error in its body.",
        "没有受理，应答是 200，正文里却是错误。",
        Verdict.REFUSED,
        error(200, "invalid_request", "The model is not available."),
        accepts=False,
    ),
    _refusal(
        "submit-400",
        400,
        "invalid_value",
        "Your request was refused.",
        "The create is refused as wrong.",
        "创建请求被判为有误而遭拒。",
    ),
    _refusal(
        "submit-moderated",
        400,
        "moderation_blocked",
        "Your request was blocked by our moderation system.",
        "The create is refused for what its prompt says.",
        "创建请求因提示词内容被拒。",
    ),
    _refusal(
        "submit-401",
        401,
        "invalid_api_key",
        "Incorrect API key provided.",
        "The key is not known.",
        "密钥无效。",
    ),
    _refusal(
        "submit-402",
        402,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
        "The account has no money left.",
        "账户余额不足。",
    ),
    _refusal(
        "submit-403",
        403,
        "forbidden",
        "You are not allowed to use this model.",
        "The key may not do this.",
        "密钥无权这样做。",
    ),
)

_THROTTLED = (
    _throttle(
        "submit-429",
        "Too many requests, with no word on when to come back.",
        "请求过多，没有说何时再来。",
        busy(None),
    ),
    _throttle(
        "submit-429-seconds",
        "Too many requests, `Retry-After: 1`.",
        "请求过多，`Retry-After: 1`。",
        busy("1"),
    ),
    _throttle(
        "submit-429-zero",
        "Too many requests, `Retry-After: 0`.",
        "请求过多，`Retry-After: 0`。",
        busy("0"),
    ),
    _throttle(
        "submit-429-fraction",
        "Too many requests, `Retry-After: 0.5`.",
        "请求过多，`Retry-After: 0.5`。",
        busy("0.5"),
    ),
    _throttle(
        "submit-429-ms",
        "Too many requests, `retry-after-ms: 500` and nothing else.",
        "请求过多，只有 `retry-after-ms: 500`。",
        busy("500", "retry-after-ms"),
    ),
    _throttle(
        "submit-429-date",
        "Too many requests, `Retry-After` as an HTTP date one second ahead.",
        "请求过多，`Retry-After` 是一秒之后的 HTTP 日期。",
        _busy_until(1),
    ),
    _throttle(
        "submit-429-past",
        "Too many requests, `Retry-After` as a date long past.",
        "请求过多，`Retry-After` 是早已过去的日期。",
        _busy_until(-86_400),
    ),
    _throttle(
        "submit-429-negative",
        "Too many requests, `Retry-After: -1`.",
        "请求过多，`Retry-After: -1`。",
        busy("-1"),
    ),
    _throttle(
        "submit-429-far",
        "Too many requests, `Retry-After: 31536000`: a year, which nobody waits.",
        "请求过多，`Retry-After: 31536000`：一年，谁也不会等。",
        busy("31536000"),
    ),
    _throttle(
        "submit-429-junk",
        "Too many requests, `Retry-After: soon`.",
        "请求过多，`Retry-After: soon`。",
        busy("soon"),
    ),
)

FAULTS = (*_ACCEPTED, *_REFUSED, *_THROTTLED)
"""All of them, in the order that the manual shows."""
