"""Plivo."""
