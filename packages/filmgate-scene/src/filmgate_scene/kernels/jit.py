"""How every kernel is compiled, and the names of the arrays they take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["F32", "F64", "I32", "U8", "U32", "Scalar", "f4", "i4", "inline", "keep_in", "kernel", "u4", "u8"]

# The element type stands in the name: Numba's scalars are neither NumPy's nor Python's, and a checker that took them
# for either would reject every line of a kernel.
F32: TypeAlias = npt.NDArray[Any]
F64: TypeAlias = npt.NDArray[Any]
U32: TypeAlias = npt.NDArray[Any]
I32: TypeAlias = npt.NDArray[Any]
U8: TypeAlias = npt.NDArray[Any]

Scalar: TypeAlias = Any
"""One of Numba's numbers."""

f4: Any = np.float32
u4: Any = np.uint32
i4: Any = np.int32
u8: Any = np.uint64

_P = ParamSpec("_P")
_R = TypeVar("_R")


def keep_in(folder: Path) -> None:
    """Keep the machine code of kernels that are imported from now on in a folder, unless Numba was told another."""
    config: Any = numba.config
    config.CACHE_DIR = config.CACHE_DIR or str(folder)


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile at the first call, keep the machine code in the cache folder, release the lock while running."""
    compiled = numba.njit(nogil=True, fastmath=True, cache=True, boundscheck=False, error_model="numpy")(function)
    return cast("Callable[_P, _R]", compiled)


def inline(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile into the kernels that call it."""
    compiled = numba.njit(inline="always", fastmath=True, error_model="numpy")(function)
    return cast("Callable[_P, _R]", compiled)
