"""Whole servers in processes of their own, for clients of every kind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec import Struct
from tests.support.polling import until

from filmgate.store import Store

HERE = Path(__file__).parent


class Served(Struct, frozen=True):
    """Where a server answers, and a key that it lets in."""

    url: str
    key: str
    folder: str = ""

    @property
    def base_url(self) -> str:
        """What the SDKs call the base URL."""
        return f"{self.url}/v1"


async def new_key(folder: Path) -> str:
    """One more key of the account of the server over ``folder``."""
    store = Store.open(folder / "data" / "filmgate.sqlite")
    try:
        [account] = await store.accounts.list_accounts()
        _, secret = await store.accounts.create_key(account.id, "one more")
        return secret
    finally:
        await store.close()


@contextmanager
def serving(folder: Path, models: str, **environ: str) -> Iterator[Served]:
    """A server over ``folder`` with ``models`` laid over its catalogue; it must end cleanly."""
    (folder / "models.toml").write_text(models, encoding="utf-8")
    command = [sys.executable, str(HERE / "gate.py"), str(folder), str(folder / "models.toml")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **environ})
        try:
            yield _ready(process, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(90)
    assert status == 0, (folder / "log").read_text()


def _ready(process: subprocess.Popen[bytes], folder: Path) -> Served:
    until(lambda: (folder / "ready.json").exists() or process.poll() is not None)
    assert process.poll() is None, (folder / "log").read_text()
    return Served(**json.loads((folder / "ready.json").read_text(encoding="utf-8")), folder=str(folder))


Serve = Callable[[Path, str], AbstractContextManager[Served]]
"""Starts a server over a folder, with models laid over its catalogue."""
