"""E-mail by SMTP (RFC 5321), one connection a message."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from telemed import clock
from telemed.notices.types import Letter, Never, NotNow, RideLetter, Wording
from telemed.scheduling.feeds.calendars import Entry, calendar, method
from telemed.settings import Settings

TIMEOUT = 20.0  # seconds for each answer of the server
Send = Callable[[Letter | RideLetter, Wording, str], Awaitable[None]]


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Send]:
    """A function that hands a letter over. Raises NotNow when the server is away, and from it also Never."""
    smtp = _smtp(settings)

    async def send(letter: Letter | RideLetter, words: Wording, message_id: str) -> None:
        try:
            await smtp.send_message(message(letter, words, message_id, settings))
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _meant(refused.recipients[0].code) from None
        except aiosmtplib.SMTPSenderRefused as refused:  # our address or login: nothing that the letter can help
            raise NotNow(f"smtp sender {refused.code}") from None
        except aiosmtplib.SMTPResponseException as refused:
            raise _meant(refused.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotNow(f"smtp {type(error).__name__}") from None
        except (ValueError, UnicodeError):
            raise Never("not an address") from None

    try:
        await smtp.connect()
    except aiosmtplib.SMTPResponseException as refused:  # greeting or login: nothing that the letter can help
        raise NotNow(f"smtp login {refused.code}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotNow(f"smtp {type(error).__name__}") from None
    try:
        yield send
    finally:
        with suppress(aiosmtplib.SMTPException, OSError):
            await smtp.quit()


def message(letter: Letter | RideLetter, words: Wording, message_id: str, settings: Settings) -> EmailMessage:
    """The e-mail, for a patient with the appointment for their calendar."""
    mail = EmailMessage()
    mail["From"] = formataddr((settings.operator_name, settings.mail_from or settings.operator_email))
    mail["To"] = letter.email or ""
    mail["Subject"] = words.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer from an absent reader's machine
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Content-Language"] = letter.language
    mail.set_content(words.text, cte="quoted-printable")
    if isinstance(letter, RideLetter) or letter.kind == "offer":  # nothing for a calendar, or not yet
        return mail
    entry = Entry(
        id=letter.appointment, start=letter.start, end=letter.end, zone=letter.zone, epoch=letter.epoch,
        changed=letter.changed, cancelled=letter.status == "cancelled", place=letter.address,
    )  # fmt: skip
    mail.add_attachment(
        calendar(entry, settings, letter.language), subtype="calendar", filename="appointment.ics",
        params={"method": method(entry)},
    )  # fmt: skip
    return mail


def _smtp(settings: Settings) -> aiosmtplib.SMTP:
    url = urlsplit(settings.smtp_url)
    return aiosmtplib.SMTP(
        hostname=url.hostname, port=url.port or (465 if url.scheme == "smtps" else 587),
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps",
        start_tls=True if "starttls" in url.query else None,  # None: if the server offers it
        timeout=TIMEOUT,
    )  # fmt: skip


def _meant(code: int) -> NotNow | Never:
    """5yz is for good (RFC 5321 section 4.2.1); everything else may work later."""
    return Never(f"smtp {code}") if 500 <= code < 600 else NotNow(f"smtp {code}")
