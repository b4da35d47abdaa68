"""Calendars going out and coming in: an appointment as a file, a doctor's feed, busy times of their own calendar."""
