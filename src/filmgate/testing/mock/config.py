"""Configuration of a mock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from filmgate.testing.mock.dialects import MODELS
from filmgate.testing.mock.fault_mix import FaultMix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MockConfig"]


class MockConfig(Struct, frozen=True, kw_only=True):
    """How a mock behaves; by default correctly, at once, and as OpenAI."""

    vendor: str = "openai"  # a dialect or flavour: who answers at /v1
    seconds_per_job: tuple[float, float] = (0.0, 0.0)  # the shortest and the longest; zeros: at once
    key: str | None = None  # the required API key; None: any or none
    mix: FaultMix = FaultMix()  # faults for jobs whose prompt names none
    seed: int = 0  # of the durations
    max_running: int | None = None  # jobs at once, beyond which creates get 429; 0: no limit; None: the vendor's own
    creates_per_minute: int | None = None  # the same for creates
    any_size: bool = False  # whether any size and length is accepted: small videos make quick tests
    idempotent: bool = False  # whether an Idempotency-Key finds its earlier job
    supports_list: bool = True  # whether GET /videos exists, where the vendor has it
    forget_on_restart: bool = False  # whether the jobs of the log are forgotten at a start
    log: Path | None = None
    models: Sequence[str] = MODELS  # what is served
