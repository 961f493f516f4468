"""GitHub (https://docs.github.com/rest)."""
