"""Declarations of kernels, and the types of their arguments.

A kernel is written in the subset of Python that Numba translates. ``make kernels`` (``tools/build_kernels.py``)
translates all of them into LLVM bitcode when a source changes, so that no user's process has to: translation took 13
of the 15 CPU seconds that the kernels of a first video cost. At run time a kernel is a
:class:`~filmgate_scene.kernels.native.NativeKernel`: at the first call its bitcode is compiled to machine code for this
processor, or the machine code is read from the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, ParamSpec, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from filmgate_scene.kernels.native import ArrayType, NativeKernel

__all__ = [
    "F32",
    "I32",
    "INLINED",
    "KERNELS",
    "PARTS",
    "U8",
    "U32",
    "F32x1",
    "F32x2",
    "F32x3",
    "F64x1",
    "F64x2",
    "I32x2",
    "Scalar",
    "U8x1",
    "U32x1",
    "U32x2",
    "f4",
    "i4",
    "inline",
    "kernel",
    "part",
    "u4",
    "u8",
]

# The element type is in the name: Numba's scalars are neither NumPy's nor Python's, and a type checker that took them
# for either would reject every line of a kernel.
F32: TypeAlias = npt.NDArray[Any]
F64: TypeAlias = npt.NDArray[Any]
U32: TypeAlias = npt.NDArray[Any]
I32: TypeAlias = npt.NDArray[Any]
U8: TypeAlias = npt.NDArray[Any]

# An argument type: the element type and the number of dimensions, in C order. The translation depends on both.
F32x1: TypeAlias = Annotated[F32, ArrayType("float32", 1)]
F32x2: TypeAlias = Annotated[F32, ArrayType("float32", 2)]
F32x3: TypeAlias = Annotated[F32, ArrayType("float32", 3)]
F64x1: TypeAlias = Annotated[F64, ArrayType("float64", 1)]
F64x2: TypeAlias = Annotated[F64, ArrayType("float64", 2)]
I32x2: TypeAlias = Annotated[I32, ArrayType("int32", 2)]
U8x1: TypeAlias = Annotated[U8, ArrayType("uint8", 1)]
U32x1: TypeAlias = Annotated[U32, ArrayType("uint32", 1)]
U32x2: TypeAlias = Annotated[U32, ArrayType("uint32", 2)]

Scalar: TypeAlias = Any
"""A Numba scalar."""

f4: Any = np.float32
u4: Any = np.uint32
i4: Any = np.int32
u8: Any = np.uint64

KERNELS: Final[list[NativeKernel]] = []
PARTS: Final[list[Callable[..., Any]]] = []
INLINED: Final[list[Callable[..., Any]]] = []

_P = ParamSpec("_P")
_R = TypeVar("_R")


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Declare a kernel that Python calls with positional arguments; it releases the GIL while it runs.

    Its annotations are its machine types: ``F32x3`` and the like, ``int`` (64 bits), ``float`` (64 bits), or a tuple
    of ``int``; it returns None, an array or a tuple of ``int``.
    """
    native = NativeKernel(function)
    KERNELS.append(native)
    return cast("Callable[_P, _R]", native)


def part(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Declare a function that only kernels call. It is compiled separately; the compiler decides about inlining."""
    PARTS.append(function)
    return function


def inline(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Declare a function that is inlined into each kernel that calls it."""
    INLINED.append(function)
    return function
