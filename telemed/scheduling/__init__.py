"""Rules become openings, openings become slots; hold, book, move, cancel.

The life of a row of `appointment`:

    held ──book──> booked ──arrive──> arrived ──end──> fulfilled
    held ──freed after its end──> expired
    held ──release──> cancelled
    booked, arrived ──move──> booked (at another time)
    booked, arrived ──cancel──> cancelled
    booked, arrived ──did not come──> noshow
    booked, arrived ──seen at the practice──> fulfilled
    noshow, fulfilled at the practice ──taken back──> booked, arrived

`held`, `booked`, `arrived` and `fulfilled` reserve their time; the others do not.
"""
