"""Google Drive (https://developers.google.com/workspace/drive)."""
