"""How a command ends: its exit code, and what mends the error that it ended with."""

from __future__ import annotations

import errno
from enum import IntEnum

from filmgate import errors
from filmgate.errors import MissingExtra

__all__ = ["ExitCode", "exit_and_hint"]


class ExitCode(IntEnum):
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


_EXITS: tuple[tuple[type[BaseException], ExitCode, str], ...] = (
    (errors.VideoModerated, ExitCode.FAILED, "hint.moderated"),
    (errors.VideoFailed, ExitCode.FAILED, "hint.failed"),
    (errors.WaitTimeout, ExitCode.WAIT_TIMEOUT, "hint.wait_timeout"),
    (errors.OutputExists, ExitCode.EXISTS, "hint.exists"),
    (errors.IntegrityError, ExitCode.INTEGRITY, "hint.integrity"),
    (errors.InsufficientQuota, ExitCode.BUDGET, "hint.budget"),
    (errors.OverBudget, ExitCode.BUDGET, "hint.over_budget"),
    (errors.NotAllowed, ExitCode.KEY, "hint.not_allowed"),
    (errors.InvalidKey, ExitCode.KEY, "hint.key"),
    (errors.InvalidSignature, ExitCode.KEY, "hint.signature"),
    (errors.VideoNotReady, ExitCode.TEMPORARY, "hint.not_ready"),
    (errors.VideoExpired, ExitCode.NOT_FOUND, "hint.expired"),
    (errors.NotFound, ExitCode.NOT_FOUND, "hint.not_found"),
    (MissingExtra, ExitCode.USAGE, ""),
    (errors.SettingsError, ExitCode.USAGE, "hint.settings"),
    (errors.UnexpectedAnswer, ExitCode.ERROR, "hint.base_url"),
    (errors.ConnectionFailed, ExitCode.TEMPORARY, "hint.connection"),
    (errors.SubmissionUnknown, ExitCode.ERROR, "hint.submission_unknown"),
    (errors.Unsupported, ExitCode.REJECTED, "hint.unsupported"),
    (errors.VideoNotDeletable, ExitCode.REJECTED, "hint.status"),
    (errors.RequestError, ExitCode.REJECTED, "hint.request_refused"),
)


def exit_and_hint(error: Exception) -> tuple[ExitCode, str]:
    """The exit code of an error, and the name of the text that says how to fix it; empty: the message says it."""
    for kind, code, mend in _EXITS:
        if isinstance(error, kind):
            return code, mend
    if isinstance(error, OSError):
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return (ExitCode.DISK_FULL, "hint.disk_full") if full else (ExitCode.ERROR, "hint.file")
    if isinstance(error, errors.FilmgateError) and error.retryable:
        return ExitCode.TEMPORARY, "hint.retry"
    return ExitCode.ERROR, "hint.report"
