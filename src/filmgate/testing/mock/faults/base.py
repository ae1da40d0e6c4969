"""A fault is a value: which request it affects, what it does there and what a correct client does about it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from filmgate.testing.mock.reply import MockReply

if TYPE_CHECKING:
    from filmgate.testing.mock.fixtures import ClipSpec

__all__ = [
    "ALWAYS",
    "ARGUMENT_KINDS",
    "OUTCOME_TEXTS",
    "Argument",
    "ExpectedOutcome",
    "FaultContext",
    "FaultSpec",
    "FaultStage",
    "JobEnd",
    "Localized",
    "ReplyFault",
    "VideoRewrite",
]

ALWAYS = 10**9
"""As a number of times: always."""

Argument = int | float | None
"""What follows the name in a tag."""


class Localized(Struct, frozen=True):
    """A sentence in two languages."""

    en: str
    zh: str


ARGUMENT_KINDS = {
    "times": Localized("how often, or `ever`", "次数，或 `ever`"),
    "seconds": Localized("seconds", "秒数"),
    "status": Localized("the HTTP status", "HTTP 状态码"),
    "bytes": Localized("bytes", "字节数"),
    "percent": Localized("percent", "百分比"),
}
"""The kinds of arguments."""


class FaultStage(StrEnum):
    """Which request a fault strikes."""

    CREATE = auto()
    POLL = auto()
    CONTENT = auto()
    SERVICE = auto()  # all of them


class ExpectedOutcome(StrEnum):
    """What a correct client ends with."""

    COMPLETED = auto()
    FAILED = auto()
    REFUSED = auto()
    RETRIED = auto()
    UNKNOWN = auto()
    LOST = auto()
    BAD_OUTPUT = auto()
    TIMED_OUT = auto()


OUTCOME_TEXTS = {
    ExpectedOutcome.COMPLETED: Localized(
        "The video arrives whole: the client polls or fetches again.", "视频完整到手：客户端再查、再取即可。"
    ),
    ExpectedOutcome.FAILED: Localized(
        "Failed, with a code and a message: reported by the upstream.", "失败，带代码和说明：上游已明确告知。"
    ),
    ExpectedOutcome.REFUSED: Localized(
        "Refused: nothing was made, so say why and don't send it again as it is.",
        "被拒：什么都没做；说明原因，不要原样重发。",
    ),
    ExpectedOutcome.RETRIED: Localized(
        "Not accepted, as the status says: wait, send it again, and the video arrives.",
        "状态码表明没有受理：等待后重发，视频到手。",
    ),
    ExpectedOutcome.UNKNOWN: Localized(
        "Maybe accepted: find it by Idempotency-Key or in the list, else end as unknown; never submit it again.",
        "可能已受理：凭 Idempotency-Key 或列表找回，否则以“未知”结束；绝不再次提交。",
    ),
    ExpectedOutcome.LOST: Localized(
        "Failed: the upstream no longer knows the job; never submit it again by itself.",
        "失败：上游已不认得这个任务；不要自行再次提交。",
    ),
    ExpectedOutcome.BAD_OUTPUT: Localized(
        "Failed: the upstream has no whole video; download again within reason, never generate again.",
        "失败：上游拿不出完整的视频；适度重新下载，绝不重新生成。",
    ),
    ExpectedOutcome.TIMED_OUT: Localized(
        "Failed at the client's own deadline; what arrives later changes nothing.",
        "到客户端自己的期限即失败；之后到的结果不再改变什么。",
    ),
}
"""Each outcome in a sentence."""


class JobEnd(StrEnum):
    """How a job that meets the fault ends."""

    COMPLETED = auto()
    FAILED = auto()
    LATE = auto()  # after as many seconds as the argument says
    NEVER = auto()


class FaultContext(Struct, frozen=True, kw_only=True):
    """What a fault may use of the request that it affects."""

    arg: Argument  # the fault's argument
    attempt: int  # number of earlier requests of this kind for this job (of a create: for this prompt)
    job_id: str  # its id
    now: float  # Unix time
    url: str  # the requested seconds
    other_host_url: str  # where this job's video can be had without a key, under another host's name
    redirected: bool  # whether that is where this request came from
    not_found_reply: MockReply  # the vendor's response for an unknown job
    polls_since_end: int | None = None  # polls since the job ended; None: it has not
    full_reply: MockReply | None = None  # of a content request: the correct response without Range
    previous_job_id: str = ""  # id of the job before this one

    @property
    def arg_value(self) -> float:
        """The argument as a number."""
        return float(self.arg) if self.arg is not None else 0.0


ReplyFault = Callable[[MockReply, FaultContext], MockReply]
"""Turns a correct response into the faulty one."""

VideoRewrite = Callable[[dict[str, Any], FaultContext], dict[str, Any]]
"""What a fault makes of the video object in it."""


class FaultSpec(Struct, frozen=True, kw_only=True):
    """A way to misbehave."""

    name: str
    stage: FaultStage
    description: Localized  # one sentence
    verdict: ExpectedOutcome
    act: ReplyFault | None = None
    rewrite: VideoRewrite | None = None
    alter_clip: Callable[[ClipSpec], ClipSpec] | None = None  # from the requested clip to the delivered one
    arg: Argument = None  # unless the tag gives another
    argument_kind: str = ""  # what the argument is, one of TAKES; empty: it takes none
    times: int = ALWAYS  # how often it applies, unless the argument says so
    accepts_job: bool = True  # whether a create that it affects makes a job
    job_end: JobEnd = JobEnd.COMPLETED
    min_polls: int = 0  # the job does not end before so many polls: for faults that must be seen in progress
    exclude_from_all: bool = (
        False  # not in the mix "all": it affects other jobs too, or only the client's deadline ends it
    )

    def applies(self, arg: Argument, attempt: int) -> bool:
        """Whether it applies to the request of that attempt, counted from 0."""
        return attempt < (arg if self.argument_kind == "times" and isinstance(arg, int) else self.times)

    def parse(self, text: str | None) -> Argument:
        """Parse the argument of a tag.

        Raises:
            ValueError: it is not of the kind that this fault takes.
        """
        if text is None:
            return self.arg
        if not self.argument_kind:
            raise ValueError(f"{self.name} takes no argument")
        if self.argument_kind == "times" and text == "ever":
            return ALWAYS
        return int(text) if isinstance(self.arg, int) else float(text)
