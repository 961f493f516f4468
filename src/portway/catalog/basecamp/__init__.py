"""Basecamp."""
