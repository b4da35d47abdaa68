"""The practice's calendar: a day, a week or a list, for one doctor or for all.

Days stand beside each other on a grid of hours. The week of many doctors would be thirty columns, so there each doctor
is a row and each day a list in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from telemed import clock
from telemed.db import Tx
from telemed.desk import agenda, grid, rows
from telemed.desk.agenda import Agenda, Item
from telemed.desk.grid import Axis
from telemed.desk.rows import Doctor, Site
from telemed.desk.todo import todo
from telemed.html import locale_of, page, render, see_other
from telemed.identity.callers import Caller
from telemed.keys import DATABASE
from telemed.scheduling.hours import openings
from telemed.wording import Wording

View = Literal["day", "week", "list"]
VIEWS: Final[tuple[View, ...]] = ("day", "week", "list")
FEW: Final = 3  # doctors whose appointments can share the columns of a week
_WEEK: Final = 7
_WORKDAYS: Final = 5


class Column(NamedTuple):
    """A day, of one doctor or (None) of all."""

    on: date
    doctor: Doctor | None
    items: list[Item]
    holiday: str

    @property
    def key(self) -> str:
        return f"{self.on:%m%d}" + (f"-{self.doctor.id.hex[-8:]}" if self.doctor else "")


class Look(NamedTuple):
    """What is looked at, as the address says it. `many`: too many doctors for one grid, so a week has a row of each."""

    view: View
    on: date
    first: date  # of the days shown
    days: int
    who: Doctor | None
    many: bool

    @property
    def step(self) -> timedelta:
        return timedelta(days=1 if self.view == "day" else _WEEK)

    @property
    def part(self) -> str:
        """The template of what is live in it."""
        if self.view == "week" and self.many:
            return "desk/roster.html"
        return "desk/list.html" if self.view == "list" else "desk/grid.html"

    def address(self, view: str = "", on: date | None = None, who: Doctor | None = None) -> str:
        """The same look, but for what is given."""
        who = who or self.who
        whose = who.id if who else "all"
        return f"/practice/calendar?view={view or self.view}&day={on or self.on}&who={whose}"


@page("GET", "/practice/calendar", verb="day.watch", session="staff")
async def calendar(request: web.Request, caller: Caller) -> web.Response:
    """`view`, `day` and `who` in the address; what cannot be read is as if it were not there."""
    if caller.role == "assistant":
        return see_other("/station")
    locale = locale_of(request)
    async with request.app[DATABASE].transaction(caller) as tx:
        at = await rows.site(tx, caller)
        doctors = await rows.doctors(tx, at)
        look = _look(request, caller, at, doctors)
        found = await _agenda(tx, at, look)
        waiting = await todo(tx, at)
    zone = ZoneInfo(at.zone)
    columns = _columns(look, found, doctors, at, locale)
    scale = grid.axis(zone, [look.first + timedelta(days=n) for n in range(look.days)], found.times())
    part = request.query.get("fragment") == "1"
    return render(
        request, look.part if part else "desk/calendar.html", at=at, look=look, doctors=doctors,
        columns=_placed(columns, scale), axis=scale, say=Wording(locale, zone), todo=waiting,
    )  # fmt: skip


async def _agenda(tx: Tx, at: Site, look: Look) -> Agenda:
    while_ = grid.day_range(look.first, ZoneInfo(at.zone), look.days)
    found = await agenda.read(tx, at, while_, look.who.id if look.who else None)
    return found if look.view == "list" else found.without_cancelled()


def _columns(look: Look, found: Agenda, doctors: list[Doctor], at: Site, locale: str) -> list[Column]:
    """Days beside each other, on one day for all, or with many, a column of each. An empty weekend is left out."""
    days = [look.first + timedelta(days=n) for n in range(look.days)]
    free = {} if at.on_holidays else openings.public_holidays(at.state, (days[0].year, days[-1].year), locale)
    each = look.who is None and (look.view == "day" or look.part == "desk/roster.html")
    whose: Iterable[Doctor | None] = doctors if each and doctors else [None]
    columns = [Column(on, who, found.on(on, who, at.zone), free.get(on, "")) for on in days for who in whose]
    weekend = [column for column in columns if column.on.isoweekday() > _WORKDAYS]
    if look.days == _WEEK and not any(column.items for column in weekend):
        columns = [column for column in columns if column not in weekend]
    return columns


def _placed(columns: list[Column], scale: Axis) -> list[tuple[Column, list[Item]]]:
    """Each column with its items where they stand."""
    return [(column, agenda.placed(column.items, column.on, scale)) for column in columns]


def _look(request: web.Request, caller: Caller, at: Site, doctors: list[Doctor]) -> Look:
    who = doctor(request.query.get("who", ""), caller, doctors)
    wanted = request.query.get("view", "")
    view = next((view for view in VIEWS if view == wanted), "week" if who or len(doctors) < 2 else "day")
    on = rows.read_day(request.query.get("day", "")) or clock.now().astimezone(ZoneInfo(at.zone)).date()
    many = who is None and len(doctors) > FEW
    if view == "day":
        return Look(view, on, on, 1, who, many)
    return Look(view, on, on - timedelta(days=on.isoweekday() - 1), _WEEK, who, many)


def doctor(wanted: str, caller: Caller, doctors: list[Doctor]) -> Doctor | None:
    """Whose appointments: the one asked for, else the caller's own; None: everybody's."""
    if wanted == "all":
        return None
    own = next((one for one in doctors if one.person is not None and one.person == caller.person), None)
    return next((one for one in doctors if str(one.id) == wanted), own)


ROUTES = [calendar]
