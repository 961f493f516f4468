"""Notion (https://developers.notion.com)."""
