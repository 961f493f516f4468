"""Freshdesk."""
