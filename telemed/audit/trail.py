"""Seals over the trail of who did what: a row that was changed, taken out or put in afterwards is found out.

The worker seals in batches, after the statements that write the trail have ended, so a booking pays nothing for it.
Digests are HMAC-SHA256 (RFC 2104) under a key made from the installation's secret: whoever has the database alone
cannot make one that fits. Each seal counts in the one before it; the log has them all, to compare with.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec
import structlog

from telemed.db import Database
from telemed.identity.callers import SYSTEM

log = structlog.get_logger()

ROWS: Final = 5000  # of one seal, at most
PATIENCE: Final = timedelta(seconds=20)  # for transactions that may still add a row with a smaller id
_PAGE: Final = 500  # seals
_EARLY: Final = timedelta(days=2)  # the purge comes a day before the last one, and a clock may be off
_UNDER_WAY: Final = timedelta(days=7)
_BEGINNING: Final = -(2**63)  # before the first row, whatever id somebody gives to one


class Row(msgspec.Struct, frozen=True):
    """A row of the trail; `brief`: connection metadata, which ends sooner (V-04)."""

    id: int
    at: datetime
    role: str
    person: UUID | None
    site: UUID | None
    verb: str
    appointment: UUID | None
    detail: str
    brief: bool


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows from `first` to `last` were: how many of each kind, since when, and their digests."""

    number: int
    first: int
    last: int
    at: datetime
    kept: int
    kept_since: datetime | None
    kept_digest: bytes
    brief: int
    brief_since: datetime | None
    brief_digest: bytes
    digest: bytes


What = Literal["changed", "missing", "added", "broken", "unexpected"]


class Finding(NamedTuple):
    """What is wrong with the rows of a seal, or with the seals themselves (`broken`)."""

    seal: int
    first: int
    last: int
    what: What


class Report(msgspec.Struct, frozen=True):
    """`head`: the last seal, to be written down elsewhere; `unsealed`: rows that are younger than it."""

    seals: int
    rows: int
    unsealed: int
    head: Seal | None
    findings: list[Finding]


async def seal(db: Database, secret: str, patience: timedelta = PATIENCE) -> int:
    """Seals what is certain by now; how many rows. None while somebody who might still add to them does not end."""
    until = await _certain(db, patience)
    sealed = 0
    while until is not None:
        async with db.transaction(SYSTEM) as tx:
            at: datetime = await tx.value("trail.alone")
            before = await tx.maybe(Seal, "trail.last")
            after = before.last if before else _BEGINNING
            rows = await tx.many(Row, "trail.rows", after=after, until=until, limit=ROWS)
            if not rows:
                break
            made = _seal(_key(secret), before, rows, rows[-1].id if len(rows) == ROWS else until, at)
            await tx.run("trail.add", **msgspec.structs.asdict(made))
        sealed += len(rows)
        log.info("sealed", number=made.number, rows=len(rows), digest=made.digest.hex())
    return sealed


async def verify(
    db: Database, secret: str, keep_kept: timedelta, keep_brief: timedelta, expected: tuple[int, bytes] | None = None
) -> Report:
    """Compares every row with its seal and every seal with the one before it, and one with what was written down of it.

    Rows older than they are kept may be gone: all of them, or for a few days, while a purge is under way, some.
    """
    key, seals, rows = _key(secret), 0, 0
    before: Seal | None = None
    findings: list[Finding] = []
    while True:
        async with db.transaction(SYSTEM) as tx:
            now: datetime = await tx.value("trail.now")
            page = await tx.many(Seal, "trail.page", after=before.number if before else 0, limit=_PAGE)
            for it in page:
                after = before.last if before else _BEGINNING
                found = await tx.many(Row, "trail.rows", after=after, until=it.last, limit=None)
                wrong = [
                    None if _follows(key, it, before) else "broken",
                    _kind(key, found, it, now - keep_kept, brief=False),
                    _kind(key, found, it, now - keep_brief, brief=True),
                ]
                findings += [Finding(it.number, it.first, it.last, what) for what in wrong if what is not None]
                if expected is not None and expected[0] == it.number:
                    if expected[1] != it.digest:
                        findings.append(Finding(it.number, it.first, it.last, "unexpected"))
                    expected = None
                before, seals, rows = it, seals + 1, rows + len(found)
            if len(page) < _PAGE:
                if expected is not None:
                    findings.append(Finding(expected[0], 0, 0, "unexpected"))
                unsealed = await tx.value("trail.unsealed", after=before.last if before else _BEGINNING)
                return Report(seals, rows, int(unsealed), before, findings)


async def _certain(db: Database, patience: timedelta) -> int | None:
    """An id up to which no row can appear any more, without anybody having to wait for us.

    Ids are given out before their rows can be seen. Whoever has been given one holds the lock of an insert on the table
    until the end of their transaction, so those who hold it after the last id was read are waited for.
    """
    async with db.transaction(SYSTEM) as tx:
        until: int | None = await tx.value("trail.given")
        writers: list[str] = await tx.value("trail.writers")
    for _wait in range(max(1, int(patience / timedelta(milliseconds=100)))):
        if not writers:
            return until
        await asyncio.sleep(0.1)
        async with db.transaction(SYSTEM) as tx:
            writers = [writer for writer in await tx.value("trail.writers") if writer in writers]
    return until if not writers else None


def _seal(key: bytes, before: Seal | None, rows: list[Row], last: int, at: datetime) -> Seal:
    kept, brief = [row for row in rows if not row.brief], [row for row in rows if row.brief]
    bare = Seal(
        number=before.number + 1 if before else 1, first=before.last + 1 if before else 1, last=last, at=at,
        kept=len(kept), kept_since=_since(kept), kept_digest=_digest(key, kept), brief=len(brief),
        brief_since=_since(brief), brief_digest=_digest(key, brief), digest=b"",
    )  # fmt: skip
    return msgspec.structs.replace(bare, digest=_chained(key, bare, before))


def _follows(key: bytes, it: Seal, before: Seal | None) -> bool:
    expected = (before.number + 1, before.last + 1) if before else (1, 1)
    return (it.number, it.first) == expected and hmac.compare_digest(it.digest, _chained(key, it, before))


def _kind(key: bytes, found: list[Row], it: Seal, too_old: datetime, *, brief: bool) -> What | None:
    """What is wrong with one kind of a seal's rows, of which those from before `too_old` have gone."""
    rows = [row for row in found if row.brief is brief]
    digest, many, since = (
        (it.brief_digest, it.brief, it.brief_since) if brief else (it.kept_digest, it.kept, it.kept_since)
    )
    if hmac.compare_digest(_digest(key, rows), digest):
        return None
    if since is not None and since < too_old + _EARLY and (not rows or since > too_old - _UNDER_WAY):
        return None if len(rows) < many else "changed"
    return "missing" if len(rows) < many else "added" if len(rows) > many else "changed"


def _since(rows: list[Row]) -> datetime | None:
    """The day, in UTC: seals stay, and the moment at which somebody was let in must not (V-04)."""
    earliest = min((row.at for row in rows), default=None)
    return earliest.replace(hour=0, minute=0, second=0, microsecond=0) if earliest is not None else None


def _digest(key: bytes, rows: Iterable[Row]) -> bytes:
    made = hmac.new(key, digestmod=hashlib.sha256)
    for row in rows:
        made.update(msgspec.json.encode(msgspec.structs.astuple(row)) + b"\n")
    return made.digest()


def _chained(key: bytes, it: Seal, before: Seal | None) -> bytes:
    *values, _digest_itself = msgspec.structs.astuple(it)
    return hmac.digest(key, msgspec.json.encode([*values, before.digest if before else b""]), "sha256")


def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"telemed audit seal", "sha256")
