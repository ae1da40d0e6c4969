"""Whole servers in processes of their own, for clients of every kind; forked, for most of a start is importing."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct
from reliability.processes import Zygote
from tests.support.polling import until

from filmgate.store import Store

TESTCARDS = '[models.sora-2]\nengine = "testcard"\n[models.sora-2-pro]\nengine = "testcard"\n'
"""The contract's models, made as test cards."""


class Served(Struct, frozen=True):
    """Where a server answers, and a key that it lets in."""

    url: str
    key: str
    folder: str = ""

    @property
    def base_url(self) -> str:
        """What the SDKs call the base URL."""
        return f"{self.url}/v1"


ACCOUNT = "tests"
"""The account of every server's key."""


async def new_key(folder: Path, account: str = ACCOUNT) -> str:
    """One more key, of the account of that name of the server over ``folder``, which is made if it is not there."""
    store = Store.open(folder / "data" / "filmgate.sqlite")
    try:
        known = {each.name: each for each in await store.accounts.list_accounts()}
        owner = known.get(account) or await store.accounts.create_account(account, None)
        _, secret = await store.accounts.create_key(owner.id, "one more")
        return secret
    finally:
        await store.close()


@contextmanager
def serving(folder: Path, models: str, **environ: str) -> Iterator[Served]:
    """A server over ``folder`` with ``models`` laid over its catalogue; it must end cleanly."""
    (folder / "models.toml").write_text(models, encoding="utf-8")
    ready, log = folder / "ready", folder / "log"
    command = ["serve", "--port", "0", "--ready-file", str(ready)]
    process = _fork()(command, _environment(folder) | environ, log)
    try:
        until(lambda: ready.exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        # On a thread: the caller may run in an event loop.
        key = ThreadPoolExecutor(1).submit(asyncio.run, new_key(folder)).result()
        yield Served(ready.read_text(encoding="ascii"), key, str(folder))
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(90)
    assert status == 0, log.read_text()


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the developer's settings, and the folder."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FILMGATE_")}
    return own | {
        "XDG_CONFIG_HOME": os.devnull,
        "FILMGATE_DATA": str(folder / "data"),
        "FILMGATE_MODELS": str(folder / "models.toml"),
        "FILMGATE_LOG_LEVEL": "warning",
        "FILMGATE_DRAIN_TIMEOUT": "2",
    }


@functools.cache
def _fork() -> Zygote:
    """The process that this one's servers are forked from."""
    zygote = Zygote()
    atexit.register(zygote.__exit__, None, None, None)
    return zygote


Serve = Callable[[Path, str], AbstractContextManager[Served]]
"""Starts a server over a folder, with models laid over its catalogue."""
