"""Recurly."""
