"""How many examples Hypothesis tries: all of them in ``make check``, a quarter in ``make test``."""

from __future__ import annotations

from hypothesis import settings

ALL = 100
"""Examples that the profile ``thorough`` tries where a test asks for no other number."""


def examples(count: int) -> settings:
    """Settings of a test of which ``make check`` tries so many examples."""
    return settings(
        max_examples=max(5, count * settings.get_profile(settings.get_current_profile_name()).max_examples // ALL)
    )
