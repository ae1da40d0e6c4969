"""``filmgate doctor``: what is wrong between here and the films, and what mends it."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx2

from filmgate.cli import plugins
from filmgate.cli.command import Command
from filmgate.cli.commands import doctor_checks
from filmgate.cli.commands.doctor_checks import Finding, Target
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import size
from filmgate.cli.exit_codes import Exit
from filmgate.cli.texts import Texts
from filmgate.client.endpoint import endpoint
from filmgate.config.catalog import Model
from filmgate.config.settings import Settings
from filmgate.domain import new_id
from filmgate.engines.base import Engine, Job, State
from filmgate.errors import BadArtifact, EngineError, SettingsError

__all__ = ["commands"]

PROMPT = "A red balloon rises slowly over a quiet lake at sunrise."
DRY_JOB_SECONDS = 1800.0

GROUP = "filmgate.doctor"
"""Entry points of further checks: functions of the texts that return findings."""


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    params = [
        click.Option(["--upstream"], metavar=text("metavar.name"), help=text("doctor.upstream")),
        click.Option(["--dry-job"], is_flag=True, help=text("doctor.dry_job")),
        click.Option(["--yes"], is_flag=True, help=text("doctor.yes")),
    ]
    return {"doctor": Command("doctor", text, _doctor, params)}


async def _doctor(frame: Frame, *, upstream: str | None, dry_job: bool, yes: bool) -> int:
    if dry_job and upstream is None:
        raise click.UsageError(frame.text("doctor.which"))
    settings = frame.settings()
    looked = _of_upstream(frame, settings, upstream) if upstream else _of_client(frame, settings)
    found = [finding async for finding in _told(frame, looked)]
    if upstream and dry_job and not _serious(found) and _agreed(frame, yes=yes):
        found += [finding async for finding in _told(frame, _job(frame, settings, upstream))]
    if frame.options.format == "json":
        frame.dump([_row(frame, finding) for finding in found])
    worst = _serious(found)
    frame.tell("doctor.sick" if worst else "doctor.well")
    return worst[0].code if worst else Exit.OK


async def _of_client(frame: Frame, settings: Settings) -> AsyncIterator[Finding]:
    for finding in await asyncio.to_thread(lambda: list(doctor_checks.machine(settings.data))):
        yield finding
    for function in plugins.find(GROUP).values():
        for finding in plugins.resolve(function)(frame.text):
            yield finding
    goal = frame.goal
    if goal.base_url is None and goal.provider is None:
        yield doctor_checks.embedded(settings.data)
        return
    there = endpoint(goal.base_url, goal.api_key, {}, goal.provider)
    target = Target(spelt=goal.base_url or there.base_url, base_url=there.base_url, headers=there.headers())
    if not there.api_key:
        yield Finding(check="key", name="no_key", good=False, code=Exit.KEY)
    async for finding in _of_target(frame, target):
        yield finding


async def _of_upstream(frame: Frame, settings: Settings, name: str) -> AsyncIterator[Finding]:
    from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - clients have no engines

    key = engine_factory.key_of(settings, name, frame.env.environ)
    table = settings.tables.engines[name]
    spelt = str(table.options.get("base_url", ""))
    if not spelt:
        yield Finding(check="address", name="local", values={"name": name, "kind": table.kind})
        return
    if key is None:
        yield Finding(check="key", name="no_key", good=False, serious=False)
    bare = table.options.get("dialect") in {"dmxapi", "apiyi-async"}
    headers = {"Authorization": key if bare else f"Bearer {key}"} if key else {}
    models = table.options.get("models")
    wanted = tuple(map(str, models.values())) if isinstance(models, dict) else ()
    ca_file = table.options.get("ca_file")
    tls = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
    target = Target(spelt=spelt, base_url=_whole(spelt), headers=headers, models=wanted)
    async for finding in _of_target(frame, target, tls):
        yield finding


async def _of_target(frame: Frame, target: Target, tls: ssl.SSLContext | None = None) -> AsyncIterator[Finding]:
    for finding in doctor_checks.address(target):
        yield finding
        if not finding.good and finding.serious:
            return
    async for finding in doctor_checks.reach(target, tls):
        yield finding
        if not finding.good:
            return
    async with httpx2.AsyncClient(verify=tls or True) as client:
        async for finding in doctor_checks.api(client, target, frame.env.clock()):
            yield finding


async def _job(frame: Frame, settings: Settings, name: str) -> AsyncIterator[Finding]:
    """One film, from submission to its last byte."""
    import logging  # noqa: PLC0415 - clients have no engines

    import structlog  # noqa: PLC0415 - the same
    from cryptography.fernet import Fernet  # noqa: PLC0415 - the same

    from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - the same
    from filmgate.security.secret_box import Vault  # noqa: PLC0415 - the same

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(frame.env.stderr),
    )
    everything = engine_factory.assemble(settings, frame.env.environ, Vault(Fernet.generate_key()))
    engine = everything.engines[name]
    routed = next((model for model, route in everything.routes.items() if name in route.engines), "sora-2")
    model = everything.catalog.get(routed)
    if model is None:
        raise SettingsError(f"No model is made by [engines.{name}]: give it one by [routes.MODEL].")
    with tempfile.TemporaryDirectory(prefix="filmgate-doctor-") as folder:
        await engine.start()
        try:
            yield await _made(engine, model, Path(folder) / "film.mp4")
        finally:
            await engine.stop()


async def _made(engine: Engine, model: Model, into: Path) -> Finding:
    from filmgate.media.probe import probe  # noqa: PLC0415 - clients have no codecs

    job = Job(
        token=new_id("doctor"),
        video_id=new_id(),
        model=model.name,
        prompt=PROMPT,
        size=model.default_size,
        seconds=model.default_seconds,
        seed=1,
    )
    begun = time.monotonic()
    try:
        async with asyncio.timeout(DRY_JOB_SECONDS):
            await _finish(engine, await engine.submit(job), into)
        seen, weight = await asyncio.to_thread(lambda: (probe(into), into.stat().st_size))
    except (EngineError, BadArtifact, TimeoutError) as error:
        reason = getattr(error, "message", None) or "no film in time"
        return Finding(check="job", name="job_failed", good=False, code=Exit.FAILED, values={"reason": reason})
    values = {"seconds": round(time.monotonic() - begun, 1), "size": size(weight), "film": str(seen.size)}
    return Finding(check="job", name="job", values=values)


async def _finish(engine: Engine, ticket: str, into: Path) -> None:
    while (verdict := await engine.look(ticket)).state is not State.DONE:
        if verdict.state in {State.FAILED, State.CANCELLED, State.LOST}:
            raise EngineError(verdict.error.message if verdict.error else str(verdict.state))
        await asyncio.sleep(verdict.look_after)
    await engine.fetch(ticket, into)


async def _told(frame: Frame, findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """Say each finding as it comes: some take their time."""
    async for finding in findings:
        match frame.options.format:
            case "jsonl":
                frame.dump(_row(frame, finding))
            case "quiet" if finding.good:
                pass
            case "json":
                pass
            case _:
                mark = "ok" if finding.good else ("FAIL" if finding.serious else "warn")
                frame.put(f"{mark:<6}{_said(frame, finding)}")
                if not finding.good:
                    frame.put(f"{'':<6}{_mend(frame, finding)}")
        yield finding


def _row(frame: Frame, finding: Finding) -> dict[str, object]:
    row: dict[str, object] = {"id": finding.check, "check": finding.check, "found": finding.name}
    row |= {"ok": finding.good, "serious": not finding.good and finding.serious, "said": _said(frame, finding)}
    return row if finding.good else row | {"mend": _mend(frame, finding)}


def _said(frame: Frame, finding: Finding) -> str:
    return frame.text(f"doctor.{finding.name}.said", **finding.values)


def _mend(frame: Frame, finding: Finding) -> str:
    return frame.text(f"doctor.{finding.name}.mend", **finding.values)


def _serious(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if not finding.good and finding.serious]


def _agreed(frame: Frame, *, yes: bool) -> bool:
    if yes:
        return True
    if not frame.env.stdin.isatty():
        raise click.UsageError(frame.text("doctor.say_yes"))
    print(frame.text("doctor.ask"), end=" ", file=frame.env.stderr, flush=True)
    return frame.env.stdin.readline().strip().lower() in {"y", "yes", "是"}


def _whole(spelt: str) -> str:
    spelt = spelt.rstrip("/")
    return spelt if urlsplit(spelt).path else f"{spelt}/v1"
