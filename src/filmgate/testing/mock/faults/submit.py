"""Faults of ``POST /videos``."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from filmgate.testing.mock.faults.base import (
    ALWAYS,
    ExpectedOutcome,
    FaultContext,
    FaultSpec,
    FaultStage,
    Localized,
    ReplyFault,
    VideoRewrite,
)
from filmgate.testing.mock.reply import ConnectionEnd, MockReply

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_JUNK = {
    "html": b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>",
    "empty": b"",
    "deep": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


def junk_body(kind: str) -> ReplyFault:
    """An act that puts something else in the body's place, still 200."""
    headers = {"Content-Type": "text/html" if kind == "html" else "application/json"}
    return lambda reply, _: reply.replaced(status=200, headers=headers, body=_JUNK[kind], pauses=())


def truncated(reply: MockReply, _: FaultContext) -> MockReply:
    """Half of the JSON, with a correct Content-Length: whole for HTTP, not for a parser."""
    return reply.replaced(body=reply.body[: len(reply.body) // 2])


def padded(reply: MockReply, moment: FaultContext) -> MockReply:
    """The JSON with so many bytes of padding in it."""
    return reply.replaced(body=reply.body[:-1] + b',"padding":"' + b"x" * int(moment.arg_value) + b'"}')


def reset(reply: MockReply, _: FaultContext) -> MockReply:
    """Not a byte, then a reset."""
    return reply.replaced(head=False, sent=0, ending=ConnectionEnd.RESET)


def no_reply(reply: MockReply, _: FaultContext) -> MockReply:
    """Not a byte, forever."""
    return reply.replaced(head=False, sent=0, ending=ConnectionEnd.HANG)


def delayed(reply: MockReply, moment: FaultContext) -> MockReply:
    """The answer, later."""
    return reply.replaced(delay=moment.arg_value)


def error_reply(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> ReplyFault:
    """An act that answers with an error."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return lambda _, __: MockReply.of_json(body, status, headers)


def server_error(reply: MockReply, moment: FaultContext) -> MockReply:
    """The 5xx that the argument names."""
    message = "The server had an error while processing your request."
    return error_reply(int(moment.arg_value), "server_error", message)(reply, moment)


def rate_limited(seconds: str | None = None, header: str = "Retry-After") -> ReplyFault:
    """An act that answers 429 with a word on when to come back."""
    headers = {} if seconds is None else {header: seconds}
    return error_reply(429, "rate_limit_exceeded", "Rate limit reached for requests.", headers)


def _with_id(make: Callable[[FaultContext], object]) -> VideoRewrite:
    """A rewrite that gives the video another id."""
    return lambda video, moment: {**video, **dict.fromkeys(_id_keys(video), make(moment))}


def _without_id(video: dict[str, Any], _: FaultContext) -> dict[str, Any]:
    return {key: value for key, value in video.items() if key not in _id_keys(video)}


def _id_keys(video: dict[str, Any]) -> list[str]:
    return [key for key in ("id", "task_id") if key in video]


def _rate_limited_until(distance: int) -> ReplyFault:
    def act(reply: MockReply, moment: FaultContext) -> MockReply:
        return rate_limited(formatdate(moment.now + distance, usegmt=True))(reply, moment)

    return act


def _fault(
    name: str, en: str, zh: str, verdict: ExpectedOutcome, act: ReplyFault | None = None, **more: Any
) -> FaultSpec:
    return FaultSpec(
        name=name, stage=FaultStage.CREATE, description=Localized(en, zh), verdict=verdict, act=act, **more
    )


def _refusal(name: str, status: int, code: str, message: str, en: str, zh: str) -> FaultSpec:
    act = error_reply(status, code, message)
    return _fault(name, en, zh, ExpectedOutcome.REFUSED, act, accepts_job=False, argument_kind="times", arg=ALWAYS)


def _throttle(name: str, en: str, zh: str, act: ReplyFault) -> FaultSpec:
    return _fault(name, en, zh, ExpectedOutcome.RETRIED, act, accepts_job=False, argument_kind="times", arg=1)


_ACCEPTED = (
    _fault(
        "reply-lost",
        "The job is accepted, and the connection is reset before a byte of the answer.",
        "任务已受理，但在应答的第一个字节之前连接被重置。",
        ExpectedOutcome.UNKNOWN,
        reset,
    ),
    _fault(
        "reply-cut",
        "The job is accepted, and the connection ends in the middle of the answer.",
        "任务已受理，应答传到一半连接就断了。",
        ExpectedOutcome.UNKNOWN,
        lambda reply, _: reply.replaced(sent=len(reply.body) // 2, ending=ConnectionEnd.CLOSED),
    ),
    _fault(
        "reply-late",
        "The job is accepted, and the answer comes after that many seconds.",
        "任务已受理，应答在若干秒之后才到。",
        ExpectedOutcome.COMPLETED,
        delayed,
        argument_kind="seconds",
        arg=5.0,
    ),
    _fault(
        "reply-never",
        "The job is accepted, and the answer never comes, though the connection stays open.",
        "任务已受理，连接一直开着，应答却永远不来。",
        ExpectedOutcome.UNKNOWN,
        no_reply,
        exclude_from_all=True,
    ),
    _fault(
        "submit-5xx-accepted",
        "The job is accepted, and the answer is that 5xx all the same.",
        "任务已受理，却照样应答该 5xx 状态码。",
        ExpectedOutcome.UNKNOWN,
        server_error,
        argument_kind="status",
        arg=500,
    ),
    _fault(
        "id-missing",
        "The job is accepted, and the answer has no id.",
        "任务已受理，应答里没有 id。",
        ExpectedOutcome.UNKNOWN,
        rewrite=_without_id,
    ),
    _fault(
        "id-null",
        "The job is accepted, and its id is null.",
        "任务已受理，id 为 null。",
        ExpectedOutcome.UNKNOWN,
        rewrite=_with_id(lambda _: None),
    ),
    _fault(
        "id-huge",
        "The job is accepted, and its id is that many bytes long.",
        "任务已受理，id 长达若干字节。",
        ExpectedOutcome.UNKNOWN,
        rewrite=_with_id(lambda moment: "v" * int(moment.arg_value)),
        argument_kind="bytes",
        arg=10_000_000,
    ),
    _fault(
        "id-traversal",
        "The job is accepted, and its id climbs out of a path.",
        "任务已受理，id 会让路径爬出目录。",
        ExpectedOutcome.UNKNOWN,
        rewrite=_with_id(lambda _: "../../../etc/passwd"),
    ),
    _fault(
        "id-reused",
        "The job is accepted under the id of the job before it.",
        "任务已受理，用的却是上一个任务的 id。",
        ExpectedOutcome.UNKNOWN,
        rewrite=_with_id(lambda moment: moment.previous_job_id or moment.job_id),
    ),
    _fault(
        "submit-html",
        "The job is accepted, and the answer is a proxy's HTML page with status 200.",
        "任务已受理，应答却是状态为 200 的代理 HTML 页面。",
        ExpectedOutcome.UNKNOWN,
        junk_body("html"),
    ),
    _fault(
        "submit-empty",
        "The job is accepted, and the answer is 200 without a body.",
        "任务已受理，应答是没有正文的 200。",
        ExpectedOutcome.UNKNOWN,
        junk_body("empty"),
    ),
    _fault(
        "submit-truncated",
        "The job is accepted, and the answer is the first half of its JSON.",
        "任务已受理，应答只有前半截 JSON。",
        ExpectedOutcome.UNKNOWN,
        truncated,
    ),
    _fault(
        "submit-deep",
        "The job is accepted, and the answer is JSON nested 100,000 deep.",
        "任务已受理，应答是嵌套 100,000 层的 JSON。",
        ExpectedOutcome.UNKNOWN,
        junk_body("deep"),
    ),
    _fault(
        "submit-huge",
        "The job is accepted, and the answer has that many bytes of padding in its JSON.",
        "任务已受理，应答的 JSON 里塞了若干字节的填充。",
        ExpectedOutcome.UNKNOWN,
        padded,
        argument_kind="bytes",
        arg=64_000_000,
    ),
)

_REFUSED = (
    _fault(
        "submit-5xx",
        "Nothing is accepted, and the answer is that 5xx; a second try of the same prompt is accepted.",
        "没有受理，应答该 5xx 状态码；同一提示词再试一次就会受理。",
        ExpectedOutcome.UNKNOWN,
        server_error,
        times=1,
        accepts_job=False,
        argument_kind="status",
        arg=503,
    ),
    _fault(
        "submit-reset",
        "Nothing is accepted, and the connection is reset; the client can't tell it from `reply-lost`.",
        "没有受理，连接被重置；客户端无法与 `reply-lost` 区分。",
        ExpectedOutcome.UNKNOWN,
        reset,
        accepts_job=False,
        argument_kind="times",
        arg=1,
    ),
    _fault(
        "submit-error-in-200",
        "Nothing is accepted, and the answer is 200 with an error in its body.",
        "没有受理，应答是 200，正文里却是错误。",
        ExpectedOutcome.REFUSED,
        error_reply(200, "invalid_request", "The model is not available."),
        accepts_job=False,
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
        rate_limited(None),
    ),
    _throttle(
        "submit-429-seconds",
        "Too many requests, `Retry-After: 1`.",
        "请求过多，`Retry-After: 1`。",
        rate_limited("1"),
    ),
    _throttle(
        "submit-429-zero",
        "Too many requests, `Retry-After: 0`.",
        "请求过多，`Retry-After: 0`。",
        rate_limited("0"),
    ),
    _throttle(
        "submit-429-fraction",
        "Too many requests, `Retry-After: 0.5`.",
        "请求过多，`Retry-After: 0.5`。",
        rate_limited("0.5"),
    ),
    _throttle(
        "submit-429-ms",
        "Too many requests, `retry-after-ms: 500` and nothing else.",
        "请求过多，只有 `retry-after-ms: 500`。",
        rate_limited("500", "retry-after-ms"),
    ),
    _throttle(
        "submit-429-date",
        "Too many requests, `Retry-After` as an HTTP date one second ahead.",
        "请求过多，`Retry-After` 是一秒之后的 HTTP 日期。",
        _rate_limited_until(1),
    ),
    _throttle(
        "submit-429-past",
        "Too many requests, `Retry-After` as a date long past.",
        "请求过多，`Retry-After` 是早已过去的日期。",
        _rate_limited_until(-86_400),
    ),
    _throttle(
        "submit-429-negative",
        "Too many requests, `Retry-After: -1`.",
        "请求过多，`Retry-After: -1`。",
        rate_limited("-1"),
    ),
    _throttle(
        "submit-429-far",
        "Too many requests, `Retry-After: 31536000`: a year, longer than any client waits.",
        "请求过多，`Retry-After: 31536000`：一年，谁也不会等。",
        rate_limited("31536000"),
    ),
    _throttle(
        "submit-429-junk",
        "Too many requests, `Retry-After: soon`.",
        "请求过多，`Retry-After: soon`。",
        rate_limited("soon"),
    ),
)

FAULTS = (*_ACCEPTED, *_REFUSED, *_THROTTLED)
"""All of them, in the order that the manual shows."""
