"""Every error has its exit code; scripts depend on the numbers."""

from __future__ import annotations

import errno

import pytest

from filmgate import errors
from filmgate.cli.exit_codes import ExitCode, exit_and_hint


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.VideoNotFound("video_1"), 3),
        (errors.VideoExpired(), 3),
        (errors.InvalidKey(), 4),
        (errors.NotAllowed(), 4),
        (errors.InvalidSignature(), 4),
        (errors.TooManyRequests(), 5),
        (errors.Unavailable(), 5),
        (errors.ConnectionFailed(), 5),
        (errors.VideoNotReady(), 5),
        (errors.InvalidValue(), 6),
        (errors.VideoNotDeletable(), 6),
        (errors.VideoFailed(), 7),
        (errors.VideoModerated(), 7),
        (errors.InsufficientQuota(), 8),
        (errors.OverBudget(), 8),
        (errors.Unsupported(), 6),
        (OSError(errno.ENOSPC, "No space left on device"), 9),
        (errors.WaitTimeout(), 10),
        (errors.OutputExists(), 11),
        (errors.IntegrityError(), 12),
        (errors.SettingsError(), 2),
        (errors.UnexpectedAnswer(), 1),
        (errors.SubmissionUnknown(), 1),
        (PermissionError(errno.EACCES, "Permission denied"), 1),
    ],
)
def test_an_error_has_its_code(error: Exception, code: int) -> None:
    """Each error class maps to the exit code in the docs."""
    assert exit_and_hint(error)[0] == code


def test_exit_code_numbers_never_change() -> None:
    """Scripts depend on them."""
    assert [code.value for code in ExitCode] == [*range(14), 130]
