"""signNow."""
