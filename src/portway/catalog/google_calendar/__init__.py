"""Google Calendar (https://developers.google.com/workspace/calendar)."""
