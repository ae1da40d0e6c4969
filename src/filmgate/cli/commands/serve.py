"""``filmgate serve``: runs the server."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import click

from filmgate.bootstrap.application import build_application
from filmgate.cli import gc_policy
from filmgate.cli.command import Command
from filmgate.cli.context import CliContext
from filmgate.cli.embedded_key import EMBEDDED_KEY_NAME, ensure_owner
from filmgate.cli.long_running import write_ready_file
from filmgate.cli.texts import Texts
from filmgate.security.ip_scope import is_loopback
from filmgate.server.serve import serve
from filmgate.store import Store

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    params = [
        click.Option(["--host"], metavar="HOST", help=text("serve.host")),
        click.Option(["--port"], type=click.IntRange(0, 65535), metavar="PORT", help=text("serve.port")),
        click.Option(
            ["--ready-file"],
            type=click.Path(path_type=Path),
            metavar=text("metavar.file"),
            help=text("serve.ready_file"),
        ),
    ]
    return {"serve": Command("serve", text, _serve, params, long_running=True)}


async def _serve(context: CliContext, host: str | None, port: int | None, ready_file: Path | None) -> None:
    settings = context.settings({"host": host, "port": port})
    if settings.host != "localhost" and not is_loopback(settings.host):
        context.info("serve.open", host=settings.host)
    async with build_application(settings, "server") as application:
        key = await _first_key(application.store, context.env.clock())

        def ready(url: str) -> None:
            application.lock.set_holder(f"the server at {url} (process {os.getpid()})")
            _print_ready(context, url, key)
            gc_policy.when_ready()
            ready_files.enter_context(write_ready_file(ready_file, url))

        with ExitStack() as ready_files:
            await serve(
                application.app, settings.host, settings.port, on_ready=ready, drain_timeout=settings.drain_timeout
            )
    context.info("serve.stopped")


async def _first_key(store: Store, now: float) -> str | None:
    """Create the first key; return its secret, or None if there is a key already."""
    if any(key.name != EMBEDDED_KEY_NAME for key in await store.accounts.list_keys()):
        return None
    return (await store.accounts.create_key(await ensure_owner(store), "first", now))[1]


def _print_ready(context: CliContext, url: str, key: str | None) -> None:
    if context.structured:
        context.print_json({"base_url": f"{url}/v1", "api_key": key})
        return
    context.print_out(context.text("serve.ready", url=url))
    if key is not None:
        context.print_out("\n" + context.text("serve.first_key", url=url, key=key))
