"""FreshBooks."""
