"""Whether a file is a whole MP4, by its boxes alone: cut-off files are told from films without a decoder."""

from __future__ import annotations

from pathlib import Path

from filmgate.errors import IntegrityError

__all__ = ["check_mp4"]


def check_mp4(path: Path) -> None:
    """Walk the top-level boxes.

    Raises:
        IntegrityError: not an MP4, cut off, or without its index or its media.
    """
    size, offset, names = path.stat().st_size, 0, []
    with path.open("rb") as file:
        while offset < size:
            file.seek(offset)
            header = file.read(16)
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            elif length == 0:
                length = size - offset
            if length < 8 or offset + length > size:  # noqa: PLR2004 - a box's own header
                raise IntegrityError(f"The file is no whole MP4: a box at byte {offset} does not fit into it.")
            names.append(header[4:8])
            offset += length
    if names[:1] != [b"ftyp"] or not {b"moov", b"mdat"} <= set(names):
        raise IntegrityError("The file is no whole MP4: it lacks its head, its index or its media.")
