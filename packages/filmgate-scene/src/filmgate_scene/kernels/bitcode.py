"""The file of translated kernels: ``tools/build_kernels.py`` writes it and the library reads it."""

from __future__ import annotations

import ast
import hashlib
import lzma
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["FILE", "SOURCES", "Bitcode", "Module", "source_digest"]

FILE = Path(__file__).with_name("bitcode.xz")

SOURCES = (
    *("finish", "ground", "loudness", "marks", "noise", "paint", "plates", "puppet", "road", "terrain", "warp"),
    "water",
)
"""The modules that define kernels."""


class Module(Struct, frozen=True, array_like=True):
    """One function as LLVM bitcode, with its links to other modules."""

    code: bytes
    links: tuple[int, ...]  # modules of the functions that it calls, all earlier in the list


class Bitcode(Struct, frozen=True, kw_only=True):
    """All kernels, for any 64-bit processor."""

    sources: str  # digest of the translated sources
    translator: str
    modules: list[Module]
    kernels: dict[str, int]  # kernel and function name: number of its module

    @staticmethod
    def read() -> Bitcode:
        """Read this package's file."""
        return msgspec.msgpack.decode(lzma.decompress(FILE.read_bytes()), type=Bitcode)

    def encode(self) -> bytes:
        """Encode as file content; the same input gives the same bytes."""
        return lzma.compress(msgspec.msgpack.encode(self), preset=9 | lzma.PRESET_EXTREME)


def source_digest() -> str:
    """Digest the kernels' modules without comments, docstrings and layout, which do not change the translation."""
    digest = hashlib.sha256()
    for name in SOURCES:
        tree = ast.parse(FILE.with_name(f"{name}.py").read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.Module) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        digest.update(f"{name}\n{ast.unparse(tree)}\n".encode())
    return digest.hexdigest()
