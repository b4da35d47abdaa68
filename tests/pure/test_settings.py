"""Settings: read once, and a slip of the pen is told, not swallowed."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from telemed.settings import Settings, SettingsError, read, with_secret


def test_values_are_typed() -> None:
    settings = read({
        "TELEMED_PORT": "81", "TELEMED_TURN_URLS": "turn:a:3478, turns:a:443", "TELEMED_TURN_SECRET": "s",
        "TELEMED_TURN_TTL": "600", "TELEMED_BEHIND_PROXY": "true", "DATABASE_URL": "postgresql://x@y/z", "HOME": "/",
    })  # fmt: skip
    assert (settings.port, settings.turn_urls) == (81, ("turn:a:3478", "turns:a:443"))
    assert settings.turn_ttl == timedelta(minutes=10)
    assert settings.behind_proxy
    assert settings.database_url == "postgresql://x@y/z"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"TELEMED_PROT": "81"}, "TELEMED_PROT is not a setting. Did you mean TELEMED_PORT?"),
        ({"TELEMED_PORT": "eighty"}, "TELEMED_PORT: Expected `int`, got `str`"),
        ({"TELEMED_PORT": "70000"}, "TELEMED_PORT is not between"),
        ({"TELEMED_SECRET": "short"}, "TELEMED_SECRET is shorter than 32"),
        ({"TELEMED_TURN_URLS": "turn:a"}, "go together"),
        ({"TELEMED_SMTP_URL": "smtp://mail"}, "go together"),
        ({"TELEMED_SMTP_URL": "http://mail", "TELEMED_MAIL_FROM": "a@b.de"}, "does not begin with smtp"),
        ({"TELEMED_SMTP_URL": "smtps://mail?starttls", "TELEMED_MAIL_FROM": "a@b.de"}, "encrypted already"),
        ({"TELEMED_SMS_URL": "mail"}, "does not begin with https"),
        ({"TELEMED_ICE_POLICY": "relay"}, "needs TELEMED_TURN_URLS"),
        ({"TELEMED_ICE_POLICY": "some"}, "TELEMED_ICE_POLICY: Invalid enum value"),
    ],
)
def test_mistakes_are_named(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("?", r"\?")):
        read(environ)


def test_check_shows_no_secret() -> None:
    shown = Settings(secret="s" * 32, database_url="postgresql://app:geheim@db/telemed").shown()
    assert shown["secret"] == "(set)"
    assert shown["database_url"] == "postgresql://app:***@db/telemed"
    two = Settings(nats_url="nats://telemed:geheim@n1:4222 nats://telemed:geheim@n2:4222").shown()["nats_url"]
    assert two == "nats://telemed:***@n1:4222 nats://telemed:***@n2:4222"


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = with_secret(Settings(data_dir=tmp_path / "data"))
    assert with_secret(Settings(data_dir=tmp_path / "data")).secret == first.secret
    assert len(first.secret) == 64
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
