"""Plaid."""
