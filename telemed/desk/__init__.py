"""The pages of practice and station, page by page: who comes today, who waits, call them, book for somebody.

These pages show several domains together, so unlike a domain this folder may import every domain's nouns.
"""
