"""Exit codes of commands, and the hint for each error."""

from __future__ import annotations

import errno
from enum import IntEnum

from filmgate import errors
from filmgate.errors import MissingExtra

__all__ = ["ExitCode", "exit_and_hint"]


class ExitCode(IntEnum):
    """Exit codes; scripts branch on them, so they never change."""

    OK = 0
    ERROR = 1  # any other error
    USAGE = 2  # the command line or a setting is wrong
    NOT_FOUND = 3  # no such video, or it has expired
    KEY = 4  # the API key is missing, invalid or not allowed to do this
    TEMPORARY = 5  # a temporary error: retry
    REJECTED = 6  # the request itself is rejected: do not retry
    FAILED = 7  # the video failed
    BUDGET = 8  # the balance or the budget is too low
    DISK_FULL = 9
    WAIT_TIMEOUT = 10  # --timeout passed, the video continues
    EXISTS = 11  # the output file already exists
    INTEGRITY = 12  # the downloaded bytes are not the video
    PARTIAL = 13  # some of the requested videos failed
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
    """Return the exit code of an error and the name of its hint text; an empty name: the message is enough."""
    for kind, code, hint in _EXITS:
        if isinstance(error, kind):
            return code, hint
    if isinstance(error, OSError):
        disk_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return (ExitCode.DISK_FULL, "hint.disk_full") if disk_full else (ExitCode.ERROR, "hint.file")
    if isinstance(error, errors.FilmgateError) and error.retryable:
        return ExitCode.TEMPORARY, "hint.retry"
    return ExitCode.ERROR, "hint.report"
