"""docs/retention.md shows the one table of what ends when, as the code has it; and so does the privacy notice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from telemed.audit.retention import ENDS, table
from telemed.settings import Settings, SettingsError, read
from telemed.statements import statements

ROOT = Path(__file__).parents[2]


def test_the_docs_show_the_table() -> None:
    assert table(Settings()) in (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")


def test_each_statement_has_its_line() -> None:
    assert sorted(f"retention.{end.statement}" for end in ENDS) == [
        name for name in sorted(statements()) if name.startswith("retention.")
    ]


def test_nothing_is_promised_that_the_job_cannot_keep() -> None:
    assert min(end.age(Settings()).days for end in ENDS) >= 2


@pytest.mark.rule("V-04")
def test_connections_cannot_be_kept_longer() -> None:
    assert read({"TELEMED_KEEP_CONNECTIONS": "30"}).keep_connections == 30
    for name, days in (
        ("CONNECTIONS", "91"),
        ("CONNECTIONS", "0"),
        ("NAMES", "1"),
        ("NAMES", "91"),
        ("TRAIL", "90"),
        ("NAMES", "ten"),
    ):
        with pytest.raises(SettingsError, match=f"TELEMED_KEEP_{name}"):
            read({f"TELEMED_KEEP_{name}": days})


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_privacy_notice_takes_its_days_from_the_settings(language: str) -> None:
    text = (ROOT / "telemed" / "templates" / "legal" / language / "privacy.html").read_text(encoding="utf-8")
    how_long = re.split(r"<h2>", text)[6]
    for name in ("keep_names", "keep_connections", "keep_trail"):
        assert f"settings.{name}" in how_long
