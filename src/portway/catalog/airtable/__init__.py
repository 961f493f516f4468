"""Airtable (https://airtable.com/developers/web/api)."""
