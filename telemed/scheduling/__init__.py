"""Rules become openings, openings become slots; hold, book, move, cancel."""
