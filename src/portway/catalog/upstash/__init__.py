"""Upstash."""
