"""Dates, times and numbers as people say them: "Dienstag, 3. März, 14:30 Uhr"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from telemed.text import _

HERE = ZoneInfo("Europe/Berlin")


class Wording:
    """The words of one language. Instants are told in `zone`, the practice's wall clock."""

    def __init__(self, locale: str, zone: ZoneInfo = HERE) -> None:
        self.locale, self.zone = locale, zone

    def day(self, at: datetime | date, *, year: bool = False) -> str:
        """`Dienstag, 3. März`, with the year when it matters."""
        on = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        pattern = {"de": "EEEE, d. MMMM", "en": "EEEE, d MMMM"}[self.locale] + (" y" if year else "")
        return format_date(on, pattern, locale=self.locale)

    def time(self, at: datetime) -> str:
        """`14:30 Uhr`; in the doubled hour of October `02:30 Uhr (Sommerzeit)` or `(Winterzeit)`."""
        local = at.astimezone(self.zone)
        clock = format_time(local, {"de": "HH:mm 'Uhr'", "en": "HH:mm"}[self.locale], locale=self.locale)
        season = self.season(local)
        return f"{clock} ({season})" if season else clock

    def clock(self, at: datetime) -> str:
        """`14:30`, bare, where a list of times is shown."""
        return format_time(at.astimezone(self.zone), "HH:mm", locale=self.locale)

    def twice(self, at: datetime) -> str:
        """`Sommerzeit` or `Winterzeit` in the hour that October has twice, else empty."""
        return self.season(at.astimezone(self.zone))

    def season(self, local: datetime) -> str:
        """Which of the two, when this wall time happens twice; else empty."""
        if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
            return ""
        if local.replace(fold=0).utcoffset() < local.replace(fold=1).utcoffset():  # type: ignore[operator]
            return ""  # a wall time that March skips; no instant shows it
        return (_("winter time") if local.fold else _("summer time")).render(self.locale)

    def moment(self, at: datetime) -> str:
        """`Dienstag, 3. März, 14:30 Uhr`."""
        return f"{self.day(at)}, {self.time(at)}"

    def date(self, on: date) -> str:
        """`17.5.1948`, in English `17 May 1948`."""
        return format_date(on, {"de": "d.M.y", "en": "d MMMM y"}[self.locale], locale=self.locale)

    def span(self, start: datetime, end: datetime, *, year: bool = True) -> str:
        """`vom 24.12.2026 bis 31.12.2026` of whole local days, `am 2.12.2026 von 08:00 Uhr bis 12:00 Uhr` of less."""
        first, past = start.astimezone(self.zone), end.astimezone(self.zone)
        last = past - timedelta(microseconds=1)
        pattern = {"de": "d.M.y" if year else "d.M.", "en": "d MMMM y" if year else "d MMMM"}[self.locale]
        days = [format_date(at.date(), pattern, locale=self.locale) for at in (first, last)]
        until = self.time(end) if not _is_midnight(past) else _("midnight").render(self.locale)
        if _is_midnight(first) and _is_midnight(past):
            found = _("from %(a)s to %(b)s", a=days[0], b=days[1])
            if days[0] == days[1]:
                found = _("on %(day)s", day=days[0])
        elif days[0] == days[1]:
            found = _("on %(day)s from %(a)s to %(b)s", day=days[0], a=self.time(start), b=until)
        else:
            found = _("from %(a)s to %(b)s", a=f"{days[0]}, {self.time(start)}", b=f"{days[1]}, {until}")
        return found.render(self.locale)

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def phone(self, number: str) -> str:
        """An E.164 number as people read it: `+49 3984 123456`; anything else as it is."""
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)

    def languages(self, codes: Iterable[str]) -> str:
        """`Deutsch, Polnisch` for the BCP 47 codes of languages."""
        return ", ".join(Locale.parse(code, sep="-").get_language_name(self.locale) or code for code in codes)

    def machine(self, at: datetime) -> str:
        """For `<time datetime>` and form values: RFC 3339 in UTC."""
        return at.isoformat().replace("+00:00", "Z")


def _is_midnight(local: datetime) -> bool:
    """Whether a local day begins with this instant: at 0:00, or after it where the clocks skip that."""
    before = (local.astimezone(UTC) - timedelta(microseconds=1)).astimezone(local.tzinfo)
    return before.date() < local.date()
