"""Wrike."""
