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
from filmgate_scene.render import Cancelled, Film, render, warm_up
from filmgate_scene.semantic import Nearest

__all__ = ["main", "tidy"]

_NICER = 10
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger(__name__)


class _Desk:
    """Takes orders on a thread of its own while a film is being made, so that it can be cancelled."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO) -> None:
        self._orders, self._answers = orders, answers
        self._waiting: queue.SimpleQueue[protocol.Render] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._nearest = Nearest()

    def open(self) -> None:
        """Begin to take orders."""
        threading.Thread(target=self._take, name="orders", daemon=True).start()

    def work(self) -> None:
        """Warm up, then make what is ordered, for ever."""
        warm_up()
        gc.collect()
        gc.freeze()  # what is loaded stays: later collections are about films only
        self._say(protocol.Ready())
        while True:
            order = self._waiting.get()
            self._say(self._make(order))
            self._cancelled.discard(order.job.token)
            tidy()

    def _take(self) -> None:
        for line in self._orders:
            order = protocol.read_order(line)
            if isinstance(order, protocol.Cancel):
                self._cancelled.add(order.token)
            else:
                self._waiting.put(order)
        os._exit(0)  # the engine is gone: whatever is being made, nobody waits for it

    def _make(self, order: protocol.Render) -> protocol.Answer:
        token = order.job.token
        try:
            order.out.parent.mkdir(exist_ok=True)
            film: Film = render(
                order.job,
                order.out,
                progress=lambda done, total: self._say(protocol.Progress(token, done, total)),
                cancelled=lambda: token in self._cancelled,
                settle=self._nearest.settle,
            )
        except Cancelled:
            return protocol.Cancelled(token)
        except Exception as error:  # noqa: BLE001 - the process's outermost frame: the job fails, the worker stays
            _log.exception("render failed")
            return protocol.Failed(token, f"{type(error).__name__}: {error}")
        return protocol.Done(token, film.extras, film.notes)

    def _say(self, answer: protocol.Answer) -> None:
        self._answers.write(protocol.write(answer))
        self._answers.flush()


def tidy() -> None:
    """Give back what a film took: its stages refer to themselves, and its small arrays leave holes in the heap."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


def _die_with(parent: int) -> None:
    """Have the kernel end this process with its parent, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # it died before we asked


def _own_stdout() -> BinaryIO:
    """The pipe to the engine, out of the reach of libraries that print: they write to stderr from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Run until the parent is gone."""
    _die_with(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    with suppress(OSError):
        os.nice(_NICER)
    desk = _Desk(sys.stdin.buffer, _own_stdout())
    desk.open()
    with suppress(BrokenPipeError):
        desk.work()


if __name__ == "__main__":
    main()
