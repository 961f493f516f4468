"""Deel."""
