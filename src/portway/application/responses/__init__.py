"""From a service's response to `data`, or to the error that it is."""
