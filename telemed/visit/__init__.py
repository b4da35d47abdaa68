"""The patient's way, page by page: find, choose, book, come back, move or cancel; and what everybody may read.

These pages show several domains together, so unlike a domain this folder may import every domain's nouns.
"""
