"""`telemed demo`: a whole installation in one folder, started and stopped by one person."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import asyncpg
import msgspec
from rich.console import Console

from telemed import clock, pg, serving, working
from telemed.cluster import ClusterError
from telemed.demo import region
from telemed.directory.load import load as load_places
from telemed.notices.outbox import SENT
from telemed.settings import Settings, with_secret

NEEDED = 300 * 2**20  # bytes free: the database, its log and room to play
console = Console(highlight=False, soft_wrap=True)


async def run(settings: Settings, *, call: bool, reset: bool) -> None:
    """Loads what is missing and serves until told; or plays one call and stops. Raises PortTaken, ClusterError."""
    _check_port(settings)
    if reset and settings.data_dir.exists():
        shutil.rmtree(settings.data_dir)
        console.print("The old demo data is gone.")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _check_space(settings)
    with step("Starting the database") as done, pg.server(settings) as urls:
        done()
        with step("Creating tables"):
            await pg.migrate(urls)
        await _fill(urls)
        ready = with_secret(msgspec.structs.replace(settings, database_url=urls.app))
        serving.configure_logs("warning" if call else settings.log_level)
        if call:
            from telemed.demo import call as played

            async with working.beside(ready), serving.serving(ready) as address:
                await played.play(address, console)
        else:
            async with working.beside(ready), _probe(ready) as measuring, serving.serving(measuring) as address:
                _announce(address, ready)
                await serving.until_told()
                console.print("\nStopping …")
    if not call:
        console.print("Stopped. The data is kept; `make demo` goes on with it, `make demo-reset` starts over.")


@asynccontextmanager
async def _probe(settings: Settings) -> AsyncIterator[Settings]:
    """Settings that name a probe in this very process, which only a demo may do: one person tries it."""
    if settings.probe_url or settings.public_url:
        yield settings
        return
    from telemed.precheck import probe

    async with serving.listening(probe.build(settings), settings.host, 0) as address:
        yield msgspec.structs.replace(settings, probe_url=f"http://localhost:{urlsplit(address).port}")


@contextmanager
def step(title: str) -> Iterator[Callable[[], None]]:
    """A line that says what happens, and how long it took."""
    console.print(f"  {title} … ", end="")
    started = time.monotonic()
    told = False

    def done() -> None:
        nonlocal told
        told = True
        console.print(f"[green]done[/] [dim]({time.monotonic() - started:.1f} s)[/]")

    yield done
    if not told:
        done()


async def _fill(urls: pg.Urls) -> None:
    owner = await asyncpg.connect(urls.owner)
    try:
        with step("Loading German places and postal codes"):
            await load_places(owner)
        with step("Loading the demo region: the Uckermark"):
            await region.load(owner, clock.now().date())
    finally:
        await owner.close()


def _check_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise serving.PortTaken from None


def _check_space(settings: Settings) -> None:
    free = shutil.disk_usage(settings.data_dir).free
    if free < NEEDED:
        raise ClusterError(
            f"Only {free // 2**20} MiB are free where {settings.data_dir} lies; the demo needs {NEEDED // 2**20}."
        )


def _announce(address: str, settings: Settings) -> None:
    base = address.replace("127.0.0.1", "localhost")
    console.print("\n[bold green]telemed is running.[/] All people in it are invented.\n")
    console.print(f"  [bold]Patients[/]    {base}/")
    for title, page in (("Practices", "/practice"), ("Pharmacies", "/station")):
        console.print(f"  [bold]{title:12}[/]{base}{page}   password [bold]{region.PASSWORD}[/]")
        for login in region.DEMO_LOGINS:
            if login.page == page:
                console.print(f"              login [bold]{login.login:12}[/]{login.who}")
    console.print(
        "\nTry it: search from 17268 in one window and book; in another, call the patient in as the doctor."
        "\nThe calendar of a whole practice: log in as [bold]anmeldung[/]."
        f"\nMessages to patients that no server sends lie in {settings.data_dir / SENT}."
        "\nCtrl-C stops."
    )
