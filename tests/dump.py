"""The schema of a database as text, without what differs from server to server."""

from __future__ import annotations

import re
import subprocess

from telemed import cluster

# The last one is an attribute option that a PostgreSQL 15 shows to a newer pg_dump for every column.
_NOISE = r"--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict |ALTER TABLE .* SET \(pg_attver="


def dump(owner_url: str) -> str:
    """pg_dump of the schema with grants and policies; comments, settings and the dump's random key are left out."""
    command = [
        cluster.programs() / "pg_dump",
        "--schema-only",
        "--no-owner",
        "--exclude-table=schema_migrations",
        owner_url,
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line for line in said.splitlines() if line.strip() and not re.match(_NOISE, line)]
    return "\n".join(lines) + "\n"
