"""The worker process that renders one video after the other: ``python -m filmgate_scene.worker PARENT``.

Orders arrive on stdin, answers go to stdout (:mod:`filmgate_scene.protocol`). It ends with its parent: the Linux
kernel kills it, elsewhere the end of stdin ends it. Its niceness is higher than the server's, so that the server
answers polls while it draws.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from typing import BinaryIO

from filmgate_scene import protocol
from filmgate_scene.render import RenderCancelled, RenderResult, preload, render
from filmgate_scene.semantic import PlaceMatcher

__all__ = ["main", "release_memory"]

_NICENESS = 10
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger(__name__)


class _WorkerLoop:
    """Renders orders one by one, and reads messages on a second thread, so that rendering can be cancelled."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO) -> None:
        self._input, self._output = orders, answers
        self._waiting: queue.SimpleQueue[protocol.Render] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._place_matcher = PlaceMatcher()

    def open(self) -> None:
        """Start reading orders."""
        threading.Thread(target=self._read_messages, name="orders", daemon=True).start()

    def run(self) -> None:
        """Load what every video needs, then render the orders one after the other."""
        preload()
        gc.collect()
        gc.freeze()  # loaded modules stay: later collections only scan a video's objects
        self._send(protocol.Ready())
        while True:
            order = self._waiting.get()
            self._send(self._render_job(order))
            self._cancelled.discard(order.job.token)
            release_memory()

    def _read_messages(self) -> None:
        for line in self._input:
            order = protocol.read_engine_message(line)
            if isinstance(order, protocol.Cancel):
                self._cancelled.add(order.token)
            else:
                self._waiting.put(order)
        os._exit(0)  # the engine is gone and no one needs the result

    def _render_job(self, message: protocol.Render) -> protocol.WorkerMessage:
        token = message.job.token
        try:
            message.out.parent.mkdir(exist_ok=True)
            result: RenderResult = render(
                message.job,
                message.out,
                progress=lambda done, total: self._send(protocol.Progress(token, done, total)),
                cancelled=lambda: token in self._cancelled,
                assign_places=self._place_matcher.assign_places,
            )
        except RenderCancelled:
            return protocol.JobCancelled(token)
        except Exception as error:  # noqa: BLE001 - the outermost frame: the job fails, the worker continues
            _log.exception("render failed")
            return protocol.Failed(token, f"{type(error).__name__}: {error}")
        return protocol.Done(token, result.extras, result.notes)

    def _send(self, answer: protocol.WorkerMessage) -> None:
        self._output.write(protocol.write(answer))
        self._output.flush()


def release_memory() -> None:
    """Release a video's memory: its stages refer to themselves, and its small arrays leave holes in the heap."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)


def _exit_with_parent(parent: int) -> None:
    """Let the kernel end this process with its parent, where supported."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # the parent died before the call


def _reserve_stdout() -> BinaryIO:
    """Reserve the pipe to the engine: libraries that print write to stderr instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Run until the parent exits."""
    _exit_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server handles Ctrl-C
    with suppress(OSError):
        os.nice(_NICENESS)
    loop = _WorkerLoop(sys.stdin.buffer, _reserve_stdout())
    loop.open()
    with suppress(BrokenPipeError):
        loop.run()


if __name__ == "__main__":
    main()
