"""Excel workbooks, by Microsoft Graph."""
