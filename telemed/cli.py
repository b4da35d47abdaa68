"""The commands. Each says what it does, and what to do when it cannot."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import click
import msgspec
import uvloop

from telemed import __version__, app, openapi, pg, serving, working
from telemed.audit import commands
from telemed.cluster import ClusterError
from telemed.consultation import log_jetstream
from telemed.demo.outcome import CallFailed
from telemed.errors import Invalid, Refusal
from telemed.identity import logins
from telemed.identity.callers import SYSTEM
from telemed.scheduling.codes import Codes
from telemed.settings import Settings, SettingsError, read, with_secret

# What a person at a terminal is told in one line instead of a traceback.
_EXPECTED = (SettingsError, pg.DatabaseError, ClusterError, CallFailed)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="telemed")
def main() -> None:
    """See a doctor in the nearest larger town, by video.

    Settings come from the environment: DATABASE_URL and TELEMED_*; `telemed check` shows them all. Without
    DATABASE_URL an embedded PostgreSQL runs in TELEMED_DATA_DIR.
    """


@main.command()
def serve() -> None:
    """Serve until Ctrl-C or SIGTERM. Run `telemed migrate` first."""

    async def run(settings: Settings) -> None:
        with pg.server(settings) as urls:
            await pg.check(urls.app)
            ready = with_secret(msgspec.structs.replace(settings, database_url=urls.app))
            serving.configure_logs(settings.log_level)
            async with serving.serving(ready) as address:
                click.echo(f"Serving on {address} for {ready.origin}. Ctrl-C stops.")
                await serving.until_told()
            click.echo("Stopped.")

    _run(run)


@main.command()
def work() -> None:
    """Send what is to be sent and keep everything up to date, until Ctrl-C or SIGTERM; beside `telemed serve`."""

    async def run(settings: Settings) -> None:
        with pg.server(settings) as urls:
            await pg.check(urls.app)
            ready = with_secret(msgspec.structs.replace(settings, database_url=urls.app))
            serving.configure_logs(settings.log_level)
            async with working.beside(ready):
                click.echo("Working. Ctrl-C stops.")
                await serving.until_told()
            click.echo("Stopped.")

    _run(run)


@main.command("probe")
def run_probe() -> None:
    """Measure patients' lines, until Ctrl-C or SIGTERM; beside `telemed serve`, or on a machine of its own.

    It needs TELEMED_PUBLIC_URL and TELEMED_PROBE_URL, neither database nor secret.
    """
    from telemed.precheck import probe

    async def run(settings: Settings) -> None:
        if not settings.probe_url:
            raise SettingsError("TELEMED_PROBE_URL is empty; it is the address at which browsers find this probe.")
        serving.configure_logs(settings.log_level)
        try:
            async with serving.listening(probe.build(settings), settings.host, settings.probe_port) as address:
                click.echo(f"Measuring on {address} for {settings.origin}. Ctrl-C stops.")
                await serving.until_told()
        except serving.PortTaken:
            raise SettingsError(
                f"Port {settings.probe_port} is taken by another program. Choose another: TELEMED_PROBE_PORT=8091"
            ) from None
        click.echo("Stopped.")

    _run(run)


@main.command("gateway")
@click.option("--dermatoscope", metavar="DEVICE", help="A skin camera.")
@click.option("--otoscope", metavar="DEVICE", help="An ear camera.")
@click.option("--stethoscope", metavar="DEVICE", help="A microphone for heart and lungs.")
def run_gateway(**named: str | None) -> None:
    """Show the doctor what devices at a station see and hear, until Ctrl-C or SIGTERM. It only sends.

    DEVICE is v4l2:/dev/video2 (perhaps with ?video_size=1920x1080&input_format=mjpeg), alsa:hw:1, or test. It needs
    TELEMED_PUBLIC_URL, the server's address, and keeps in TELEMED_DATA_DIR by what the server knows it.
    """
    from telemed.gateway import run

    _run(partial(run.command, named=named))


@main.command()
def migrate() -> None:
    """Create or update the database, then load German places and postal codes."""

    async def run(settings: Settings) -> None:
        with pg.server(settings) as urls:
            await pg.migrate(urls)
            await load_places(urls)
        click.echo("The database is up to date.")

    _run(run)


async def load_places(urls: pg.Urls) -> None:
    """Places and postal codes, as the owner; nothing happens if they are there already."""
    from telemed.directory.load import load

    connection = await asyncpg.connect(urls.owner)
    try:
        await load(connection)
    finally:
        await connection.close()


@main.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what is wrong; nothing is loaded.")
def import_(directory: Path, dry_run: bool) -> None:
    """Load sites, practitioners, services, hours and appointments from CSV files; all of it or nothing.

    docs/import.md says what the files look like. Importing again changes what is there instead of adding to it.
    """
    from telemed.importing.load import load

    async def run(settings: Settings) -> None:
        async with pg.database(settings) as (db, ready):
            report = await load(db, Codes(ready.secret), directory, dry_run=dry_run)
        for wrong in report.wrong:
            click.echo(str(wrong), err=True)
        if report.wrong:
            mistakes = "1 mistake" if len(report.wrong) == 1 else f"{len(report.wrong)} mistakes"
            raise click.ClickException(f"{mistakes}; nothing was loaded.")
        what = ", ".join(f"{count} {name.removesuffix('.csv')}" for name, count in report.loaded.items() if count)
        before = f" ({report.already_there} appointments were there already)" if report.already_there else ""
        click.echo(f"Nothing is wrong. {'Would load' if dry_run else 'Loaded'}: {what}{before}.")

    _run(run)


@main.command()
def purge() -> None:
    """Remove what has reached its end, as the worker does twice a day (docs/retention.md). It can be stopped."""
    serving.configure_logs("warning")
    _run(commands.purge)


@main.group()
def audit() -> None:
    """The trail of who did what."""


@audit.command("verify")
@click.option("--expect", metavar="NUMBER:DIGEST", help="A seal that was written down elsewhere.")
def verify_trail(expect: str | None) -> None:
    """Say whether anything in the trail was changed, taken out or put in after it was sealed (docs/retention.md)."""
    _run(partial(commands.verify, expect=expect))


@main.group()
def person() -> None:
    """Logins of staff."""


@person.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As patients and colleagues read it.")
@click.option("--role", required=True, type=click.Choice(["practitioner", "staff", "assistant", "admin"]))
@click.option("--site", type=click.UUID, help="The practice, pharmacy or hub; not for role admin.")
@click.option("--practitioner", type=click.UUID, help="The doctor who logs in with this (role practitioner).")
@click.password_option(help="At least 12 characters; asked for if not given.")
def add_person(login: str, name: str, role: Any, site: UUID | None, practitioner: UUID | None, password: str) -> None:
    """Add a login for a doctor, practice staff, an assistant or an administrator."""
    if (role == "admin") != (site is None):
        raise click.UsageError("--site is needed for every role but admin.")

    async def run(settings: Settings) -> None:
        async with pg.database(settings) as (db, _ready), db.transaction(SYSTEM) as tx:
            made = await logins.add_person(tx, login, name, role, site, password)
            if practitioner is not None:
                await logins.seat_practitioner(tx, practitioner, made)
        click.echo(f"{login} can log in now ({made}).")

    _run(run)


@main.command()
def check() -> None:
    """Show every setting without its secrets, and whether the database is ready."""

    async def run(settings: Settings) -> None:
        for name, value in settings.shown().items():
            variable = "DATABASE_URL" if name == "database_url" else f"TELEMED_{name.upper()}"
            click.echo(f"{variable:30} {value or '(empty)'}")
        with pg.server(settings) as urls:
            await pg.check(urls.app)
            worked = await working.seen(urls.app)
        click.secho("The database is ready.", fg="green")
        if settings.nats_url:
            async with log_jetstream.opened(settings.nats_url, "check") as kept:
                if not kept.up:
                    raise click.ClickException("NATS does not answer, or has no JetStream: see TELEMED_NATS_URL.")
                servers = await kept.servers()
            click.secho(f"The rooms' log is ready ({servers} of 3 servers keep it).", fg="green")
        if not worked:
            click.secho(
                "No worker has been seen for two minutes: run `telemed work` beside `telemed serve`.", fg="yellow"
            )
        if not settings.smtp_url:
            click.secho("TELEMED_SMTP_URL is empty: no e-mails are sent.", fg="yellow")
        if not settings.probe_url:
            click.secho("TELEMED_PROBE_URL is empty: patients cannot have their line measured.", fg="yellow")

    _run(run)


@main.command("openapi")
def print_openapi() -> None:
    """Print the OpenAPI 3.1 document of the API."""
    click.echo(msgspec.json.format(msgspec.json.encode(openapi.document(app.ROUTES, _settings().origin))).decode())


@main.command()
@click.option("--call", is_flag=True, help="Play the main job without a human, print each step, and stop.")
@click.option("--reset", is_flag=True, help="Throw the demo's data away first.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of 8080.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
def demo(call: bool, reset: bool, port: int | None, data_dir: Path) -> None:
    """Serve a demo region: the Uckermark, with invented doctors and pharmacies. Needs no configuration."""
    from telemed.demo import show

    settings = _settings()
    changes: dict[str, Any] = {"demo": True, "data_dir": data_dir}
    if port is not None:
        changes["port"] = port
    with ExitStack() as stack:
        if call:
            # A world of its own each time: the doctor on call has only so many free times in the next hour.
            made = stack.enter_context(TemporaryDirectory(prefix="telemed-call-", ignore_cleanup_errors=True))
            changes |= {"data_dir": Path(made), "port": 0}
        chosen = msgspec.structs.replace(settings, **changes)
        _run(lambda _: show.run(chosen, call=call, reset=reset), chosen.port)


def _settings() -> Settings:
    try:
        return read(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _run(command: Callable[[Settings], Coroutine[Any, Any, None]], port: int | None = None) -> None:
    settings = _settings()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(command(settings))
    except serving.PortTaken:
        raise click.ClickException(
            f"Port {port or settings.port} is taken by another program. Stop it, or choose another: TELEMED_PORT=8081"
        ) from None
    except Invalid as refusal:
        raise click.ClickException("; ".join([str(refusal.text), *map(str, refusal.fields.values())])) from None
    except Refusal as refusal:
        raise click.ClickException(str(refusal.text)) from None
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error} {error.filename or ''}".strip()) from None
    except KeyboardInterrupt:
        sys.exit(130)
