"""Ramp."""
