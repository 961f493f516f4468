"""Gusto."""
