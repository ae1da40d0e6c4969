"""What a running command has at hand: its environment, its language, the options all commands share, an API."""

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
from filmgate.cli.terminal_text import escaped, harmless
from filmgate.cli.texts import Texts

if TYPE_CHECKING:
    import click

    from filmgate.cli.inputs.profiles import Goal
    from filmgate.client import AsyncClient
    from filmgate.config.settings import Settings

__all__ = ["COMPLETION", "Format", "Frame", "Options", "shared"]

Format = Literal["auto", "human", "json", "jsonl", "quiet"]


COMPLETION = "_FILMGATE_COMPLETE"
"""Set in the environment by a shell's script: the command line is not to be run, but completed."""


class Options(Struct, frozen=True, kw_only=True):
    """What every command takes. None: not given."""

    base_url: str | None = None
    api_key: str | None = None
    provider: str | None = None
    profile: str | None = None
    config: Path | None = None
    data: Path | None = None
    format: Format = "auto"


class Frame:
    """The surroundings of one command.

    Args:
        env: the process.
        text: the language.
        options: what every command takes.
    """

    def __init__(self, env: Environment, text: Texts, options: Options) -> None:
        self.env = env
        self.text = text
        self.options = options
        self.operates = False  # whether the command is one of the operator's, who vouches for the folder it runs in
        self.parting: list[str] = []  # what to say to someone who leaves with Ctrl-C

    @property
    def structured(self) -> bool:
        """Whether a program reads the results."""
        return self.options.format in {"json", "jsonl"}

    @property
    def quiet(self) -> bool:
        """Whether only the bare result is wanted."""
        return self.options.format == "quiet"

    @property
    def human(self) -> bool:
        """Whether results may be drawn for people."""
        return self.options.format == "human" or (self.options.format == "auto" and self.env.stdout.isatty())

    @property
    def remote(self) -> bool:
        """Whether films are made by a server, not by the engine in this process."""
        return self.base_url is not None

    @property
    def base_url(self) -> str | None:
        """The server that options, the environment or a profile name."""
        return self.goal.base_url

    @property
    def defaults(self) -> Mapping[str, str]:
        """What a film is like where nobody says, by the names of :class:`filmgate.cli.inputs.prompts.Wish`."""
        return self.goal.film

    @cached_property
    def goal(self) -> Goal:
        """Where this command goes.

        Raises:
            SettingsError: there is no such profile, or it can't be used.
        """
        from filmgate.cli.inputs import profiles  # noqa: PLC0415 - the same
        from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

        options, environ = self.options, self.env.environ
        own = settings.load(settings.locate(options.config, environ), environ, {"profile": options.profile})
        tables = own.tables
        chosen = profiles.pick(own.profile, tables.profiles, tables.file) if own.profile else profiles.Profile()
        given = profiles.Given(
            base_url=options.base_url, api_key=options.api_key, provider=options.provider, profile=options.profile
        )
        return profiles.goal(given, environ, chosen, lambda path: _key_in(path, tables.file))

    def say(self, line: str) -> None:
        """Tell people something, beside the results."""
        print(harmless(line), file=self.env.stderr, flush=True)

    def tell(self, name: str, /, **values: object) -> None:
        """Say a text of the catalogue, unless only results are wanted."""
        if not self.quiet and not self.structured:
            self.say(self.text(name, **values))

    def agreed(self, question: str) -> bool:
        """Ask somebody at the terminal; anything but a yes is a no."""
        print(f"{harmless(question)} [y/N]", end=" ", file=self.env.stderr, flush=True)
        return self.env.stdin.readline().strip().lower() in {"y", "yes", "是", "好"}

    def leave_with(self, video_id: str) -> None:
        """What Ctrl-C says from now on: what becomes of the film, and how to come back to it."""
        name = "parting.watch" if self.remote else "parting.embedded"
        if self.goal.provider == "chat":
            name = "parting.chat"
        self.parting = [self.text(name, id=video_id)]

    def leave_asking(self) -> None:
        """What Ctrl-C says while an order is on its way."""
        self.parting = [self.text("parting.asking")]

    def leave_saving(self, video_id: str, target: Path) -> None:
        """What Ctrl-C says while the file comes: the same file goes on where it stopped."""
        if self.goal.provider != "chat":
            self.parting = [self.text("parting.saving", id=video_id, path=shlex.quote(str(target)))]

    def put(self, line: str) -> None:
        """Write a line of the result."""
        print(harmless(line), file=self.env.stdout, flush=True)

    def dump(self, value: object) -> None:
        """Write a result for programs, one line."""
        self.put(escaped(encode(value).decode()))

    def complain(self, error: Exception, mend: str) -> None:
        """Tell an error: what happened, and what mends it."""
        message = getattr(error, "message", None) or _os_message(error)
        if self.structured:
            self.dump({"error": _error_dict(error, message)})
            return
        video_id = getattr(error, "video_id", None) or "ID"
        self.say(self.text("error.line", message=message))
        if mend:
            self.say(self.text(mend, id=video_id))

    def settings(self, overrides: Mapping[str, object] | None = None) -> Settings:
        """The settings of this machine's own engine or server."""
        from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

        file = settings.locate(self.options.config, self.env.environ, here=self.operates)
        return settings.load(file, self.env.environ, {"data": self.options.data, **(overrides or {})})

    @asynccontextmanager
    async def client(self, *, works: bool = False, on_demand: bool = False) -> AsyncIterator[AsyncClient]:
        """The API that this command talks to: a server's, or that of this machine's own data folder.

        Args:
            works: whether the embedded engine makes videos meanwhile.
            on_demand: start that engine only if a request can't be answered without it.
        """
        from platformdirs import user_cache_path  # noqa: PLC0415 - what only some commands need is loaded by them

        from filmgate import client as sdk  # noqa: PLC0415 - the same

        goal = self.goal
        if goal.base_url is None:
            settings = self.settings({"worker": works, **self._calm()})
            if works and not on_demand:
                from filmgate.cli.embedded import client  # noqa: PLC0415 - the engine, only where there is no server
            else:
                from filmgate.cli.local import client  # noqa: PLC0415 - the database, and the engine if need be
            async with client(settings) as own:
                yield own
            return
        async with sdk.AsyncClient(
            base_url=goal.base_url,
            api_key=goal.api_key,
            provider=goal.provider,
            environ={},
            experience=sdk.Experience(user_cache_path("filmgate") / "durations.json"),
        ) as remote:
            yield remote

    def _calm(self) -> dict[str, object]:
        return {} if "FILMGATE_LOG_LEVEL" in self.env.environ else {"log_level": "error"}


def _key_in(path: str, file: Path | None) -> str:
    """The key in a file that a profile names, from where the profile's own file lies."""
    return ((file.parent if file else Path()) / Path(path).expanduser()).read_text(encoding="utf-8")


def _os_message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def _error_dict(error: Exception, message: str) -> dict[str, object]:
    facts = {name: getattr(error, name, None) for name in ("code", "param", "video_id", "request_id")}
    return {"message": message, "type": type(error).__name__, **facts}


def shared(ctx: click.Context | None, given: Options) -> Options:
    """The shared options as they stand nearest to the command."""
    found: dict[str, Any] = {}
    while ctx is not None:
        if ctx.params.get("quiet"):
            found.setdefault("format", "quiet")
        for name in ("profile", "base_url", "api_key", "provider", "config", "data", "format"):
            if ctx.params.get(name) is not None:
                found.setdefault(name, ctx.params[name])
        ctx = ctx.parent
    return Options(**({"format": given.format} | found))
