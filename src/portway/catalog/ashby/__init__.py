"""Ashby."""
