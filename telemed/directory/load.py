"""Puts the German places and postal codes that come with the package into the database."""

from __future__ import annotations

import csv
import gzip
import hashlib
from pathlib import Path
from typing import Final

import asyncpg

from telemed.db import Tx
from telemed.directory.places import search_key

DATA: Final = Path(__file__).parent / "data"
_EDITION = "1"  # to be raised when rows are read differently, e.g. with another search_key


async def load(connection: asyncpg.Connection) -> bool:
    """Loads both files in one transaction, as the owner; False if this edition was loaded before.

    Sites keep their places: a place that a new edition no longer has stays while a site is there.
    """
    tx = Tx(connection)
    places, codes = (DATA / "places.tsv.gz").read_bytes(), (DATA / "postal_codes.tsv.gz").read_bytes()
    digest = hashlib.sha256(_EDITION.encode() + places + codes).hexdigest()
    async with connection.transaction():
        if await tx.value("directory.loaded", name="places") == digest:
            return False
        await _put_places(tx, _rows(places))
        await _put_postal_codes(tx, _rows(codes))
        await tx.run("directory.remember_loaded", name="places", digest=digest)
    return True


async def _put_places(tx: Tx, rows: list[dict[str, str]]) -> None:
    ids = [int(row["id"]) for row in rows]
    names = [row["name"] for row in rows]
    await tx.run("directory.drop_places", ids=ids)
    await tx.run(
        "directory.put_places", ids=ids, names=names, states=[row["state"] for row in rows],
        lats=[float(row["lat"]) for row in rows], lons=[float(row["lon"]) for row in rows],
        populations=[int(row["population"]) for row in rows], keys=[search_key(name) for name in names],
    )  # fmt: skip


async def _put_postal_codes(tx: Tx, rows: list[dict[str, str]]) -> None:
    await tx.run("directory.drop_postal_codes")
    await tx.run(
        "directory.put_postal_codes", codes=[row["code"] for row in rows], names=[row["name"] for row in rows],
        states=[row["state"] for row in rows],
        lats=[float(row["lat"]) for row in rows], lons=[float(row["lon"]) for row in rows],
    )  # fmt: skip


def _rows(packed: bytes) -> list[dict[str, str]]:
    lines = gzip.decompress(packed).decode().splitlines()
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
