"""Workable."""
