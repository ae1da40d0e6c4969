"""Faults of ``GET /videos/{id}/content``, and of everything at once."""

from __future__ import annotations

from typing import Any

import msgspec

from filmgate.domain import Size
from filmgate.testing.mock.faults import submit
from filmgate.testing.mock.faults.base import (
    ExpectedOutcome,
    FaultContext,
    FaultSpec,
    FaultStage,
    Localized,
    ReplyFault,
)
from filmgate.testing.mock.fixtures import ClipSpec, etag, tag_with_job_id
from filmgate.testing.mock.reply import ConnectionEnd, MockReply

__all__ = ["FAULTS"]

# An image of one grey pixel.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6368000000820081774cd2b80000000049454e44ae426082"
)


def _arg_bytes(moment: FaultContext, reply: MockReply) -> int:
    return int(len(reply.body) * moment.arg_value / 100)


def _truncated(reply: MockReply, moment: FaultContext) -> MockReply:
    body = reply.body[: _arg_bytes(moment, reply)]
    return reply.replaced(body=body, headers={"ETag": etag(body)})


def _partial_body(ending: ConnectionEnd) -> ReplyFault:
    """An act that says the whole length and sends a part."""
    return lambda reply, moment: reply.replaced(sent=_arg_bytes(moment, reply), ending=ending)


def _wrong_content_length(reply: MockReply, moment: FaultContext) -> MockReply:
    return reply.replaced(headers={"Content-Length": str(_arg_bytes(moment, reply))}, ending=ConnectionEnd.CLOSED)


def _unsized(reply: MockReply, _: FaultContext) -> MockReply:
    return reply.replaced(headers={"Content-Length": ""}, ending=ConnectionEnd.CLOSED)


def _endless(reply: MockReply, _: FaultContext) -> MockReply:
    return reply.replaced(ending=ConnectionEnd.ENDLESS)


def _slow_body(reply: MockReply, moment: FaultContext) -> MockReply:
    return reply.replaced(pace=moment.arg_value)


def _replaced_body(body: bytes) -> ReplyFault:
    return lambda reply, _: reply.replaced(status=200, body=body, headers={"ETag": etag(body)})


def _range_ignored(reply: MockReply, moment: FaultContext) -> MockReply:
    if moment.attempt == 0:
        return reply.replaced(sent=len(reply.body) // 2, ending=ConnectionEnd.RESET)
    return moment.full_reply or reply


def _etag_changed(reply: MockReply, moment: FaultContext) -> MockReply:
    if moment.attempt == 0:
        return reply.replaced(sent=len(reply.body) // 2, ending=ConnectionEnd.RESET)
    if moment.full_reply is None or reply.status not in {200, 206}:
        return reply
    body = tag_with_job_id(moment.full_reply.body, f"take-two-of-{moment.job_id}")
    start = len(moment.full_reply.body) - len(reply.body)
    changed = {"ETag": etag(body)}
    if start:
        changed["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
    return reply.replaced(body=body[start:], headers=changed)


def _redirect_to(location: str) -> ReplyFault:
    return lambda _, __: MockReply(status=302, headers={"Location": location})


def _redirect_to_other_host(reply: MockReply, moment: FaultContext) -> MockReply:
    if moment.redirected:
        return reply
    return MockReply(status=302, headers={"Location": moment.other_host_url})


def _redirect_loop(_: MockReply, moment: FaultContext) -> MockReply:
    return MockReply(status=302, headers={"Location": moment.url})


def _url_in_error(reply: MockReply, moment: FaultContext) -> MockReply:
    if moment.redirected:
        return reply
    return MockReply.of_json({"detail": f"Video has been uploaded to cloud storage: {moment.other_host_url}"}, 400)


def _longer_clip(clip: ClipSpec) -> ClipSpec:
    return msgspec.structs.replace(clip, frames=clip.frames * 2)


def _smaller_clip(clip: ClipSpec) -> ClipSpec:
    return msgspec.structs.replace(clip, size=Size(clip.size.width // 4 * 2, clip.size.height // 4 * 2))


def _hostile_filename(reply: MockReply, _: FaultContext) -> MockReply:
    names = "filename=\"../../../../tmp/owned.sh\"; filename*=UTF-8''..%2F..%2F..%2Ftmp%2Fowned.sh"
    return reply.replaced(headers={"Content-Disposition": f"attachment; {names}"})


def _fault(name: str, en: str, zh: str, verdict: ExpectedOutcome = ExpectedOutcome.COMPLETED, **more: Any) -> FaultSpec:
    return FaultSpec(name=name, stage=FaultStage.CONTENT, description=Localized(en, zh), verdict=verdict, **more)


def _repeated_fault(name: str, en: str, zh: str, act: ReplyFault, times: int = 1) -> FaultSpec:
    return _fault(name, en, zh, act=act, argument_kind="times", arg=times)


def _bad_output_fault(name: str, en: str, zh: str, act: ReplyFault, **more: Any) -> FaultSpec:
    return _fault(name, en, zh, ExpectedOutcome.BAD_OUTPUT, act=act, **more)


_REFUSED = (
    _repeated_fault(
        "content-404",
        "The video answers 404 though the job is completed, the given number of times.",
        "任务已完成，视频却若干次应答 404。",
        lambda _, moment: moment.not_found_reply,
        times=2,
    ),
    _bad_output_fault(
        "content-404-ever",
        "The video answers 404 forever.",
        "视频永远应答 404。",
        lambda _, moment: moment.not_found_reply,
    ),
    _fault(
        "content-5xx",
        "The video answers that 5xx, twice.",
        "视频两次应答该 5xx 状态码。",
        act=submit.server_error,
        argument_kind="status",
        arg=503,
        times=2,
    ),
    _bad_output_fault(
        "content-400-url",
        "The video answers 400, with the URL of where it lies in the error's text.",
        "视频应答 400，错误文字里写着视频所在的 URL。",
        _url_in_error,
    ),
)

_BYTES = (
    _repeated_fault(
        "content-resets",
        "The connection is reset halfway through the video, the given number of times.",
        "视频传到一半连接被重置，若干次。",
        lambda reply, _: reply.replaced(sent=len(reply.body) // 2, ending=ConnectionEnd.RESET),
    ),
    _repeated_fault(
        "content-hangs",
        "The video stops halfway, and the connection stays open in silence, the given number of times.",
        "视频传到一半停住，连接静静地开着，若干次。",
        lambda reply, _: reply.replaced(sent=len(reply.body) // 2, ending=ConnectionEnd.HANG),
    ),
    _fault(
        "content-drips",
        "The video drips in over that many seconds.",
        "视频在若干秒里一点一点地来。",
        act=_slow_body,
        argument_kind="seconds",
        arg=5.0,
    ),
    _fault(
        "content-late",
        "The video begins after that many seconds.",
        "视频在若干秒之后才开始传。",
        act=submit.delayed,
        argument_kind="seconds",
        arg=5.0,
        times=1,
    ),
    _fault(
        "content-unsized",
        "The video comes without Content-Length and ends where the connection does.",
        "视频没有 Content-Length，连接结束即为视频结束。",
        act=_unsized,
    ),
    _bad_output_fault(
        "content-short",
        "Every download ends at that percentage of what its Content-Length says.",
        "每次下载都在 Content-Length 所说长度的该百分比处结束。",
        _partial_body(ConnectionEnd.CLOSED),
        argument_kind="percent",
        arg=90.0,
    ),
    _bad_output_fault(
        "content-long",
        "Content-Length says that percentage of what is sent.",
        "Content-Length 只有实际所传的该百分比。",
        _wrong_content_length,
        argument_kind="percent",
        arg=50.0,
    ),
    _bad_output_fault(
        "content-cut",
        "The video is cut at that percentage, its Content-Length and ETag to match.",
        "视频在该百分比处被截断，Content-Length 与 ETag 都与之相符。",
        _truncated,
        argument_kind="percent",
        arg=60.0,
    ),
    _bad_output_fault(
        "content-empty",
        "The video is empty: 200, Content-Length 0.",
        "视频是空的：200，Content-Length 为 0。",
        _replaced_body(b""),
    ),
    _bad_output_fault(
        "content-endless",
        "The video begins again and again, without end.",
        "视频一遍又一遍地重来，没有尽头。",
        _endless,
    ),
    _bad_output_fault(
        "content-html",
        "A page of HTML comes as video/mp4.",
        "一页 HTML 冒充 video/mp4。",
        _replaced_body(b"<!DOCTYPE html><html><body>Please sign in.</body></html>"),
    ),
    _bad_output_fault(
        "content-json",
        "An error in JSON comes as video/mp4 with status 200.",
        "状态 200 的 JSON 错误冒充 video/mp4。",
        _replaced_body(b'{"error":{"message":"The file is not available.","code":"not_found"}}'),
    ),
    _bad_output_fault("content-png", "An image comes as video/mp4.", "一张图片冒充 video/mp4。", _replaced_body(_PNG)),
    _fault(
        "content-wrong-duration",
        "The video is whole, and twice as long as requested.",
        "视频完整，但长度是所要求的两倍。",
        ExpectedOutcome.BAD_OUTPUT,
        alter_clip=_longer_clip,
    ),
    _fault(
        "content-wrong-size",
        "The video is whole, and half as wide and high as requested.",
        "视频完整，但宽和高都只有所要求的一半。",
        ExpectedOutcome.BAD_OUTPUT,
        alter_clip=_smaller_clip,
    ),
)

_HTTP = (
    _fault(
        "range-ignored",
        "The first download breaks off halfway; a Range request then is answered 200 with the whole video.",
        "第一次下载中途断开；随后的 Range 请求得到 200 和整部视频。",
        act=_range_ignored,
    ),
    _fault(
        "etag-changes",
        "The first download breaks off halfway; then the video is another, and a Range of it comes with its own ETag.",
        "第一次下载中途断开；之后视频换了一部，Range 应答带着新的 ETag。",
        act=_etag_changed,
    ),
    _fault(
        "redirect-elsewhere",
        "The video redirects to another host, which must not be given the key.",
        "视频重定向到另一台主机，密钥不得随行。",
        act=_redirect_to_other_host,
    ),
    _bad_output_fault("redirect-loop", "The video redirects to itself.", "视频重定向到自己。", _redirect_loop),
    _bad_output_fault(
        "redirect-private",
        "The video redirects to the metadata service of a cloud, 169.254.169.254.",
        "视频重定向到云主机的元数据服务 169.254.169.254。",
        _redirect_to("http://169.254.169.254/latest/meta-data/"),
    ),
    _bad_output_fault(
        "redirect-file",
        "The video redirects to `file:///etc/passwd`.",
        "视频重定向到 `file:///etc/passwd`。",
        _redirect_to("file:///etc/passwd"),
    ),
    _fault(
        "content-disposition",
        "Content-Disposition names a file that climbs out of any folder.",
        "Content-Disposition 里的文件名会爬出任何目录。",
        act=_hostile_filename,
    ),
)

_SERVICE = (
    FaultSpec(
        name="outage",
        stage=FaultStage.SERVICE,
        description=Localized(
            "The job is accepted, and then every request is reset for that many seconds.",
            "任务已受理，随后若干秒内所有请求都被重置。",
        ),
        verdict=ExpectedOutcome.COMPLETED,
        argument_kind="seconds",
        arg=60.0,
        exclude_from_all=True,
    ),
)

FAULTS = (*_REFUSED, *_BYTES, *_HTTP, *_SERVICE)
"""All of them, in the order that the manual shows."""
