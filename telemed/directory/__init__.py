"""Places, sites, practitioners and their services; the nearest larger town."""
