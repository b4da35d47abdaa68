"""The pages of the counter of a pharmacy or community hall, and of the screen in its quiet room.

These pages show several domains together, so unlike a domain this folder may import every domain's nouns.
"""
