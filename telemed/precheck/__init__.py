"""The check beforehand: what a device and its line can bear, measured against a peer of our own."""
