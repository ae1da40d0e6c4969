"""Translates the kernels into LLVM bitcode: run ``make kernels`` after a change of ``kernels/*.py``.

Needs Numba, which the renderer itself does not, on x86-64 Linux; the bitcode works on every 64-bit processor. The
same sources, Python and Numba give the same file.
"""

from __future__ import annotations

import importlib
import re
from types import FunctionType, ModuleType
from typing import Any, get_args

import llvmlite.binding as llvm
import numba
from numba.core import codegen
from numba.core.registry import CPUDispatcher

from filmgate_scene.kernels import bitcode, declare
from filmgate_scene.kernels.library import ALLOCATE, ALLOCATOR, FREE, target_machine
from filmgate_scene.kernels.native import ArrayType, NativeKernel
from filmgate_scene.kernels.passes import optimize_functions, optimize_module, remove_unused

# The functions with which a Numba kernel allocates and frees an array. Of the header, kernels use
# the number of references and the address of the data.
_ALLOCATOR_CODE = f"""
declare ptr @malloc(i64)
declare void @free(ptr)

define ptr @{ALLOCATE}(i64 %size, i32 %align) {{
  %alignment = zext i32 %align to i64
  %padded = add i64 %size, %alignment
  %bytes = add i64 %padded, 40
  %header = call ptr @malloc(i64 %bytes)
  %failed = icmp eq ptr %header, null
  br i1 %failed, label %full, label %fill

full:
  ret ptr null

fill:
  %address = ptrtoint ptr %header to i64
  %end = add i64 %address, 39
  %next = add i64 %end, %alignment
  %mask = sub i64 0, %alignment
  %aligned = and i64 %next, %mask
  %data = inttoptr i64 %aligned to ptr
  store i64 1, ptr %header
  %field = getelementptr i64, ptr %header, i64 3
  store ptr %data, ptr %field
  ret ptr %header
}}

define void @{FREE}(ptr %header) {{
  call void @free(ptr %header)
  ret void
}}
"""

_ADDRESS = re.compile("numba_array_expr_0x[0-9a-f]+")  # array expressions are functions, named after an object
# A pickled exception. A call reports a status only; and the text of some has the path of a source in it.
_EXCEPTION = re.compile(r"(?<=ptr )@\.const\.picklebuf\.\w+")
_Library: Any = codegen.CPUCodeLibrary  # Numba's unit of code: one function. Its internals are private: see _Recorder


class _Recorder:
    """Records Numba's translations before they are optimised for this processor."""

    def __init__(self) -> None:
        self._sources: dict[int, list[str]] = {}
        self._kept: list[Any] = []  # keeps libraries alive, since an id is unique only as long as its object lives
        self._expressions: dict[str, str] = {}

    def install(self) -> None:
        """Record each module that is added to a library from here on."""
        add = _Library.add_llvm_module

        def record(library: Any, module: llvm.ModuleRef) -> None:
            if module.name not in {"wrapper", "cfunc_wrapper"}:  # they call a function from Python or C
                source = _EXCEPTION.sub("null", _ADDRESS.sub(self._number_of, str(module)))
                self._sources.setdefault(id(library), []).append(source)
                self._kept.append(library)
            add(library, module)

        _Library.add_llvm_module = record

    def _number_of(self, address: re.Match[str]) -> str:
        """Replace an address by a number, so that each build gives the same bytes."""
        return self._expressions.setdefault(address[0], f"expression_{len(self._expressions)}_")

    def source(self, library: Any) -> str:
        """The single module of a library."""
        (source,) = self._sources[id(library)]
        return source


class _Packer:
    """Converts Numba's libraries to numbered modules, each once."""

    def __init__(self, recorder: _Recorder, own: set[int]) -> None:
        self.modules: list[bitcode.Module] = []
        self._recorder, self._own = recorder, own
        self._numbers: dict[int, int] = {}
        self._machine = target_machine("x86-64", "")

    def add_text(self, source: str) -> int:
        """Add a hand-written module and return its number."""
        return self._append(llvm.parse_assembly(source), ())

    def add(self, library: Any, symbol: str, name: str) -> int:
        """Add a library's module with a plain function name, and return its number."""
        module, links = self._translated(library)
        module.get_function(symbol).name = name
        return self._append(module, links)

    def _number(self, library: Any) -> int:
        if id(library) not in self._numbers:
            self._numbers[id(library)] = self._append(*self._translated(library))
        return self._numbers[id(library)]

    def _append(self, module: llvm.ModuleRef, links: tuple[int, ...]) -> int:
        remove_unused(module, self._machine)  # including addresses in this process
        module.verify()
        self.modules.append(bitcode.Module(module.as_bitcode(), links))
        return len(self.modules) - 1

    def _translated(self, library: Any) -> tuple[llvm.ModuleRef, tuple[int, ...]]:
        """Our function with the Numba functions that it calls, and the numbers of our functions that it calls."""
        module = llvm.parse_assembly(self._recorder.source(library))
        optimize_functions(module, self._machine)
        called = list(dict.fromkeys(library._linking_libraries))  # noqa: SLF001 - Numba has no other list of them
        for other in called:
            if id(other) not in self._own:
                module.link_in(self._complete(other), preserve=True)
        return module, tuple(self._number(other) for other in called if id(other) in self._own)

    def _complete(self, library: Any) -> llvm.ModuleRef:
        """A Numba function with all that it calls. It contains no loop whose code depends on the processor."""
        module, _ = self._translated(library)
        optimize_module(module, self._machine)
        for function in module.functions:
            if not function.is_declaration:
                function.linkage = llvm.Linkage.linkonce_odr
        return module


def build() -> bytes:
    """Build the file's content."""
    recorder = _Recorder()
    recorder.install()
    dispatchers = _dispatchers()
    modules = _kernel_modules()
    for module in modules:
        _replace(module, dispatchers)
    for kernel in declare.KERNELS:
        dispatchers[kernel].compile(tuple(_numba_type(kind) for kind in kernel.types[:-1]))
    compiled: dict[Any, list[Any]] = {
        declared: list(dispatcher.overloads.values()) for declared, dispatcher in dispatchers.items()
    }
    packer = _Packer(recorder, {id(result.library) for results in compiled.values() for result in results})
    kernels = {ALLOCATOR: packer.add_text(_ALLOCATOR_CODE)}
    for kernel in declare.KERNELS:
        (result,) = compiled[kernel]
        kernels[kernel.name] = packer.add(result.library, result.fndesc.llvm_func_name, kernel.name)
    return bitcode.Bitcode(
        sources=bitcode.source_digest(),
        translator=f"Numba {numba.__version__}, LLVM {'.'.join(map(str, llvm.llvm_version_info))}",
        modules=packer.modules,
        kernels=kernels,
    ).encode()


def _kernel_modules() -> list[ModuleType]:
    return [importlib.import_module(f"filmgate_scene.kernels.{name}") for name in bitcode.SOURCES]


def _dispatchers() -> dict[Any, CPUDispatcher]:
    """Numba's dispatchers of all declared functions."""
    _kernel_modules()
    options: dict[str, Any] = {"fastmath": True, "error_model": "numpy"}
    called: dict[str, Any] = {**options, "nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return {
        **{function: numba.njit(inline="always", **options)(function) for function in declare.INLINED},
        **{function: numba.njit(**called)(function) for function in declare.PARTS},
        **{kernel: numba.njit(**called)(kernel.function) for kernel in declare.KERNELS},
    }


def _replace(module: ModuleType, dispatchers: dict[Any, CPUDispatcher]) -> None:
    """Replace declarations in a module, or imported by it, by functions that Numba compiles."""
    for name, value in vars(module).copy().items():
        if isinstance(value, FunctionType | NativeKernel) and value in dispatchers:
            setattr(module, name, dispatchers[value])


def _numba_type(kind: Any) -> Any:
    types: Any = numba.types
    if isinstance(kind, ArrayType):
        return types.Array(getattr(types, kind.dtype), kind.dimensions, "C")
    if kind in {int, float}:
        return types.int64 if kind is int else types.float64
    return types.UniTuple(types.int64, len(get_args(kind)))


if __name__ == "__main__":
    bitcode.FILE.write_bytes(build())
