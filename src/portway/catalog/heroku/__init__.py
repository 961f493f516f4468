"""Heroku."""
