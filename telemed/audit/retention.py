"""Which table ends when, and the purge that sees to it: the worker's job, twice a day, and `telemed purge`.

Small batches, each a transaction of its own: killed halfway, the next run goes on, and two at once share the work.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

import structlog

from telemed import clock
from telemed.audit import trail
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.settings import Settings

log = structlog.get_logger()

BATCH: Final = 500  # rows
# What may be there for 90 days goes when it has been there for 89: the job comes twice a day, and what somebody is
# working on at that moment is left to the next one.
ROUND: Final = timedelta(days=1)


class End(NamedTuple):
    """`what` of a `table` goes `days` after `since`, by a `statement` of retention.sql; `days` may name a setting."""

    table: str
    what: str
    since: str
    days: int | str
    statement: str

    def age(self, settings: Settings) -> timedelta:
        """How old it may become."""
        return timedelta(days=getattr(settings, self.days) if isinstance(self.days, str) else self.days)


ENDS: Final = (
    End("attendance", "who sat where and when (V-04)", "it began", "keep_connections", "attendance"),
    End("seating", "who was let in or removed (V-04)", "it happened", "keep_connections", "seating"),
    End("verified", "whether the words on both screens were the same (V-04)", "they said so", "keep_connections",
        "verified"),
    End("precheck", "what the patient's line was found to bear (V-04)", "the appointment's end", 2, "lines"),
    End("precheck", "the same (V-04)", "it was checked", "keep_connections", "old_lines"),
    End("audit", "who was let in or removed, and when it ended (V-04)", "it happened", "keep_connections",
        "audit_brief"),
    End("audit", "who did what else", "it was sealed", "keep_trail", "audit"),
    End("notice", "the practice's own words", "the appointment's start", 2, "notice_words"),
    End("notice", "all of it, unless it is about a ride", "it was due", 90, "notices"),
    End("waitlist_entry", "the waiting, which is over then", "it began", 365, "long_waits"),
    End("waitlist_entry", "what a repeated request is known by", "the last change", 3, "wait_keys"),
    End("waitlist_entry", "all of it, with its offers", "it ended", 30, "waits"),
    End("assessment", "name, birth date and number of somebody who was not called", "they asked", 30, "calls"),
    End("assessment", "the result", "it was decided, or the visit", 730, "results"),
    End("appointment", "a hold that was not booked", "its end", 2, "holds"),
    End("appointment", "what a repeated request is known by", "the last change", 3, "booking_keys"),
    End("appointment", "names, contact, code, consent, reasons: what is left names nobody", "its end",
        "keep_names", "appointments"),
    End("intake", "all of it: who was received, how, and who agreed for them", "the appointment's end", "keep_names",
        "intakes"),
    End("refresh_token", "all of it", "it expired", 2, "logins"),
    End("signing_key", "all of it", "its retirement", 2, "keys"),
    End("pairing", "a screen's code that nobody entered", "its end", 2, "codes"),
    End("pairing", "all of it", "its end", 90, "pairings"),
    End("walk_in", "all of it; a consultation is kept as an appointment", "the last change", 2, "walk_ins"),
    End("ride_request", "all of it, with what its operator was told", "the ride", 2, "ride_requests"),
    End("ride", "all of it", "it was taken off the site's page", 90, "rides"),
    End("station_check", "all of it", "the look", 90, "station_checks"),
    End("on_call", "all of it", "its end", 2, "on_call"),
    End("practitioner", "how late they said they would be, and why", "it was over", 2, "lateness"),
    End("closure", "all of it, unless it comes again every year", "its end", 90, "closures"),
    End("feed", "all of it", "it was withdrawn", 90, "feeds"),
    End("busy", "times from a doctor's own calendar", "their end", 2, "busy_times"),
    End("pgqueuer", "a job that was given up", "the last try", 30, "given_up"),
    End("pgqueuer_log", "all of it", "it was written", 7, "job_log"),
    End("pgqueuer_statistics", "all of it", "it was written", 7, "job_counts"),
    End("worker", "all of it", "it was seen last", 2, "workers"),
)  # fmt: skip

STAYS: Final = {
    "place": "public: towns and villages",
    "postal_code": "public: postal codes",
    "town": "public: where a specialty was ever offered",
    "data_file": "which edition of those is loaded",
    "site": "public: practices, pharmacies, halls",
    "practitioner": "public on purpose: patients choose their doctor by name (B-01)",
    "person": "staff, for as long as they have a login; whoever runs the service takes it away",
    "service": "what can be booked, no person",
    "station": "rooms; of persons only who of its staff went through the list of privacy last, until the next time",
    "site_hours": "when somebody is at the stations of a site, no person",
    "site_opening": "made anew from those every hour, from yesterday on",
    "partner": "from which pharmacies and halls a practice takes walk-ins, no person",
    "walk_in_month": "how many walked in at a site in a month and how long they waited, no person",
    "training": "what those who assist have learnt, for as long as they have a login",
    "rule": "when a doctor is open, public as bookable times",
    "busy_calendar": "the address of a doctor's own calendar, until they remove it",
    "next_free": "bounds for the search, made anew from openings every minute",
    "opening": "made anew from rules every hour, from yesterday on",
    "offer": "goes with its place on the waiting list",
    "pgqueuer_schedules": "when each recurring job is due next",
    "seal": "numbers and digests of the trail, so that a gap in it can be told from its end",
    "schema_migrations": "which migrations have run",
}
"""Tables that stay, but for what stands above, and why."""


async def purge(db: Database, settings: Settings) -> dict[str, int]:
    """Everything that has reached its end goes; how many rows by statement. Only what is sealed leaves the trail."""
    await trail.seal(db, settings.secret)
    gone: dict[str, int] = {}
    for end in ENDS:
        before = clock.now() - end.age(settings) + ROUND
        gone[end.statement] = 0
        while True:
            async with db.transaction(SYSTEM) as tx:
                took = int(await tx.value(f"retention.{end.statement}", before=before, limit=BATCH))
            gone[end.statement] += took
            if took < BATCH:
                break
        if gone[end.statement]:
            log.info("purged", table=end.table, statement=end.statement, rows=gone[end.statement])
    return gone


def table(settings: Settings) -> str:
    """ENDS and STAYS for people, as docs/retention.md shows them."""
    rows = ["| table | what goes | days | after | statement |", "|---|---|---|---|---|"]
    for end in ENDS:
        variable = f" (`TELEMED_{end.days.upper()}`)" if isinstance(end.days, str) else ""
        rows.append(
            f"| {end.table} | {end.what} | {end.age(settings).days}{variable} | {end.since} | {end.statement} |"
        )
    rows += ["", "| table | why it stays |", "|---|---|"]
    return "\n".join([*rows, *(f"| {name} | {why} |" for name, why in STAYS.items())])
