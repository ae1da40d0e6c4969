"""Numba's optimisation passes for a kernel: the same passes in the same order give the same bytes of a video."""

from __future__ import annotations

import llvmlite.binding as llvm

__all__ = ["optimize_functions", "optimize_module", "remove_unused"]


def optimize_functions(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """Simplify each function of a module separately, at build time, since nothing here depends on the processor."""
    for function in module.functions:
        builder = _pass_builder(machine)
        passes = builder.getFunctionPassManager()
        passes.add_refprune_pass()
        passes.run(function, builder)


def optimize_module(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """Inline and vectorise for the machine. The first run only inlines, since reference counts are pruned after it."""
    builder = _pass_builder(machine, level=0)
    passes = builder.getModulePassManager()
    passes.add_loop_rotate_pass()
    passes.add_instruction_combine_pass()
    passes.add_jump_threading_pass()
    passes.add_refprune_pass()
    passes.run(module, builder)
    builder = _pass_builder(machine)
    passes = builder.getModulePassManager()
    passes.add_refprune_pass()
    passes.run(module, builder)


def remove_unused(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """Remove functions that are neither exported nor called."""
    builder = _pass_builder(machine, level=0)
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)


def _pass_builder(machine: llvm.TargetMachine, *, level: int = 3) -> llvm.PassBuilder:
    options = llvm.create_pipeline_tuning_options(level)
    options.loop_vectorization = level > 0
    options.slp_vectorization = False
    return llvm.create_pass_builder(machine, options)
