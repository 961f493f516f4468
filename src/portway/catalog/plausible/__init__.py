"""Plausible Analytics."""
