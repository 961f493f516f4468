"""Microsoft To Do, by Microsoft Graph."""
