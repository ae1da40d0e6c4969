"""Faults of ``GET /videos/{id}/content``, and of everything at once."""

from __future__ import annotations

from typing import Any

import msgspec

from filmgate.domain import Size
from filmgate.testing.mock.faults import submit
from filmgate.testing.mock.faults.base import Act, Fault, Moment, Said, Stage, Verdict
from filmgate.testing.mock.films import Film, etag, signed
from filmgate.testing.mock.reply import Ending, Reply

__all__ = ["FAULTS"]

# A picture of one grey pixel.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6368000000820081774cd2b80000000049454e44ae426082"
)


def _part(moment: Moment, reply: Reply) -> int:
    return int(len(reply.body) * moment.number / 100)


def _cut(reply: Reply, moment: Moment) -> Reply:
    body = reply.body[: _part(moment, reply)]
    return reply.but(body=body, headers={"ETag": etag(body)})


def _broken_off(ending: Ending) -> Act:
    """An act that says the whole length and sends a part."""
    return lambda reply, moment: reply.but(sent=_part(moment, reply), ending=ending)


def _longer(reply: Reply, moment: Moment) -> Reply:
    return reply.but(headers={"Content-Length": str(_part(moment, reply))}, ending=Ending.CLOSED)


def _unsized(reply: Reply, _: Moment) -> Reply:
    return reply.but(headers={"Content-Length": ""}, ending=Ending.CLOSED)


def _endless(reply: Reply, _: Moment) -> Reply:
    return reply.but(ending=Ending.ENDLESS)


def _drips(reply: Reply, moment: Moment) -> Reply:
    return reply.but(pace=moment.number)


def _instead(body: bytes) -> Act:
    return lambda reply, _: reply.but(status=200, body=body, headers={"ETag": etag(body)})


def _range_ignored(reply: Reply, moment: Moment) -> Reply:
    if moment.turn == 0:
        return reply.but(sent=len(reply.body) // 2, ending=Ending.RESET)
    return moment.whole or reply


def _etag_changed(reply: Reply, moment: Moment) -> Reply:
    if moment.turn == 0:
        return reply.but(sent=len(reply.body) // 2, ending=Ending.RESET)
    if moment.whole is None or reply.status not in {200, 206}:
        return reply
    body = signed(moment.whole.body, f"take-two-of-{moment.job}")
    start = len(moment.whole.body) - len(reply.body)
    changed = {"ETag": etag(body)}
    if start:
        changed["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
    return reply.but(body=body[start:], headers=changed)


def _redirect(location: str) -> Act:
    return lambda _, __: Reply(status=302, headers={"Location": location})


def _elsewhere(reply: Reply, moment: Moment) -> Reply:
    if moment.redirected:
        return reply
    return Reply(status=302, headers={"Location": moment.elsewhere})


def _in_a_loop(_: Reply, moment: Moment) -> Reply:
    return Reply(status=302, headers={"Location": moment.url})


def _url_in_error(reply: Reply, moment: Moment) -> Reply:
    if moment.redirected:
        return reply
    return Reply.of({"detail": f"Video has been uploaded to cloud storage: {moment.elsewhere}"}, 400)


def _longer_film(film: Film) -> Film:
    return msgspec.structs.replace(film, frames=film.frames * 2)


def _smaller_film(film: Film) -> Film:
    return msgspec.structs.replace(film, size=Size(film.size.width // 4 * 2, film.size.height // 4 * 2))


def _hostile_name(reply: Reply, _: Moment) -> Reply:
    names = "filename=\"../../../../tmp/owned.sh\"; filename*=UTF-8''..%2F..%2F..%2Ftmp%2Fowned.sh"
    return reply.but(headers={"Content-Disposition": f"attachment; {names}"})


def _fault(name: str, en: str, zh: str, verdict: Verdict = Verdict.COMPLETED, **more: Any) -> Fault:
    return Fault(name=name, stage=Stage.CONTENT, says=Said(en, zh), verdict=verdict, **more)


def _at_first(name: str, en: str, zh: str, act: Act, times: int = 1) -> Fault:
    return _fault(name, en, zh, act=act, takes="times", arg=times)


def _spoilt(name: str, en: str, zh: str, act: Act, **more: Any) -> Fault:
    return _fault(name, en, zh, Verdict.SPOILT, act=act, **more)


_REFUSED = (
    _at_first(
        "content-404",
        "The film answers 404 though the job is completed, so many times.",
        "任务已完成，影片却若干次应答 404。",
        lambda _, moment: moment.gone,
        times=2,
    ),
    _spoilt(
        "content-404-ever",
        "The film answers 404 for ever.",
        "影片永远应答 404。",
        lambda _, moment: moment.gone,
    ),
    _fault(
        "content-5xx",
        "The film answers that 5xx, twice.",
        "影片两次应答该 5xx 状态码。",
        act=submit.server_error,
        takes="status",
        arg=503,
        times=2,
    ),
    _spoilt(
        "content-400-url",
        "The film answers 400, with the URL of where it lies in the error's text.",
        "影片应答 400，错误文字里写着影片所在的 URL。",
        _url_in_error,
    ),
)

_BYTES = (
    _at_first(
        "content-resets",
        "The connection is reset halfway through the film, so many times.",
        "影片传到一半连接被重置，若干次。",
        lambda reply, _: reply.but(sent=len(reply.body) // 2, ending=Ending.RESET),
    ),
    _at_first(
        "content-hangs",
        "The film stops halfway, and the connection stays open in silence, so many times.",
        "影片传到一半停住，连接静静地开着，若干次。",
        lambda reply, _: reply.but(sent=len(reply.body) // 2, ending=Ending.HELD),
    ),
    _fault(
        "content-drips",
        "The film drips in over that many seconds.",
        "影片在若干秒里一点一点地来。",
        act=_drips,
        takes="seconds",
        arg=5.0,
    ),
    _fault(
        "content-late",
        "The film begins after that many seconds.",
        "影片在若干秒之后才开始传。",
        act=submit.late,
        takes="seconds",
        arg=5.0,
        times=1,
    ),
    _fault(
        "content-unsized",
        "The film comes without Content-Length and ends where the connection does.",
        "影片没有 Content-Length，连接结束即为影片结束。",
        act=_unsized,
    ),
    _spoilt(
        "content-short",
        "Every download ends at that percentage of what its Content-Length says.",
        "每次下载都在 Content-Length 所说长度的该百分比处结束。",
        _broken_off(Ending.CLOSED),
        takes="percent",
        arg=90.0,
    ),
    _spoilt(
        "content-long",
        "Content-Length says that percentage of what is sent.",
        "Content-Length 只有实际所传的该百分比。",
        _longer,
        takes="percent",
        arg=50.0,
    ),
    _spoilt(
        "content-cut",
        "The film is cut at that percentage, its Content-Length and ETag to match.",
        "影片在该百分比处被截断，Content-Length 与 ETag 都与之相符。",
        _cut,
        takes="percent",
        arg=60.0,
    ),
    _spoilt(
        "content-empty",
        "The film is empty: 200, Content-Length 0.",
        "影片是空的：200，Content-Length 为 0。",
        _instead(b""),
    ),
    _spoilt(
        "content-endless",
        "The film begins again and again, without end.",
        "影片一遍又一遍地重来，没有尽头。",
        _endless,
    ),
    _spoilt(
        "content-html",
        "A page of HTML comes as video/mp4.",
        "一页 HTML 冒充 video/mp4。",
        _instead(b"<!DOCTYPE html><html><body>Please sign in.</body></html>"),
    ),
    _spoilt(
        "content-json",
        "An error in JSON comes as video/mp4 with status 200.",
        "状态 200 的 JSON 错误冒充 video/mp4。",
        _instead(b'{"error":{"message":"The file is not available.","code":"not_found"}}'),
    ),
    _spoilt("content-png", "A picture comes as video/mp4.", "一张图片冒充 video/mp4。", _instead(_PNG)),
    _fault(
        "content-wrong-duration",
        "The film is whole, and twice as long as was asked for.",
        "影片完整，但长度是所要求的两倍。",
        Verdict.SPOILT,
        film=_longer_film,
    ),
    _fault(
        "content-wrong-size",
        "The film is whole, and half as wide and high as was asked for.",
        "影片完整，但宽和高都只有所要求的一半。",
        Verdict.SPOILT,
        film=_smaller_film,
    ),
)

_HTTP = (
    _fault(
        "range-ignored",
        "The first download breaks off halfway; a Range asked for then is answered 200 with the whole film.",
        "第一次下载中途断开；随后的 Range 请求得到 200 和整部影片。",
        act=_range_ignored,
    ),
    _fault(
        "etag-changes",
        "The first download breaks off halfway; then the film is another, and a Range of it comes with its own ETag.",
        "第一次下载中途断开；之后影片换了一部，Range 应答带着新的 ETag。",
        act=_etag_changed,
    ),
    _fault(
        "redirect-elsewhere",
        "The film redirects to another host, which must not be given the key.",
        "影片重定向到另一台主机，密钥不得随行。",
        act=_elsewhere,
    ),
    _spoilt("redirect-loop", "The film redirects to itself.", "影片重定向到自己。", _in_a_loop),
    _spoilt(
        "redirect-private",
        "The film redirects to the metadata service of a cloud, 169.254.169.254.",
        "影片重定向到云主机的元数据服务 169.254.169.254。",
        _redirect("http://169.254.169.254/latest/meta-data/"),
    ),
    _spoilt(
        "redirect-file",
        "The film redirects to `file:///etc/passwd`.",
        "影片重定向到 `file:///etc/passwd`。",
        _redirect("file:///etc/passwd"),
    ),
    _fault(
        "content-disposition",
        "Content-Disposition names a file that climbs out of any folder.",
        "Content-Disposition 里的文件名会爬出任何目录。",
        act=_hostile_name,
    ),
)

_SERVICE = (
    Fault(
        name="outage",
        stage=Stage.SERVICE,
        says=Said(
            "The job is accepted, and then every request is reset for that many seconds.",
            "任务已受理，随后若干秒内所有请求都被重置。",
        ),
        verdict=Verdict.COMPLETED,
        takes="seconds",
        arg=60.0,
        alone=True,
    ),
)

FAULTS = (*_REFUSED, *_BYTES, *_HTTP, *_SERVICE)
"""All of them, in the order that the manual shows."""
