"""Portway: an API integration gateway that runs one action of any connected service per call."""

__version__ = "0.1.0"
