"""Lever."""
