"""Twist."""
