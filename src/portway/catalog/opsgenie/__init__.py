"""Opsgenie."""
