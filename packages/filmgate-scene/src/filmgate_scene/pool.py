"""The engine's worker processes: started when there is work for them, watched, replaced when they die.

Everything here runs on the event loop and never waits for a worker: orders go into pipes, answers come as lines.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec

from filmgate_scene import protocol

__all__ = ["COMMAND", "WORKER_ENVIRONMENT", "WorkerPool"]

COMMAND = (sys.executable, "-m", "filmgate_scene.worker")
"""What a worker is started with; our process id is added."""

WORKER_ENVIRONMENT: Mapping[str, str] = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "MALLOC_ARENA_MAX": "2",
    # Large arrays are mapped and unmapped one by one; by default the heap would come to hold their remains.
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "PYTHONUNBUFFERED": "1",
}
"""What a worker's environment adds: one thread a library, for we bring our own; memory given back."""

_MAX_LINE_BYTES = 4 * 1024 * 1024
_MIN_RESTART_SECONDS = 1.0  # seconds between starts when workers die before they are ready
_MAX_FAILED_STARTS = 3  # workers in a row that died before they were ready, until jobs fail
_log = logging.getLogger(__name__)


class _Worker:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.ready = False
        self.message: protocol.Render | None = None

    def send(self, message: protocol.EngineMessage) -> None:
        """Send an order; a worker that is just dying doesn't hear it, and its end is noticed elsewhere."""
        if self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(protocol.write(message))


class WorkerPool:
    """Up to ``limit`` workers and the orders that wait for them.

    Args:
        limit: processes at most.
        on_answer: told every answer of a worker.
        on_worker_death: told the token of a job whose worker died under it, or that no worker will ever take.
        command: what a worker is started with.
    """

    def __init__(
        self,
        limit: int,
        *,
        on_answer: Callable[[protocol.WorkerMessage], None],
        on_worker_death: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._limit, self._command = limit, command
        self._on_answer, self._on_worker_death = on_answer, on_worker_death
        self._waiting: deque[protocol.Render] = deque()
        self._workers: list[_Worker] = []
        self._starting = 0
        self._failed_starts = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether orders are taken."""
        return self._open

    def submit(self, message: protocol.Render) -> None:
        """Queue an order."""
        self._waiting.append(message)
        self.dispatch()

    def warm(self) -> None:
        """Start the first worker, so that the first job finds it warm."""
        if not self._workers and not self._starting:
            self._start_one()

    def cancel(self, token: str) -> bool:
        """Take an order back. True: it was never begun; False: its worker, if any, was told."""
        waiting = next((order for order in self._waiting if order.job.token == token), None)
        if waiting is not None:
            self._waiting.remove(waiting)
            return True
        for worker in self._workers:
            if worker.message is not None and worker.message.job.token == token:
                worker.send(protocol.Cancel(token))
        return False

    def dispatch(self) -> None:
        """Give waiting orders to free workers, and start another worker if there is more to do.

        The next one is started once the last is ready: its libraries are in the page cache then.
        """
        if not self._open:
            return
        for worker in self._workers:
            if worker.ready and worker.message is None and self._waiting:
                worker.message = self._waiting.popleft()
                worker.send(worker.message)
        warming = self._starting + sum(not worker.ready for worker in self._workers)
        if self._waiting and not warming and len(self._workers) < self._limit:
            self._start_one()

    async def close(self) -> None:
        """Kill every worker and wait until it is gone."""
        self._open = False
        self._waiting.clear()
        for worker in self._workers:
            with suppress(ProcessLookupError):
                worker.process.kill()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start_one(self) -> None:
        self._starting += 1
        task = asyncio.create_task(self._run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        """One worker's life."""
        worker = None
        try:
            worker = await self._spawn()
        except OSError:
            _log.exception("worker not started")
        finally:
            self._starting -= 1
        if worker is not None:
            await self._listen(worker)
        await self._handle_worker_exit(worker)

    async def _spawn(self) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **WORKER_ENVIRONMENT},
            limit=_MAX_LINE_BYTES,
        )
        worker = _Worker(process)
        self._workers.append(worker)
        if not self._open:
            process.kill()
        return worker

    async def _listen(self, worker: _Worker) -> None:
        """Hear the worker out, until it ends."""
        assert worker.process.stdout is not None  # noqa: S101 - it was asked for
        async for line in worker.process.stdout:
            try:
                self._handle_answer(worker, protocol.read_worker_message(line))
            except msgspec.DecodeError:
                _log.exception("worker said %r", line[:200])
                worker.process.kill()  # whatever it is doing, nobody would hear the end of it
        await worker.process.wait()

    def _handle_answer(self, worker: _Worker, answer: protocol.WorkerMessage) -> None:
        if isinstance(answer, protocol.Ready):
            worker.ready, self._failed_starts = True, 0
        elif not isinstance(answer, protocol.Progress):
            worker.message = None
        if self._open and not isinstance(answer, protocol.Ready):
            self._on_answer(answer)
        self.dispatch()

    async def _handle_worker_exit(self, worker: _Worker | None) -> None:
        """A worker is gone: its job is told so, and somebody takes its place."""
        if worker is not None:
            self._workers.remove(worker)
        if not self._open:
            return
        if worker is not None and worker.message is not None:
            _log.error("worker died with code %s", worker.process.returncode)
            self._on_worker_death(worker.message.job.token)
        if worker is None or not worker.ready:
            self._failed_starts += 1
            await asyncio.sleep(
                _MIN_RESTART_SECONDS * (bool(self._waiting) and self._failed_starts < _MAX_FAILED_STARTS)
            )
        if self._failed_starts >= _MAX_FAILED_STARTS:
            self._fail_waiting()
        self.dispatch()

    def _fail_waiting(self) -> None:
        """No worker starts any more: whoever waits is told, and the next order tries again."""
        self._failed_starts = 0
        for order in [*self._waiting]:
            self._waiting.remove(order)
            self._on_worker_death(order.job.token)
