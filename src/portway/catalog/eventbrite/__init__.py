"""Eventbrite."""
