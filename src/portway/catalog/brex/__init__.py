"""Brex."""
