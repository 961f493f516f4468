"""Bird (MessageBird)."""
