"""Calls a kernel's machine code by the calling convention of Numba's functions.

A function returns a status and takes a pointer for its result, a pointer for an exception, and its arguments. An array
is several arguments: its owner twice (null, since the caller owns it), its number of elements, the bytes of one,
its address, then the shape and the strides.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property, update_wrapper
from typing import Any, get_args, get_type_hints

import numpy as np
from msgspec import Struct

__all__ = ["ArrayType", "NativeKernel"]

_STATUS_OK = (0, -2)  # a result, or None


class ArrayType(Struct, frozen=True):
    """An argument type: an array in C order."""

    dtype: str
    dimensions: int


class NativeKernel:
    """A kernel in machine code, loaded at the first call; the GIL is released while it runs."""

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.function = function
        self.name = f"{function.__module__.rpartition('.')[2]}_{function.__name__}"

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel.

        Raises:
            TypeError: an array has another element type, number of dimensions or memory order than declared.
            MemoryError: the kernel could not allocate its working memory.
        """
        values: list[Any] = []
        for spread, argument in zip(self._spreaders, arguments, strict=True):
            values += spread(argument)
        result = self._result_type()
        if self._function(ctypes.byref(result), ctypes.byref(ctypes.c_void_p()), *values) not in _STATUS_OK:
            raise MemoryError(f"The kernel {self.name} could not allocate its working memory.")
        return self._read_result(result)

    @cached_property
    def types(self) -> list[Any]:
        """Types of arguments, then of the result: :class:`ArrayType`, ``int``, ``float``, tuple of ``int``, None."""
        hints = get_type_hints(self.function, include_extras=True)
        return [_machine_type(hints[name]) for name in (*self._parameters, "return")]

    @property
    def _parameters(self) -> Sequence[str]:
        code = self.function.__code__
        return code.co_varnames[: code.co_argcount]

    @cached_property
    def _function(self) -> Callable[..., int]:
        from filmgate_scene.kernels.library import library  # noqa: PLC0415 - it loads LLVM

        arguments = [c_type for kind in self.types[:-1] for c_type in _c_types(kind)]
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *arguments)
        return prototype(library().address(self.name))

    @cached_property
    def _spreaders(self) -> list[Callable[[Any], Sequence[Any]]]:
        return [
            _spreader(f"{self.name}: {name}", kind)
            for name, kind in zip(self._parameters, self.types[:-1], strict=True)
        ]

    @cached_property
    def _result_type(self) -> type[ctypes.Structure]:
        return _result_structure(self.types[-1])

    def _read_result(self, result: ctypes.Structure) -> Any:
        returned = self.types[-1]
        if returned is None:
            return None
        if isinstance(returned, ArrayType):
            return _take_array(result, returned)
        return tuple(result.values)


def _machine_type(hint: Any) -> Any:
    """Convert an annotation to a type of :attr:`NativeKernel.types`."""
    if hint is type(None):
        return None
    return next((extra for extra in get_args(hint) if isinstance(extra, ArrayType)), hint)


def _c_types(kind: Any) -> list[Any]:
    if isinstance(kind, ArrayType):
        return [
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p),
            *[ctypes.c_int64] * (2 * kind.dimensions),
        ]
    if kind is float:
        return [ctypes.c_double]
    return [ctypes.c_int64] * (1 if kind is int else len(get_args(kind)))


def _spreader(place: str, kind: Any) -> Callable[[Any], Sequence[Any]]:
    """A function that converts one argument to those of the machine code."""
    if isinstance(kind, ArrayType):
        dtype = np.dtype(kind.dtype)

        def spread(array: Any) -> Sequence[Any]:
            if array.dtype != dtype or array.ndim != kind.dimensions or not array.flags.c_contiguous:
                raise TypeError(f"{place} is not {kind.dtype} of {kind.dimensions} dimensions in C order")
            return (None, None, array.size, array.itemsize, array.ctypes.data, *array.shape, *array.strides)

        return spread
    if kind in {int, float}:
        return lambda number: (kind(number),)
    return tuple


def _result_structure(kind: Any) -> type[ctypes.Structure]:
    """The structure that receives a result; for an array, its fields are in the order of an array's arguments."""
    if kind is None:
        return type("Nothing", (ctypes.Structure,), {"_fields_": [("none", ctypes.c_void_p)]})  # receives a null
    fields: list[tuple[str, Any]] = [("values", ctypes.c_int64 * len(get_args(kind)))]
    if isinstance(kind, ArrayType):
        fields = [
            ("owner", ctypes.c_void_p),
            ("parent", ctypes.c_void_p),
            ("size", ctypes.c_int64),
            ("itemsize", ctypes.c_int64),
            ("data", ctypes.c_void_p),
            ("shape", ctypes.c_int64 * kind.dimensions),
            ("strides", ctypes.c_int64 * kind.dimensions),
        ]
    return type("Result", (ctypes.Structure,), {"_fields_": fields})


def _take_array(result: Any, kind: ArrayType) -> Any:
    """Copy an array that a kernel allocated, and free the original."""
    from filmgate_scene.kernels.library import library  # noqa: PLC0415 - it loads LLVM

    memory = (ctypes.c_char * (result.size * result.itemsize)).from_address(result.data)
    array = np.ndarray(tuple(result.shape), kind.dtype, memory).copy()
    library().free(result.owner)
    return array
