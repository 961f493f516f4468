"""Docusign."""
