"""Shortcut."""
