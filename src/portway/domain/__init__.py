"""Entities and business rules: plain Python, no input or output, no framework."""
