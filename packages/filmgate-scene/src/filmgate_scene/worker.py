"""A process that makes one film after the other: ``python -m filmgate_scene.worker PARENT``.

Orders come on stdin, answers go to stdout (:mod:`filmgate_scene.protocol`). It lives no longer than its parent:
the kernel kills it with it, and the end of stdin ends it where there is no such kernel. It is nicer than the server,
so that a poll is answered while it draws.
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
    """Takes orders on a thread of its own while a film is being made, so that it can be cancelled."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO) -> None:
        self._input, self._output = orders, answers
        self._waiting: queue.SimpleQueue[protocol.Render] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._place_matcher = PlaceMatcher()

    def open(self) -> None:
        """Begin to take orders."""
        threading.Thread(target=self._read_messages, name="orders", daemon=True).start()

    def run(self) -> None:
        """Load what every video needs, then render what is ordered, one after the other."""
        preload()
        gc.collect()
        gc.freeze()  # what is loaded stays: later collections are about films only
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
        os._exit(0)  # the engine is gone: whatever is being made, nobody waits for it

    def _render_job(self, message: protocol.Render) -> protocol.WorkerMessage:
        token = message.job.token
        try:
            message.out.parent.mkdir(exist_ok=True)
            film: RenderResult = render(
                message.job,
                message.out,
                progress=lambda done, total: self._send(protocol.Progress(token, done, total)),
                cancelled=lambda: token in self._cancelled,
                assign_places=self._place_matcher.assign_places,
            )
        except RenderCancelled:
            return protocol.JobCancelled(token)
        except Exception as error:  # noqa: BLE001 - the process's outermost frame: the job fails, the worker stays
            _log.exception("render failed")
            return protocol.Failed(token, f"{type(error).__name__}: {error}")
        return protocol.Done(token, film.extras, film.notes)

    def _send(self, answer: protocol.WorkerMessage) -> None:
        self._output.write(protocol.write(answer))
        self._output.flush()


def release_memory() -> None:
    """Give back what a film took: its stages refer to themselves, and its small arrays leave holes in the heap."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


def _exit_with_parent(parent: int) -> None:
    """Have the kernel end this process with its parent, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # it died before we asked


def _reserve_stdout() -> BinaryIO:
    """The pipe to the engine, out of the reach of libraries that print: they write to stderr from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Run until the parent is gone."""
    _exit_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    with suppress(OSError):
        os.nice(_NICENESS)
    desk = _WorkerLoop(sys.stdin.buffer, _reserve_stdout())
    desk.open()
    with suppress(BrokenPipeError):
        desk.run()


if __name__ == "__main__":
    main()
