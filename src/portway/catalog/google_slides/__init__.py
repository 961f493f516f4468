"""Google Slides."""
