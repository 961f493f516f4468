"""Gmail (https://developers.google.com/workspace/gmail/api)."""
