"""Dropbox Sign."""
