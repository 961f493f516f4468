"""Rate limits, counted in the memory of one process or in a Redis that all share."""
