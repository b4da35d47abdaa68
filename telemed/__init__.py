"""telemed: people in the country see a doctor in the nearest larger town, by video."""

__version__ = "0.1.0"
