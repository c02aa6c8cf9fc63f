"""Follow ground glass in thorax CT over time."""

__version__ = "0.1.0"
