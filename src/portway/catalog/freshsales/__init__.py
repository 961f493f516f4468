"""Freshsales."""
