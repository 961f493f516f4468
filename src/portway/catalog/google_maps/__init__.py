"""Google Maps."""
