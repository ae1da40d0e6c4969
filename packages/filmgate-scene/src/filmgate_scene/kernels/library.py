"""The kernels' machine code for this processor, compiled at the first call or read from the cache."""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Callable
from functools import cache, cached_property
from importlib.metadata import version

import llvmlite
import llvmlite.binding as llvm

from filmgate_scene.kernels import bitcode
from filmgate_scene.kernels.object_cache import ObjectCache, cache_folder
from filmgate_scene.kernels.passes import optimize_module

__all__ = ["ALLOCATE", "ALLOCATOR", "FREE", "Library", "library", "target_machine"]

ALLOCATOR = "allocator"
"""The module of the allocation functions that kernels call."""

ALLOCATE, FREE = "NRT_MemInfo_alloc_aligned", "NRT_MemInfo_call_dtor"
"""Their names in Numba's functions."""

_creating = threading.Lock()  # a second library object would be freed together with the code that it loaded


class Library:
    """The kernels of one process, each loaded at its first call. Thread-safe.

    Args:
        objects: the cache of machine code.
    """

    def __init__(self, objects: ObjectCache) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._objects = objects
        self._lock = threading.Lock()
        self._machine = target_machine(llvm.get_host_cpu_name(), _host_features())
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._machine)
        self._loaded: set[str] = set()

    def address(self, kernel: str) -> int:
        """The address of a kernel's machine code."""
        with self._lock:
            self._load(ALLOCATOR)
            self._load(kernel)
            address: int = self._engine.get_function_address(kernel)
            return address

    def free(self, owner: int) -> None:
        """Free memory that a kernel allocated and returned."""
        self._free(owner)

    @cached_property
    def _free(self) -> Callable[[int], None]:
        with self._lock:
            self._load(ALLOCATOR)
            return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._engine.get_function_address(FREE))

    @cached_property
    def _bitcode(self) -> bitcode.Bitcode:
        return bitcode.Bitcode.read()

    def _load(self, name: str) -> None:
        if name in self._loaded:
            return
        code = self._objects.fetch(name, lambda: self._compile(name))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self._loaded.add(name)

    def _compile(self, name: str) -> bytes:
        module = self._optimized(self._bitcode.kernels[name], {})
        if name != ALLOCATOR:
            _hide_all_but(module, name)
        code: bytes = self._machine.emit_object(module)
        return code

    def _optimized(self, number: int, done: dict[int, llvm.ModuleRef]) -> llvm.ModuleRef:
        """A module linked with all that it calls. Callees are optimised first, separately, as Numba does."""
        if number not in done:
            packed = self._bitcode.modules[number]
            module = llvm.parse_bitcode(packed.code)
            module.triple = llvm.get_process_triple()
            module.data_layout = str(self._engine.target_data)
            for link in packed.links:
                module.link_in(self._optimized(link, done), preserve=True)
            optimize_module(module, self._machine)
            _make_mergeable(module)
            done[number] = module
        return done[number]


def library() -> Library:
    """The library of this process."""
    with _creating:
        return _create_library()


@cache
def _create_library() -> Library:
    return Library(ObjectCache(cache_folder(_build_key())))


def target_machine(cpu: str, features: str) -> llvm.TargetMachine:
    """A target machine for this process's processor."""
    target = llvm.Target.from_triple(llvm.get_process_triple())
    relocation = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=cpu, features=features, opt=3, reloc=relocation, codemodel="jitdefault", jit=True
    )


def _build_key() -> str:
    """The package's version and a digest of everything that the machine code depends on."""
    llvm.initialize_native_target()
    parts = [
        hashlib.sha256(bitcode.FILE.read_bytes()).hexdigest(),
        llvmlite.__version__,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        _host_features(),
    ]
    return f"{version('filmgate-scene')}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}"


def _host_features() -> str:
    features: str = llvm.get_host_cpu_features().flatten()
    return features


def _make_mergeable(module: llvm.ModuleRef) -> None:
    """Make a module linkable into several others, and its functions removable where all calls are inlined."""
    for function in module.functions:
        if not function.is_declaration and function.linkage == llvm.Linkage.external:
            function.linkage = llvm.Linkage.linkonce_odr


def _hide_all_but(module: llvm.ModuleRef, name: str) -> None:
    """Export one function only; two kernels may contain the same helper functions."""
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = llvm.Linkage.external if function.name == name else llvm.Linkage.internal
