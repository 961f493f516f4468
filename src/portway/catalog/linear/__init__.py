"""Linear (https://linear.app/developers)."""
