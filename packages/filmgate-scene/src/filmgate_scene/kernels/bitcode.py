"""The file of translated kernels: what ``tools/build_kernels.py`` writes and the library reads."""

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
"""Modules of kernels."""


class Module(Struct, frozen=True, array_like=True):
    """One function as LLVM bitcode, with what it needs of Numba's own."""

    code: bytes
    links: tuple[int, ...]  # modules of the functions that it calls, which come before it


class Bitcode(Struct, frozen=True, kw_only=True):
    """Every kernel, for any processor of 64 bits."""

    sources: str  # digest of the sources that were translated
    translator: str
    modules: list[Module]
    kernels: dict[str, int]  # a kernel's name, which is its function's too: the number of its module

    @staticmethod
    def read() -> Bitcode:
        """The file of this package."""
        return msgspec.msgpack.decode(lzma.decompress(FILE.read_bytes()), type=Bitcode)

    def encode(self) -> bytes:
        """The bytes of a file; the same for the same content."""
        return lzma.compress(msgspec.msgpack.encode(self), preset=9 | lzma.PRESET_EXTREME)


def source_digest() -> str:
    """A digest of the modules of kernels, without comments, docstrings and layout: those change no translation."""
    digest = hashlib.sha256()
    for name in SOURCES:
        tree = ast.parse(FILE.with_name(f"{name}.py").read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.Module) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        digest.update(f"{name}\n{ast.unparse(tree)}\n".encode())
    return digest.hexdigest()
