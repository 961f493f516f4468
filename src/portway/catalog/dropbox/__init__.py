"""Dropbox."""
