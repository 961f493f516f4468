"""Lemon Squeezy."""
