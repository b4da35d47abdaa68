"""An appointment as iCalendar (RFC 5545): shown, updated and withdrawn by UID, SEQUENCE and METHOD (RFC 5546).

A calendar is read by others: on a family's tablet, at work. So it names neither doctor, practice, specialty nor
service (G-25), and the code is not in its link (G-32).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from icalendar import Calendar, Event, vCalAddress, vText

from telemed.scheduling.types import Appointment
from telemed.settings import Settings
from telemed.text import _


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar needs of an appointment. `place`: where to be; None for video from home."""

    id: UUID
    start: datetime
    end: datetime
    zone: str
    epoch: int
    changed: datetime
    cancelled: bool
    place: str | None = None


def entry(it: Appointment) -> Entry:
    """The entry of an appointment, as in its messages."""
    return Entry(
        id=it.id, start=it.start, end=it.end, zone=it.zone, epoch=it.epoch, changed=it.changed,
        cancelled=it.status == "cancelled", place=it.address,
    )  # fmt: skip


def calendar(entry: Entry, settings: Settings, locale: str) -> str:
    """The calendar file, CRLF lines. METHOD is PUBLISH, or CANCEL for a cancelled one (RFC 5546 section 3.2)."""
    made = Calendar()
    made.add("prodid", "-//telemed//telemed//DE")
    made.add("version", "2.0")
    made.add("method", method(entry))
    event = event_of(entry, settings)
    event.add("summary", (_("Appointment") if entry.place else _("Video appointment")).render(locale))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("url", f"{settings.origin}/appointment")
    if entry.place:
        event.add("location", entry.place)
    organizer = vCalAddress(f"mailto:{settings.mail_from or settings.operator_email}")
    organizer.params["CN"] = vText(settings.operator_name)
    event["organizer"] = organizer
    made.add_component(event)
    made.add_missing_timezones()
    return bytes(made.to_ical()).decode()


def event_of(entry: Entry, settings: Settings) -> Event:
    """What makes it the same entry in every calendar, whichever way it got there."""
    zone = ZoneInfo(entry.zone)
    event = Event()
    event.add("uid", f"{entry.id}@{urlsplit(settings.origin).hostname}")
    event.add("sequence", entry.epoch - 1)  # every change that counts raises the epoch, and nothing lowers it
    event.add("dtstamp", entry.changed)
    event.add("dtstart", entry.start.astimezone(zone))
    event.add("dtend", entry.end.astimezone(zone))
    return event


def method(entry: Entry) -> str:
    """PUBLISH or CANCEL, also for the Content-Type of the file (RFC 5545 section 8.1)."""
    return "CANCEL" if entry.cancelled else "PUBLISH"
