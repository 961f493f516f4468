"""From a row and parameters to a request."""
