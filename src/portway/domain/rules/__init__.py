"""One business rule a file: pure functions that are told the time."""
