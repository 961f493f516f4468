"""Crisp."""
