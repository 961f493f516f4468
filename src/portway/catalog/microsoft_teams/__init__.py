"""Microsoft Teams, by Microsoft Graph."""
