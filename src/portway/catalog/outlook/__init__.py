"""Outlook mail, by Microsoft Graph."""
