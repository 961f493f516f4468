"""IPinfo."""
