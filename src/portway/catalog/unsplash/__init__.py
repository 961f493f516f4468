"""Unsplash."""
