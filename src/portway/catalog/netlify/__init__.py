"""Netlify."""
