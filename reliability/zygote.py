"""A process that has imported Filmgate and becomes a server by a fork: a start in 0.2 s instead of 1.2 s.

Thousands of kills are thousands of starts, and most of a start is importing. The forked child is a whole process with
its own sockets, threads and files; every tenth start of a campaign is nevertheless a full one.

Reads one JSON line per start: ``{"arguments": […], "environ": {…}, "log": "path"}``; writes ``started PID`` and,
when a child has exited, ``ended PID CODE``.
"""

from __future__ import annotations

import json
import os
import signal
from select import select

STDIN = 0


def main() -> None:
    """Serve starts until standard input closes."""
    _preload()
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(write)
    pending = b""
    _write_line("ready")
    while True:
        readable, _, _ = select([STDIN, read], [], [])
        if read in readable:
            os.read(read, 1024)
            _reap()
        if STDIN in readable:
            got = os.read(STDIN, 1 << 16)
            if not got:
                return
            *lines, pending = (pending + got).split(b"\n")
            for line in lines:
                _start(json.loads(line))


def _preload() -> None:
    # Modules that a server imports sooner or later; none of them starts a thread.
    import filmgate.bootstrap.application  # noqa: PLC0415
    import filmgate.cli.commands.serve  # noqa: PLC0415
    import filmgate.engines.openai_videos  # noqa: PLC0415
    import filmgate.engines.testcard  # noqa: PLC0415
    import filmgate.flow.dbos_backend  # noqa: F401, PLC0415


def _start(order: dict[str, object]) -> None:
    pid = os.fork()
    if pid:
        _write_line(f"started {pid}")
        return
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, log, log)):
        os.dup2(descriptor, number)
    os.closerange(3, 1024)
    os.environ.clear()
    os.environ.update(dict(order["environ"]))  # type: ignore[call-overload] # it is a mapping of strings
    code = 1
    try:
        code = _run([str(each) for each in order["arguments"]])  # type: ignore[attr-defined] # a list of strings
    finally:
        os._exit(code)


def _run(arguments: list[str]) -> int:
    from filmgate.cli.environment import Environment  # noqa: PLC0415
    from filmgate.cli.main import run  # noqa: PLC0415

    return run(arguments, Environment.of_process())


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _write_line(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _write_line(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
