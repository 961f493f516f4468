"""OneDrive, by Microsoft Graph."""
