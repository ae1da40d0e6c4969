"""The engine's worker processes: started on demand, monitored, replaced when they die.

Everything here runs on the event loop and never blocks on a worker: orders go into pipes, answers come as lines.
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

__all__ = ["CANCEL_GRACE_SECONDS", "COMMAND", "WORKER_ENVIRONMENT", "WorkerPool"]

COMMAND = (sys.executable, "-m", "filmgate_scene.worker")
"""The command that starts a worker; the parent's process id is appended."""

WORKER_ENVIRONMENT: Mapping[str, str] = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "MALLOC_ARENA_MAX": "2",
    # Large arrays are mapped and unmapped one by one; by default their memory would stay in the heap.
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "PYTHONUNBUFFERED": "1",
}
"""Additions to a worker's environment: one thread a library, since the renderer has its own; memory is returned."""

CANCEL_GRACE_SECONDS = 5.0
"""Seconds that a worker has to end a cancelled job, which takes it one frame; then it is killed and replaced."""

_MAX_LINE_BYTES = 4 * 1024 * 1024
_MIN_RESTART_SECONDS = 1.0  # minimum seconds between starts when workers die before they are ready
_MAX_FAILED_STARTS = 3  # consecutive workers that die before they are ready until jobs fail
_log = logging.getLogger(__name__)


class _Worker:
    """One worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.ready = False
        self.message: protocol.Render | None = None

    def send(self, message: protocol.EngineMessage) -> None:
        """Send an order; a dying worker may not receive it, but its exit is handled elsewhere."""
        if self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(protocol.write(message))


class WorkerPool:
    """Up to ``limit`` workers and the queue of their orders.

    Args:
        limit: maximum number of processes.
        on_answer: called with every answer of a worker.
        on_worker_death: called with the token of a job whose worker died, or that no worker can take.
        command: the command that starts a worker.
        cancel_grace: seconds that a worker has to end a cancelled job.
    """

    def __init__(
        self,
        limit: int,
        *,
        on_answer: Callable[[protocol.WorkerMessage], None],
        on_worker_death: Callable[[str], None],
        command: Sequence[str] = COMMAND,
        cancel_grace: float = CANCEL_GRACE_SECONDS,
    ) -> None:
        self._cancel_grace = cancel_grace
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
        """Whether orders are accepted."""
        return self._open

    def submit(self, message: protocol.Render) -> None:
        """Queue an order."""
        self._waiting.append(message)
        self.dispatch()

    def warm(self) -> None:
        """Start the first worker, so that it is warm for the first job."""
        if not self._workers and not self._starting:
            self._start_one()

    def cancel(self, token: str) -> bool:
        """Cancel an order. True: it was still queued; False: its worker, if any, got a cancel message."""
        waiting = next((order for order in self._waiting if order.job.token == token), None)
        if waiting is not None:
            self._waiting.remove(waiting)
            return True
        for worker in self._workers:
            if worker.message is not None and worker.message.job.token == token:
                worker.send(protocol.Cancel(token))
                asyncio.get_running_loop().call_later(self._cancel_grace, _kill_if_busy, worker, worker.message)
        return False

    def dispatch(self) -> None:
        """Give queued orders to free workers, and start another worker if orders remain.

        The next worker starts when the last one is ready: then its libraries are in the page cache.
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
        """Kill every worker and wait for its exit."""
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
        """Run one worker from start to exit."""
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
        """Handle the worker's answers until it exits."""
        assert worker.process.stdout is not None  # noqa: S101 - requested at the start
        async for line in worker.process.stdout:
            try:
                self._handle_answer(worker, protocol.read_worker_message(line))
            except msgspec.DecodeError:
                _log.exception("worker said %r", line[:200])
                worker.process.kill()  # its job's result could no longer be received
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
        """Handle a worker's exit: report its job, and start a replacement."""
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
        """Fail the queued orders since no worker starts; the next order tries again."""
        self._failed_starts = 0
        for order in [*self._waiting]:
            self._waiting.remove(order)
            self._on_worker_death(order.job.token)


def _kill_if_busy(worker: _Worker, message: protocol.Render) -> None:
    """Kill a worker that still renders a cancelled job: it hangs, and others wait for it."""
    if worker.message is message:
        _log.warning("worker killed: it did not end a cancelled job")
        with suppress(ProcessLookupError):
            worker.process.kill()
