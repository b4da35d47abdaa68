"""One frozen object, read once from the environment. An unknown TELEMED_* name is an error, not a silent default."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal

import msgspec


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what to write instead."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two installations. Durations in seconds in the environment."""

    database_url: str = ""
    """The app's role on a PostgreSQL 15 or newer; empty: the embedded one in `data_dir`. From DATABASE_URL."""
    owner_database_url: str = ""
    """The owning role, for `telemed migrate` alone. Empty: `database_url`, which then must own nothing yet."""
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    """The address people type, e.g. https://video.uckermark.example; empty: http://localhost:<port>."""
    secret: str = ""
    """At least 32 characters; keys tokens and appointment codes. Empty: made once, kept in data_dir/secret."""
    behind_proxy: bool = False
    """True: take the client's address from the last X-Forwarded-For entry (one reverse proxy in front)."""
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = ""
    turn_ttl: timedelta = timedelta(minutes=2)
    """How long a relay takes a credential; pages get a new one before it runs out, and what they have goes on."""
    turn_control: tuple[str, ...] = ()
    """host:port of each relay's command line, to end what it carries once a consultation is over (turnserver.conf)."""
    turn_control_password: str = ""
    ice_policy: Literal["all", "relay"] = "all"
    candidate_networks: tuple[str, ...] = ()
    """Networks whose addresses two pages may try to reach each other by, e.g. 10.0.0.0/8. Empty: all but loopback,
    link-local, multicast and unspecified ones."""
    sockets_per_address: int = 200
    """Signalling sockets from one address on one node; a practice and a pharmacy share theirs."""
    nats_url: str = ""
    """Where the rooms' log lies when several nodes serve: nats://user:password@host:4222, several by spaces. Empty: in
    the memory of this node, which is then alone."""
    probe_url: str = ""
    """Where browsers find `telemed probe`, e.g. https://video.uckermark.example/probe; empty: no line is measured."""
    probe_port: int = 8090
    """Where `telemed probe` listens, on `host`; what it measures comes over UDP, to any port from 32768 on."""
    probe_address: str = ""
    """The probe's public IP address, where that is not the machine's own (behind NAT)."""
    probe_at_once: int = 24
    """How many check their line at the same time; the next ones wait."""
    job_timeout: timedelta = timedelta(seconds=30)
    """A job whose worker gave no sign of life for so long is taken up by another one."""
    smtp_url: str = ""
    """Where e-mails go out: smtp://user:password@host:587?starttls, or smtps://… Empty: no e-mails are sent."""
    mail_from: str = ""
    """The sender's address, e.g. termine@uckermark.example."""
    sms_url: str = ""
    """The SMS gateway's address (docs/sms.md). Empty: no SMS is sent."""
    sms_token: str = ""
    keep_names: int = 90
    """Days until an appointment that is over forgets who it was with; 90 at most (docs/retention.md)."""
    keep_connections: int = 90
    """Days that are known of who was in a room and when; 90 at most (V-04)."""
    keep_trail: int = 1096
    """Days that the trail of who did what is kept."""
    operator_name: str = "Musterlandkreis (Demo)"
    operator_address: str = "Musterstraße 1, 00000 Musterstadt"
    operator_email: str = "telemed@musterlandkreis.example"
    operator_phone: str = "+49 30 23125 000"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    demo: bool = False
    """True: pages show that the people and practices are invented."""

    @property
    def origin(self) -> str:
        """The only Origin (RFC 6454) that forms and sockets are accepted from."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"

    def shown(self) -> dict[str, str]:
        """Every setting as text, without its secrets, for `telemed check`."""
        hidden = {"secret", "turn_secret", "turn_control_password", "sms_token"}
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: "(set)" if name in hidden and value else " ".join(map(_without_password, str(value).split()))
            for name, value in values.items()
        }


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment. Raises SettingsError with one line per mistake."""
    known = {f"TELEMED_{field.upper()}": field for field in Settings.__struct_fields__}
    known.pop("TELEMED_DATABASE_URL")
    values: dict[str, object] = {"database_url": environ.get("DATABASE_URL", "")}
    wrong: list[str] = []
    for name, raw in environ.items():
        if not name.startswith("TELEMED_") or name.startswith("TELEMED_TEST_"):
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            wrong.append(f"{name} is not a setting." + (f" Did you mean {near[0]}?" if near else ""))
            continue
        values[known[name]] = _parsed(known[name], raw)
    if wrong:
        raise SettingsError("\n".join(wrong))
    try:
        settings = msgspec.convert(values, Settings, strict=False, builtin_types=(timedelta,), dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(_in_words(str(error))) from None
    _check(settings)
    return settings


def _parsed(field: str, raw: str) -> object:
    if field in ("turn_urls", "turn_control", "candidate_networks"):
        return [url for url in raw.replace(",", " ").split() if url]
    if field in ("turn_ttl", "job_timeout") and raw.isdigit():
        return timedelta(seconds=int(raw))
    return raw


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError


def _in_words(message: str) -> str:
    what, _, where = message.partition(" - at `$.")
    return f"TELEMED_{where.rstrip('`').upper()}: {what}"


def _check(settings: Settings) -> None:
    if settings.secret and len(settings.secret) < 32:
        raise SettingsError("TELEMED_SECRET is shorter than 32 characters; `openssl rand -hex 32` makes a good one.")
    if bool(settings.turn_urls) != bool(settings.turn_secret):
        raise SettingsError("TELEMED_TURN_URLS and TELEMED_TURN_SECRET go together; one of them is missing.")
    if bool(settings.turn_control) != bool(settings.turn_control_password):
        raise SettingsError(
            "TELEMED_TURN_CONTROL and TELEMED_TURN_CONTROL_PASSWORD go together; one of them is missing."
        )
    if any(not at.rpartition(":")[2].isdigit() for at in settings.turn_control):
        raise SettingsError("TELEMED_TURN_CONTROL is not host:port, for instance 127.0.0.1:5766.")
    if settings.ice_policy == "relay" and not settings.turn_urls:
        raise SettingsError("TELEMED_ICE_POLICY=relay needs TELEMED_TURN_URLS; otherwise no call would ever connect.")
    if bool(settings.smtp_url) != bool(settings.mail_from):
        raise SettingsError("TELEMED_SMTP_URL and TELEMED_MAIL_FROM go together; one of them is missing.")
    if settings.smtp_url and not settings.smtp_url.startswith(("smtp://", "smtps://")):
        raise SettingsError("TELEMED_SMTP_URL does not begin with smtp:// or smtps://.")
    if settings.smtp_url.startswith("smtps://") and settings.smtp_url.endswith("?starttls"):
        raise SettingsError("TELEMED_SMTP_URL is smtps:// with ?starttls; it is encrypted already, leave that out.")
    if settings.sms_url and not settings.sms_url.startswith(("http://", "https://")):
        raise SettingsError("TELEMED_SMS_URL does not begin with https://.")
    for network in settings.candidate_networks:
        try:
            ip_network(network)
        except ValueError:
            raise SettingsError(f"TELEMED_CANDIDATE_NETWORKS: {network} is not a network like 10.0.0.0/8.") from None
    if settings.sockets_per_address < 1:
        raise SettingsError("TELEMED_SOCKETS_PER_ADDRESS is less than one.")
    if settings.job_timeout < timedelta(seconds=1):
        raise SettingsError("TELEMED_JOB_TIMEOUT is shorter than a second.")
    for name, (least, most) in {"names": (2, 90), "connections": (8, 90), "trail": (367, 3660)}.items():
        if not least <= getattr(settings, f"keep_{name}") <= most:
            raise SettingsError(f"TELEMED_KEEP_{name.upper()} is not between {least} and {most} days.")
    for name, port in (("PORT", settings.port), ("PROBE_PORT", settings.probe_port)):
        if not 0 <= port <= 65535:
            raise SettingsError(f"TELEMED_{name} is not between 0 and 65535.")
    _check_probe(settings)


def _check_probe(settings: Settings) -> None:
    if settings.probe_url and not settings.probe_url.startswith(("http://", "https://")):
        raise SettingsError("TELEMED_PROBE_URL does not begin with https://.")
    if settings.probe_url.startswith("http://") and settings.public_url.startswith("https://"):
        raise SettingsError("TELEMED_PROBE_URL begins with http://; browsers refuse that from a page opened by https.")
    if settings.probe_at_once < 1:
        raise SettingsError("TELEMED_PROBE_AT_ONCE is less than 1.")
    try:
        ip_address(settings.probe_address or "::")
    except ValueError:
        raise SettingsError("TELEMED_PROBE_ADDRESS is not an IP address.") from None


def with_secret(settings: Settings) -> Settings:
    """The settings with a secret: the given one, else the one in data_dir/secret, made on first use (mode 0600)."""
    if settings.secret:
        return settings
    file = settings.data_dir / "secret"
    if not file.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return msgspec.structs.replace(settings, secret=file.read_text().strip())


def _without_password(value: str) -> str:
    head, at, tail = value.rpartition("@")
    scheme, colon, login = head.partition("://")
    return f"{scheme}{colon}{login.split(':')[0]}:***@{tail}" if at and ":" in login else value
