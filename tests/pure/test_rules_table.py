"""docs/rules.md says which rules are shown, and by which tests; the tests say the same by their markers."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs" / "rules.md"
LINE = re.compile(r"^\| ([A-Z]-\d\d|ASVS-V17\.\d\.\d) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


@cache
def marked() -> dict[str, set[str]]:
    """Rule -> the files whose tests carry it, read without importing them."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="mark"), attr="rule"),
                    args=[ast.Constant(value=str(rule))],
                ):
                    found[rule].add(file.relative_to(TESTS).as_posix())
    return dict(found)


def listed() -> dict[str, set[str]]:
    """Rule -> the files that the table names."""
    return {rule: set(files.split(", ")) for rule, _, _, files in LINE.findall(TABLE.read_text(encoding="utf-8"))}


def test_every_rule_that_is_shown_is_listed() -> None:
    assert set(marked()) - set(listed()) == set()


def test_every_rule_that_is_listed_is_shown() -> None:
    """By each of the files named beside it."""
    missing = {rule: files - marked().get(rule, set()) for rule, files in listed().items()}
    assert {rule: files for rule, files in missing.items() if files} == {}


def test_the_table_is_read_whole() -> None:
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if re.match(r"\| [A-Z]+-", line)]
    assert len(rows) == len(listed()) > 20
    assert [line for line in rows if not LINE.fullmatch(line)] == []
