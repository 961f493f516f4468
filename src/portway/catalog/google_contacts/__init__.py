"""Google Contacts, by the People API."""
