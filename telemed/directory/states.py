"""The sixteen German states by their ISO 3166-2 codes without `DE-`."""

from __future__ import annotations

from typing import Final

from telemed.text import Text, _

STATES: Final[dict[str, Text]] = {
    "BW": _("Baden-Wuerttemberg"),
    "BY": _("Bavaria"),
    "BE": _("Berlin"),
    "BB": _("Brandenburg"),
    "HB": _("Bremen"),
    "HH": _("Hamburg"),
    "HE": _("Hesse"),
    "MV": _("Mecklenburg-Western Pomerania"),
    "NI": _("Lower Saxony"),
    "NW": _("North Rhine-Westphalia"),
    "RP": _("Rhineland-Palatinate"),
    "SL": _("Saarland"),
    "SN": _("Saxony"),
    "ST": _("Saxony-Anhalt"),
    "SH": _("Schleswig-Holstein"),
    "TH": _("Thuringia"),
}
