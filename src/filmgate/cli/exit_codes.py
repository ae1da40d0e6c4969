"""How a command ends: its exit code, and what mends the error that it ended with."""

from __future__ import annotations

import errno
from enum import IntEnum

from filmgate import errors
from filmgate.errors import MissingExtra

__all__ = ["Exit", "verdict"]


class Exit(IntEnum):
    """What scripts branch on."""

    OK = 0
    ERROR = 1  # none of the others
    USAGE = 2  # the command line or a setting
    NOT_FOUND = 3  # no such video, or it has expired
    KEY = 4  # no key, a wrong one, or one that may not do this
    TEMPORARY = 5  # try again
    REJECTED = 6  # don't: the request itself is refused
    FAILED = 7  # the video ended without a film
    BUDGET = 8  # the balance, or what one wants to spend, does not cover it
    DISK_FULL = 9
    WAIT_TIMEOUT = 10  # the patience ended, the video goes on
    EXISTS = 11  # the output file is there already
    INTEGRITY = 12  # the bytes are not the film
    PARTIAL = 13  # of several, some
    INTERRUPTED = 130  # Ctrl-C


_VERDICTS: tuple[tuple[type[BaseException], Exit, str], ...] = (
    (errors.VideoModerated, Exit.FAILED, "mend.moderated"),
    (errors.VideoFailed, Exit.FAILED, "mend.failed"),
    (errors.WaitTimeout, Exit.WAIT_TIMEOUT, "mend.wait_timeout"),
    (errors.OutputExists, Exit.EXISTS, "mend.exists"),
    (errors.IntegrityError, Exit.INTEGRITY, "mend.integrity"),
    (errors.InsufficientQuota, Exit.BUDGET, "mend.budget"),
    (errors.OverBudget, Exit.BUDGET, "mend.over_budget"),
    (errors.NotAllowed, Exit.KEY, "mend.not_allowed"),
    (errors.InvalidKey, Exit.KEY, "mend.key"),
    (errors.InvalidSignature, Exit.KEY, "mend.signature"),
    (errors.VideoNotReady, Exit.TEMPORARY, "mend.not_ready"),
    (errors.VideoExpired, Exit.NOT_FOUND, "mend.expired"),
    (errors.NotFound, Exit.NOT_FOUND, "mend.not_found"),
    (MissingExtra, Exit.USAGE, ""),
    (errors.SettingsError, Exit.USAGE, "mend.setting"),
    (errors.UnexpectedAnswer, Exit.ERROR, "mend.address"),
    (errors.ConnectionFailed, Exit.TEMPORARY, "mend.connection"),
    (errors.SubmissionUnknown, Exit.ERROR, "mend.unknown"),
    (errors.Unsupported, Exit.REJECTED, "mend.unsupported"),
    (errors.VideoNotDeletable, Exit.REJECTED, "mend.status"),
    (errors.RequestError, Exit.REJECTED, "mend.request"),
)


def verdict(error: Exception) -> tuple[Exit, str]:
    """The exit code of an error, and the name of the text that says how to fix it; empty: the message says it."""
    for kind, code, mend in _VERDICTS:
        if isinstance(error, kind):
            return code, mend
    if isinstance(error, OSError):
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return (Exit.DISK_FULL, "mend.disk_full") if full else (Exit.ERROR, "mend.file")
    if isinstance(error, errors.FilmgateError) and error.retryable:
        return Exit.TEMPORARY, "mend.again"
    return Exit.ERROR, "mend.report"
