"""Google Sheets (https://developers.google.com/workspace/sheets)."""
