"""Wise."""
