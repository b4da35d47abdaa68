"""The demo: a real region with invented people."""
