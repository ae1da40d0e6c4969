"""The context of a running command: environment, language, common options, output, API client."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.json import encode

from filmgate.cli.environment import Environment
from filmgate.cli.terminal_text import escape_json, sanitize
from filmgate.cli.texts import Texts

if TYPE_CHECKING:
    import click

    from filmgate.cli.inputs.profiles import ApiTarget
    from filmgate.client import AsyncClient
    from filmgate.config.settings import Settings

__all__ = ["COMPLETION_VARIABLE", "CliContext", "Format", "SharedOptions", "merge_shared_options"]

Format = Literal["auto", "human", "json", "jsonl", "quiet"]


COMPLETION_VARIABLE = "_FILMGATE_COMPLETE"
"""Environment variable that a shell's completion script sets: complete the command line instead of running it."""


class SharedOptions(Struct, frozen=True, kw_only=True):
    """The options that every command takes. None: not given."""

    base_url: str | None = None
    api_key: str | None = None
    provider: str | None = None
    profile: str | None = None
    config: Path | None = None
    data: Path | None = None
    format: Format = "auto"


class CliContext:
    """The context of one command.

    Args:
        env: streams, environment variables and clock of the process.
        text: the catalogue of texts.
        options: the common options.
    """

    def __init__(self, env: Environment, text: Texts, options: SharedOptions) -> None:
        self.env = env
        self.text = text
        self.options = options
        self.is_admin = False  # an operator command: trusts ./filmgate.toml
        self.interrupt_hints: list[str] = []  # printed on Ctrl-C

    @property
    def structured(self) -> bool:
        """Whether results are JSON."""
        return self.options.format in {"json", "jsonl"}

    @property
    def quiet(self) -> bool:
        """Whether only the bare result is printed."""
        return self.options.format == "quiet"

    @property
    def human(self) -> bool:
        """Whether results are printed as tables."""
        return self.options.format == "human" or (self.options.format == "auto" and self.env.stdout.isatty())

    @property
    def uses_server(self) -> bool:
        """Whether a server generates the videos, not the engine in this process."""
        return self.base_url is not None

    @property
    def base_url(self) -> str | None:
        """The base URL from options, environment or profile; None: the engine in this process."""
        return self.target.base_url

    @property
    def video_defaults(self) -> Mapping[str, str]:
        """Default parameters of videos, by the names of :class:`filmgate.cli.inputs.prompts.VideoSpec`."""
        return self.target.video_defaults

    @cached_property
    def target(self) -> ApiTarget:
        """The API that this command calls.

        Raises:
            SettingsError: the profile does not exist or is invalid.
        """
        from filmgate.cli.inputs import profiles  # noqa: PLC0415 - the same
        from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

        options, environ = self.options, self.env.environ
        loaded = settings.load(
            settings.find_config_file(options.config, environ), environ, {"profile": options.profile}
        )
        tables = loaded.tables
        profile = (
            profiles.find_profile(loaded.profile, tables.profiles, tables.file)
            if loaded.profile
            else profiles.ConnectionProfile()
        )
        overrides = profiles.Overrides(
            base_url=options.base_url, api_key=options.api_key, provider=options.provider, profile=options.profile
        )
        return profiles.resolve_target(overrides, environ, profile, lambda path: _read_key_file(path, tables.file))

    def print_err(self, line: str) -> None:
        """Print a line to standard error, beside the results."""
        print(sanitize(line), file=self.env.stderr, flush=True)

    def info(self, name: str, /, **values: object) -> None:
        """Print a text of the catalogue to standard error; not with --format quiet, json or jsonl."""
        if not self.quiet and not self.structured:
            self.print_err(self.text(name, **values))

    def confirm(self, question: str) -> bool:
        """Ask a yes-no question on the terminal; any answer but yes is no."""
        print(f"{sanitize(question)} [y/N]", end=" ", file=self.env.stderr, flush=True)
        return self.env.stdin.readline().strip().lower() in {"y", "yes", "是", "好"}

    def on_interrupt_watch(self, video_id: str) -> None:
        """From now on, Ctrl-C prints what happens to the video and how to resume."""
        name = "interrupt.watch" if self.uses_server else "interrupt.embedded"
        if self.target.provider == "chat":
            name = "interrupt.chat"
        self.interrupt_hints = [self.text(name, id=video_id)]

    def on_interrupt_submit(self) -> None:
        """From now on, Ctrl-C prints that the submission may have been accepted."""
        self.interrupt_hints = [self.text("interrupt.submitting")]

    def on_interrupt_download(self, video_id: str, target: Path) -> None:
        """From now on, Ctrl-C prints how to resume the download."""
        if self.target.provider != "chat":
            self.interrupt_hints = [self.text("interrupt.downloading", id=video_id, path=shlex.quote(str(target)))]

    def print_out(self, line: str) -> None:
        """Print a line of the result to standard output."""
        print(sanitize(line), file=self.env.stdout, flush=True)

    def print_json(self, value: object) -> None:
        """Print a result as one line of JSON."""
        self.print_out(escape_json(encode(value).decode()))

    def print_error(self, error: Exception, hint: str) -> None:
        """Print an error and its hint; with JSON output, the error object."""
        message = getattr(error, "message", None) or _os_message(error)
        if self.structured:
            self.print_json({"error": _error_dict(error, message)})
            return
        video_id = getattr(error, "video_id", None) or "ID"
        self.print_err(self.text("error.line", message=message))
        if hint:
            self.print_err(self.text(hint, id=video_id))

    def settings(self, overrides: Mapping[str, object] | None = None) -> Settings:
        """Load the settings of this machine's own engine or server."""
        from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

        file = settings.find_config_file(self.options.config, self.env.environ, include_current_folder=self.is_admin)
        return settings.load(file, self.env.environ, {"data": self.options.data, **(overrides or {})})

    @asynccontextmanager
    async def client(self, *, run_engine: bool = False, on_demand: bool = False) -> AsyncIterator[AsyncClient]:
        """Yield a client of the API: a server's, or that of this machine's own data folder.

        Args:
            run_engine: whether the embedded engine generates videos meanwhile.
            on_demand: start that engine only if a request needs it.
        """
        from platformdirs import user_cache_path  # noqa: PLC0415 - what only some commands need is loaded by them

        from filmgate import client as sdk  # noqa: PLC0415 - the same

        target = self.target
        if target.base_url is None:
            settings = self.settings({"worker": run_engine, **self._quiet_logs()})
            if run_engine and not on_demand:
                from filmgate.cli.embedded import client  # noqa: PLC0415 - the engine, only where there is no server
            else:
                from filmgate.cli.local import client  # noqa: PLC0415 - the database, and the engine if need be
            async with client(settings) as local_client:
                yield local_client
            return
        async with sdk.AsyncClient(
            base_url=target.base_url,
            api_key=target.api_key,
            provider=target.provider,
            environ={},
            duration_history=sdk.DurationHistory(user_cache_path("filmgate") / "durations.json"),
        ) as remote:
            yield remote

    def _quiet_logs(self) -> dict[str, object]:
        return {} if "FILMGATE_LOG_LEVEL" in self.env.environ else {"log_level": "error"}


def _read_key_file(path: str, file: Path | None) -> str:
    """Read a profile's key file; its path is relative to the configuration file."""
    return ((file.parent if file else Path()) / Path(path).expanduser()).read_text(encoding="utf-8")


def _os_message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def _error_dict(error: Exception, message: str) -> dict[str, object]:
    facts = {name: getattr(error, name, None) for name in ("code", "param", "video_id", "request_id")}
    return {"message": message, "type": type(error).__name__, **facts}


def merge_shared_options(ctx: click.Context | None, base: SharedOptions) -> SharedOptions:
    """Return the common options; the value nearest to the command takes precedence."""
    values: dict[str, Any] = {}
    while ctx is not None:
        if ctx.params.get("quiet"):
            values.setdefault("format", "quiet")
        for name in ("profile", "base_url", "api_key", "provider", "config", "data", "format"):
            if ctx.params.get(name) is not None:
                values.setdefault(name, ctx.params[name])
        ctx = ctx.parent
    return SharedOptions(**({"format": base.format} | values))
