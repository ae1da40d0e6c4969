"""Faults of ``GET /videos/{id}``."""

from __future__ import annotations

from typing import Any

from filmgate.testing.mock.faults import submit
from filmgate.testing.mock.faults.base import (
    ExpectedOutcome,
    FaultContext,
    FaultSpec,
    FaultStage,
    JobEnd,
    Localized,
    ReplyFault,
    VideoRewrite,
)
from filmgate.testing.mock.reply import ConnectionEnd, MockReply

__all__ = ["CANARY_KEY", "FAULTS"]

CANARY_KEY = "sk-mock-0123456789abcdef0123456789abcdef"
"""The key that the fault ``failed-error-secret`` lets out; no log, error or row of a client may hold it."""

_SYNONYMS = {
    "queued": "pending",
    "submitted": "pending",
    "in_progress": "processing",
    "completed": "succeeded",
    "failed": "failure",
}


def _not_found(_: MockReply, moment: FaultContext) -> MockReply:
    return moment.not_found_reply


def _slow_body(reply: MockReply, moment: FaultContext) -> MockReply:
    return reply.replaced(pace=moment.arg_value)


def _with_fields(**values: object) -> VideoRewrite:
    return lambda video, _: {**video, **values}


def _without_field(key: str) -> VideoRewrite:
    return lambda video, _: {name: value for name, value in video.items() if name != key}


def _progress_sequence(*progress: object) -> VideoRewrite:
    """Progress values, look by look; then the truth."""
    return lambda video, moment: (
        {**video, "progress": progress[moment.attempt]} if moment.attempt < len(progress) else video
    )


def _once_ended(rewrite: VideoRewrite) -> VideoRewrite:
    return lambda video, moment: video if moment.polls_since_end is None else rewrite(video, moment)


def _upper_case_status(video: dict[str, Any], _: FaultContext) -> dict[str, Any]:
    return {**video, "status": str(video["status"]).upper()}


def _synonym_status(video: dict[str, Any], _: FaultContext) -> dict[str, Any]:
    return {**video, "status": _SYNONYMS.get(video["status"], video["status"])}


def _numeric_status(video: dict[str, Any], moment: FaultContext) -> dict[str, Any]:
    return {**video, "status": moment.attempt}


def _completed_then_working(video: dict[str, Any], moment: FaultContext) -> dict[str, Any]:
    if moment.polls_since_end in {1, 2}:
        return {**video, "status": "in_progress", "progress": 50, "completed_at": None}
    return video


def _fault(name: str, en: str, zh: str, verdict: ExpectedOutcome = ExpectedOutcome.COMPLETED, **more: Any) -> FaultSpec:
    return FaultSpec(name=name, stage=FaultStage.POLL, description=Localized(en, zh), verdict=verdict, **more)


def _repeated_fault(name: str, en: str, zh: str, act: ReplyFault, times: int = 1, **more: Any) -> FaultSpec:
    """A poll goes wrong, the given number of times."""
    return _fault(name, en, zh, act=act, argument_kind="times", arg=times, **more)


def _odd_status(name: str, en: str, zh: str, video: VideoRewrite) -> FaultSpec:
    return _fault(name, en, zh, rewrite=video, argument_kind="times", arg=2, min_polls=2)


def _failure(name: str, en: str, zh: str, video: VideoRewrite | None = None) -> FaultSpec:
    rewrite = None if video is None else _once_ended(video)
    return _fault(name, en, zh, ExpectedOutcome.FAILED, rewrite=rewrite, job_end=JobEnd.FAILED)


_STATUSES = (
    _fault(
        "status-case",
        "Statuses come in capitals: `IN_PROGRESS`, `COMPLETED`.",
        "状态全用大写：`IN_PROGRESS`、`COMPLETED`。",
        rewrite=_upper_case_status,
        min_polls=1,
    ),
    _fault(
        "status-synonyms",
        "Statuses come in other words: `pending`, `processing`, `succeeded`.",
        "状态换了说法：`pending`、`processing`、`succeeded`。",
        rewrite=_synonym_status,
        min_polls=1,
    ),
    _odd_status(
        "status-unknown",
        "The status is a word that the API does not define, the given number of times, then the true one.",
        "状态若干次是没人认识的词，之后才是实情。",
        _with_fields(status="percolating"),
    ),
    _odd_status(
        "status-missing",
        "The status is missing, the given number of times.",
        "状态缺失若干次。",
        _without_field("status"),
    ),
    _odd_status(
        "status-null",
        "The status is null, the given number of times.",
        "状态若干次为 null。",
        _with_fields(status=None),
    ),
    _odd_status(
        "status-numeric", "The status is a number, the given number of times.", "状态若干次是数字。", _numeric_status
    ),
    _fault(
        "status-unknown-ever",
        "The status is a word that the API does not define, forever.",
        "状态永远是没人认识的词。",
        ExpectedOutcome.TIMED_OUT,
        rewrite=_with_fields(status="percolating"),
        job_end=JobEnd.NEVER,
        exclude_from_all=True,
    ),
    _failure(
        "status-expired",
        "The job ends as `expired`, with no error.",
        "任务以 `expired` 结束，没有 error。",
        _with_fields(status="expired", error=None),
    ),
    _failure(
        "status-cancelled",
        "The job ends as `cancelled`, with no error.",
        "任务以 `cancelled` 结束，没有 error。",
        _with_fields(status="cancelled", error=None),
    ),
    _failure(
        "status-deleted",
        "The job ends as `deleted`, with no error.",
        "任务以 `deleted` 结束，没有 error。",
        _with_fields(status="deleted", error=None),
    ),
    _fault(
        "completed-then-working",
        "The job is completed at one poll and in progress at the next two.",
        "任务某次查询为已完成，随后两次又变成进行中。",
        rewrite=_completed_then_working,
    ),
)

_PROGRESS = (
    _fault(
        "progress-falls",
        "Progress goes 80, then 20, then 50.",
        "进度先 80，再 20，再 50。",
        rewrite=_progress_sequence(80, 20, 50),
        min_polls=3,
    ),
    _fault("progress-250", "Progress is 250.", "进度为 250。", rewrite=_progress_sequence(250, 250), min_polls=2),
    _fault("progress-negative", "Progress is -5.", "进度为 -5。", rewrite=_progress_sequence(-5, -5), min_polls=2),
    _fault(
        "progress-text",
        'Progress is a string, `"45%"`.',
        '进度是字符串 `"45%"`。',
        rewrite=_progress_sequence("45%", "45%"),
        min_polls=2,
    ),
    _fault("progress-null", "Progress is null.", "进度为 null。", rewrite=_progress_sequence(None, None), min_polls=2),
    _fault(
        "progress-missing",
        "Progress is missing, to the end.",
        "进度始终缺失。",
        rewrite=_without_field("progress"),
        min_polls=2,
    ),
    _fault(
        "progress-99",
        "Progress is 99 forever; the job never ends.",
        "进度永远是 99，任务永不结束。",
        ExpectedOutcome.TIMED_OUT,
        rewrite=_with_fields(progress=99),
        job_end=JobEnd.NEVER,
        exclude_from_all=True,
    ),
    _fault(
        "never-ends",
        "The job stays in progress forever.",
        "任务永远在进行中。",
        ExpectedOutcome.TIMED_OUT,
        job_end=JobEnd.NEVER,
        exclude_from_all=True,
    ),
    _fault(
        "slow-success",
        "The job is completed only after that many seconds, later than any client waits.",
        "任务在若干秒之后才完成，晚于任何客户端的期限。",
        ExpectedOutcome.TIMED_OUT,
        argument_kind="seconds",
        arg=3600.0,
        job_end=JobEnd.LATE,
        exclude_from_all=True,
    ),
)

_FAILURES = (
    _failure("failed", "The job fails, and its error says why.", "任务失败，error 说明了原因。"),
    _failure(
        "failed-moderated",
        "The job fails for what the video would show.",
        "任务因视频内容被拦截而失败。",
        _with_fields(
            error={"code": "moderation_blocked", "message": "Your request was blocked by our moderation system."}
        ),
    ),
    _failure(
        "failed-error-null",
        "The job fails, and its error is null.",
        "任务失败，error 为 null。",
        _with_fields(error=None),
    ),
    _failure(
        "failed-error-missing", "The job fails, and has no error.", "任务失败，没有 error。", _without_field("error")
    ),
    _failure(
        "failed-error-string",
        "The job fails, and its error is a string.",
        "任务失败，error 是字符串。",
        _with_fields(error="The generation failed."),
    ),
    _failure(
        "failed-error-list",
        "The job fails, and its error is a list.",
        "任务失败，error 是列表。",
        _with_fields(error=[{"code": "generation_failed"}, "The generation failed."]),
    ),
    _failure(
        "failed-error-number",
        "The job fails, and the code of its error is a number.",
        "任务失败，error 的 code 是数字。",
        _with_fields(error={"code": 500, "message": "The generation failed."}),
    ),
    _failure(
        "failed-error-html",
        "The job fails, and its error is a page of HTML with a script in it.",
        "任务失败，error 是一页带脚本的 HTML。",
        _with_fields(
            error={"code": "<b>", "message": "<html><script>alert(1)</script><h1>Internal Server Error</h1></html>"}
        ),
    ),
    _failure(
        "failed-error-secret",
        "The job fails, and its error tells the upstream's key, host and path.",
        "任务失败，error 里泄露了上游的密钥、主机和路径。",
        _with_fields(
            error={
                "code": "upstream_error",
                "message": f"POST http://10.20.30.40:8000/internal/videos?key={CANARY_KEY} failed: Bearer {CANARY_KEY}",
            }
        ),
    ),
)

_ANSWERS = (
    _repeated_fault(
        "poll-404", "A poll answers 404, once, then the truth.", "查询应答 404 一次，之后才是实情。", _not_found
    ),
    _fault(
        "poll-404-thrice",
        "Three polls in a row answer 404.",
        "连续三次查询应答 404。",
        ExpectedOutcome.LOST,
        act=_not_found,
        times=3,
    ),
    _fault("poll-404-ever", "Polls answer 404 forever.", "查询永远应答 404。", ExpectedOutcome.LOST, act=_not_found),
    _fault(
        "poll-5xx",
        "Two polls answer that 5xx.",
        "两次查询应答该 5xx 状态码。",
        act=submit.server_error,
        argument_kind="status",
        arg=503,
        times=2,
    ),
    _repeated_fault(
        "poll-401",
        "A poll answers 401 though the key is good, the given number of times.",
        "密钥无误，查询却若干次应答 401。",
        submit.error_reply(401, "invalid_api_key", "Incorrect API key provided."),
    ),
    _repeated_fault(
        "poll-408",
        "A poll answers 408, the given number of times.",
        "查询若干次应答 408。",
        submit.error_reply(408, "timeout", "The request timed out."),
    ),
    _repeated_fault(
        "poll-429",
        "A poll answers 429 with `Retry-After: 1`, the given number of times.",
        "查询若干次应答 429，带 `Retry-After: 1`。",
        submit.rate_limited("1"),
    ),
    _repeated_fault(
        "poll-html", "A poll answers with a page of HTML.", "查询应答一页 HTML。", submit.junk_body("html")
    ),
    _repeated_fault(
        "poll-empty", "A poll answers 200 without a body.", "查询应答没有正文的 200。", submit.junk_body("empty")
    ),
    _repeated_fault("poll-truncated", "A poll answers half of its JSON.", "查询只应答半截 JSON。", submit.truncated),
    _repeated_fault(
        "poll-deep",
        "A poll answers JSON nested 100,000 deep.",
        "查询应答嵌套 100,000 层的 JSON。",
        submit.junk_body("deep"),
    ),
    _fault(
        "poll-huge",
        "A poll answers with that many bytes of padding in its JSON, once.",
        "查询应答的 JSON 里塞了若干字节的填充，一次。",
        act=submit.padded,
        argument_kind="bytes",
        arg=64_000_000,
        times=1,
    ),
    _repeated_fault("poll-resets", "A poll ends in a reset.", "查询时连接被重置。", submit.reset),
    _repeated_fault(
        "poll-hangs",
        "A poll is never answered, though the connection stays open.",
        "连接一直开着，查询却得不到应答。",
        submit.no_reply,
    ),
    _repeated_fault(
        "poll-cut",
        "A poll ends in the middle of its answer.",
        "查询的应答传到一半连接就断了。",
        lambda reply, _: reply.replaced(sent=len(reply.body) // 2, ending=ConnectionEnd.CLOSED),
    ),
    _fault(
        "poll-late",
        "The first poll is answered after that many seconds.",
        "第一次查询在若干秒之后才得到应答。",
        act=submit.delayed,
        argument_kind="seconds",
        arg=5.0,
        times=1,
    ),
    _fault(
        "poll-drips",
        "The first poll's answer drips in over that many seconds.",
        "第一次查询的应答在若干秒里一点一点地来。",
        act=_slow_body,
        argument_kind="seconds",
        arg=5.0,
        times=1,
    ),
)

FAULTS = (*_STATUSES, *_PROGRESS, *_FAILURES, *_ANSWERS)
"""All of them, in the order that the manual shows."""
