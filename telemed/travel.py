"""How far it is, and how long it takes: the one place that a routing engine would replace. No database, no clock."""

from __future__ import annotations

import math
from typing import Final

EARTH_KM: Final = 6371.0088  # mean radius, IUGG


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance between two points in degrees (haversine formula)."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    north, east = (other_phi - phi) / 2, math.radians(other_lon - lon) / 2
    a = math.sin(north) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(east) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, a)))


def travel_minutes(km: float) -> int:
    """Minutes by car for a great-circle distance, in steps of five: an estimate that a routing engine can replace.

    Roads are about 1.3 times as long as the straight line (Ballou, Rahardja and Sakai 2002 found 1.32 for Germany).
    Speed grows from 50 km/h on village roads to 90 km/h where a motorway is worth its detour; five minutes go for
    setting out and parking. In the Uckermark that gives 30 minutes from Gerswalde to Prenzlau, 50 from Prenzlau to
    Schwedt, 85 from Prenzlau to Berlin.
    """
    road = 1.3 * km
    speed = 50 + 0.4 * min(road, 100)
    return 5 * max(1, round((5 + road / speed * 60) / 5))


def reach_km(minutes: int) -> float:
    """A great-circle distance that is certainly farther than `minutes` of travel: bounds a search, ranks nothing."""
    return minutes / 60 * 90 / 1.3 + 5
