"""``filmgate doctor``: diagnoses the installation and the connection, and suggests fixes."""

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
from filmgate.cli.commands.doctor_checks import Finding, ProbeTarget
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_bytes
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.texts import Texts
from filmgate.client.endpoint import resolve_endpoint
from filmgate.config.catalog import Model
from filmgate.config.settings import Settings
from filmgate.domain import new_id
from filmgate.engines.base import Engine, Job, JobState
from filmgate.errors import BadArtifact, EngineError, SettingsError

__all__ = ["commands"]

PROMPT = "A red balloon rises slowly over a quiet lake at sunrise."
DRY_JOB_TIMEOUT = 1800.0

GROUP = "filmgate.doctor"
"""Entry-point group of further checks: functions that take the texts and return findings."""


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    params = [
        click.Option(["--upstream"], metavar=text("metavar.name"), help=text("doctor.upstream")),
        click.Option(["--dry-job"], is_flag=True, help=text("doctor.dry_job")),
        click.Option(["--yes"], is_flag=True, help=text("doctor.yes")),
    ]
    return {"doctor": Command("doctor", text, _doctor, params)}


async def _doctor(context: CliContext, *, upstream: str | None, dry_job: bool, yes: bool) -> int:
    if dry_job and upstream is None:
        raise click.UsageError(context.text("doctor.needs_upstream"))
    settings = context.settings()
    checks = _check_upstream(context, settings, upstream) if upstream else _check_client(context, settings)
    findings = [finding async for finding in _report(context, checks)]
    if upstream and dry_job and not _blocking(findings) and _confirm(context, yes=yes):
        findings += [finding async for finding in _report(context, _check_job(context, settings, upstream))]
    if context.options.format == "json":
        context.print_json([_row(context, finding) for finding in findings])
    blocking = _blocking(findings)
    context.info("doctor.failed" if blocking else "doctor.passed")
    return blocking[0].code if blocking else ExitCode.OK


async def _check_client(context: CliContext, settings: Settings) -> AsyncIterator[Finding]:
    for finding in await asyncio.to_thread(lambda: list(doctor_checks.check_machine(settings.data))):
        yield finding
    for function in plugins.find(GROUP).values():
        for finding in plugins.resolve(function)(context.text):
            yield finding
    api = context.target
    if api.base_url is None and api.provider is None:
        yield doctor_checks.embedded(settings.data)
        return
    endpoint = resolve_endpoint(api.base_url, api.api_key, {}, api.provider)
    target = ProbeTarget(
        as_written=api.base_url or endpoint.base_url, base_url=endpoint.base_url, headers=endpoint.headers()
    )
    if not endpoint.api_key:
        yield Finding(check="key", name="no_key", passed=False, code=ExitCode.KEY)
    async for finding in _check_target(context, target):
        yield finding


async def _check_upstream(context: CliContext, settings: Settings, name: str) -> AsyncIterator[Finding]:
    from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - clients have no engines

    key = engine_factory.engine_key(settings, name, context.env.environ)
    table = settings.tables.engines[name]
    base_url = str(table.options.get("base_url", ""))
    if not base_url:
        yield Finding(check="address", name="local", values={"name": name, "kind": table.kind})
        return
    if key is None:
        yield Finding(check="key", name="no_key", passed=False, blocking=False)
    bare_key = table.options.get("dialect") in {"dmxapi", "apiyi-async"}
    headers = {"Authorization": key if bare_key else f"Bearer {key}"} if key else {}
    models = table.options.get("models")
    upstream_models = tuple(map(str, models.values())) if isinstance(models, dict) else ()
    ca_file = table.options.get("ca_file")
    tls = ssl.create_default_context(cafile=str(ca_file)) if ca_file else None
    target = ProbeTarget(as_written=base_url, base_url=_with_version(base_url), headers=headers, models=upstream_models)
    async for finding in _check_target(context, target, tls):
        yield finding


async def _check_target(
    context: CliContext, target: ProbeTarget, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Finding]:
    for finding in doctor_checks.check_address(target):
        yield finding
        if not finding.passed and finding.blocking:
            return
    async for finding in doctor_checks.check_connection(target, tls):
        yield finding
        if not finding.passed:
            return
    async with httpx2.AsyncClient(verify=tls or True) as client:
        async for finding in doctor_checks.check_api(client, target, context.env.clock()):
            yield finding


async def _check_job(context: CliContext, settings: Settings, name: str) -> AsyncIterator[Finding]:
    """Generate one test video, from submission to download."""
    import logging  # noqa: PLC0415 - clients have no engines

    import structlog  # noqa: PLC0415 - the same
    from cryptography.fernet import Fernet  # noqa: PLC0415 - the same

    from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - the same
    from filmgate.security.secret_box import SecretBox  # noqa: PLC0415 - the same

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(context.env.stderr),
    )
    built = engine_factory.build_engines(settings, context.env.environ, SecretBox(Fernet.generate_key()))
    engine = built.engines[name]
    routed = next((model for model, route in built.routes.items() if name in route.engines), "sora-2")
    model = built.catalog.get(routed)
    if model is None:
        raise SettingsError(f"No model is routed to [engines.{name}]: add it to [routes.MODEL].")
    with tempfile.TemporaryDirectory(prefix="filmgate-doctor-") as folder:
        await engine.start()
        try:
            yield await _run_test_job(engine, model, Path(folder) / "video.mp4")
        finally:
            await engine.stop()


async def _run_test_job(engine: Engine, model: Model, output: Path) -> Finding:
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
    started_at = time.monotonic()
    try:
        async with asyncio.timeout(DRY_JOB_TIMEOUT):
            await _finish(engine, await engine.submit(job), output)
        media, size = await asyncio.to_thread(lambda: (probe(output), output.stat().st_size))
    except (EngineError, BadArtifact, TimeoutError) as error:
        reason = getattr(error, "message", None) or "no video in time"
        return Finding(check="job", name="job_failed", passed=False, code=ExitCode.FAILED, values={"reason": reason})
    values = {
        "seconds": round(time.monotonic() - started_at, 1),
        "size": format_bytes(size),
        "video_size": str(media.size),
    }
    return Finding(check="job", name="job", values=values)


async def _finish(engine: Engine, ticket: str, output: Path) -> None:
    while (status := await engine.poll(ticket)).state is not JobState.DONE:
        if status.state in {JobState.FAILED, JobState.CANCELLED, JobState.LOST}:
            raise EngineError(status.error.message if status.error else str(status.state))
        await asyncio.sleep(status.poll_after)
    await engine.fetch(ticket, output)


async def _report(context: CliContext, findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """Print each finding as it arrives: some take long."""
    async for finding in findings:
        match context.options.format:
            case "jsonl":
                context.print_json(_row(context, finding))
            case "quiet" if finding.passed:
                pass
            case "json":
                pass
            case _:
                mark = "ok" if finding.passed else ("FAIL" if finding.blocking else "warn")
                context.print_out(f"{mark:<6}{_message(context, finding)}")
                if not finding.passed:
                    context.print_out(f"{'':<6}{_hint(context, finding)}")
        yield finding


def _row(context: CliContext, finding: Finding) -> dict[str, object]:
    row: dict[str, object] = {"id": finding.check, "check": finding.check, "result": finding.name}
    row |= {
        "ok": finding.passed,
        "blocking": not finding.passed and finding.blocking,
        "message": _message(context, finding),
    }
    return row if finding.passed else row | {"hint": _hint(context, finding)}


def _message(context: CliContext, finding: Finding) -> str:
    return context.text(f"doctor.{finding.name}.message", **finding.values)


def _hint(context: CliContext, finding: Finding) -> str:
    return context.text(f"doctor.{finding.name}.hint", **finding.values)


def _blocking(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.passed and finding.blocking]


def _confirm(context: CliContext, *, yes: bool) -> bool:
    if yes:
        return True
    if not context.env.stdin.isatty():
        raise click.UsageError(context.text("doctor.needs_yes"))
    print(context.text("doctor.confirm"), end=" ", file=context.env.stderr, flush=True)
    return context.env.stdin.readline().strip().lower() in {"y", "yes", "是"}


def _with_version(address: str) -> str:
    address = address.rstrip("/")
    return address if urlsplit(address).path else f"{address}/v1"
