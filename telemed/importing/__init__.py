"""`telemed import`: a practice network's data from CSV files, all of it or nothing (docs/import.md)."""
