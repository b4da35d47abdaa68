"""`telemed purge` and `telemed audit verify`."""

from __future__ import annotations

from datetime import timedelta

import click

from telemed import pg
from telemed.audit import retention, trail
from telemed.settings import Settings

_TOLD: dict[trail.What, str] = {
    "changed": "a row was changed.",
    "missing": "a row is missing.",
    "added": "a row was put in afterwards.",
    "broken": "the seal itself was changed, or one before it is missing.",
    "unexpected": "it is not the seal that was written down.",
}


async def purge(settings: Settings) -> None:
    async with pg.database(settings) as (db, ready):
        gone = await retention.purge(db, ready)
    for statement, rows in gone.items():
        click.echo(f"{statement:16} {rows}")


async def verify(settings: Settings, *, expect: str | None) -> None:
    """Exit code 1 and a line for each seal that does not fit."""
    expected = _expected(expect)
    ages = timedelta(days=settings.keep_trail), timedelta(days=settings.keep_connections)
    async with pg.database(settings) as (db, ready):
        report = await trail.verify(db, ready.secret, *ages, expected)
    for one in report.findings:
        click.echo(f"Seal {one.seal} (rows {one.first} to {one.last}): {_TOLD[one.what]}", err=True)
    if report.findings:
        raise click.ClickException("The trail is not what it was.")
    click.echo(f"{report.rows} rows in {report.seals} seals are what they were; {report.unsealed} are not sealed yet.")
    if report.head is not None:
        click.echo(f"To be written down elsewhere: {report.head.number}:{report.head.digest.hex()}")


def _expected(text: str | None) -> tuple[int, bytes] | None:
    if text is None:
        return None
    number, _colon, digest = text.partition(":")
    try:
        return int(number), bytes.fromhex(digest)
    except ValueError:
        raise click.ClickException("--expect is a number, a colon and 64 hexadecimal digits.") from None
