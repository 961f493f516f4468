"""Custom code for actions whose request or response no row can describe."""
