"""Chinese texts, one module a group of commands."""

from __future__ import annotations

from filmgate.cli.texts.zh import batch, common, making, mcp, mock, operator

__all__ = ["TEXTS"]

TEXTS = {
    **common.TEXTS,
    **making.TEXTS,
    **batch.TEXTS,
    **operator.TEXTS,
    **mock.TEXTS,
    **mcp.TEXTS,
}
