"""Miro."""
