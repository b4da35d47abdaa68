"""Stations: what they are, which browser is their screen, who walks in, and who is there for them."""
