"""The schema: migrations equal the golden dump, every statement prepares, every person has a wall around them."""

from __future__ import annotations

import re

import asyncpg
import pytest

from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.pg import Urls
from telemed.statements import SQL_DIR, statements
from tests.dump import dump


def test_migrations_equal_the_golden_schema(postgres: Urls) -> None:
    golden = (SQL_DIR / "schema.sql").read_text(encoding="utf-8")
    # Line by line, whatever the order: servers of two versions list the same objects differently.
    assert sorted(dump(postgres.owner).splitlines()) == sorted(golden.splitlines()), "run `make schema` and look"


@pytest.mark.parametrize("name", sorted(statements()))
async def test_every_statement_prepares(db: Database, name: str) -> None:
    async with db.transaction(SYSTEM) as tx:
        prepared = await tx.connection.prepare(statements()[name].sql)
        assert len(prepared.get_parameters()) == len(statements()[name].parameters)


def test_every_statement_says_what_it_is_for() -> None:
    for name, statement in statements().items():
        assert re.match(r"-- \w.+", statement.sql), f"{name} has no line that says what it is for"


async def test_every_table_says_its_retention(owner: asyncpg.Connection) -> None:
    silent = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'schema_migrations'"
        " AND coalesce(obj_description(oid), '') NOT LIKE '%Retention: %'"
    )
    assert [row[0] for row in silent] == []


async def test_every_table_that_names_a_person_is_walled(owner: asyncpg.Connection) -> None:
    open_tables = await owner.fetch(
        "SELECT DISTINCT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relrowsecurity"
        " AND (attname IN ('person', 'patient_name', 'birth_date', 'email', 'assistant', 'booked_by', 'appointment')"
        "      OR relname IN ('person', 'practitioner'))"
    )
    assert [row[0] for row in open_tables] == []


async def test_the_app_owns_nothing_and_bypasses_nothing(owner: asyncpg.Connection) -> None:
    role = await owner.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid)"
        " FROM pg_roles WHERE rolname = 'telemed_app'"
    )
    assert role is not None
    assert tuple(role) == (False, False, False, 0)


@pytest.mark.rule("B-02")
async def test_there_is_no_place_for_findings_or_fees(owner: asyncpg.Connection) -> None:
    columns = await owner.fetch(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    words = (
        r"diagnos|finding|symptom|reason_for|anamnes|document|picture|recording|fee(?!d)|price|icd|ebm|insurance|payer"
    )
    assert [row[0] for row in columns if re.search(words, row[0])] == []
