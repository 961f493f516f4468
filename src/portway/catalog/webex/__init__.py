"""Webex."""
