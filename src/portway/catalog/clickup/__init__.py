"""ClickUp."""
