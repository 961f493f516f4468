"""Storyblok."""
