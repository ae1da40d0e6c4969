"""The durable flow of a video: the only loops, sleeps and deadlines of Filmgate."""

from filmgate.flow.failpoint import CHECKPOINTS, failpoint
from filmgate.flow.supervisor import Flow

__all__ = ["CHECKPOINTS", "Flow", "failpoint"]
