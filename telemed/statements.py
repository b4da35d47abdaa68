"""The statements of `sql/queries/<domain>.sql`, by name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PACKAGED = Path(__file__).parent / "_sql"
SQL_DIR = _PACKAGED if _PACKAGED.exists() else Path(__file__).parent.parent / "sql"

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
# A `:name` that is neither a cast (`::`) nor inside a quoted literal or a comment.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::\w+|:([a-z_]\w*)")


class Statement(NamedTuple):
    """One named statement: `sql` with $1, $2, … and the names of its parameters in that order."""

    sql: str
    parameters: tuple[str, ...]


@cache
def statements() -> dict[str, Statement]:
    """Every statement of the project by `<domain>.<name>`."""
    found: dict[str, Statement] = {}
    for file in sorted((SQL_DIR / "queries").glob("*.sql")):
        parts = _NAME.split(file.read_text(encoding="utf-8"))[1:]
        for name, sql in zip(parts[::2], parts[1::2], strict=True):
            found[f"{file.stem}.{name}"] = _numbered(sql.strip())
    return found


def _numbered(sql: str) -> Statement:
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return Statement(_PARAMETER.sub(number, sql), tuple(names))
